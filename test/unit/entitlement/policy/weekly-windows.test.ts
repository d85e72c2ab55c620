// Windows by the clock on the wall: each boundary, the days on which clocks change, and that the next opening is the first one.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
	isOpen,
	localHour,
	nextTime,
	offsetAt,
	timeZoneNamed,
	WEEK_SECONDS,
	type WeeklyWindow,
} from "../../../../src/entitlement/policy/weekly-windows.ts";
import { runs } from "../../../support/runs.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const at = (text: string) => Date.parse(text) / 1_000;
const on = (day: number, hour: number, hours: number): WeeklyWindow => ({
	start: day * DAY + hour * HOUR,
	length: hours * HOUR,
});
const [SAT, SUN] = [5, 6];
const ZURICH = "Europe/Zurich";

describe("a time zone", () => {
	it.each([
		["Europe/Zurich", "Europe/Zurich"],
		["eUROPE/zURICH", "Europe/Zurich"],
		["UTC", "UTC"],
		["etc/utc", "UTC"],
		["Pacific/Kiritimati", "Pacific/Kiritimati"],
		["Europe/Atlantis", null],
		["", null],
		["+02:00", null],
		["../etc/passwd", null],
	])("%s is known as %s", (name, expected) => {
		expect(timeZoneNamed(name)).toBe(expected);
	});

	it("costs one formatter, however often and in however many ways its name is written", () => {
		const make = vi.spyOn(Intl, "DateTimeFormat");
		try {
			for (let time = 0; time < 500; time++) offsetAt("Pacific/Chatham", time);
			expect(make).toHaveBeenCalledTimes(1);
			for (let time = 0; time < 500; time++) offsetAt("pacific/chatham", time);
			make.mockClear();
			offsetAt("Pacific/Chatham", 0);
			expect(make).not.toHaveBeenCalled();
		} finally {
			make.mockRestore();
		}
	});

	it("is forgotten where too many others are asked for, and known again", () => {
		const zones = Intl.supportedValuesOf("timeZone");
		const make = vi.spyOn(Intl, "DateTimeFormat");
		try {
			for (const zone of ["Pacific/Chatham", ...zones, "Pacific/Chatham"]) offsetAt(zone, 0);
			expect(make.mock.calls.filter(([, options]) => options?.timeZone === "Pacific/Chatham").length).toBeGreaterThan(
				1,
			);
		} finally {
			make.mockRestore();
		}
		expect(offsetAt("Pacific/Chatham", at("2026-07-15T00:00:00Z"))).toBe(12.75 * HOUR);
	});

	it.each([
		["Europe/Zurich", "2026-01-15T00:00:00Z", 1],
		["Europe/Zurich", "2026-07-15T00:00:00Z", 2],
		["Asia/Kathmandu", "2026-07-15T00:00:00Z", 5.75],
		["America/St_Johns", "2026-01-15T00:00:00Z", -3.5],
		["Pacific/Kiritimati", "2026-01-15T00:00:00Z", 14],
		["UTC", "2026-07-15T00:00:00Z", 0],
		["Europe/Atlantis", "2026-07-15T00:00:00Z", 0],
	])("%s is ahead of UTC at %s by %d hours", (zone, time, hours) => {
		expect(offsetAt(zone, at(time))).toBe(hours * HOUR);
		expect(localHour(zone, at(time))).toBeCloseTo((hours + 24) % 24);
	});
});

describe("a window on Saturdays from 22:00 for six hours in Zurich", () => {
	const windows = [on(SAT, 22, 6)];
	it.each([
		["2026-07-18T19:59:59Z", false],
		["2026-07-18T20:00:00Z", true],
		["2026-07-18T23:00:00Z", true],
		["2026-07-19T01:59:59Z", true],
		["2026-07-19T02:00:00Z", false],
		// In winter an hour later by UTC.
		["2026-01-17T20:59:59Z", false],
		["2026-01-17T21:00:00Z", true],
	])("at %s is open: %s", (time, open) => {
		expect(isOpen(ZURICH, windows, at(time))).toBe(open);
		expect(nextTime(ZURICH, windows, at(time), open)).toBe(at(time));
	});

	it("opens next on the coming Saturday, and closes on the Sunday after it", () => {
		expect(nextTime(ZURICH, windows, at("2026-07-13T00:00:00Z"), true)).toBe(at("2026-07-18T20:00:00Z"));
		expect(nextTime(ZURICH, windows, at("2026-07-18T21:00:00Z"), false)).toBe(at("2026-07-19T02:00:00Z"));
	});

	it("opens at 22:00 by the clock after the clocks have changed meanwhile", () => {
		expect(nextTime(ZURICH, windows, at("2026-10-24T12:00:00Z"), true)).toBe(at("2026-10-24T20:00:00Z"));
		expect(nextTime(ZURICH, windows, at("2026-10-25T12:00:00Z"), true)).toBe(at("2026-10-31T21:00:00Z"));
		expect(nextTime(ZURICH, windows, at("2026-03-23T12:00:00Z"), true)).toBe(at("2026-03-28T21:00:00Z"));
	});
});

describe("on the Sunday on which 2:00 becomes 3:00", () => {
	const from = at("2026-03-29T00:00:00Z");
	it("a window that begins in the hour that is skipped opens at 3:00", () => {
		expect(nextTime(ZURICH, [{ start: SUN * DAY + 2.5 * HOUR, length: 2 * HOUR }], from, true)).toBe(
			at("2026-03-29T01:00:00Z"),
		);
	});
	it("a window inside that hour opens a week later", () => {
		expect(nextTime(ZURICH, [{ start: SUN * DAY + 2.25 * HOUR, length: HOUR / 2 }], from, true)).toBe(
			at("2026-04-05T00:15:00Z"),
		);
	});
	it("a window around it is an hour shorter", () => {
		expect(nextTime(ZURICH, [on(SUN, 1, 3)], at("2026-03-29T00:00:00Z"), false)).toBe(at("2026-03-29T02:00:00Z"));
	});
});

describe("on the Sunday on which 3:00 becomes 2:00", () => {
	it("a window in the hour that comes twice is open in both", () => {
		const windows = [{ start: SUN * DAY + 2.25 * HOUR, length: HOUR / 2 }];
		const opened = at("2026-10-25T00:15:00Z");
		expect(nextTime(ZURICH, windows, at("2026-10-24T12:00:00Z"), true)).toBe(opened);
		expect(nextTime(ZURICH, windows, opened, false)).toBe(opened + HOUR / 2);
		expect(nextTime(ZURICH, windows, opened + HOUR / 2, true)).toBe(opened + HOUR);
	});
	it("a window around it is an hour longer", () => {
		expect(nextTime(ZURICH, [on(SUN, 1, 3)], at("2026-10-25T00:00:00Z"), false)).toBe(at("2026-10-25T03:00:00Z"));
	});
});

it("windows that touch, and one over the end of the week, are open as one", () => {
	const windows = [on(SUN, 22, 4), { start: 2 * HOUR, length: HOUR }];
	expect(nextTime("UTC", windows, at("2026-07-19T22:00:00Z"), false)).toBe(at("2026-07-20T03:00:00Z"));
});

it("windows that are always open never close", () => {
	const always = Array.from({ length: 7 }, (_, day) => on(day, 0, 24));
	expect(nextTime(ZURICH, always, at("2026-10-20T12:00:00Z"), false)).toBe(Number.POSITIVE_INFINITY);
});

it("law: from a time to the next opening they are closed, and there they are open; likewise of closings", () => {
	const zone = fc.constantFrom(
		"UTC",
		ZURICH,
		"America/St_Johns",
		"Australia/Lord_Howe",
		"Asia/Kathmandu",
		"Africa/Casablanca",
	);
	const window = fc.record({
		start: fc.integer({ min: 0, max: WEEK_SECONDS / 900 - 1 }).map((quarter) => quarter * 900),
		length: fc.integer({ min: 1, max: 96 }).map((quarters) => quarters * 900),
	});
	const time = fc
		.integer({ min: at("2026-01-01T00:00:00Z") / 60, max: at("2027-01-01T00:00:00Z") / 60 })
		.map((minute) => minute * 60);
	fc.assert(
		fc.property(
			zone,
			fc.array(window, { minLength: 1, maxLength: 4 }),
			time,
			fc.boolean(),
			(name, windows, now, open) => {
				const next = nextTime(name, windows, now, open);
				if (next === Number.POSITIVE_INFINITY) return;
				expect(isOpen(name, windows, next)).toBe(open);
				expect(next - now).toBeLessThanOrEqual(WEEK_SECONDS + DAY);
				const step = Math.max(300, Math.floor((next - now) / 100 / 300) * 300);
				for (let between = now; between < next; between += step) expect(isOpen(name, windows, between)).toBe(!open);
			},
		),
		{ numRuns: runs(150, 5_000) },
	);
}, 120_000);
