// Cheaper ways to the bytes of a release than its package: deltas, which are zstd frames with the package of an earlier release as their
// dictionary, and one packed copy of the whole. Their publisher makes and proves them; who applies one compares the result's SHA-256
// with the release's, so a delta need not be trusted.
import { z } from "zod";
import { sha256Hex, versionName } from "../../names.ts";

/** Of one release, its packed copy among them. */
export const MAX_DELTAS = 16;
/** Releases of a product whose deltas are offered: the newest, which nearly every device is offered. */
export const RELEASES_WITH_DELTAS = 8;
/** A delta that has this share of the package is not worth the work. */
export const MAX_DELTA_SHARE = 0.6;
/** Bytes: the largest package with deltas. 2^27 is the window that every zstd decoder has room for. */
export const MAX_DELTA_PACKAGE = 2 ** 27;
const RECENT_BASES = 8;
/** A release that runs on more than this share of the fleet is worth a delta, however old it is. */
const FLEET_SHARE = 0.01;

export const delta = z.object({
	/** the release whose package it needs; null = none: it is a packed copy of the whole */
	from: z.object({ version: versionName, sha256: sha256Hex }).nullable(),
	/** of the delta itself */
	sha256: sha256Hex,
	/** bytes */
	size: z.int().positive(),
});
export type Delta = z.infer<typeof delta>;

/** @param installed version of the device; null = nothing sound @returns the smallest that it can use; null = there is none */
export function cheapestWay(deltas: readonly Delta[] | undefined, installed: string | null): Delta | null {
	let cheapest: Delta | null = null;
	for (const one of deltas ?? []) {
		if (one.from !== null && one.from.version !== installed) continue;
		if (cheapest === null || one.size < cheapest.size) cheapest = one;
	}
	return cheapest;
}

/** @param size bytes of the package @returns the largest delta that may be kept, bytes; 0 = none may */
export function largestDelta(size: number): number {
	return size > MAX_DELTA_PACKAGE ? 0 : Math.floor(size * MAX_DELTA_SHARE);
}

export interface PossibleBase {
	readonly version: string;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	/** null = it is not released */
	readonly sequence: number | null;
	/** null = not everybody may have it */
	readonly outAt: number | null;
	readonly withdrawnAt: number | null;
}

/**
 * From which releases are deltas worth the work?
 * @param releases of the product, newest first
 * @param devicesOf how many devices have a version, of `devices` in all
 * @returns the last that everybody may have, and whatever else runs on a share of the fleet, withdrawn or not; newest first
 */
export function chooseBases<R extends PossibleBase>(
	releases: readonly R[],
	target: string,
	devicesOf: (version: string) => number,
	devices: number,
): R[] {
	const fit = releases.filter(
		({ version, sequence, size }) => sequence !== null && version !== target && size <= MAX_DELTA_PACKAGE,
	);
	const recent = fit.filter(({ outAt, withdrawnAt }) => outAt !== null && withdrawnAt === null).slice(0, RECENT_BASES);
	const isRun = ({ version }: R) => devicesOf(version) > devices * FLEET_SHARE;
	// One place is the packed copy's.
	return fit.filter((one) => recent.includes(one) || isRun(one)).slice(0, MAX_DELTAS - 1);
}

/** RFC 9842 §4: a frame that zstd skips, of which the content is the SHA-256 of the dictionary. */
const DCZ_MAGIC = "5e2a4d1820000000";
const ZSTD_MAGIC = "28b52ffd";
/** Bytes of a delta by which its base is known. */
export const DELTA_HEAD_BYTES = 40;

/** @param head the first bytes of a delta, hexadecimal @returns whether it says to be one from that base; null = a packed copy */
export function hasHeadOf(head: string, fromSha256: string | null): boolean {
	return head.startsWith(fromSha256 === null ? ZSTD_MAGIC : DCZ_MAGIC + fromSha256);
}
