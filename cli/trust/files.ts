// The files that operators and publishers sign: the first ones, and the next version of each. Pure but for the randomness of keys.
import type { TufKey, TufSigner } from "../../src/signing/tuf/keys.ts";
import {
	type Delegation,
	pathsOf,
	type RoleKeys,
	type RoleSigned,
	type RootSigned,
	type TargetsSigned,
} from "../../src/signing/tuf/metadata.ts";
import { SPEC_VERSION } from "../../src/signing/tuf/online.ts";
import { formatTimestamp } from "../../src/timestamps.ts";

const DAY = 86_400;
/** Of root and targets: an operator has to think of them once a year. */
export const TOP_LEVEL_DAYS = 365;
/** Of a role file, which every release signs anew. */
export const ROLE_DAYS = 90;

export interface PublicKey {
	readonly keyid: string;
	readonly key: TufKey;
}

/** @param now unix seconds */
function head(version: number, days: number, now: number) {
	return { spec_version: SPEC_VERSION, version, expires: formatTimestamp(now + days * DAY) };
}

export function roleKeys(keys: readonly PublicKey[], threshold: number): RoleKeys {
	return { keyids: keys.map(({ keyid }) => keyid), threshold };
}

export function keyTable(keys: readonly PublicKey[]): Record<string, TufKey> {
	return Object.fromEntries(keys.map(({ keyid, key }) => [keyid, key]));
}

export interface RootParts {
	readonly root: readonly PublicKey[];
	readonly rootThreshold: number;
	readonly targets: readonly PublicKey[];
	readonly targetsThreshold: number;
	/** of the service: each signs alone */
	readonly online: readonly PublicKey[];
	/** of the transparency log; none = devices are not told of a log */
	readonly log: readonly string[];
}

export function makeRoot(version: number, parts: RootParts, now: number): RootSigned {
	const { root, rootThreshold, targets, targetsThreshold, online, log } = parts;
	return {
		_type: "root",
		...head(version, TOP_LEVEL_DAYS, now),
		consistent_snapshot: true,
		keys: keyTable([...root, ...targets, ...online]),
		roles: {
			root: roleKeys(root, rootThreshold),
			targets: roleKeys(targets, targetsThreshold),
			snapshot: roleKeys(online, 1),
			timestamp: roleKeys(online, 1),
		},
		...(log.length > 0 && { "x-parapet-log": { keys: [...log] } }),
	};
}

/** @returns the keys of a role, with their ids */
export function keysOf(
	role: { readonly keyids: readonly string[] },
	keys: Readonly<Record<string, TufKey>>,
): PublicKey[] {
	return role.keyids.flatMap((keyid) => (keys[keyid] === undefined ? [] : [{ keyid, key: keys[keyid] }]));
}

export function makeTargets(version: number, delegations: TargetsSigned["delegations"], now: number): TargetsSigned {
	return { _type: "targets", ...head(version, TOP_LEVEL_DAYS, now), targets: {}, delegations };
}

/** Delegates a product's paths to the keys, instead of those that it had. Keys that no product has any more go. */
export function delegate(
	{ keys, roles }: TargetsSigned["delegations"],
	product: string,
	to: readonly PublicKey[],
	threshold: number,
): TargetsSigned["delegations"] {
	const role: Delegation = { name: product, paths: [pathsOf(product)], terminating: true, ...roleKeys(to, threshold) };
	const all = [...roles.filter(({ name }) => name !== product), role];
	const used = new Set(all.flatMap(({ keyids }) => keyids));
	const kept = Object.entries({ ...keys, ...keyTable(to) }).filter(([keyid]) => used.has(keyid));
	return { keys: Object.fromEntries(kept), roles: all };
}

export function makeRoleFile(version: number, targets: RoleSigned["targets"], now: number): RoleSigned {
	return { _type: "targets", ...head(version, ROLE_DAYS, now), targets };
}

/** @returns those of the signers whose keys the role has */
export function signersOf(role: { readonly keyids: readonly string[] }, signers: readonly TufSigner[]): TufSigner[] {
	return signers.filter(({ keyid }) => role.keyids.includes(keyid));
}
