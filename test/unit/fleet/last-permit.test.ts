// Whether a device may still install by its last permit, as its own words tell it.
import { describe, expect, it } from "vitest";
import type { DeviceWord, Said } from "../../../src/fleet/device-state.ts";
import { hear } from "../../../src/fleet/device-state.ts";
import { lastPermit, runningVersion } from "../../../src/fleet/last-permit.ts";
import type { Reported } from "../../../src/rollout/lease.ts";

const HOUR = 3_600;
const NOW = 1_790_000_000;
const UNTIL = NOW + 24 * HOUR;
const word = (said: Said, at: number): DeviceWord => ({ device: "dev-a", at, country: null, colo: null, said });
const permitted = (at = NOW, version = "2.0") =>
	word({ kind: "permitted", product: "crs", version, sequence: 2, until: UNTIL + at - NOW, isLocked: false }, at);
const reported = (outcome: Reported, at = NOW + 10, version = "2.0") =>
	word({ kind: "reported", product: "crs", from: "1.0", version, outcome, reason: null, detail: null }, at);
const checked = (installed: string) =>
	word({ kind: "checked", engine: null, products: [{ product: "crs", installed, offered: "2.0" }] }, NOW - 10);

function stateAfter(words: readonly DeviceWord[]) {
	const state = words.reduce((before, one) => hear(before, one, new Set(["crs"])), {
		sighting: null,
		products: {},
	} as ReturnType<typeof hear>);
	return state.products["crs"];
}
function permitAfter(words: readonly DeviceWord[], now = NOW + 60) {
	const known = stateAfter(words);
	return known === undefined ? null : lastPermit(known, now);
}
const OPEN = { version: "2.0", sequence: 2, at: NOW, until: UNTIL + HOUR };

describe("the last permit of a device", () => {
	it.each<[string, DeviceWord[], "open" | "healthy" | "failed" | "none"]>([
		["that has had none", [checked("1.0")], "none"],
		["that has said nothing since", [checked("1.0"), permitted()], "open"],
		["that has downloaded it", [permitted(), reported("downloaded")], "open"],
		["that has installed it", [permitted(), reported("installed")], "open"],
		["that is healthy", [permitted(), reported("installed"), reported("healthy", NOW + 11)], "healthy"],
		["on which it failed", [permitted(), reported("failed")], "failed"],
		["that went back", [permitted(), reported("rolled_back")], "failed"],
		["that puts it off", [permitted(), reported("deferred")], "none"],
		["that declines it", [permitted(), reported("declined")], "none"],
		["that reports on another version", [permitted(), reported("failed", NOW + 10, "1.0")], "open"],
		["that put it off before", [reported("deferred", NOW - 5), permitted()], "open"],
	])("%s", (_, words, expected) => {
		const outcome = expected === "open" ? null : expected;
		expect(permitAfter(words)).toEqual(expected === "none" ? null : { ...OPEN, outcome });
	});

	it("that was put off and given again is open, from then on", () => {
		expect(permitAfter([permitted(), reported("deferred"), permitted(NOW + 20)])).toMatchObject({
			at: NOW + 20,
			outcome: null,
		});
	});

	it("is over an hour after its time: given again, it may be so much longer", () => {
		expect(permitAfter([permitted()], UNTIL + HOUR - 1)).not.toBeNull();
		expect(permitAfter([permitted()], UNTIL + HOUR)).toBeNull();
	});
});

describe("a device that named 1.0 in a check runs", () => {
	it.each<[string, DeviceWord[], number, string]>([
		["1.0, where nothing else is known of it", [], NOW - 10, "1.0"],
		["1.0, where it has not said what became of its permit", [permitted()], NOW - 10, "1.0"],
		["1.0, where the permit's version failed on it", [permitted(), reported("failed")], NOW - 10, "1.0"],
		["what it reported as healthy since", [permitted(), reported("healthy")], NOW - 10, "2.0"],
		["what it reported as healthy in that second", [permitted(), reported("healthy")], NOW + 10, "2.0"],
		["1.0, where it said so after its report", [permitted(), reported("healthy")], NOW + 11, "1.0"],
	])("%s", (_, words, saidAt, expected) => {
		expect(runningVersion("1.0", saidAt, stateAfter(words))).toBe(expected);
	});
});
