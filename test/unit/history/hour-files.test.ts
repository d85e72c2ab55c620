// In which file the events of an hour lie, and when that is past.
import { describe, expect, it, test } from "vitest";
import { hourFile, hourOf, hourOfFile, isPast } from "../../../src/history/hour-files.ts";

const NOW = Date.UTC(2026, 10, 28, 22, 30) / 1_000;

it("the file of an hour names its day and its hour, and is found again by them", () => {
	const name = hourFile("2026-11-28T22", "1-a");
	expect(name).toBe("events/dt=2026-11-28/hour=22/1-a.ndjson.gz");
	expect(hourOfFile(name)).toBe("2026-11-28T22");
});

test.each([
	"events/dt=2026-11-28/hour=22/1-a.json",
	"events/dt=2026-11-28/hour=22/../../secret.ndjson.gz",
	"events/dt=2026-11-28/hour=22/a/b.ndjson.gz",
	"packages/0000",
	"",
])("%j is no file of the history", (name) => expect(hourOfFile(name)).toBeNull());

describe("kept for one day", () => {
	it.each([
		["2026-11-27T21", true],
		["2026-11-27T22", false],
		["2026-11-28T22", false],
	])("what is of %s is past: %s", (hour, past) => expect(isPast(hourFile(hour, "a"), 1, NOW)).toBe(past));

	it("what is no file of the history is never past", () => expect(isPast("packages/0000", 1, NOW)).toBe(false));
});

it("an hour is that of UTC", () => expect(hourOf(NOW)).toBe("2026-11-28T22"));
