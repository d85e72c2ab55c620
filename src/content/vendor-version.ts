// Order of vendor version strings, for engine ranges only: the order of releases comes from their sequence, never from here.

type Part = number | string;

// What vendors put after a version to say "not yet it". Any other suffix (h7, p3, hotfix2, build1234) comes after it:
// 11.1.4-h7 is a hotfix on 11.1.4 and newer, where semver would call it older.
const BEFORE_THE_RELEASE = new Set(["dev", "alpha", "a", "beta", "b", "pre", "rc"]);

function parts(version: string): readonly Part[] {
	return (version.toLowerCase().match(/\d+|[a-z]+/g) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
}

/** Where a part stands against "no part at all" and against parts of the other type. */
function rank(part: Part | undefined): number {
	if (part === undefined) return 1;
	if (typeof part === "number") return 3;
	return BEFORE_THE_RELEASE.has(part) ? 0 : 2;
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
		const byRank = rank(x) - rank(y);
		if (byRank !== 0) return byRank;
		if (typeof x === "number" && typeof y === "number" && x !== y) return x - y;
		if (typeof x === "string" && typeof y === "string" && x !== y) return x < y ? -1 : 1;
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
