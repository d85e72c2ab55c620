// What a device is offered whose content does not work on it, or is damaged: by its own words in the check.
import { describe, expect, it } from "vitest";
import type { ProductRecord } from "../../../../src/content/releases/product-record.ts";
import { type Candidate, selectRelease } from "../../../../src/content/releases/select-release.ts";
import type { Pin } from "../../../../src/entitlement/policy/device-policy.ts";
import type { Reach } from "../../../../src/rollout/reach.ts";
import { admittedAt, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const DEVICE: Candidate = { model: "FW-100", channel: "stable", engine: "11.1.4", installed: null, admittedAt };
const AT_ONCE = { until: NOW + 1_000_000, grace: 0, delay: 0, emergencyDelay: 0 };
const THREE = recordOf(makeRelease(1), makeRelease(2), makeRelease(3));
const on = (closed: Reach["closed"], fraction = 0.5): Reach => ({
	...{ salt: "salt", step: "ramp", open: closed === null, closed, ring: null, audience: null },
	...{ from: fraction, to: fraction, since: NOW - 10, seconds: 0, growth: "line" },
});
const told = (record: ProductRecord, device: Partial<Candidate>, pin: Pin | null = null) => {
	const selection = selectRelease(record, AT_ONCE, { ...DEVICE, ...device }, NOW, undefined, pin);
	const { status, reason } = selection;
	return `${status} ${reason}${status === "offered" ? ` ${selection.release.version} ${selection.downgrade}` : ""}`;
};

describe("a release that does not work on a device, by its own word,", () => {
	it.each<[string, Partial<Candidate>, string]>([
		[
			"leads back where it is installed",
			{ installed: "1.3", failed: new Set(["1.3"]) },
			"offered installed_failed 1.2 true",
		],
		["is not offered again where it is not", { installed: "1.2", failed: new Set(["1.3"]) }, "current newer_failed"],
		[
			"is passed over by one that has an older one",
			{ installed: "1.1", failed: new Set(["1.3"]) },
			"offered newer 1.2 false",
		],
		["is passed over by one that has none", { failed: new Set(["1.3"]) }, "offered first_install 1.2 false"],
		["is passed over with another", { installed: "1.1", failed: new Set(["1.3", "1.2"]) }, "current newer_failed"],
		[
			"leads back past another",
			{ installed: "1.3", failed: new Set(["1.3", "1.2"]) },
			"offered installed_failed 1.1 true",
		],
		["matters no more once a newer one works", { installed: "1.3", failed: new Set(["1.2"]) }, "current up_to_date"],
		["matters to nobody who has an unknown one", { installed: "1.3", failed: new Set(["9"]) }, "current up_to_date"],
	])("%s", (_, device, expected) => {
		expect(told(THREE, device)).toBe(expected);
	});

	it("is left for a newer one that the device may have, though it would have gone back", () => {
		expect(told(THREE, { installed: "1.2", failed: new Set(["1.2"]) })).toBe("offered installed_failed 1.3 false");
	});

	it("leads back also while its rollout goes on, and never to one that is withdrawn, unfit or not let in", () => {
		const record = recordOf(
			...[makeRelease(1), makeRelease(2, { withdrawn: true }), makeRelease(3, { models: ["FW-900"] })],
			...[makeRelease(4, { rollout: on("waiting") }), makeRelease(5, { rollout: on(null) })],
		);
		expect(told(record, { installed: "1.5", failed: new Set(["1.5"]) })).toBe("offered installed_failed 1.1 true");
	});

	it("says so where there is nothing else, or the account wants no other", () => {
		expect(told(recordOf(makeRelease(1)), { installed: "1.1", failed: new Set(["1.1"]) })).toBe(
			"unavailable none_but_failed",
		);
		const pin = { version: "1.3", downgrade: false };
		expect(told(THREE, { installed: "1.3", failed: new Set(["1.3"]) }, pin)).toBe("unavailable none_but_failed");
	});
});

describe("a device whose content is damaged", () => {
	const under = (rollout: Reach) => recordOf(makeRelease(1), makeRelease(2), makeRelease(3, { rollout }));
	it.each<[string, ProductRecord, string]>([
		["is offered what it held, also while it is let in", under(on(null)), "offered installed_damaged 1.3 false"],
		["though its bucket is not let in any more", under(on(null, 0.1)), "offered installed_damaged 1.3 false"],
		["though its step is full", under(on("baking")), "offered installed_damaged 1.3 false"],
		["though its rollout waits for a word", under(on("waiting")), "offered installed_damaged 1.3 false"],
		["but not from a rollout that was halted", under(on("halted")), "offered installed_damaged 1.2 true"],
		["but not from one that has ended", under(on("ended")), "offered installed_damaged 1.2 true"],
		[
			"but not what was withdrawn",
			recordOf(makeRelease(1), makeRelease(3, { withdrawn: true })),
			"offered installed_damaged 1.1 true",
		],
		["or a newer one that is for it", recordOf(makeRelease(3), makeRelease(4)), "offered installed_damaged 1.4 false"],
	])("%s", (_, record, expected) => {
		expect(told(record, { held: "1.3" })).toBe(expected);
	});

	it("is no newcomer either with what nobody knows", () => {
		expect(told(under(on(null)), { held: "0.9" })).toBe("offered installed_damaged 1.3 false");
	});

	it("is no newcomer, who gets what everybody may have", () => {
		expect(told(under(on(null)), {})).toBe("offered first_install 1.2 false");
	});

	it("is offered what it held for the permit that it had alone, where it would not be let in", () => {
		const isAgain = (rollout: Reach) => {
			const selection = selectRelease(under(rollout), AT_ONCE, { ...DEVICE, held: "1.3" }, NOW);
			return selection.status === "offered" && selection.isAgain === true;
		};
		expect([on(null), on(null, 0.1), on("baking"), on("waiting"), on("frozen")].map(isAgain)).toEqual([
			...[false, true, true, true, true],
		]);
	});

	it("is shown nothing that no step of its rollout was for", () => {
		const device = { held: "1.3", couldBeIn: () => false };
		for (const rollout of [on(null, 0.1), on("baking")])
			expect(told(under(rollout), device)).toBe("offered installed_damaged 1.2 true");
		const permitted = { installed: "1.2", permitted: "1.3", couldBeIn: () => false };
		expect(told(under(on("baking")), permitted)).toBe("current up_to_date");
	});

	it("has a license no faster by that, and gets what is old enough, and past no pin", () => {
		const slow = { ...AT_ONCE, delay: 998, emergencyDelay: 998 };
		const selection = selectRelease(THREE, slow, { ...DEVICE, held: "1.3" }, NOW);
		expect(selection).toMatchObject({ reason: "installed_damaged", release: { version: "1.2" }, downgrade: true });
		expect(selectRelease(under(on(null)), slow, { ...DEVICE, held: "1.3" }, NOW)).toMatchObject({ downgrade: true });
		expect(told(THREE, { held: "1.3" }, { version: "1.2", downgrade: false })).toBe(
			"offered installed_damaged 1.2 true",
		);
	});

	it("is offered something else where what it held does not work either", () => {
		expect(told(THREE, { held: "1.3", failed: new Set(["1.3"]) })).toBe("offered installed_damaged 1.2 true");
	});
});

describe("with 1.3 withdrawn and 1.4 on its way to the device's bucket, a device that runs", () => {
	const on14 = on(null);
	const withdrawn = { withdrawn: true };
	const record = (...more: readonly ReturnType<typeof makeRelease>[]) =>
		recordOf(...more, makeRelease(3, withdrawn), makeRelease(4, { rollout: on14 }));
	it.each<[string, ProductRecord, Partial<Candidate>, string]>([
		[
			"the withdrawn one goes back to what everybody may have",
			record(makeRelease(2)),
			{ installed: "1.3" },
			"offered installed_withdrawn 1.2 true",
		],
		[
			"the withdrawn one, damaged, does too",
			record(makeRelease(2)),
			{ held: "1.3" },
			"offered installed_damaged 1.2 true",
		],
		[
			"what fails on it does too",
			record(makeRelease(1), makeRelease(2)),
			{ installed: "1.2", failed: new Set(["1.2"]) },
			"offered installed_failed 1.1 true",
		],
		["what works tries it out", record(makeRelease(2)), { installed: "1.2" }, "offered newer 1.4 false"],
		[
			"the withdrawn one tries it out where nothing else is left",
			record(makeRelease(2, withdrawn)),
			{ installed: "1.3" },
			"offered installed_withdrawn 1.4 false",
		],
		[
			"the withdrawn one tries it out where everything else failed on it",
			record(makeRelease(2)),
			{ installed: "1.3", failed: new Set(["1.2"]) },
			"offered installed_withdrawn 1.4 false",
		],
		[
			"the withdrawn one tries it out where nothing else fits it",
			record(makeRelease(2, { models: ["FW-900"] })),
			{ installed: "1.3" },
			"offered installed_withdrawn 1.4 false",
		],
		[
			"the withdrawn one goes back to the target of the revert, and tries nothing out",
			recordOf(
				...[makeRelease(1), makeRelease(2), makeRelease(3, { ...withdrawn, revertTo: "1.1" })],
				makeRelease(4, { rollout: on14 }),
			),
			{ installed: "1.3" },
			"offered installed_withdrawn 1.1 true",
		],
	])("%s", (_, releases, device, expected) => {
		expect(told(releases, device)).toBe(expected);
	});

	it("the withdrawn one gets it where its account has pinned it to that", () => {
		const pin = { version: "1.4", downgrade: false };
		expect(told(record(makeRelease(2)), { installed: "1.3" }, pin)).toBe("offered installed_withdrawn 1.4 false");
	});
});

describe("a device that has asked for a permit and not reported on it", () => {
	const under = (rollout: Reach | null, more: object = {}) =>
		recordOf(makeRelease(1), makeRelease(2), makeRelease(3, { rollout, ...more }));
	const has = { installed: "1.2", permitted: "1.3" };
	it.each<[string, ProductRecord, Partial<Candidate>, string]>([
		["is offered the release as all are that it is for", under(on(null)), has, "offered newer 1.3 false"],
		[
			"for its permit alone, where its bucket is not let in",
			under(on(null, 0.1)),
			has,
			"offered newer 1.3 false again",
		],
		["for its permit alone, where its step is full", under(on("baking")), has, "offered newer 1.3 false again"],
		["for its permit alone, in a freeze", under(on("frozen")), has, "offered newer 1.3 false again"],
		["but not where it was halted", under(on("halted")), has, "current up_to_date"],
		["but not where it has ended", under(on("ended")), has, "current up_to_date"],
		["but not where it was withdrawn", under(null, { withdrawn: true }), has, "current up_to_date"],
		[
			"but not where it does not work",
			under(on("baking")),
			{ ...has, failed: new Set(["1.3"]) },
			"current newer_failed",
		],
		["and no other release", under(on("baking")), { ...has, permitted: "1.1" }, "current up_to_date"],
		["and nothing where it has it", under(on("baking")), { ...has, installed: "1.3" }, "current up_to_date"],
	])("%s", (_, record, device, expected) => {
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, ...device }, NOW);
		const again = selection.status === "offered" && selection.isAgain === true ? " again" : "";
		expect(told(record, device) + again).toBe(expected);
	});

	it("has a license no faster by that, and a pin no other version", () => {
		const slow = { ...AT_ONCE, delay: 998, emergencyDelay: 998 };
		expect(selectRelease(THREE, slow, { ...DEVICE, ...has }, NOW)).toMatchObject({ status: "current" });
		expect(told(under(on("baking")), has, { version: "1.2", downgrade: false })).toBe("current up_to_date");
	});
});
