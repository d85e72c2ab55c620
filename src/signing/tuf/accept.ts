// Which TUF metadata the service takes: the checks that every client will make (TUF specification 1.0, §5), made before anything
// is served, so that a mistake is an error for who uploads and not for the fleet.
import { keyIdOf, type TufKey } from "./keys.ts";
import {
	type Delegation,
	type Metadata,
	type ReadMetadata,
	type RoleSigned,
	type RootSigned,
	readMetadata,
	roleSigned,
	rootSigned,
	type TargetsSigned,
	targetsSigned,
	versionOfPath,
} from "./metadata.ts";
import { countSignatures, type SignatureFault } from "./sign.ts";

export type TufRefusal =
	| Exclude<ReadMetadata<never>, { ok: true }>
	| SignatureFault
	/** its version is not the one that follows */
	| { readonly ok: false; readonly reason: "wrong_version"; readonly expected: number }
	| { readonly ok: false; readonly reason: "expired" }
	/** a key stands under an id that is not its own, or a role names a key that is not there */
	| { readonly ok: false; readonly reason: "wrong_keys" }
	/** signed by `count` of the `threshold` keys that must */
	| { readonly ok: false; readonly reason: "too_few_signatures"; readonly count: number; readonly threshold: number }
	/** snapshot or timestamp are not for the service to sign */
	| { readonly ok: false; readonly reason: "no_online_key" }
	| { readonly ok: false; readonly reason: "foreign_target"; readonly path: string };

export type Accepted<Signed> = { readonly ok: true; readonly metadata: Metadata<Signed> } | TufRefusal;

/**
 * A root (§5.3): one version above the last, signed by enough keys of the last root and of its own.
 * @param current null where there is none yet
 * @param online ids of the keys by which the service signs
 * @param now unix seconds
 */
export async function acceptRoot(
	text: string,
	current: RootSigned | null,
	online: readonly string[],
	now: number,
): Promise<Accepted<RootSigned>> {
	const read = readMetadata(rootSigned, text);
	if (!read.ok) return read;
	const { signed } = read.metadata;
	const { roles, keys } = signed;
	const fault = faultOfTime(signed, current?.version ?? 0, now) ?? (await faultOfKeys(keys, Object.values(roles)));
	if (fault !== null) return fault;
	for (const { keyids, threshold } of [roles.snapshot, roles.timestamp]) {
		if (threshold !== 1 || !keyids.some((keyid) => online.includes(keyid)))
			return { ok: false, reason: "no_online_key" };
	}
	const own = await faultOfSignatures(read.metadata, roles.root, keys, current?.roles.root.keyids);
	const before =
		current === null
			? null
			: await faultOfSignatures(read.metadata, current.roles.root, current.keys, roles.root.keyids);
	return own ?? before ?? read;
}

/** The top-level targets (§5.6), under the root that will be served with them. */
export async function acceptTargets(
	text: string,
	root: RootSigned,
	current: TargetsSigned | null,
	now: number,
): Promise<Accepted<TargetsSigned>> {
	const read = readMetadata(targetsSigned, text);
	if (!read.ok) return read;
	const { signed } = read.metadata;
	const fault =
		faultOfTime(signed, current?.version ?? 0, now) ??
		(await faultOfKeys(signed.delegations.keys, signed.delegations.roles)) ??
		(await faultOfSignatures(read.metadata, root.roles.targets, root.keys));
	return fault ?? read;
}

/** A product's role file (§5.6), under its delegation. */
export async function acceptRole(
	text: string,
	{ name, keyids, threshold }: Delegation,
	keys: Readonly<Record<string, TufKey>>,
	current: Pick<RoleSigned, "version"> | null,
	now: number,
): Promise<Accepted<RoleSigned>> {
	const read = readMetadata(roleSigned, text);
	if (!read.ok) return read;
	const { signed } = read.metadata;
	const foreign = Object.keys(signed.targets).find((path) => versionOfPath(name, path) === null);
	if (foreign !== undefined) return { ok: false, reason: "foreign_target", path: foreign };
	const fault =
		faultOfTime(signed, current?.version ?? 0, now) ??
		(await faultOfSignatures(read.metadata, { keyids, threshold }, keys));
	return fault ?? read;
}

/** @returns whether enough of the keys have signed what was accepted earlier, whatever its time */
export async function isStillSigned(
	metadata: Metadata<unknown>,
	role: { readonly keyids: readonly string[]; readonly threshold: number },
	keys: Readonly<Record<string, TufKey>>,
): Promise<boolean> {
	const theirs = metadata.signatures.filter(({ keyid }) => role.keyids.includes(keyid));
	const counted = await countSignatures({ ...metadata, signatures: theirs }, { keyids: [...role.keyids] }, keys);
	return counted.ok && counted.count >= role.threshold;
}

function faultOfTime(
	{ version, expires }: { readonly version: number; readonly expires: string },
	before: number,
	now: number,
): TufRefusal | null {
	if (version !== before + 1) return { ok: false, reason: "wrong_version", expected: before + 1 };
	return Date.parse(expires) <= now * 1_000 ? { ok: false, reason: "expired" } : null;
}

async function faultOfKeys(
	keys: Readonly<Record<string, TufKey>>,
	roles: readonly { readonly keyids: readonly string[] }[],
): Promise<TufRefusal | null> {
	for (const [keyid, key] of Object.entries(keys)) {
		if ((await keyIdOf(key)) !== keyid) return { ok: false, reason: "wrong_keys" };
	}
	const areThere = roles.every(({ keyids }) => keyids.every((keyid) => Object.hasOwn(keys, keyid)));
	return areThere ? null : { ok: false, reason: "wrong_keys" };
}

async function faultOfSignatures(
	metadata: Metadata<unknown>,
	{ keyids, threshold }: { readonly keyids: readonly string[]; readonly threshold: number },
	keys: Readonly<Record<string, TufKey>>,
	alsoBy: readonly string[] = [],
): Promise<TufRefusal | null> {
	const counted = await countSignatures(metadata, { keyids: [...keyids] }, keys, alsoBy);
	if (!counted.ok) return counted;
	return counted.count >= threshold
		? null
		: { ok: false, reason: "too_few_signatures", count: counted.count, threshold };
}
