// Going back from a withdrawn release to a chosen earlier one: who is sent where, who notices nothing, and which targets are taken.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../../../src/content/releases/channel.ts";
import type { ProductRecord, Release } from "../../../../src/content/releases/product-record.ts";
import { judgeRevertTarget, type RevertEnd, skippedByRevert } from "../../../../src/content/releases/revert-target.ts";
import { type Candidate, selectRelease } from "../../../../src/content/releases/select-release.ts";
import { runs } from "../../../support/runs.ts";
import { admittedAt, anyRecord, makeRelease, NOW, REACH, recordOf } from "../content-fixtures.ts";

const DEVICE: Candidate = { model: "FW-100", channel: "stable", engine: "11.1.4", installed: null, admittedAt };
const AT_ONCE = { until: NOW + 1_000_000, grace: 0, delay: 0, emergencyDelay: 0 };
const BAD: Partial<Release> = { withdrawn: true, revertTo: "1.2" };

function offered(record: ProductRecord, changes: Partial<Candidate>, grant = AT_ONCE) {
	const selection = selectRelease(record, grant, { ...DEVICE, ...changes }, NOW);
	return selection.status === "offered"
		? [selection.release.version, selection.reason]
		: [selection.status, selection.reason];
}

describe("with 1.1 to 1.5, of which 1.5 was withdrawn to go back to 1.2, a device", () => {
	const record = recordOf(makeRelease(1), makeRelease(2), makeRelease(3), makeRelease(4), makeRelease(5, BAD));
	it.each<[string, Partial<Candidate>, [string, string]]>([
		["that runs it goes back to 1.2", { installed: "1.5" }, ["1.2", "installed_withdrawn"]],
		["that lost its content goes back to 1.2", { held: "1.5" }, ["1.2", "installed_damaged"]],
		[
			"on which it does not work goes back to 1.2",
			{ installed: "1.5", failed: new Set(["1.5"]) },
			["1.2", "installed_failed"],
		],
		[
			"that went back by itself keeps what it has",
			{ installed: "1.4", failed: new Set(["1.5"]) },
			["current", "up_to_date"],
		],
		["on the release before it keeps that", { installed: "1.4" }, ["current", "up_to_date"]],
		["on one between is offered the newest", { installed: "1.3" }, ["1.4", "newer"]],
		["on the target keeps that, since it may have come back", { installed: "1.2" }, ["current", "up_to_date"]],
		["below the target is offered the newest", { installed: "1.1" }, ["1.4", "newer"]],
		["with nothing is offered the newest", {}, ["1.4", "first_install"]],
		["on what nobody knows is offered the newest", { installed: "0.9" }, ["1.4", "installed_unknown"]],
	])("%s", (_, changes, expected) => {
		expect(offered(record, changes)).toEqual(expected);
	});

	it("that runs it gets a repaired release as soon as that reaches it, and 1.2 until then", () => {
		const [repaired, onItsWay] = [
			makeRelease(6),
			makeRelease(6, { rollout: { ...REACH, open: false, closed: "baking" } }),
		];
		const releases = record.releases;
		expect(offered({ ...record, releases: [repaired, ...releases] }, { installed: "1.5" })[0]).toBe("1.6");
		expect(offered({ ...record, releases: [onItsWay, ...releases] }, { installed: "1.5" })[0]).toBe("1.2");
	});

	it("that runs it and whose account has pinned one between is offered nothing", () => {
		const pinned = selectRelease(record, AT_ONCE, { ...DEVICE, installed: "1.5" }, NOW, undefined, {
			version: "1.3",
			downgrade: true,
		});
		expect(pinned).toMatchObject({ status: "unavailable", reason: "pin_unavailable" });
	});

	it("goes by the ordinary rule again where the target was withdrawn as well, or is gone", () => {
		const withdrawn = record.releases.map((one) => (one.version === "1.2" ? { ...one, withdrawn: true } : one));
		const gone = record.releases.filter(({ version }) => version !== "1.2");
		for (const releases of [withdrawn, gone])
			expect(offered({ ...record, releases }, { installed: "1.5" })[0]).toBe("1.4");
	});

	it("on the target, of a model that the withdrawn release was not for, is offered the newest", () => {
		const releases = record.releases.map((one) => (one.version === "1.5" ? { ...one, models: ["FW-900"] } : one));
		expect(offered({ ...record, releases }, { installed: "1.2" })).toEqual(["1.4", "newer"]);
		expect(offered({ ...record, releases }, { installed: "1.2", model: "FW-900" })).toEqual(["current", "up_to_date"]);
	});

	it("on the target is offered what comes out afterwards", () => {
		const releases = [makeRelease(6), ...record.releases];
		expect(offered({ ...record, releases }, { installed: "1.2" })).toEqual(["1.6", "newer"]);
	});

	it("that cannot run the target goes further back, never to one between", () => {
		const releases = record.releases.map((one) => (one.version === "1.2" ? { ...one, models: ["FW-900"] } : one));
		expect(offered({ ...record, releases }, { installed: "1.5" })[0]).toBe("1.1");
	});
});

describe("whatever is released, withdrawn and installed,", () => {
	const anyCandidate = fc.record({
		model: fc.constantFrom("FW-100", "FW-900"),
		engine: fc.constantFrom(null, "9.9", "11.1.4"),
		installed: fc.constantFrom(null, ...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => `1.${number}`), "unknown"),
		admittedAt: fc.constant(admittedAt),
		channel: fc.constantFrom<Channel>("stable", "beta"),
	});
	const anyGrant = fc.constantFrom(0, 500, 3_000).map((delay) => ({ ...AT_ONCE, delay, emergencyDelay: delay / 2 }));
	const check = (law: (record: ProductRecord, device: Candidate, grant: typeof AT_ONCE) => void) =>
		fc.assert(fc.property(anyRecord, anyCandidate, anyGrant, law), { numRuns: runs(2_000, 50_000) });
	const withoutTargets = ({ releases, ...record }: ProductRecord): ProductRecord => ({
		...record,
		releases: releases.map(({ revertTo: _, ...release }) => release),
	});

	it("nobody who runs neither the withdrawn release nor its target gets another answer than without the target", () => {
		check((record, device, grant) => {
			const isAtAnEnd = ({ version, revertTo }: Release) =>
				revertTo !== undefined && (version === device.installed || revertTo === device.installed);
			if (record.releases.some(isAtAnEnd)) return;
			const told = selectRelease(withoutTargets(record), grant, device, NOW);
			// Beside whether the record says so of the release on offer, which no device is told.
			expect(JSON.stringify(selectRelease(record, grant, device, NOW))).toBe(JSON.stringify(told));
		});
	});

	it("a device that runs it is offered nothing between the two, and else what it would get if those were not there", () => {
		let back = 0;
		check((record, device, grant) => {
			const { releases } = record;
			const from = releases.findIndex(({ version }) => version === device.installed);
			const to = releases.findIndex(({ version }) => version === releases[from]?.revertTo);
			const target = releases[to];
			if (target === undefined || target.withdrawn || to < from) return;
			const selection = selectRelease(record, grant, device, NOW);
			const others = withoutTargets({ ...record, releases: releases.filter((_, at) => at <= from || at >= to) });
			expect(JSON.stringify(selection)).toBe(JSON.stringify(selectRelease(others, grant, device, NOW)));
			if (selection.status !== "offered") return;
			const place = releases.findIndex(({ version }) => version === selection.release.version);
			expect(selection.release.withdrawn).toBe(false);
			expect(place > from && place < to).toBe(false);
			if (place === to && to - from > 1) back += 1;
		});
		expect(back).toBeGreaterThan(0);
	});
});

describe("a target", () => {
	const end = (version: string, changes: Partial<RevertEnd> = {}): RevertEnd => ({
		...{ version, models: null, engine: {}, channel: "stable", outAt: NOW, withdrawnAt: null },
		...changes,
	});
	const LINE = ["1.5", "1.4", "1.2"];
	it.each<[string, Partial<RevertEnd>, RevertEnd | null, string | null]>([
		["that everybody may have is taken", {}, end("1.2"), null],
		["that is not there", {}, null, "unknown"],
		["that was withdrawn itself", {}, end("1.2", { withdrawnAt: NOW }), "withdrawn"],
		["that was never released", {}, end("1.2", { outAt: null, channel: null }), "not_out"],
		["that not everybody may have yet", {}, end("1.2", { outAt: null }), "not_out"],
		["on beta, from stable", {}, end("1.2", { channel: "beta" }), "other_channel"],
		["on stable, from beta, is taken", { channel: "beta" }, end("1.2"), null],
		["on beta, from beta, is taken", { channel: "beta" }, end("1.2", { channel: "beta" }), null],
		["that is the release itself", {}, end("1.4"), "not_before"],
		["that is newer", {}, end("1.5"), "not_before"],
		["for fewer models", {}, end("1.2", { models: ["FW-100"] }), "other_devices"],
		["for the same model is taken", { models: ["FW-100"] }, end("1.2", { models: ["FW-100"] }), null],
		["for newer engines alone", {}, end("1.2", { engine: { min: "11" } }), "other_devices"],
	])("%s", (_, changes, target, expected) => {
		expect(judgeRevertTarget(end("1.4", changes), target, LINE, true)).toBe(expected);
	});

	it("that the product cannot offer, since it is not signed", () => {
		expect(judgeRevertTarget(end("1.4"), end("1.2"), LINE, false)).toBe("unsigned");
	});

	it("right below the withdrawn release leaves nothing out", () => {
		const record = recordOf(makeRelease(1), makeRelease(2), makeRelease(3, BAD));
		expect(skippedByRevert(record.releases, "1.3", "FW-100").size).toBe(0);
	});
});
