// What a product's record keeps: never so little that a device starves, never more than an edge can hold.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Release } from "../../../../src/content/releases/product-record.ts";
import {
	coversAudience,
	currentOf,
	hasRoomFor,
	keepRecorded,
	MAX_AUDIENCES,
	MAX_RECORDED,
} from "../../../../src/content/releases/recorded-releases.ts";
import { selectRelease } from "../../../../src/content/releases/select-release.ts";
import { engineInRange } from "../../../../src/content/releases/vendor-version.ts";
import { admittedAt, HOUR, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const MINUTE = 60;
const DAY = 24 * HOUR;
const FOR_EVER = { until: NOW + 1000 * DAY, grace: 0 };

/** Publishes releases one after another, as a Product does: each time the record keeps of what it had and the new one. */
function publishAll(releases: readonly Release[]): Release[] {
	let record: Release[] = [];
	for (const release of releases) record = keepRecorded([release, ...record], release.releasedAt);
	return record;
}

/** A feed until now. @param changeOf what is special of the nth release */
function feed(
	count: number,
	everySeconds: number,
	changeOf: (index: number) => Partial<Release> = () => ({}),
): Release[] {
	return Array.from({ length: count }, (_, index) =>
		makeRelease(index + 1, { releasedAt: NOW - (count - 1 - index) * everySeconds, ...changeOf(index) }),
	);
}

/** The age of what a license with this delay gets; null = nothing. */
function ageOffered(releases: readonly Release[], delay: number, engine: string | null = null): number | null {
	const device = { model: "FW-100", channel: "stable" as const, engine, installed: null, admittedAt };
	const selection = selectRelease(recordOf(...releases), { ...FOR_EVER, delay, emergencyDelay: delay }, device, NOW);
	return selection.status === "offered" ? NOW - selection.release.releasedAt : null;
}

describe("the releases that a record keeps", () => {
	it("are all of them while there are few", () => {
		const few = feed(64, 1).toReversed();
		expect(keepRecorded(few, NOW)).toEqual(few);
	});

	it("let no delay starve: one release, then 64 more within the hour, under a delay of one hour", () => {
		const releases = [
			makeRelease(1, { releasedAt: NOW - HOUR - 1 }),
			...feed(64, 50).map((release) => ({
				...release,
				sequence: release.sequence + 1,
				version: `2.${release.sequence}`,
			})),
		];
		expect(ageOffered(publishAll(releases), HOUR)).toBe(HOUR + 1);
	});

	it.each([0, 5 * MINUTE, HOUR, 48 * HOUR, 10 * DAY, 29 * DAY])(
		"hold for a delay of %i s one that is at most a quarter older, in a feed of every five minutes for a month",
		(delay) => {
			const record = publishAll(feed(30 * 288, 5 * MINUTE));
			const age = ageOffered(record, delay) ?? Number.NaN;
			expect(age).toBeGreaterThanOrEqual(delay);
			expect(age).toBeLessThanOrEqual(Math.max(delay * 1.25 + 5 * MINUTE, 5 * MINUTE));
			expect(record.length).toBeLessThan(150);
		},
	);

	it("have the release that devices go back to from a withdrawn one, which they would not have otherwise", () => {
		const keeps = (bad: Partial<Release>) => {
			const releases = feed(100, 1, (index) => (index === 90 ? { withdrawn: true, ...bad } : {}));
			return keepRecorded(releases.toReversed(), NOW + DAY).some(({ version }) => version === "1.20");
		};
		expect([keeps({ revertTo: "1.20" }), keeps({})]).toEqual([true, false]);
	});

	it("have one for each engine branch, however long ago its last release was", () => {
		const branches = [{ min: "9", max: "9.99" }, { min: "10", max: "10.99" }, { min: "11" }];
		const last = feed(3, DAY, (index) => ({ engine: branches[index] ?? {} }));
		const later = feed(500, 5 * MINUTE, (index) => ({
			engine: { min: "12" },
			sequence: index + 10,
			version: `3.${index}`,
		}));
		const record = publishAll([
			...last.map((release) => ({ ...release, releasedAt: release.releasedAt - 100 * DAY })),
			...later,
		]);
		for (const engine of ["9.1", "10.5", "11.0"]) expect(ageOffered(record, 0, engine)).toBeGreaterThan(99 * DAY);
		expect(ageOffered(record, 0, "12.0")).toBe(0);
	});

	it("keep the last emergency, which goes on to licenses that have ended", () => {
		const record = publishAll(feed(300, HOUR, (index) => ({ urgency: index === 20 ? "emergency" : "routine" })));
		expect(record.filter(({ urgency }) => urgency === "emergency")).toHaveLength(1);
	});

	it("keep what was withdrawn, so that a device that has it is told", () => {
		const record = publishAll(feed(300, HOUR, (index) => ({ withdrawn: index === 20 })));
		expect(record.filter(({ withdrawn }) => withdrawn)).toHaveLength(1);
	});

	it("of each urgency have ages of their own, because each may have a delay of its own", () => {
		const record = publishAll(
			feed(30 * 24, HOUR, (index) => ({ urgency: index % 12 === 0 ? "important" : "routine" })),
		);
		const ages = record.filter(({ urgency }) => urgency === "important").map(({ releasedAt }) => NOW - releasedAt);
		for (const delay of [0, HOUR, DAY, 10 * DAY]) {
			const age = ages.find((one) => one >= delay) ?? Number.NaN;
			expect(age).toBeLessThanOrEqual(delay * 1.25 + DAY);
		}
	});

	describe("under the pressure of many audiences", () => {
		const urgencies = ["routine", "important", "emergency"] as const;
		// Each audience in turn, for more than the longest delay.
		const many = (audiences: number) =>
			feed(45 * 96, 15 * MINUTE, (index) => ({
				engine: { min: `${index % audiences}`, max: `${index % audiences}.99` },
				urgency: urgencies[Math.floor(index / audiences) % 3] ?? "routine",
			}));

		it.each([16, 20, MAX_AUDIENCES])("stay few, and starve no delay of any of %i audiences", (audiences) => {
			const record = publishAll(many(audiences));
			expect(record.length).toBeLessThanOrEqual(MAX_RECORDED);
			const all = many(audiences).toReversed();
			for (let number = 0; number < audiences; number += 1) {
				const engine = `${number}.5`;
				for (const delay of [0, HOUR, 48 * HOUR, 29 * DAY]) {
					expect(ageOffered(all, delay, engine)).not.toBeNull();
					expect(ageOffered(record, delay, engine)).not.toBeNull();
				}
				const ofEngine = ({ engine: { min } }: Release) => min === `${number}`;
				for (const urgency of urgencies) {
					const own = (release: Release) => ofEngine(release) && release.urgency === urgency;
					expect(record.find(own)).toEqual(all.find(own));
					expect(record.findLast(own)).toEqual(all.findLast(own));
				}
			}
		});

		it("leave something to devices that lack a product which all newer ones require, and one for each such product", () => {
			const requires = (product: string) => ({ requires: [{ product, min: "1.0" }] });
			const record = publishAll(
				feed(1_000, MINUTE, (index) => (index === 400 ? {} : requires(index === 500 ? "base" : "kernel"))),
			);
			const kept = new Set(record.map((one) => one.requires?.[0]?.product));
			expect(kept).toEqual(new Set(["kernel", "base", undefined]));
			const [one] = feed(1, 1);
			const versions = feed(MAX_AUDIENCES, 1, (at) => ({ requires: [{ product: "base", min: `1.${at}` }] }));
			expect(one !== undefined && hasRoomFor(versions, one)).toBe(true);
		});

		it("have room for another audience until there are 32, and again when one has no release any more", () => {
			const full = feed(MAX_AUDIENCES, HOUR, (index) => ({ models: [`M-${index}`, "M"] })).toReversed();
			expect(hasRoomFor(full.slice(1), { models: ["M-32"], engine: {}, channel: "stable" })).toBe(true);
			expect(hasRoomFor(full, { models: ["M-32"], engine: {}, channel: "stable" })).toBe(false);
			expect(hasRoomFor(full, { models: ["M", "M-3"], engine: {}, channel: "stable" })).toBe(true);
			expect(hasRoomFor(full, { models: ["M-3", "M"], engine: { min: "1" }, channel: "stable" })).toBe(false);
			const freed = full.map((release, index) => (index === 7 ? { ...release, withdrawn: true } : release));
			expect(hasRoomFor(freed, { models: ["M-32"], engine: {}, channel: "stable" })).toBe(true);
		});
	});

	it("come closer to each other as time passes: what holds when they are kept holds ever after", () => {
		const gaps = fc.array(fc.integer({ min: 1, max: DAY }), { minLength: 1, maxLength: 200 });
		fc.assert(
			fc.property(
				gaps,
				fc.integer({ min: 0, max: 30 * DAY }),
				fc.integer({ min: 0, max: DAY }),
				(gapsBefore, delay, idle) => {
					let at = NOW - idle;
					const releases = gapsBefore.map((gap, index) => {
						const release = makeRelease(gapsBefore.length - index, { releasedAt: at });
						at -= gap;
						return release;
					});
					const exact = ageOffered(releases, delay);
					const kept = ageOffered(publishAll(releases.toReversed()), delay);
					if (exact === null) expect(kept).toBeNull();
					else {
						expect(kept).not.toBeNull();
						expect(kept ?? 0).toBeLessThanOrEqual(Math.max(exact, delay) * 1.25 + DAY);
					}
				},
			),
			{ numRuns: 100 },
		);
	});
});

describe("the audience of a release covers another's", () => {
	const [all, one, two] = [null, ["FW-A"], ["FW-A", "FW-B"]];
	it.each([
		[{ models: all, engine: {} }, { models: one, engine: { min: "11" } }, true],
		[{ models: one, engine: {} }, { models: all, engine: {} }, false],
		[{ models: two, engine: {} }, { models: one, engine: {} }, true],
		[{ models: one, engine: {} }, { models: two, engine: {} }, false],
		[{ models: one, engine: {} }, { models: ["FW-B"], engine: {} }, false],
		[{ models: all, engine: { min: "10" } }, { models: all, engine: { min: "9" } }, false],
		[{ models: all, engine: { min: "9" } }, { models: all, engine: { min: "10" } }, true],
		[{ models: all, engine: { min: "9" } }, { models: all, engine: {} }, false],
		[{ models: all, engine: { max: "10" } }, { models: all, engine: { max: "9" } }, true],
		[{ models: all, engine: { max: "9" } }, { models: all, engine: { min: "1", max: "10" } }, false],
	])("%j of %j: %s", (audience, other, expected) => {
		expect(coversAudience(audience, other)).toBe(expected);
	});
});

describe("what devices of an audience have now", () => {
	const release = (name: string, models: string[] | null, engine: { min?: string; max?: string } = {}) => ({
		...{ name, models, engine },
	});
	const names = (releases: ReturnType<typeof release>[], next: ReturnType<typeof release>) =>
		currentOf(releases, next).map(({ name }) => name);

	it.each([
		["nothing covers any of them", [release("3", ["FW-B"])], release("4", ["FW-A"]), []],
		["the newest covers all", [release("3", null), release("2", ["FW-A"])], release("4", ["FW-A"]), ["3"]],
		["another name, the same devices", [release("3", ["FW-A"])], release("4", ["FW-A", "FW-B"]), ["3"]],
		[
			"some have a newer one",
			[release("3", ["FW-A"]), release("2", null), release("1", null)],
			release("4", null),
			["3", "2"],
		],
		[
			"what a newer one has replaced is nobody's",
			[release("3", ["FW-A"]), release("2", ["FW-A"]), release("1", null)],
			release("4", null),
			["3", "1"],
		],
		["engines that meet in one version", [release("3", null, { max: "9" })], release("4", null, { min: "9" }), ["3"]],
		["engines that do not meet", [release("3", null, { max: "9" })], release("4", null, { min: "9.1" }), []],
	])("%s", (_, releases, next, expected) => {
		expect(names(releases, next)).toEqual(expected);
	});

	it("the law: what any device that the next one is for has now is among them", () => {
		const models = fc.option(fc.uniqueArray(fc.constantFrom("FW-A", "FW-B", "FW-C"), { minLength: 1 }), { nil: null });
		const version = fc.option(fc.constantFrom("8", "9", "10"), { nil: undefined });
		const engine = fc.record({ min: version, max: version }).map(({ min, max }) => ({
			...(min !== undefined && { min }),
			...(max !== undefined && { max }),
		}));
		const audience = fc.record({ models, engine });
		const device = fc.record({
			model: fc.constantFrom("FW-A", "FW-B", "FW-C"),
			engine: fc.constantFrom("8", "9", "10"),
		});
		fc.assert(
			fc.property(fc.array(audience), audience, device, (releases, next, { model, engine: runs }) => {
				const fits = (one: typeof next) => (one.models?.includes(model) ?? true) && engineInRange(runs, one.engine);
				fc.pre(fits(next));
				const has = releases.find(fits);
				if (has !== undefined) expect(currentOf(releases, next)).toContain(has);
			}),
		);
	});
});
