// Which deltas are worth making, which one a device is told of, and how large one may be.
import { describe, expect, it, test } from "vitest";
import {
	cheapestWay,
	chooseBases,
	type Delta,
	hasHeadOf,
	largestDelta,
	MAX_DELTA_PACKAGE,
	MAX_DELTAS,
	type PossibleBase,
} from "../../../../src/content/releases/delta.ts";

const digest = (n: number) => n.toString(16).padStart(64, "0");
const release = (n: number, changes: Partial<PossibleBase> = {}): PossibleBase => ({
	...{ version: `1.${n}`, sha256: digest(n), size: 1_000, sequence: n },
	...{ outAt: n, withdrawnAt: null, ...changes },
});
/** newest first */
const releases = (count: number) => Array.from({ length: count }, (_, index) => release(count - index));
const NOBODY = () => 0;
const versions = (chosen: readonly PossibleBase[]) => chosen.map(({ version }) => version);

describe("bases", () => {
	it("are the last eight", () => {
		expect(versions(chooseBases(releases(10), "2.0", NOBODY, 0))).toEqual(
			[3, 4, 5, 6, 7, 8, 9, 10].reverse().map((n) => `1.${n}`),
		);
	});

	it.each<[string, Partial<PossibleBase>]>([
		["that few may have", { outAt: null }],
		["that was withdrawn", { withdrawnAt: 5 }],
		["that is only uploaded", { sequence: null, outAt: null }],
		["that is too large", { size: MAX_DELTA_PACKAGE + 1 }],
		["that it is itself", { version: "2.0" }],
	])("are none of a release %s", (_, changes) => {
		expect(chooseBases([release(3, changes)], "2.0", NOBODY, 0)).toEqual([]);
	});

	it("are also what more than 1 % of the fleet runs, however old, and withdrawn too", () => {
		const all = [...releases(10).slice(0, 8), release(2, { withdrawnAt: 9 }), release(1)];
		const devices: Record<string, number> = { "1.2": 11, "1.1": 10 };
		expect(versions(chooseBases(all, "2.0", (version) => devices[version] ?? 0, 1_000))).toContain("1.2");
		expect(versions(chooseBases(all, "2.0", (version) => devices[version] ?? 0, 1_000))).not.toContain("1.1");
	});

	it("leave a place for the packed copy", () => {
		expect(chooseBases(releases(99), "2.0", () => 5, 100)).toHaveLength(MAX_DELTAS - 1);
	});
});

describe("the cheapest way", () => {
	const from = (version: string, size: number): Delta => ({
		from: { version, sha256: digest(1) },
		...{ sha256: digest(size), size },
	});
	const packed: Delta = { from: null, sha256: digest(9), size: 500 };

	it.each<[string, readonly Delta[] | undefined, string | null, number | null]>([
		["from what is installed", [from("1.1", 40), from("1.2", 30), packed], "1.1", 40],
		["the packed copy from anything else", [from("1.1", 40), packed], "1.0", 500],
		["the packed copy from nothing", [from("1.1", 40), packed], null, 500],
		["the packed copy where the delta is larger", [from("1.1", 600), packed], "1.1", 500],
		["none without a packed copy", [from("1.1", 40)], "1.0", null],
		["none without deltas", undefined, "1.1", null],
	])("is %s", (_, deltas, installed, size) => {
		expect(cheapestWay(deltas, installed)?.size ?? null).toBe(size);
	});
});

test("a delta has 60 % of its package at most, in whole bytes, and no package above 128 MiB has any", () => {
	const sizes = [1, 1_000, 1_001, MAX_DELTA_PACKAGE, MAX_DELTA_PACKAGE + 1];
	expect(sizes.map(largestDelta)).toEqual([0, 600, 600, 80_530_636, 0]);
});

test("the head of a delta names its base, that of a packed copy is zstd's own", () => {
	const head = `5e2a4d1820000000${digest(7)}`;
	expect([hasHeadOf(head, digest(7)), hasHeadOf(head, digest(8)), hasHeadOf(head, null)]).toEqual([true, false, false]);
	expect([hasHeadOf("28b52ffd00", null), hasHeadOf("", null)]).toEqual([true, false]);
});
