// Which two versions does somebody mean who asks what changes?
import { compareVendorVersions } from "../releases/vendor-version.ts";

export interface ListedVersion {
	readonly version: string;
	readonly status: string;
	/** null = it is not released */
	readonly channel: string | null;
	/** null = it is not released */
	readonly sequence: number | null;
}

/**
 * @param wanted a version, or how one begins: 4.26 is the newest of 4.26.0 and 4.26.1
 * @returns null = there is none
 */
export function findVersion<V extends ListedVersion>(versions: readonly V[], wanted: string): V | null {
	const exact = versions.find(({ version }) => version === wanted);
	if (exact !== undefined) return exact;
	const begun = versions.filter(({ version, sequence }) => sequence !== null && version.startsWith(`${wanted}.`));
	return begun.toSorted((a, b) => compareVendorVersions(b.version, a.version))[0] ?? null;
}

/** @returns the newest before the version that everybody may have, and of what is on stable the newest there; null = it is the first */
export function baseOf<V extends ListedVersion>(versions: readonly V[], target: V): V | null {
	const before = versions.filter(
		({ version, sequence, status }) =>
			version !== target.version &&
			sequence !== null &&
			sequence < (target.sequence ?? Number.POSITIVE_INFINITY) &&
			(status === "current" || status === "older"),
	);
	const isStable = (target.channel ?? "stable") === "stable";
	const there = isStable ? before.filter(({ channel }) => channel === "stable") : before;
	return there.toSorted((a, b) => (b.sequence ?? 0) - (a.sequence ?? 0))[0] ?? null;
}
