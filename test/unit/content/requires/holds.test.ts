// What is installed holds back what it requires: which offers, for whom, and that devices which install what they are offered keep what their
// releases require.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck, type CheckFacts } from "../../../../src/content/check/check.ts";
import type { ProductRecord, Release } from "../../../../src/content/releases/product-record.ts";
import { afterOf, meetsRequirement, type Requirement } from "../../../../src/content/requires/requires.ts";
import { BUCKETS, DEVICE, GRANT, makeRelease, NOW, REACH, recordOf } from "../content-fixtures.ts";

type Records = Readonly<Record<string, readonly Release[]>>;
type Has = Readonly<Record<string, string | null>>;
const PRODUCTS = ["crs", "base", "kernel"] as const;
const device = { ...DEVICE, grants: Object.fromEntries(PRODUCTS.map((name) => [name, GRANT])) };

function answerFor(records: Records, installed: Has, more: Partial<CheckFacts> = {}) {
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

/** Each product in the order of the answer, as `product version<before` of an offer, else with its reason; and who holds what back. */
function told(records: Records, installed: Has, more: Partial<CheckFacts> = {}) {
	return answerFor(records, installed, more).products.map(({ product, selection }) => {
		const { version, by = [] } = selection?.held ?? {};
		const held = by.map((one) => ` ${version}!${one.product}@${one.version}`).join("");
		if (selection?.status !== "offered") return `${product} ${selection?.reason ?? "refused"}${held}`;
		const after = afterOf(selection.needs).map((one) => `<${one}`);
		return `${product} ${selection.release.version}${after.join("")}${held}`;
	});
}

const needs = (...requires: Requirement[]) => ({ requires });
/** Works with base 1.1 and 1.2. */
const OLD_BASE = needs({ product: "base", min: "1.1", max: "1.2" });
const base = (...changes: Partial<Release>[]) => changes.map((change, at) => makeRelease(at + 1, change));
const HAS = { crs: "1.2", base: "1.1" };
const CRS = [makeRelease(1), makeRelease(2, OLD_BASE)];

describe("a release that does not go with what stays installed", () => {
	it.each<[string, Records, Has, string[]]>([
		[
			"is held back, and an older one that goes with it is offered",
			{ crs: CRS, base: base({}, {}, {}) },
			HAS,
			["crs up_to_date", "base 1.2 1.3!crs@1.2"],
		],
		[
			"is held back where there is none",
			{ crs: CRS, base: base({}, { withdrawn: true }, {}) },
			HAS,
			["crs up_to_date", "base held_by_installed 1.3!crs@1.2"],
		],
		[
			"is held back also where the installed one has no record any more",
			{ crs: CRS, base: [makeRelease(3)] },
			HAS,
			["crs up_to_date", "base none_but_held 1.3!crs@1.2"],
		],
		[
			"comes once what is installed is replaced by one that goes with it",
			{ crs: [...CRS, makeRelease(3, needs({ product: "base", min: "1.3" }))], base: base({}, {}, {}) },
			HAS,
			["base 1.3", "crs 1.3<base"],
		],
		[
			"comes after that, where that goes with both",
			{ crs: [...CRS, makeRelease(3)], base: base({}, {}, {}) },
			{ base: "1.1", crs: "1.2" },
			["crs 1.3", "base 1.3<crs"],
		],
		[
			"stays back while the replacement has not come to the device",
			{ crs: [...CRS, makeRelease(3, { rollout: REACH })], base: base({}, {}, {}) },
			HAS,
			["crs up_to_date", "base 1.2 1.3!crs@1.2"],
		],
		[
			"gives way to an older one that goes with a replacement",
			{ crs: [...CRS, makeRelease(3, needs({ product: "base", exactly: "1.3" }))], base: base({}, {}, {}, {}) },
			HAS,
			["base 1.3 1.4!crs@1.2", "crs 1.3<base"],
		],
		[
			"is not held back by what is withdrawn",
			{ crs: [makeRelease(2, { ...OLD_BASE, withdrawn: true })], base: base({}, {}, {}) },
			HAS,
			["crs no_release", "base 1.3"],
		],
		[
			"nor by what lacks it already",
			{ crs: CRS, base: base({}, {}, {}, {}) },
			{ crs: "1.2", base: "1.3" },
			["crs newer_installed", "base 1.4"],
		],
		["nor by what the question does not name", { crs: CRS, base: base({}, {}, {}) }, { base: "1.1" }, ["base 1.3"]],
		[
			"nor where it is an emergency",
			{ crs: CRS, base: base({}, {}, { urgency: "emergency" }) },
			HAS,
			["crs newer_installed", "base 1.3"],
		],
		[
			"nor where what is installed was withdrawn and nothing else is there",
			{ crs: CRS, base: base({ withdrawn: true }, { withdrawn: true }, {}) },
			HAS,
			["crs newer_installed", "base 1.3"],
		],
		[
			"but gives way to one that fits where there is one to leave a withdrawn one for",
			{ crs: CRS, base: base({}, { withdrawn: true }, {}) },
			{ crs: "1.2", base: "1.2" },
			["crs up_to_date", "base 1.1 1.3!crs@1.2"],
		],
	])("%s", (_, records, installed, expected) => {
		const shown = told(records, installed);
		expect(shown).toEqual(expected);
	});

	it("is held back by what no license covers any more, and not by what fails on the device", () => {
		const records = { crs: CRS, base: base({}, {}, {}) };
		const only = { device: { ...device, grants: { base: GRANT } } };
		expect(told(records, HAS, only)).toEqual(["crs refused", "base 1.2 1.3!crs@1.2"]);
		const failed = { failed: new Map([["crs", new Set(["1.2", "1.1"])]]) };
		expect(told(records, HAS, failed)).toEqual(["crs none_but_failed", "base 1.3"]);
	});

	it("is looked at with each replacement only so often, and is held back all the same", () => {
		const many = (length: number) => Array.from({ length }, (_, at) => makeRelease(at + 1));
		expect(told({ crs: CRS, base: many(40) }, HAS)).toEqual(["crs up_to_date", "base 1.2 1.40!crs@1.2"]);
		const asked = (length: number) => {
			let times = 0;
			const releases = new Map([
				["crs", CRS],
				["base", many(length)],
			]);
			const recordsOf = (product: string) => {
				times++;
				return { ...recordOf(...(releases.get(product) ?? [])), product };
			};
			answerFor({}, HAS, { recordOf: recordsOf });
			return times;
		};
		expect(asked(80)).toBe(asked(40));
	});

	it("is watched once by those that a rollout holds back", () => {
		const records = { crs: CRS, base: base({}, {}, {}, { rollout: { ...REACH, from: 0, to: 0 } }) };
		const products = answerFor(records, HAS).heldBack.map(({ product }) => product);
		expect(products).toEqual([...new Set(products)]);
	});
});

const anyRequires = (others: readonly string[]): fc.Arbitrary<Requirement[]> =>
	fc.subarray([...others]).chain((names) =>
		fc.tuple(
			...names.map((product) =>
				fc.record(
					{
						product: fc.constant(product),
						min: fc.constantFrom("1.1", "1.2", "1.3"),
						max: fc.constantFrom("1.2", "1.3", "1.4"),
					},
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
				withdrawn: fc.constantFrom(false, false, true),
				urgency: fc.constantFrom("routine", "routine", "emergency"),
				rollout: fc.constantFrom(null, null, REACH, { ...REACH, open: false, closed: "halted" as const }),
			}),
			{ maxLength: 5 },
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

/** What installed releases lack that the records know, of the products that the device names. */
function lacking(records: Records, has: ReadonlyMap<string, string | null>): string[] {
	return [...has].flatMap(([product, version]) => {
		const release = records[product]?.find((one) => one.version === version);
		if (release === undefined || release.withdrawn) return [];
		return (release.requires ?? []).flatMap((one) => {
			const of = has.get(one.product) ?? null;
			return of !== null && meetsRequirement(one, of) ? [] : [`${product} ${one.product}`];
		});
	});
}

/** Offers that nothing holds back: emergencies, and what leads away from a release that cannot stay. */
function passing(products: ReturnType<typeof answerFor>["products"]): ReadonlySet<string> {
	return new Set(
		products.flatMap(({ product, selection }) =>
			selection?.status === "offered" &&
			(selection.release.urgency === "emergency" ||
				["installed_withdrawn", "installed_failed", "installed_incompatible"].includes(selection.reason))
				? [product]
				: [],
		),
	);
}

describe("whatever is released and installed", () => {
	it("once all is installed, each installed release has what it requires, unless it had not before, or an emergency came", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				const has = new Map<string, string | null>(Object.entries(installed));
				for (let round = 0; round < 3; round++) {
					const before = new Set(lacking(records, has));
					const { products } = answerFor(records, Object.fromEntries(has));
					const passes = passing(products);
					for (const { product, selection } of products)
						if (selection?.status === "offered") has.set(product, selection.release.version);
					const lost = lacking(records, has).filter((one) => !before.has(one) && !passes.has(one.split(" ")[1] ?? ""));
					expect(lost).toEqual([]);
				}
			}),
			{ numRuns: 2_000 },
		);
	});

	it("nothing is held back where a device would keep all that its releases require", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				for (const { product, selection } of answerFor(records, installed).products)
					for (const { requirement, version, product: by } of selection?.held?.by ?? []) {
						expect(requirement.product).toBe(product);
						expect(installed[by]).toBe(version);
						expect(meetsRequirement(requirement, selection?.held?.version ?? "")).toBe(false);
						expect(meetsRequirement(requirement, installed[product] ?? "")).toBe(true);
					}
			}),
		);
	});

	it("an offer never comes before the one that it is to come after", () => {
		fc.assert(
			fc.property(anyRecords, anyInstalled, (records, installed) => {
				const done = new Set<string>();
				for (const { product, selection } of answerFor(records, installed).products) {
					if (selection?.status !== "offered") continue;
					for (const one of afterOf(selection.needs)) expect(done).toContain(one);
					done.add(product);
				}
			}),
			{ numRuns: 1_000 },
		);
	});
});
