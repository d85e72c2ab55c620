// What a device tells late of its installations, and while it need not tell.
import { describe, expect, it, test } from "vitest";
import {
	HEARD_SECONDS,
	isHeard,
	LONGEST_UNTOLD_SECONDS,
	newInstallations,
} from "../../../src/fleet/told-installations.ts";

const NOW = 1_795_835_781;
const known = { installed: "1.0", changedAt: NOW - 3_600 };

describe("installations that are told late", () => {
	it("follow one another from what was known, those known already left out", () => {
		const told = [
			{ version: "1.0", at: NOW - 9_000 },
			{ version: "1.1", at: NOW - 900 },
			{ version: "1.2", at: NOW - 300 },
		];
		expect(newInstallations(known, told, NOW)).toEqual([
			{ from: "1.0", version: "1.1", at: NOW - 900 },
			{ from: "1.1", version: "1.2", at: NOW - 300 },
		]);
	});

	it("lie between what was heard last and now, each no sooner than the one before it, whatever the clock shows", () => {
		const told = [7, NOW + 9_000, NOW - 60].map((at, index) => ({ version: `2.${index}`, at }));
		expect(newInstallations(known, told, NOW).map(({ at }) => at)).toEqual([NOW - 3_600, NOW, NOW]);
	});

	it("are no older than the longest time after which a device is heard", () => {
		const never = { installed: null, changedAt: 0 };
		expect(newInstallations(never, [{ version: "1.0", at: 0 }], NOW)).toEqual([
			{ from: null, version: "1.0", at: NOW - LONGEST_UNTOLD_SECONDS },
		]);
	});
});

test.each([
	["that lies ahead", NOW + 1, true],
	["as far ahead as an answer can say", NOW + HEARD_SECONDS, true],
	["further ahead", NOW + HEARD_SECONDS + 1, false],
	["that has come", NOW, false],
	["that was not said", null, false],
])("a device is heard until a time %s", (_, heardUntil, expected) => {
	expect(isHeard({ heardUntil, held: new Map() }, NOW)).toBe(expected);
	expect(isHeard({ heardUntil, held: new Map([["crs", "1.0"]]) }, NOW)).toBe(false);
});
