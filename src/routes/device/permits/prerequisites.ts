// What a permit looks at again of a release that requires other products: whether the device has them, by its own word, as at the check
// that made the offer or now; and whether that word still counts, since a release may have been withdrawn meanwhile. One record for each
// required product; of a release that requires nothing, none.
import { type Installed, installedForm, parseInstalled } from "../../../content/check/installed.ts";
import type { SharedView } from "../../../content/heads-record.ts";
import type { Release } from "../../../content/releases/product-record.ts";
import { describeRequirement, meetsRequirement, type Requirement } from "../../../content/requires/requires.ts";
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
	offer: Pick<OfferClaims, "needs">,
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
	if (missing.length === 0) return release;
	scope.event.reason = "prerequisite_missing";
	throw new ProblemError("prerequisite_missing", {
		detail: missing.map((one) => `${describeRequirement(one)}, and has ${one.installed ?? "nothing"} of it`).join("; "),
		extras: { missing },
	});
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
