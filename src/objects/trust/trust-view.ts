// What the repository says of itself: its keys, the versions and ends of its files, and which product's role file is trusted.
import type { TufRoot } from "../../fleet/trust-anchors.ts";
import { isStillSigned } from "../../signing/tuf/accept.ts";
import type { TufKey } from "../../signing/tuf/keys.ts";
import {
	type Delegation,
	type Metadata,
	type RoleSigned,
	type RootSigned,
	readMetadata,
	roleSigned,
	rootSigned,
	type TargetsSigned,
	targetsSigned,
	versionOfPath,
} from "../../signing/tuf/metadata.ts";
import type { TrustTables } from "./trust-tables.ts";

export interface TopLevel {
	readonly root: Metadata<RootSigned>;
	readonly targets: Metadata<TargetsSigned>;
}

/** A product's role, as its delegation and its file have it. */
export interface RoleView {
	readonly product: string;
	readonly keyids: readonly string[];
	readonly threshold: number;
	/** of the role file; null = there is none */
	readonly version: number | null;
	/** RFC 3339 */
	readonly expires: string | null;
	/** whether enough of the keys of now have signed the file */
	readonly trusted: boolean;
	/** SHA-256 by version: what is signed */
	readonly digests: Readonly<Record<string, string>>;
}

/** @returns null where the repository has not been set up */
export function readTopLevel(tables: TrustTables): TopLevel | null {
	const [root, targets] = [tables.file("root"), tables.file("targets")];
	if (root === null || targets === null) return null;
	return {
		root: known(readMetadata(rootSigned, root.body)),
		targets: known(readMetadata(targetsSigned, targets.body)),
	};
}

/** @returns null where the repository has not been set up */
export function newestRoot(tables: TrustTables): TufRoot | null {
	const signed = readTopLevel(tables)?.root.signed;
	if (signed === undefined) return null;
	return { version: signed.version, endsAt: Math.floor(Date.parse(signed.expires) / 1_000) };
}

export function readRole(tables: TrustTables, product: string): Metadata<RoleSigned> | null {
	const file = tables.file(product);
	return file === null ? null : known(readMetadata(roleSigned, file.body));
}

export function delegationTo(product: string, { targets }: TopLevel): Delegation | undefined {
	return targets.signed.delegations.roles.find(({ name }) => name === product);
}

export async function viewRole(tables: TrustTables, delegation: Delegation, top: TopLevel): Promise<RoleView> {
	const { name: product, keyids, threshold } = delegation;
	const role = readRole(tables, product);
	const keys: Readonly<Record<string, TufKey>> = top.targets.signed.delegations.keys;
	const trusted = role !== null && (await isStillSigned(role, delegation, keys));
	const targets = Object.entries(role?.signed.targets ?? {});
	return {
		...{ product, keyids, threshold, trusted },
		version: role?.signed.version ?? null,
		expires: role?.signed.expires ?? null,
		digests: Object.fromEntries(
			targets.map(([path, { hashes }]) => [versionOfPath(product, path) ?? path, hashes.sha256]),
		),
	};
}

/** @returns each product's; none where the repository has not been set up */
export async function viewRoles(tables: TrustTables): Promise<RoleView[]> {
	const top = readTopLevel(tables);
	if (top === null) return [];
	return Promise.all(top.targets.signed.delegations.roles.map((one) => viewRole(tables, one, top)));
}

export type RoleDescription = RoleView & { readonly file: string | null; readonly proposal: string | null };

/** @returns null where nothing is delegated to the product; `file` and `proposal` as they were signed */
export async function describeRole(tables: TrustTables, product: string): Promise<RoleDescription | null> {
	const top = readTopLevel(tables);
	const delegation = top === null ? undefined : delegationTo(product, top);
	if (top === null || delegation === undefined) return null;
	const view = await viewRole(tables, delegation, top);
	return { ...view, file: tables.file(product)?.body ?? null, proposal: tables.proposal(product) };
}

/** What was checked before it was stored. */
function known<Signed>(read: ReturnType<typeof readMetadata<Signed>>): Metadata<Signed> {
	if (!read.ok) throw new Error(`a stored file of the TUF repository: ${read.fault}`);
	return read.metadata;
}
