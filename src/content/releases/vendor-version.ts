// Order of vendor version strings: for engine ranges, and to say whether a release is older than another. Which release is
// current is said by their sequence, never by this order.

/** Numbers are exact at any length: a build number may be a date with a time. */
type Part = bigint | string;

// The words that vendors put after a version to say "not yet this version". Any other suffix (h7, p3, hotfix2, build1234)
// comes after the version: 11.1.4-h7 is a hotfix on 11.1.4 and newer, where semver would call it older.
const PRE_RELEASE_WORDS = new Set([
	...["snapshot", "nightly", "canary", "dev", "devel", "development", "unstable", "experimental"],
	...["alpha", "beta", "milestone", "preview", "prerelease", "pre", "candidate", "rc", "eap", "ea"],
]);
/** Short for alpha and beta where a number follows (1.0.2a1). A letter at the end is a patch after the version: OpenSSL 1.0.2a. */
const PRE_RELEASE_LETTERS = new Set(["a", "b"]);
/** The words that say "this is the version itself": 2.7.2-RELEASE is 2.7.2. */
const RELEASE_WORDS = new Set(["release", "rel", "final", "ga", "stable", "gold"]);

/** The `v` in front of a version (v7.4.1) is no part of it. */
const PREFIX = /^v(?=\d)/;

/** Where a part stands against "no part at all" and against parts of the other type: earlier, none, later, number. */
type Rank = 0 | 1 | 2 | 3;

/** Versions whose parts are kept: checks compare the same few over and over, and taking one apart costs as much as a MAC. */
const MAX_KEPT = 1000;
const kept = new Map<string, readonly Part[]>();

function parts(version: string): readonly Part[] {
	let known = kept.get(version);
	if (known === undefined) {
		known = takeApart(version);
		if (kept.size >= MAX_KEPT) kept.clear();
		kept.set(version, known);
	}
	return known;
}

function takeApart(version: string): readonly Part[] {
	const words =
		version
			.toLowerCase()
			.replace(PREFIX, "")
			.match(/\d+|[a-z]+/g) ?? [];
	return words.filter((word) => !RELEASE_WORDS.has(word)).map((word) => (/^\d/.test(word) ? BigInt(word) : word));
}

function rankOf(part: Part | undefined, next: Part | undefined): Rank {
	if (part === undefined) return 1;
	if (typeof part === "bigint") return 3;
	if (PRE_RELEASE_LETTERS.has(part)) return typeof next === "bigint" ? 0 : 2;
	return PRE_RELEASE_WORDS.has(part) ? 0 : 2;
}

/**
 * @returns negative when `a` is older than `b`, positive when it is newer, 0 when they are the same version
 *   (`11.1` and `11.1.0` differ: vendors do not promise that a missing part means zero)
 */
export function compareVendorVersions(a: string, b: string): number {
	const left = parts(a);
	const right = parts(b);
	for (let index = 0; index < Math.max(left.length, right.length); index++) {
		const x = left[index];
		const y = right[index];
		const byRank = rankOf(x, left[index + 1]) - rankOf(y, right[index + 1]);
		if (byRank !== 0) return byRank;
		// Parts of one rank are of one type, or both missing.
		if (x !== undefined && y !== undefined && x !== y) return x < y ? -1 : 1;
	}
	return 0;
}

/** @param engine null = the device did not say; then only a range open at both ends holds */
export function engineInRange(
	engine: string | null,
	range: { min?: string | undefined; max?: string | undefined },
): boolean {
	if (range.min === undefined && range.max === undefined) return true;
	if (engine === null) return false;
	return (
		(range.min === undefined || compareVendorVersions(engine, range.min) >= 0) &&
		(range.max === undefined || compareVendorVersions(engine, range.max) <= 0)
	);
}
