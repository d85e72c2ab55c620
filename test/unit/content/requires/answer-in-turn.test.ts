// Checks of devices for products that require each other: what is offered after what, what is held and why, and that nothing is offered
// without what it requires, in whatever order a device asks.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck, type CheckFacts } from "../../../../src/content/check/check.ts";
import type { ProductRecord, Release } from "../../../../src/content/releases/product-record.ts";
import { afterOf, meetsRequirement, type Requirement } from "../../../../src/content/requires/requires.ts";
import { BUCKETS, DEVICE, GRANT, makeRelease, NOW, REACH, recordOf } from "../content-fixtures.ts";

type Records = Readonly<Record<string, readonly Release[]>>;
const PRODUCTS = ["crs", "base", "kernel"] as const;
const device = { ...DEVICE, grants: Object.fromEntries(PRODUCTS.map((name) => [name, GRANT])) };

function answerFor(
	records: Records,
	installed: Readonly<Record<string, string | null>>,
	more: Partial<CheckFacts> = {},
) {
	const recordsOf = new Map<string, ProductRecord>(
		Object.entries(records).map(([product, releases]) => [product, { ...recordOf(...releases), product }]),
	);
	return answerCheck({
		device,
		circumstances: { engine: null, country: null },
		installed: new Map(Object.entries(installed)),
		seen: 0,
		recordOf: (product) => recordsOf.get(product) ?? null,
		messages: [],
		buckets: BUCKETS,
		now: NOW,
		...more,
	});
}

/** Each product in the order of the answer, as `product version[<product]` of an offer, else with its reason and what blocks it. */
function told(records: Records, installed: Readonly<Record<string, string | null>>, more: Partial<CheckFacts> = {}) {
	return answerFor(records, installed, more).products.map(({ product, selection }) => {
		const blocked = (selection?.blocked?.missing ?? [])
			.map((one) => ` !${one.requirement.product}:${one.reason}`)
			.join("");
		if (selection?.status !== "offered") return `${product} ${selection?.reason ?? "refused"}${blocked}`;
		return `${product} ${selection.release.version}${afterOf(selection.needs)
			.map((one) => `<${one}`)
			.join("")}${blocked}`;
	});
}

const needs = (...requires: Requirement[]) => ({ requires });
const NEEDS_BASE = needs({ product: "base", min: "1.2" });
const SET: Records = {
	crs: [makeRelease(1), makeRelease(2, NEEDS_BASE)],
	base: [makeRelease(1), makeRelease(2)],
};
const changed = (product: string, changes: Partial<Release>): Records => ({
	...SET,
	[product]: [makeRelease(1), makeRelease(2, changes)],
});

describe("a release that requires another product", () => {
	it.each<[string, Records, Record<string, string | null>, string[]]>([
		["is offered where that is installed", SET, { crs: "1.1", base: "1.2" }, ["crs 1.2", "base up_to_date"]],
		[
			"is offered after that, whatever the order of the question",
			SET,
			{ crs: "1.1", base: "1.1" },
			["base 1.2", "crs 1.2<base"],
		],
		["and to a device that has nothing", SET, { crs: null, base: null }, ["base 1.2", "crs 1.2<base"]],
		["is held for a question that does not name that", SET, { crs: "1.1" }, ["crs newer_blocked !base:not_named"]],
		["leaves an older one to a device that has none", SET, { crs: null }, ["crs 1.1 !base:not_named"]],
		[
			"is held while that is withdrawn",
			changed("base", { withdrawn: true }),
			{ crs: "1.1", base: "1.1" },
			["crs newer_blocked !base:withdrawn", "base up_to_date"],
		],
		[
			"is held also where that is installed and withdrawn, since it leaves the device",
			changed("base", { withdrawn: true }),
			{ crs: "1.1", base: "1.2" },
			["crs newer_blocked !base:withdrawn", "base 1.1"],
		],
		[
			"is held while the rollout of that is halted",
			changed("base", { rollout: { ...REACH, open: false, closed: "halted" } }),
			{ crs: "1.1", base: "1.1" },
			["crs newer_blocked !base:halted", "base up_to_date"],
		],
		[
			"goes on, while that is halted, to a device that has it",
			changed("base", { rollout: { ...REACH, open: false, closed: "halted" } }),
			{ crs: "1.1", base: "1.2" },
			["crs 1.2", "base newer_installed"],
		],
		[
			"is held until the rollout of that has come to the device",
			changed("base", { rollout: REACH }),
			{ crs: "1.1", base: "1.1" },
			["crs newer_blocked !base:not_offered", "base up_to_date"],
		],
		[
			"comes with the rollout of that",
			changed("base", { rollout: { ...REACH, from: 0.4, to: 0.4 } }),
			{ crs: "1.1", base: "1.1" },
			["base 1.2", "crs 1.2<base"],
		],
	])("%s", (_, records, installed, expected) => {
		expect(told(records, installed)).toEqual(expected);
	});

	it("is held where the license lacks that, or the device has said that it does not work", () => {
		const only = { device: { ...device, grants: { crs: GRANT } } };
		expect(told(SET, { crs: "1.1", base: null }, only)).toEqual([
			"crs newer_blocked !base:not_entitled",
			"base refused",
		]);
		expect(told(SET, { crs: "1.1", base: "1.2" }, only)).toEqual(["crs 1.2", "base refused"]);
		const failed = { failed: new Map([["base", new Set(["1.2"])]]) };
		expect(told(SET, { crs: "1.1", base: "1.2" }, failed)).toEqual(["crs newer_blocked !base:not_offered", "base 1.1"]);
	});

	it("is held also for a device that had its permit, once that has gone", () => {
		const full = { ...REACH, open: false, closed: "baking" as const };
		const records = { ...SET, crs: [makeRelease(1), makeRelease(2, { ...NEEDS_BASE, rollout: full })] };
		const permitted = { permitted: new Map([["crs", "1.2"]]) };
		expect(told(records, { crs: "1.1", base: "1.2" }, permitted)).toEqual(["crs 1.2", "base up_to_date"]);
		expect(told({ ...records, base: [makeRelease(1)] }, { crs: "1.1", base: "1.1" }, permitted)).toEqual([
			"crs newer_blocked !base:not_released",
			"base up_to_date",
		]);
	});

	it("is no fallback for a device that lacks that: it may try what is on its way", () => {
		const records = { crs: [makeRelease(1, NEEDS_BASE), makeRelease(2, { rollout: { ...REACH, from: 1, to: 1 } })] };
		expect(told(records, { crs: null })).toEqual(["crs 1.2"]);
		expect(told({ ...SET, ...records }, { crs: null, base: null })).toEqual(["base 1.2", "crs 1.1<base"]);
	});

	it("comes after all of a chain", () => {
		const chain = {
			crs: [makeRelease(2, needs({ product: "base", min: "1.2" }, { product: "kernel", exactly: "1.1" }))],
			base: [makeRelease(2, needs({ product: "kernel" }))],
			kernel: [makeRelease(1)],
		};
		const all = ["kernel 1.1", "base 1.2<kernel", "crs 1.2<base<kernel"];
		expect(told(chain, { crs: null, base: null, kernel: null })).toEqual(all);
		expect(told({ ...chain, kernel: [] }, { crs: null, base: null, kernel: null })).toEqual([
			"crs none_but_blocked !base:not_offered !kernel:not_released",
			"base none_but_blocked !kernel:not_released",
			"kernel no_release",
		]);
	});

	it("comes by time alone where that does, and the answer holds no longer", () => {
		const answer = answerFor(changed("base", { rollout: REACH }), { crs: "1.1", base: "1.1" });
		expect(answer.holdsUntil).toBe(answer.products.find(({ product }) => product === "base")?.selection?.holdsUntil);
		expect(answer.holdsUntil).toBeLessThan(NOW + 1_000);
	});

	it("waits for ever, and so does the other, where two require each other although no publisher could say so", () => {
		const circle = {
			crs: [makeRelease(1), makeRelease(2, needs({ product: "base", min: "1.2" }))],
			base: [makeRelease(1), makeRelease(2, needs({ product: "crs", min: "1.2" }))],
		};
		expect(told(circle, { crs: "1.1", base: "1.1" })).toEqual([
			"crs newer_blocked !base:not_offered",
			"base newer_blocked !crs:not_offered",
		]);
	});
});

const anyRequires = (others: readonly string[]): fc.Arbitrary<Requirement[]> =>
	fc
		.subarray([...others])
		.chain((names) =>
			fc.tuple(
				...names.map((product) =>
					fc.record(
						{ product: fc.constant(product), min: fc.constantFrom("1.1", "1.2", "1.3") },
						{ requiredKeys: ["product"] },
					),
				),
			),
		);
const anyReleases = (others: readonly string[]): fc.Arbitrary<Release[]> =>
	fc
		.array(
			fc.record({
				requires: anyRequires(others),
				withdrawn: fc.boolean(),
				rollout: fc.constantFrom(
					null,
					null,
					REACH,
					{ ...REACH, from: 1, to: 1 },
					{ ...REACH, open: false, closed: "halted" as const },
				),
			}),
			{ maxLength: 4 },
		)
		.map((all) =>
			all.map(({ requires, ...rest }, at) =>
				makeRelease(at + 1, { ...rest, ...(requires.length > 0 && { requires }) }),
			),
		);
const anyRecords = fc.record({
	crs: anyReleases(["base", "kernel"]),
	base: anyReleases(["kernel"]),
	kernel: anyReleases([]),
});
const anyInstalled = fc
	.record({
		order: fc.shuffledSubarray([...PRODUCTS], { minLength: 1 }),
		versions: fc.array(fc.constantFrom(null, "1.1", "1.2", "1.3", "1.9"), { minLength: 3, maxLength: 3 }),
	})
	.map(({ order, versions }) => Object.fromEntries(order.map((name, at) => [name, versions[at] ?? null])));

describe("whatever is released and installed", () => {
	it("installing the offers in their order never installs one without what it requires", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				const { products } = answerFor(records, installed);
				const has = new Map<string, string | null>(Object.entries(installed));
				for (const { product, selection } of products) {
					if (selection?.status !== "offered") continue;
					for (const one of selection.release.requires ?? []) {
						const version = has.get(one.product) ?? null;
						expect(version !== null && meetsRequirement(one, version), `${product} before ${one.product}`).toBe(true);
					}
					has.set(product, selection.release.version);
				}
				// And once all are installed, it still has what it got them for.
				for (const { selection } of products)
					for (const one of (selection?.status === "offered" && selection.release.requires) || [])
						expect(meetsRequirement(one, has.get(one.product) ?? "0")).toBe(true);
			}),
		);
	});

	it("the order of the question changes the order of the answer at most", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				const reversed = Object.fromEntries(Object.entries(installed).reverse());
				expect(told(records, installed).sort()).toEqual(told(records, reversed).sort());
			}),
		);
	});

	it("where nothing is required the answer is in the order of the question, and no product counts for another", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				const free = Object.fromEntries(
					Object.entries(records).map(([name, releases]) => [name, releases.map(({ requires: _, ...one }) => one)]),
				);
				const together = told(free, installed);
				expect(together).toEqual(
					Object.entries(installed).flatMap(([name, version]) => told(free, { [name]: version })),
				);
			}),
		);
	});

	it("a release that is passed over for what it requires lacks that", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				const { products } = answerFor(records, installed);
				for (const { selection } of products)
					for (const { requirement } of selection?.blocked?.missing ?? []) {
						const other = products.find(({ product }) => product === requirement.product);
						const offered = other?.selection?.status === "offered" ? other.selection.release.version : null;
						expect(offered !== null && meetsRequirement(requirement, offered)).toBe(false);
					}
			}),
		);
	});
});
