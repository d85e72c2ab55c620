// What a device's words make of what is known of it: what is written again, and what costs nothing.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type DeviceState,
	type DeviceWord,
	hear,
	lastHeard,
	type Said,
	slotOf,
} from "../../../src/fleet/device-state.ts";

const HOUR = 3_600;
const NOW = 1_790_000_000 - (1_790_000_000 % HOUR);
const DEVICE = "dev-aaaaaaaaaa-0000000000000000";
const NOTHING: DeviceState = { sighting: null, products: {} };
const GRANTS = new Set(["crs", "threats"]);

const word = (said: Said, at = NOW): DeviceWord => ({ device: DEVICE, at, country: "DE", colo: "FRA", said });
const checked = (installed: string | null, offered: string | null = null, engine: string | null = "11.1"): Said => ({
	...{ kind: "checked", engine },
	products: [{ product: "crs", installed, offered }],
});
const permit = { sequence: 2, until: NOW + 24 * HOUR, isLocked: false };
const permitted: Said = { kind: "permitted", product: "crs", version: "2.0", ...permit };
const reported = (outcome: (Said & { kind: "reported" })["outcome"], detail: string | null = null): Said => ({
	...{ kind: "reported", product: "crs", from: "1.0", version: "2.0", outcome },
	...{ reason: detail === null ? null : "other", detail },
});
const heardOf = (...words: DeviceWord[]) => words.reduce((state, one) => hear(state, one, GRANTS), NOTHING);
const crs = (state: DeviceState) => state.products["crs"];
/** The beginning of the device's next six hours after NOW. */
const nextSlot = (() => {
	let at = NOW;
	while (slotOf(DEVICE, at) === slotOf(DEVICE, NOW)) at += HOUR;
	return at;
})();

describe("a product that the license does not name", () => {
	const others = (installed: string, registered?: true): Said => ({
		...{ kind: "checked", engine: null },
		products: [{ product: "certificates", installed, offered: null, ...(registered && { registered }) }],
	});

	it("is not kept, whatever the device says of it", () => {
		expect(heardOf(word(others("1"))).products).toEqual({});
		const said = { ...reported("installed"), product: "certificates" } as Said;
		expect(heardOf(word(said)).products).toEqual({});
	});

	it("is kept where the edge says that every registered device may have it, with what is reported of it", () => {
		const state = heardOf(word(others("1", true)), word({ ...reported("healthy"), product: "certificates" } as Said));
		expect(state.products["certificates"]).toMatchObject({ installed: "2.0", outcome: "healthy", registered: true });
	});

	it("goes with what is written next once the edge says so no more", () => {
		expect(heardOf(word(others("1", true)), word(others("2"), nextSlot)).products).toEqual({});
	});
});

describe("a full check", () => {
	it("tells what a device has and is offered, where it is and its engine", () => {
		const state = heardOf(word(checked("1.0", "2.0")));
		expect(crs(state)).toMatchObject({ installed: "1.0", offered: "2.0", outcome: null, changedAt: NOW });
		expect(state.sighting).toEqual({
			...{ seenAt: NOW, engine: "11.1", country: "DE", colo: "FRA", problem: null, problemAt: null },
		});
		expect(lastHeard(state)).toBe(NOW);
	});

	it("that says the same is not written again before the device's next six hours, and then as one row", () => {
		const first = heardOf(word(checked("1.0")));
		expect(hear(first, word(checked("1.0"), nextSlot - 1), GRANTS)).toBe(first);
		const next = hear(first, word(checked("1.0"), nextSlot), GRANTS);
		expect(next.products).toBe(first.products);
		expect(next.sighting?.seenAt).toBe(nextSlot);
	});

	it("that tells since when a version is installed takes the place of a report, and what it says again is not written", () => {
		const first = heardOf(word(checked("1.0")));
		const products = [
			{ product: "crs", installed: "2.0", installations: [{ version: "2.0", at: NOW + 60 }], offered: null },
		];
		const said: Said = { kind: "checked", engine: "11.1", products };
		const next = hear(first, word(said, NOW + 600), GRANTS);
		expect(crs(next)).toMatchObject({
			installed: "2.0",
			outcome: "installed",
			outcomeVersion: "2.0",
			outcomeAt: NOW + 60,
		});
		expect(hear(next, word(said, NOW + 700), GRANTS)).toBe(next);
	});

	it("that says something new is written at once", () => {
		const first = heardOf(word(checked("1.0")));
		expect(crs(hear(first, word(checked("2.0"), NOW + 1), GRANTS))?.installed).toBe("2.0");
		expect(hear(first, word(checked("1.0", null, "12.0"), NOW + 1), GRANTS).sighting?.engine).toBe("12.0");
	});

	it("leaves a new offer for the next six hours, because the permit tells it too", () => {
		const first = heardOf(word(checked("1.0")));
		expect(hear(first, word(checked("1.0", "2.0"), NOW + 1), GRANTS)).toBe(first);
		expect(crs(hear(first, word(checked("1.0", "2.0"), nextSlot), GRANTS))?.offered).toBe("2.0");
	});

	it("is written whole where anything of it is news: the state of a device is one row", () => {
		const both = (crs: string, offered: string | null): Said => ({
			...{ kind: "checked", engine: "11.1" },
			products: [
				{ product: "crs", installed: crs, offered: null },
				{ product: "threats", installed: "1.0", offered },
			],
		});
		const first = heardOf(word(both("1.0", null)));
		expect(hear(first, word(both("1.0", "2.0"), NOW + HOUR), GRANTS)).toBe(first);
		const next = hear(first, word(both("2.0", "2.0"), NOW + HOUR), GRANTS);
		expect(next.products["threats"]).toMatchObject({ offered: "2.0", offeredAt: NOW + HOUR });
		expect(next.sighting?.seenAt).toBe(NOW + HOUR);
	});

	it("of a device that does not say what it has leaves what is known", () => {
		const said: Said = {
			kind: "checked",
			engine: null,
			products: [{ product: "crs", installed: undefined, offered: null }],
		};
		expect(crs(heardOf(word(checked("1.0")), word(said, nextSlot)))?.installed).toBe("1.0");
	});

	it("of a product that the device may not have is not kept, and what was kept goes with the next six hours", () => {
		const said: Said = {
			kind: "checked",
			engine: null,
			products: [{ product: "url-db", installed: "1", offered: null }],
		};
		expect(heardOf(word(said)).products).toEqual({});
		const lost = hear(heardOf(word(checked("1.0"))), word(said, nextSlot), new Set(["threats"]));
		expect(lost.products).toEqual({});
	});
});

it("a product may be called like something that every object has", () => {
	const products = [{ product: "constructor", installed: "1.0", offered: null }];
	const state = hear(NOTHING, word({ kind: "checked", engine: null, products }), new Set(["constructor"]));
	expect(Object.entries(state.products)).toMatchObject([
		["constructor", { installed: "1.0", outcome: null, changedAt: NOW }],
	]);
});

describe("a permit and its reports", () => {
	it("are told of one after the other", () => {
		const state = heardOf(word(checked("1.0")), word(permitted, NOW + 1), word(reported("installed"), NOW + 9));
		expect(crs(state)).toMatchObject({
			...{ installed: "2.0", offered: null, permitted: "2.0", permittedAt: NOW + 1 },
			...{ outcome: "installed", outcomeVersion: "2.0", outcomeAt: NOW + 9 },
		});
	});

	it("count as hearing of the device: its next check is no news", () => {
		const state = heardOf(word(checked("1.0")), word(permitted, nextSlot));
		expect(hear(state, word(checked("1.0"), nextSlot + 60), GRANTS)).toBe(state);
		expect(lastHeard(state)).toBe(nextSlot);
	});

	it("that are repeated are not written again, a permit for an hour", () => {
		const given = heardOf(word(checked("1.0")), word(permitted, NOW + 1));
		expect(hear(given, word(permitted, NOW + HOUR), GRANTS)).toBe(given);
		expect(crs(hear(given, word(permitted, NOW + 1 + HOUR), GRANTS))?.permittedAt).toBe(NOW + 1 + HOUR);
		// Unless a word has ended the one before.
		const putOff = hear(given, word(reported("deferred"), NOW + 2), GRANTS);
		expect(crs(hear(putOff, word(permitted, NOW + 3), GRANTS))?.permittedAt).toBe(NOW + 3);
		const told = hear(given, word(reported("failed", "disk_full"), NOW + 2), GRANTS);
		expect(hear(told, word(reported("failed", "disk_full"), NOW + 3), GRANTS)).toBe(told);
	});

	it("that fail leave what is installed; a rollback brings back what was before", () => {
		const installed = heardOf(word(checked("1.0")), word(reported("installed"), NOW + 1));
		expect(crs(hear(installed, word(reported("rolled_back"), NOW + 2), GRANTS))?.installed).toBe("1.0");
		const failed = heardOf(word(checked("1.0")), word(reported("failed", "disk_full"), NOW + 1));
		expect(crs(failed)).toMatchObject({ installed: "1.0", outcome: "failed", reason: "other", detail: "disk_full" });
	});

	it("that come late change nothing", () => {
		const state = heardOf(word(checked("3.0"), NOW + 60));
		expect(hear(state, word(reported("installed"), NOW + 59), GRANTS)).toBe(state);
	});
});

describe("a refusal", () => {
	it("is kept until another one takes its place", () => {
		const once = heardOf(word(checked("1.0")), word({ kind: "refused", problem: "not_entitled" }, NOW + 1));
		expect(once.sighting).toMatchObject({ problem: "not_entitled", problemAt: NOW + 1, engine: "11.1" });
		expect(hear(once, word({ kind: "refused", problem: "not_entitled" }, NOW + 2), GRANTS)).toBe(once);
	});
});

describe("a day of a device", () => {
	it("in which nothing changes is one write for each of its six hours at most, however often it asks", () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: 86_399 }), { minLength: 1, maxLength: 300 }), (seconds) => {
				let [state, written] = [heardOf(word(checked("1.0"), NOW - 1)), 0];
				for (const at of seconds.toSorted((one, other) => one - other)) {
					const next = hear(state, word(checked("1.0"), NOW + at), GRANTS);
					if (next !== state) written += 1;
					state = next;
				}
				expect(written).toBeLessThanOrEqual(5);
			}),
		);
	});

	it("is never known to be earlier than it was", () => {
		const said = fc.constantFrom(checked("1.0"), checked("2.0"), permitted, reported("installed"), reported("failed"));
		const words = fc.array(fc.tuple(said, fc.integer({ min: 0, max: 200_000 })), { maxLength: 30 });
		fc.assert(
			fc.property(words, (many) => {
				let state = NOTHING;
				for (const [one, at] of many) {
					const next = hear(state, word(one, NOW + at), GRANTS);
					expect(lastHeard(next) ?? 0).toBeGreaterThanOrEqual(lastHeard(state) ?? 0);
					state = next;
				}
			}),
		);
	});
});
