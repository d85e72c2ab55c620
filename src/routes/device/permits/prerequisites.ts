// What a permit looks at again of a release that requires other products: whether the device has them, by its own word, as at the check
// that made the offer or now; and whether that word still counts, since a release may have been withdrawn meanwhile. And of one that was
// offered after what is to replace something that does not go with it: whether that is still there, by the device's word now. One record
// for each of these products; of a release that is offered after none and requires none, none.
import { type Installed, installedForm, parseInstalled } from "../../../content/check/installed.ts";
import type { SharedView } from "../../../content/heads-record.ts";
import type { Release } from "../../../content/releases/product-record.ts";
import {
	describeRequirement,
	type Holder,
	meetsRequirement,
	type Requirement,
} from "../../../content/requires/requires.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import type { OfferClaims } from "../../../signing/sealed/capability.ts";
import { invalidRequest } from "../../http/openapi.ts";

/** @throws ProblemError `invalid_request` @returns null = the device does not say */
export function readInstalled(text: string | undefined): Installed | null {
	const installed = text === undefined ? null : parseInstalled(text);
	if (text === undefined || installed !== null) return installed;
	throw invalidRequest({ issues: [{ path: ["installed"], message: installedForm }] });
}

/**
 * @param said what the device says that it has installed now; of what it does not name, its word at the check counts
 * @returns the release
 * @throws ProblemError `prerequisite_missing`
 */
export async function requirePrerequisites(
	scope: RequestScope,
	view: SharedView,
	offer: Pick<OfferClaims, "needs" | "product">,
	release: Release,
	said: Installed | null,
): Promise<Release> {
	// An offer that an earlier version of the service made says nothing: then nothing counts as there.
	const atCheck = new Map(offer.needs ?? []);
	const { requires = [] } = release;
	const has = requires.map(({ product }) => (said?.has(product) ? said.get(product) : atCheck.get(product)) ?? null);
	const areSound = await Promise.all(requires.map((one, index) => isMet(scope, view, one, has[index] ?? null)));
	const missing = requires.flatMap((one, index) =>
		areSound[index] ? [] : [{ ...one, installed: has[index] ?? null }],
	);
	const first = [...atCheck].flatMap(([product, version]) =>
		version === null && !requires.some((one) => one.product === product) ? [product] : [],
	);
	const stays = (
		await Promise.all(first.map((name) => findHolder(scope, view, name, offer.product, release, said)))
	).flat();
	if (missing.length === 0 && stays.length === 0) return release;
	scope.event.reason = "prerequisite_missing";
	const details = [
		...missing.map((one) => `${describeRequirement(one)}, and has ${one.installed ?? "nothing"} of it`),
		...stays.map(
			(one) => `a later ${one.product} than ${one.version}, which requires ${describeRequirement(one.requirement)}`,
		),
	];
	throw new ProblemError("prerequisite_missing", {
		detail: details.join("; "),
		extras: { missing: [...missing, ...stays.map((one) => ({ product: one.product, installed: one.version }))] },
	});
}

/** @returns what the device still has of a product that was to be replaced first, where that does not go with the release; else none */
async function findHolder(
	scope: RequestScope,
	view: SharedView,
	name: string,
	product: string,
	{ version }: Release,
	said: Installed | null,
): Promise<readonly Holder[]> {
	const has = said?.get(name) ?? null;
	if (has === null) return [];
	const record = await scope.services.records.product(name, view, scope);
	const held = record?.releases.find((one) => one.version === has && !one.withdrawn);
	const requirement = held?.requires?.find((one) => one.product === product);
	const fits = requirement === undefined || meetsRequirement(requirement, version);
	return fits ? [] : [{ product: name, version: has, requirement }];
}

async function isMet(
	scope: RequestScope,
	view: SharedView,
	requirement: Requirement,
	version: string | null,
): Promise<boolean> {
	if (version === null || !meetsRequirement(requirement, version)) return false;
	const record = await scope.services.records.product(requirement.product, view, scope);
	return !(record?.releases.some((one) => one.withdrawn && one.version === version) ?? false);
}
