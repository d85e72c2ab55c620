// Whether a release that everybody may have fails more often than the releases before it. Judged by the last word of each device, as
// the Census has it: the devices that run a version, and those whose last word is that it failed there or was rolled back. Pure.
import { type FleetCell, type FleetProblem, OTHER } from "./fleet-summary.ts";

/** Devices of one product by what they have of one version. */
export interface VersionCount {
	readonly version: string;
	/** that have it */
	readonly running: number;
	/** whose last word is that it failed, or that they went back from it */
	readonly failed: number;
}

export interface ProductCount {
	/** those with failures or devices */
	readonly versions: readonly VersionCount[];
	/** devices of versions that the Census counts together */
	readonly other: number;
}

/** How a release failed, in devices, beside the releases before it. */
export interface Regression {
	readonly running: number;
	readonly failed: number;
	readonly earlierRunning: number;
	readonly earlierFailed: number;
	/** share of failures that the release may have, of all its devices */
	readonly limit: number;
}

/** A release is judged on no fewer devices: those that run it and those on which it failed. */
export const LEAST_DEVICES = 50;
/** A release is watched for so many seconds after everybody may have it. */
export const WATCHED_SECONDS = 7 * 86_400;
/** Failures that pass for usual, as a share: the least, where little is known of earlier releases, and the most. */
const LEAST_USUAL = 0.01;
const MOST_USUAL = 0.05;
/** A release may fail so many times as often as usual. */
const TIMES = 2;
/** Standard deviations of the binomial distribution beyond the limit: the numbers are looked at every minute for days. */
const DEVIATIONS = 4;

const FAILED: ReadonlySet<string> = new Set(["failed", "rolled_back"]);

/** @returns by product how its versions do */
export function countVersions(
	cells: readonly FleetCell[],
	problems: readonly FleetProblem[],
): ReadonlyMap<string, ProductCount> {
	const products = new Map<string, Map<string | null, { running: number; failed: number }>>();
	const add = (product: string, version: string | null, running: number, failed: number) => {
		const versions = products.get(product) ?? new Map<string | null, { running: number; failed: number }>();
		const known = versions.get(version) ?? { running: 0, failed: 0 };
		versions.set(version, { running: known.running + running, failed: known.failed + failed });
		products.set(product, versions);
	};
	for (const { product, version, devices } of cells) add(product, version, devices, 0);
	for (const { product, version, outcome, devices } of problems) {
		if (FAILED.has(outcome)) add(product, version, 0, devices);
	}
	return new Map(
		Array.from(products, ([product, versions]) => {
			const known = [...versions].flatMap(([version, counts]) =>
				version === null || version === OTHER ? [] : [{ version, ...counts }],
			);
			return [product, { versions: known, other: versions.get(OTHER)?.running ?? 0 }];
		}),
	);
}

/** @returns whether the version fails so often that it may be a regression, be its earlier releases as good as can be */
export function isSuspect(count: VersionCount, other: number): boolean {
	return isBeyond(count, other, TIMES * LEAST_USUAL);
}

/**
 * @param count of the release @param earlier of the product's releases before it
 * @param other devices whose version is not known: each might run the release, and is counted so
 * @returns null = it does not fail more often than it may, or too few devices have said so
 */
export function findRegression(
	count: VersionCount,
	earlier: readonly VersionCount[],
	other: number,
): Regression | null {
	const earlierRunning = earlier.reduce((sum, { running }) => sum + running, 0);
	const earlierFailed = earlier.reduce((sum, { failed }) => sum + failed, 0);
	const limit = TIMES * usualOf(earlierRunning, earlierFailed);
	if (!isBeyond(count, other, limit)) return null;
	return { running: count.running, failed: count.failed, earlierRunning, earlierFailed, limit };
}

/**
 * While success is told late and failures at once, each device that is known to run another release may run this one.
 * @param secondsOut since everybody may have the release @param untoldSeconds after which success is told at the latest; 0 = at once
 * @returns devices of which it is not known whether they run the version
 */
export function unknownDevices(
	version: string,
	{ versions, other }: ProductCount,
	secondsOut: number,
	untoldSeconds: number,
): number {
	if (secondsOut >= untoldSeconds) return other;
	return versions.reduce((sum, one) => (one.version === version ? sum : sum + one.running), other);
}

function usualOf(running: number, failed: number): number {
	const devices = running + failed;
	if (devices < LEAST_DEVICES) return LEAST_USUAL;
	return Math.min(MOST_USUAL, Math.max(LEAST_USUAL, failed / devices));
}

function isBeyond({ running, failed }: VersionCount, other: number, limit: number): boolean {
	if (running + failed < LEAST_DEVICES) return false;
	const devices = running + failed + other;
	return failed - devices * limit > DEVIATIONS * Math.sqrt(devices * limit * (1 - limit));
}

/** @returns for trail and webhooks: "12 of 200 devices failed or went back, 1 of 4000 with the releases before it" */
export function describeRegression({ running, failed, earlierRunning, earlierFailed }: Regression): string {
	const devices = earlierRunning + earlierFailed;
	const earlier =
		devices < LEAST_DEVICES
			? "too few have one of the releases before it to compare"
			: `${earlierFailed} of ${devices} with the releases before it`;
	return `${failed} of ${running + failed} devices failed with it or went back from it, ${earlier}`;
}
