// How `installed` is read, what a check answers for each product and until when, and when a device is told to come back.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck, type CheckFacts } from "../../../../src/content/check/check.ts";
import { checkOnceOpen, lateBy, nextCheckIn } from "../../../../src/content/check/next-check.ts";
import {
	anyGrant,
	anyMessages,
	anyRecord,
	BUCKETS,
	DEVICE,
	GRANT,
	makeMessage,
	makeRelease,
	NOW,
	REACH,
	recordOf,
} from "../content-fixtures.ts";

const QUESTION: CheckFacts = {
	device: DEVICE,
	circumstances: { engine: "11.1.4", country: "DE" },
	installed: new Map([["crs", null]]),
	seen: 0,
	recordOf: () => recordOf(makeRelease(1)),
	messages: [],
	buckets: BUCKETS,
	now: NOW,
};

describe("the answer to a check", () => {
	it("answers for each product that is asked about, in that order", () => {
		const installed = new Map([
			["threats", "1"],
			["crs", "1.1"],
		]);
		const { products } = answerCheck({ ...QUESTION, installed });
		expect(
			products.map(({ product, entitlement, selection }) => [product, entitlement.code, selection?.status]),
		).toEqual([
			["threats", "not_included", undefined],
			["crs", "active", "current"],
		]);
	});

	it("offers nothing of a product of which nothing was ever published", () => {
		const { products } = answerCheck({ ...QUESTION, recordOf: () => null });
		expect(products[0]?.selection).toMatchObject({ status: "unavailable", reason: "no_release" });
	});

	it("does not look at the releases of a product that it refuses", () => {
		const recordOfNothing = () => {
			throw new Error("looked");
		};
		const device = { ...DEVICE, grants: {} };
		expect(answerCheck({ ...QUESTION, device, recordOf: recordOfNothing }).products[0]?.selection).toBeNull();
	});

	it.each([
		[0, 3],
		[1, 2],
		[2, 1],
		[3, 0],
		[99, 0],
	])("with %i messages seen of three has %i to read", (seen, unread) => {
		const messages = [1, 2, 3].map((sequence) => makeMessage(sequence));
		expect(answerCheck({ ...QUESTION, messages, seen }).messages).toEqual({ unread, last: 3 });
	});

	it.each<[string, Partial<CheckFacts>, number]>([
		["its license ends", {}, GRANT.until],
		["a release grows old enough", { device: { ...DEVICE, grants: { crs: { ...GRANT, delay: 1100 } } } }, NOW + 101],
		["a message ends", { messages: [makeMessage(1)] }, NOW + 100],
		["a message starts", { messages: [makeMessage(1, { startsAt: NOW + 50 })] }, NOW + 50],
		["never", { installed: new Map([["threats", null]]) }, Infinity],
	])("holds until %s", (_, changes, holdsUntil) => {
		expect(answerCheck({ ...QUESTION, ...changes }).holdsUntil).toBe(holdsUntil);
	});

	it("stays the same up to the second before it ends to hold, whatever the license, the releases and the messages", () => {
		fc.assert(
			fc.property(
				anyGrant,
				anyRecord,
				anyMessages,
				fc.integer({ min: -4000, max: 9000 }),
				(grant, record, messages, at) => {
					const device = { ...DEVICE, grants: { crs: grant } };
					const answer = (now: number) => {
						const { products, messages: counts } = answerCheck({
							...QUESTION,
							device,
							messages,
							recordOf: () => record,
							now,
						});
						return {
							counts,
							products: products.map(({ entitlement, selection }) => [
								entitlement.code,
								selection?.status,
								selection?.reason,
								selection?.status === "offered" ? selection.release.version : null,
							]),
						};
					};
					const { holdsUntil } = answerCheck({ ...QUESTION, device, messages, recordOf: () => record, now: NOW + at });
					expect(holdsUntil).toBeGreaterThan(NOW + at);
					const last = holdsUntil === Infinity ? NOW + 1_000_000 : holdsUntil - 1;
					expect(answer(last)).toEqual(answer(NOW + at));
				},
			),
		);
	});
});

describe("an answer is urgent", () => {
	const emergency = (changes: Parameters<typeof makeRelease>[1] = {}) =>
		recordOf(makeRelease(1), makeRelease(2, { urgency: "emergency", ...changes }));
	const isUrgent = (record: ReturnType<typeof recordOf>, version = "1.1") =>
		answerCheck({ ...QUESTION, installed: new Map([["crs", version]]), recordOf: () => record }).isUrgent;

	it("while an emergency release is offered, and no longer once it is installed", () => {
		expect(isUrgent(emergency())).toBe(true);
		expect(isUrgent(emergency(), "1.2")).toBe(false);
	});

	// The device's bucket is 0.3.
	it.each([
		["comes to this device within the hour", { seconds: 11_000 }, true],
		["comes to it later", { seconds: 13_000 }, false],
		["is for a ring that it is not of", { ring: "volunteer" }, false],
		["is halted", { open: false, closed: "halted" as const }, false],
	])("or not, while an emergency release %s", (_, changes, expected) => {
		const rollout = { ...REACH, from: 0, to: 1, since: NOW, ...changes };
		expect(isUrgent(emergency({ rollout }))).toBe(expected);
	});

	it("not for a routine release, nor one that was withdrawn", () => {
		expect(isUrgent(emergency({ urgency: "routine" }))).toBe(false);
		expect(isUrgent(emergency({ withdrawn: true }))).toBe(false);
	});
});

describe("the next check", () => {
	const id = fc.stringMatching(/^dev-[0-9a-hjkmnp-tv-z]{10}-[0-9a-hjkmnp-tv-z]{16}$/);
	it("is within a tenth of the interval, and always the same for one device", () => {
		fc.assert(
			fc.property(id, fc.integer({ min: 5, max: 86_400 }), (device, interval) => {
				const next = nextCheckIn(interval, device);
				expect(Number.isInteger(next)).toBe(true);
				expect(Math.abs(next - interval)).toBeLessThanOrEqual(interval * 0.1 + 0.5);
				expect(nextCheckIn(interval, device)).toBe(next);
			}),
		);
	});

	it("comes at least once in a third of the lease on the device's seat, and keeps its spread", () => {
		fc.assert(
			fc.property(
				id,
				fc.integer({ min: 5, max: 86_400 }),
				fc.integer({ min: 60, max: 86_400 }),
				(device, interval, lease) => {
					const next = nextCheckIn(interval, device, lease);
					expect(Number.isInteger(next)).toBe(true);
					expect(next).toBeLessThanOrEqual(lease / 3);
					expect(next).toBeGreaterThanOrEqual(Math.min(interval * 0.9, (lease / 3) * 0.8) - 1);
					if (interval * 1.1 < lease / 3 - 1) expect(next).toBe(nextCheckIn(interval, device));
				},
			),
		);
	});

	it.each([
		[600, "urgent", 150],
		[120, "urgent", 60],
		[30, "urgent", 30],
		[600, "strained", 1200],
		[600, "usual", 600],
	] as const)(
		"of an interval of %d s is, when it is %s, about %d s away, at each device's own place",
		(interval, pace, mean) => {
			fc.assert(
				fc.property(id, (device) => {
					const next = nextCheckIn(interval, device, null, pace);
					expect(next).toBe(nextCheckIn(mean, device));
					expect(nextCheckIn(interval, device, 300, pace)).toBeLessThanOrEqual(100);
				}),
			);
		},
	);

	it.each([
		[Number.POSITIVE_INFINITY, 0.5, 600],
		[NOW + 10_000, 0.5, 600],
		[NOW + 100, 0, 100],
		[NOW + 100, 0.5, 400],
		[NOW + 100, 0.99, 600],
	])(
		"of who waits for %d s after 1970, at place %d, is %d s away: one after the other once it has come",
		(opensAt, place, seconds) => expect(checkOnceOpen(opensAt, 600, 600, place, NOW)).toBe(seconds),
	);

	it("that was told a time comes within a tenth of the interval after it, in the order of places", () => {
		expect([0, 0.25, 0.5].map((place) => lateBy(600, place))).toEqual([0, 15, 30]);
	});

	it("spreads a fleet over the whole of it", () => {
		const places = new Array<number>(61).fill(0);
		const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
		for (let number = 0; number < 6000; number++) {
			// Ids end in a keyed check, so their ends are as random as this.
			let seed = Math.imul(number + 1, 2_654_435_761) >>> 0;
			let end = "";
			for (let index = 0; index < 8; index++) {
				end += alphabet[seed & 31];
				seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
				seed = (seed >>> 7) | (seed << 25);
			}
			const place = nextCheckIn(300, `dev-0000000000-00000000${end}`) - 270;
			places[place] = (places[place] ?? 0) + 1;
		}
		expect(places.filter((count) => count === 0)).toEqual([]);
		expect(Math.max(...places)).toBeLessThan(200);
	});
});
