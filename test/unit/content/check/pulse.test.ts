// For how long a device has nothing to ask while the pulses stand, and how soon the fleet asks when one changes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck, type CheckFacts, onceInstalled } from "../../../../src/content/check/check.ts";
import { emergencyUntil, MAX_QUIET_SECONDS, pulseUrgency, quietUntil } from "../../../../src/content/check/pulse.ts";
import {
	anyGrant,
	anyMessages,
	anyRecord,
	BUCKETS,
	DEVICE,
	GRANT,
	HOUR,
	makeRelease,
	NOW,
	recordOf,
} from "../content-fixtures.ts";

const LASTING = { ...DEVICE, grants: { crs: { ...GRANT, until: NOW + 1000 * HOUR } } };
const INTERVAL = 600;
const QUESTION: CheckFacts = {
	device: LASTING,
	circumstances: { engine: null, country: null },
	installed: new Map([["crs", "1.1"]]),
	seen: 0,
	recordOf: () => recordOf(makeRelease(1)),
	messages: [],
	buckets: BUCKETS,
	now: NOW,
};
const quiet = (changes: Partial<CheckFacts>, most = Number.POSITIVE_INFINITY, place = 0) =>
	quietUntil(answerCheck({ ...QUESTION, ...changes }), { most, place, interval: INTERVAL }, NOW);

describe("a device that has all there is", () => {
	it("need not ask for six hours", () => expect(quiet({})).toBe(NOW + MAX_QUIET_SECONDS));

	it("asks earlier where it has to be heard of earlier", () => expect(quiet({}, 1800)).toBe(NOW + 1800));

	it.each([
		[0, Infinity, 21_600],
		[0.5, Infinity, 19_440],
		[0.999999, Infinity, 17_280],
		[0.999999, 1800, 1440],
	])("asks earlier by its place in the fleet: at place %d and %d s at most after %d s", (place, most, seconds) =>
		expect(quiet({}, most, place)).toBe(NOW + seconds),
	);

	it("asks when time alone changes the answer: at the end of its license", () => {
		const grants = { crs: { ...GRANT, until: NOW + 100, grace: 0 } };
		expect(quiet({ device: { ...DEVICE, grants } })).toBe(NOW + 100);
	});

	it("asks when a release gets old enough for its license", () => {
		const grants = { crs: { ...GRANT, until: NOW + 1000 * HOUR, delay: 2000 } };
		const releases = recordOf(makeRelease(1, { releasedAt: NOW - 5000 }), makeRelease(2, { releasedAt: NOW - 500 }));
		expect(quiet({ device: { ...DEVICE, grants }, recordOf: () => releases })).toBe(NOW + 1500);
	});

	it.each([
		[0, 100],
		[0.5, 400],
		[0.999, 699],
	])(
		"asks at its place in the interval after such a moment, which thousands may share: at place %d after %d s",
		(place, seconds) => {
			const grants = { crs: { ...GRANT, until: NOW + 100, grace: 0 } };
			expect(quiet({ device: { ...DEVICE, grants } }, Number.POSITIVE_INFINITY, place)).toBe(NOW + seconds);
			expect(quiet({ device: { ...DEVICE, grants } }, 60, place)).toBeLessThanOrEqual(NOW + 60);
		},
	);
});

it.each<[string, Partial<CheckFacts>]>([
	["something is offered", { installed: new Map([["crs", null]]) }],
	[
		"one product of several is refused",
		{
			installed: new Map([
				["crs", "1.1"],
				["threats", "1"],
			]),
		},
	],
	["nothing was ever released", { recordOf: () => null }],
	["everything was withdrawn", { recordOf: () => recordOf(makeRelease(1, { withdrawn: true })) }],
	["it asks about nothing", { installed: new Map() }],
])("a device asks at its interval while %s", (_, changes) => expect(quiet(changes)).toBeNull());

describe("a device to which something is offered", () => {
	/** For how long it may be quiet with all of that installed. */
	const quietAfter = (changes: Partial<CheckFacts>) => {
		const facts = { ...QUESTION, installed: new Map([["crs", null]]), ...changes };
		const updated = onceInstalled(facts.installed, answerCheck(facts));
		return updated === null ? "nothing is offered" : quiet({ ...changes, installed: updated });
	};

	it("need not ask for six hours once that is installed", () => expect(quietAfter({})).toBe(NOW + MAX_QUIET_SECONDS));

	it("asks after the update where another product is refused", () =>
		expect(
			quietAfter({
				installed: new Map([
					["crs", null],
					["threats", "1"],
				]),
			}),
		).toBeNull());

	it("asks when time alone changes what it is to run then", () => {
		const grants = { crs: { ...GRANT, until: NOW + 1000 * HOUR, delay: 2000 } };
		const releases = recordOf(makeRelease(1, { releasedAt: NOW - 5000 }), makeRelease(2, { releasedAt: NOW - 500 }));
		expect(quietAfter({ device: { ...DEVICE, grants }, recordOf: () => releases })).toBe(NOW + 1500);
	});

	it("is told so only where something is offered", () =>
		expect(quietAfter({ installed: new Map([["crs", "1.1"]]) })).toBe("nothing is offered"));

	it("is told the time that the check after the update would tell it", () => {
		fc.assert(
			fc.property(anyRecord, anyGrant, anyMessages, (record, grant, messages) => {
				const facts = { ...QUESTION, device: { ...DEVICE, grants: { crs: grant } }, messages, recordOf: () => record };
				const offered = answerCheck({ ...facts, installed: new Map([["crs", null]]) });
				const updated = onceInstalled(new Map([["crs", null]]), offered);
				fc.pre(updated !== null);
				const [product] = offered.products;
				expect([...(updated ?? [])]).toEqual([
					["crs", product?.selection?.status === "offered" && product.selection.release.version],
				]);
			}),
		);
	});
});

it("while nothing is published, the answer stays the same until the time given", () => {
	fc.assert(
		fc.property(anyRecord, anyGrant, anyMessages, fc.nat(MAX_QUIET_SECONDS), (record, grant, messages, later) => {
			const device = { ...DEVICE, grants: { crs: grant } };
			const installed = new Map([["crs", record.releases[0]?.version ?? null]]);
			const facts = { ...QUESTION, device, installed, messages, recordOf: () => record };
			const before = answerCheck(facts);
			const until = quietUntil(before, { most: Number.POSITIVE_INFINITY, place: 0, interval: INTERVAL }, NOW);
			fc.pre(until !== null && NOW + later < until);
			const after = answerCheck({ ...facts, now: NOW + later });
			const told = ({ products, messages: unread }: typeof before) =>
				JSON.stringify([products.map(({ selection, entitlement }) => [selection?.status, entitlement.code]), unread]);
			expect(told(after)).toBe(told(before));
		}),
	);
});

describe("how soon a change is asked about", () => {
	const routine = recordOf(makeRelease(1, { releasedAt: NOW - 1 }));
	const emergency = (releasedAt: number, withdrawn = false) =>
		recordOf(makeRelease(1, { releasedAt, withdrawn, urgency: "emergency" }), makeRelease(2, { releasedAt: NOW }));
	const disabledAt = (at: number) => ({ ...routine, disabledRules: ["942100"], rulesDisabledAt: at });

	it.each([
		["a routine release", routine, 300, { spread: 300, emergency: false }],
		["a rule that was disabled lately", disabledAt(NOW - 3599), 300, { spread: 60, emergency: true }],
		["a rule that was disabled an hour ago", disabledAt(NOW - 3600), 300, { spread: 300, emergency: false }],
		["a message", null, 300, { spread: 300, emergency: false }],
		[
			"an emergency, though a routine release came after it",
			emergency(NOW - 3599),
			300,
			{ spread: 60, emergency: true },
		],
		["an emergency of an hour ago", emergency(NOW - 3600), 300, { spread: 300, emergency: false }],
		["an emergency that was withdrawn", emergency(NOW - 1, true), 300, { spread: 300, emergency: false }],
		["an emergency where devices ask every ten seconds", emergency(NOW - 1), 10, { spread: 10, emergency: true }],
	])("%s", (_, record, interval, expected) =>
		expect(pulseUrgency(emergencyUntil(record), NOW, interval)).toEqual(expected),
	);
});
