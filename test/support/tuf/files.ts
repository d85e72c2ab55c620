// TUF metadata for tests, as operators and publishers would make it: one file each, signed by whom the test says.
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import type { Delegation, RoleSigned, RootSigned, Target, TargetsSigned } from "../../../src/signing/tuf/metadata.ts";
import { pathsOf } from "../../../src/signing/tuf/metadata.ts";
import { SPEC_VERSION } from "../../../src/signing/tuf/online.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { keyTable, roleOf } from "./keys.ts";

const YEAR = 365 * 86_400;

/** @param now unix seconds */
function head(version: number, now: number) {
	return { spec_version: SPEC_VERSION, version, expires: formatTimestamp(now + YEAR) };
}

export interface RootParts {
	readonly root: readonly TufSigner[];
	readonly targets: readonly TufSigner[];
	readonly online: readonly TufSigner[];
	readonly threshold?: number;
}

export function rootOf(version: number, { root, targets, online, threshold = 1 }: RootParts, now: number): RootSigned {
	return {
		_type: "root",
		...head(version, now),
		consistent_snapshot: true,
		keys: keyTable(...root, ...targets, ...online),
		roles: {
			root: roleOf(threshold, ...root),
			targets: roleOf(1, ...targets),
			snapshot: roleOf(1, ...online),
			timestamp: roleOf(1, ...online),
		},
	};
}

export function delegationOf(product: string, threshold: number, ...signers: readonly TufSigner[]): Delegation {
	return { name: product, paths: [pathsOf(product)], terminating: true, ...roleOf(threshold, ...signers) };
}

export function targetsOf(
	version: number,
	delegations: readonly {
		readonly product: string;
		readonly signers: readonly TufSigner[];
		readonly threshold?: number;
	}[],
	now: number,
): TargetsSigned {
	return {
		_type: "targets",
		...head(version, now),
		targets: {},
		delegations: {
			keys: keyTable(...delegations.flatMap(({ signers }) => signers)),
			roles: delegations.map(({ product, signers, threshold = 1 }) => delegationOf(product, threshold, ...signers)),
		},
	};
}

export function roleFileOf(version: number, targets: Readonly<Record<string, Target>>, now: number): RoleSigned {
	return { _type: "targets", ...head(version, now), targets };
}
