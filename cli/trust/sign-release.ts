// A publisher's signature under a release: the next version of the product's role file, with the release in it.

import type { Requirement } from "../../src/content/requires/requires.ts";
import type { TufSigner } from "../../src/signing/tuf/keys.ts";
import { type RoleSigned, targetPath } from "../../src/signing/tuf/metadata.ts";
import { sign, signAll, writeMetadata } from "../../src/signing/tuf/sign.ts";
import { CliError } from "../errors.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { handInRole, parseRole, type RoleAnswer, readRole } from "./api.ts";
import { makeRoleFile, signersOf } from "./files.ts";

export interface SignedRelease {
	readonly product: string;
	readonly version: string;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	readonly urgency?: string | undefined;
	readonly models?: readonly string[] | undefined;
	readonly engine?: { readonly min?: string | undefined; readonly max?: string | undefined } | undefined;
	/** of other products */
	readonly requires?: readonly Requirement[] | undefined;
	/** its rule index; null = it has none */
	readonly index?: { readonly sha256: string; readonly size: number } | null | undefined;
	/** packages for some models */
	readonly variants?: readonly SignedVariant[];
	/** from null = a packed copy */
	readonly deltas?: readonly { readonly from: string | null; readonly sha256: string; readonly size: number }[];
}

type Custom = NonNullable<RoleSigned["targets"][string]["custom"]>;

export interface SignedVariant {
	readonly variant: string;
	readonly models: readonly string[];
	readonly sha256: string;
	/** bytes */
	readonly size: number;
}

export interface RoleSignature {
	/** of the role file */
	readonly version: number;
	/** signatures that are missing; 0 = it is served */
	readonly missing: number;
}

/**
 * Adds the release to the role file, signs and hands it in. What names the release so already is not signed again.
 * @param nowSeconds unix seconds
 * @throws CliError where none of the keys signs for the product
 */
export async function signRelease(
	api: OperatorApi,
	release: SignedRelease,
	signers: readonly TufSigner[],
	nowSeconds: number,
): Promise<RoleSignature> {
	const role = await readRole(api, release.product);
	const own = requireSigners(role, signers);
	const current = role.file === null ? null : parseRole(role.file).signed;
	const { variants = [] } = release;
	const path = targetPath(release.product, release.version);
	const others = Object.entries(current?.targets ?? {}).filter(([one]) => one !== path && !one.startsWith(`${path}@`));
	const except = variants.flatMap((one) => one.models);
	const isNamed = (one: Pick<SignedRelease, "sha256"> & Partial<SignedVariant>) => {
		const known = current?.targets[targetPath(release.product, release.version, one.variant)];
		const said = one.models ?? except;
		const was = (one.models === undefined ? known?.custom?.["except"] : known?.custom?.["models"]) ?? [];
		return known?.hashes.sha256 === one.sha256 && JSON.stringify(was) === JSON.stringify(said);
	};
	const isWhole = Object.keys(current?.targets ?? {}).length === others.length + 1 + variants.length;
	const all = [{ sha256: release.sha256 }, ...variants];
	if (role.trusted && current !== null && isWhole && all.every(isNamed))
		return { version: current.version, missing: 0 };
	const version = (current?.version ?? 0) + 1;
	const { sha256, size, urgency = "routine", models, engine, requires, deltas = [], index } = release;
	const custom: Custom = {
		...{ version: release.version, sequence: version, urgency },
		...(models && { models: [...models] }),
		...(engine && { engine: JSON.parse(JSON.stringify(engine)) }),
		...(requires && { requires: requires.map((one) => ({ ...one })) }),
		...(index && { rule_index: { ...index } }),
		...(deltas.length > 0 && { deltas: deltas.map((one) => ({ ...one })) }),
		...(variants.length > 0 && { except }),
	};
	const target: RoleSigned["targets"][string] = { length: size, hashes: { sha256 }, custom };
	const signed = makeRoleFile(
		version,
		{ ...withoutDeltas(Object.fromEntries(others)), [path]: target, ...variantTargets(release, custom) },
		nowSeconds,
	);
	return { version, missing: await handInRole(api, release.product, await signAll(signed, own)) };
}

/** Each says of itself what the release says, and for which models it is. */
function variantTargets({ product, version, variants = [] }: SignedRelease, said: Custom): RoleSigned["targets"] {
	const { rule_index: _, deltas: __, except: ___, ...shared } = said;
	const targets = variants.map(({ variant, models, sha256, size }) => [
		targetPath(product, version, variant),
		{ length: size, hashes: { sha256 }, custom: { ...shared, variant, models: [...models] } },
	]);
	return Object.fromEntries(targets);
}

/** Only the newest target names its deltas: with all of them the file would be several times as long. */
function withoutDeltas(targets: RoleSigned["targets"] = {}): RoleSigned["targets"] {
	const strip = ({ custom, ...target }: RoleSigned["targets"][string]) => {
		const { deltas: _, ...rest } = custom ?? {};
		return custom === undefined ? target : { ...target, custom: rest };
	};
	return Object.fromEntries(Object.entries(targets).map(([path, target]) => [path, strip(target)]));
}

/**
 * Takes releases out of the role file, signs and hands it in: firewalls that have one of them may go back from then on.
 * @param nowSeconds unix seconds
 * @returns null where the role file names none of them
 * @throws CliError where none of the keys signs for the product
 */
export async function unsignReleases(
	api: OperatorApi,
	product: string,
	versions: readonly string[],
	signers: readonly TufSigner[],
	nowSeconds: number,
): Promise<RoleSignature | null> {
	const role = await readRole(api, product);
	const own = requireSigners(role, signers);
	const current = role.file === null ? null : parseRole(role.file).signed;
	const paths = versions.map((version) => targetPath(product, version));
	const targets = Object.entries(current?.targets ?? {});
	// With its variants: no version has an @.
	const kept = targets.filter(([path]) => !paths.includes(path.replace(/@.*$/, "")));
	if (current === null || kept.length === targets.length) return null;
	const signed = makeRoleFile(current.version + 1, Object.fromEntries(kept), nowSeconds);
	return { version: signed.version, missing: await handInRole(api, product, await signAll(signed, own)) };
}

/** @returns whether the product's role file names the release; false where nothing is delegated, or that cannot be read */
export async function isSignedFor(api: OperatorApi, product: string, version: string): Promise<boolean> {
	const role = await readRole(api, product).catch((error: unknown) => {
		if (error instanceof CliError) return null;
		throw error;
	});
	if (role === null || role.file === null) return false;
	return Object.hasOwn(parseRole(role.file).signed.targets, targetPath(product, version));
}

/** Adds signatures to the role file that waits for them. @returns null where none waits */
export async function countersign(
	api: OperatorApi,
	product: string,
	signers: readonly TufSigner[],
): Promise<(RoleSignature & { readonly releases: readonly string[] }) | null> {
	const role = await readRole(api, product);
	if (role.proposal === null) return null;
	let metadata = parseRole(role.proposal);
	for (const signer of requireSigners(role, signers)) metadata = await sign(metadata, signer);
	const missing = await handInRole(api, product, writeMetadata(metadata));
	return { version: metadata.signed.version, missing, releases: newIn(role) };
}

/** @returns the releases that the proposal names otherwise than the file that is served, and those that it lacks */
export function newIn({ file, proposal, product }: RoleAnswer): string[] {
	const before = file === null ? {} : parseRole(file).signed.targets;
	const after = proposal === null ? {} : parseRole(proposal).signed.targets;
	const changed = Object.keys({ ...before, ...after }).filter(
		(path) => before[path]?.hashes.sha256 !== after[path]?.hashes.sha256,
	);
	return changed.map((path) => {
		const version = path.slice(product.length + 1);
		return after[path] === undefined ? `${version} (taken out)` : version;
	});
}

function requireSigners(role: RoleAnswer, signers: readonly TufSigner[]): TufSigner[] {
	const own = signersOf(role, signers);
	if (own.length > 0) return own;
	throw new CliError(`none of the keys given signs for ${role.product}`, {
		code: "wrong_key",
		fix: `have an operator run \`parapet trust delegate ${role.product} --signer FILE\``,
	});
}
