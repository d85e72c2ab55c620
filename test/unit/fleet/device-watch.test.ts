// When it is told that a device is stale or silent: the thresholds, each at its boundary, and laws over arbitrary lives of devices.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type Conditions,
	MAX_TOLD,
	NO_CONDITIONS,
	nextLook,
	type Tally,
	tallyOne,
	type Watched,
	type WatchedDevice,
	watchDevice,
} from "../../../src/fleet/device-watch.ts";
import { runs } from "../../support/runs.ts";

const HOUR = 3_600;
const NOW = 1_000 * HOUR;
const WELL: WatchedDevice = {
	...{ isActive: true, heardAt: NOW, offeredAt: null, trustEndsAt: null, isHeld: false, isPutOff: false },
};
const doubted = (hoursAgo: number, kind: Watched = "stale"): Conditions => ({
	...NO_CONDITIONS,
	[kind]: { since: NOW - hoursAgo * HOUR, isTold: false },
});
const told = (kind: Watched): Conditions => ({
	...NO_CONDITIONS,
	[kind]: { since: NOW - HOUR, isTold: true },
});

describe("a device", () => {
	it.each([
		["offered for less than a day", { offeredAt: NOW - 24 * HOUR + 1 }, NO_CONDITIONS, null],
		["offered for a day, and doubted now", { offeredAt: NOW - 24 * HOUR }, NO_CONDITIONS, "doubted"],
		["away for more than ten hours", { offeredAt: NOW - 90 * HOUR, heardAt: NOW - 11 * HOUR }, NO_CONDITIONS, null],
		["doubted for less than two hours", { offeredAt: NOW - 26 * HOUR }, doubted(1.9), "doubted"],
		["doubted for two hours", { offeredAt: NOW - 26 * HOUR }, doubted(2), "told"],
		["doubted, and put off now", { offeredAt: NOW - 26 * HOUR, isPutOff: true }, doubted(9), "doubted"],
		["put off", { offeredAt: NOW - 90 * HOUR, isPutOff: true }, NO_CONDITIONS, null],
		["doubted, and updated since", { offeredAt: null }, doubted(9), null],
		["stale, and away since", { offeredAt: NOW - 90 * HOUR, heardAt: NOW - 30 * HOUR }, told("stale"), "told"],
	] as const)("that is %s", (_, change, before, expected) => {
		const { stale } = watchDevice({ ...WELL, ...change }, before, NOW).conditions;
		expect(stale === null ? null : stale.isTold ? "told" : "doubted").toBe(expected);
	});

	it.each([
		["heard of 35 hours ago", { heardAt: NOW - 35 * HOUR }, []],
		["not heard of for 36 hours", { heardAt: NOW - 36 * HOUR }, ["silent"]],
		["held and silent", { heardAt: NOW - 90 * HOUR, isHeld: true }, []],
		["never heard of", { heardAt: null }, []],
		["revoked and silent", { heardAt: NOW - 90 * HOUR, isActive: false }, []],
	] as const)("that is %s", (_, change, began) => {
		expect(watchDevice({ ...WELL, ...change }, NO_CONDITIONS, NOW).began).toEqual(began);
	});

	const inDays = (days: number) => NOW + days * 24 * HOUR;
	it.each([
		["rests on what lasts 30 days", { trustEndsAt: inDays(30) }, NO_CONDITIONS, null],
		["rests on what lasts less, and is doubted now", { trustEndsAt: inDays(30) - 1 }, NO_CONDITIONS, "doubted"],
		[
			"has been doubted for less than 26 hours",
			{ trustEndsAt: inDays(20) },
			doubted(25.9, "trust_expiring"),
			"doubted",
		],
		["has been doubted for 26 hours", { trustEndsAt: inDays(20) }, doubted(26, "trust_expiring"), "told"],
		["was doubted, and saw another root since", { trustEndsAt: inDays(90) }, doubted(26, "trust_expiring"), null],
		["was doubted, and is held", { trustEndsAt: inDays(20), isHeld: true }, doubted(99, "trust_expiring"), "doubted"],
		["is held", { trustEndsAt: inDays(20), isHeld: true }, NO_CONDITIONS, null],
		["was told, and rests on what lasts little more", { trustEndsAt: inDays(37) - 1 }, told("trust_expiring"), "told"],
		["was told, and rests on what lasts a week more", { trustEndsAt: inDays(37) }, told("trust_expiring"), null],
		["was told, and has not been heard of since it ended", { trustEndsAt: inDays(-9) }, told("trust_expiring"), "told"],
	] as const)("that %s", (_, change, before, expected) => {
		const { trust_expiring: known } = watchDevice({ ...WELL, ...change }, before, NOW).conditions;
		expect(known === null ? null : known.isTold ? "told" : "doubted").toBe(expected);
	});

	it("that was told ends once, and one that was given up ends without a word", () => {
		expect(watchDevice(WELL, told("silent"), NOW)).toEqual({ conditions: NO_CONDITIONS, began: [], ended: ["silent"] });
		const gone = watchDevice({ ...WELL, isActive: false }, told("stale"), NOW);
		expect(gone).toEqual({ conditions: NO_CONDITIONS, began: [], ended: [] });
	});

	it("is looked at again when it may be another, within two and twelve hours", () => {
		const next = (change: Partial<WatchedDevice>, after = NO_CONDITIONS) =>
			(nextLook({ ...WELL, ...change }, after, NOW) - NOW) / HOUR;
		expect(next({})).toBe(12);
		expect(next({ offeredAt: NOW - 19 * HOUR })).toBe(5);
		expect(next({ offeredAt: NOW - 23.5 * HOUR })).toBe(2);
		expect(next({ offeredAt: NOW - 25 * HOUR }, doubted(0))).toBe(2);
		expect(next({ heardAt: NOW - 90 * HOUR }, told("silent"))).toBe(6);
		expect(next({ heardAt: NOW - 90 * HOUR, isHeld: true })).toBe(12);
	});
});

it("whatever becomes of a device, beginnings and ends alternate, and none begins while it is put off, held or given up", () => {
	const hours = fc.integer({ min: 0, max: 60 });
	const look = fc.record({
		...{ pause: fc.integer({ min: 1, max: 15 }), heard: hours, offered: fc.option(hours) },
		lasts: fc.option(fc.integer({ min: -2, max: 50 })),
		...{ isActive: fc.boolean(), isHeld: fc.boolean(), isPutOff: fc.boolean() },
	});
	fc.assert(
		fc.property(fc.array(look, { maxLength: 30 }), (looks) => {
			let [now, conditions] = [NOW, NO_CONDITIONS];
			const open = new Set<string>();
			for (const { pause, heard, offered, lasts, isActive, isHeld, ...one } of looks) {
				now += pause * HOUR;
				const offeredAt = offered === null ? null : now - offered * HOUR;
				const trustEndsAt = lasts === null ? null : now + lasts * 24 * HOUR;
				const isPutOff = isHeld || one.isPutOff;
				const device = { isActive, heardAt: now - heard * HOUR, offeredAt, trustEndsAt, isHeld, isPutOff };
				const before = conditions;
				const { conditions: after, began, ended } = watchDevice(device, before, now);
				conditions = after;
				for (const kind of began) {
					expect([open.has(kind), isActive, isHeld]).toEqual([false, true, false]);
					if (kind === "stale") expect([device.isPutOff, before.stale?.isTold]).toEqual([false, false]);
					open.add(kind);
				}
				for (const kind of ended) expect(open.delete(kind)).toBe(true);
				if (!isActive) open.clear();
				const pauseSeconds = nextLook(device, after, now) - now;
				expect(pauseSeconds >= 2 * HOUR && pauseSeconds <= 12 * HOUR).toBe(true);
			}
		}),
		{ numRuns: runs(300, 10_000) },
	);
});

it("of many devices a tally keeps the number and the first ones", () => {
	let tally: Tally | undefined;
	for (let number = 0; number < 1_000; number++) tally = tallyOne(tally, `dev-${number}`);
	expect(tally).toMatchObject({ count: 1_000 });
	expect(tally?.devices).toEqual(Array.from({ length: MAX_TOLD }, (_, number) => `dev-${number}`));
});
