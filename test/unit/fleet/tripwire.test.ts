// When a device is told to be used from two networks at once, and when it only moves, fails over or goes through a tunnel.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceKm, type Network, networkName } from "../../../src/fleet/network.ts";
import {
	type DeviceNetworks,
	type Finding,
	hearNetwork,
	MAX_NETWORKS,
	suspendsBy,
	TRIPWIRE_RULES,
} from "../../../src/fleet/tripwire.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const START = 1_800_000_000;

const zurich: Network = { country: "CH", asn: 3303, latitude: 47, longitude: 9 };
/** another uplink of the same place */
const mobile: Network = { country: "CH", asn: 6730, latitude: 47, longitude: 8 };
const satellite: Network = { country: "DE", asn: 14593, latitude: 50, longitude: 9 };
const saoPaulo: Network = { country: "BR", asn: 28573, latitude: -24, longitude: -47 };
const NETWORKS = {
	Z: zurich,
	M: mobile,
	S: satellite,
	P: saoPaulo,
	n: { ...saoPaulo, latitude: null, longitude: null },
	u: { ...zurich, country: null, latitude: null, longitude: null },
	a: { ...zurich, asn: null },
};

interface Heard {
	readonly network: Network;
	readonly at: number;
}

function hearAll(heard: readonly Heard[], heardBefore: (index: number) => number = () => 0) {
	let known: DeviceNetworks | null = null;
	const findings: { at: number; finding: Finding }[] = [];
	let writes = 0;
	for (const [index, one] of heard.entries()) {
		const { after, finding } = hearNetwork(known, { ...one, heardBefore: heardBefore(index) });
		if (after !== known) writes += 1;
		known = after;
		if (finding !== null) findings.push({ at: one.at, finding });
	}
	return { known, findings, writes };
}

/** @param text such as "Z0 P1.5 Z3": which network, and after how many hours */
function heardIn(text: string): Heard[] {
	return text.split(" ").map((step) => {
		const network = NETWORKS[step.charAt(0) as keyof typeof NETWORKS];
		return { network, at: START + Math.round(Number(step.slice(1)) * HOUR) };
	});
}

const rulesOf = (text: string) => hearAll(heardIn(text)).findings.map(({ finding }) => finding.rule);

describe("the tripwire", () => {
	it.each([
		["stays where it is", "Z0 Z1 Z2 Z48", []],
		["moves once, faster than anybody travels: a tunnel was switched on", "Z0 P0.1 P5 P30", []],
		["is in two places at once", "Z0 P0.1 Z0.2", ["travel"]],
		["is used once elsewhere, while it goes on every six hours", "Z0 P3 Z6 Z12", ["travel"]],
		["flies there and back as fast as an airliner", "Z0 P10.5 Z21", []],
		["comes back a little sooner than one can", "Z0 P10 Z20", ["travel"]],
		["is there and back, but the way back comes more than a day later", "Z0 P0.1 P25 Z25", []],
		["is told once of each further network", "Z0 P0.1 Z0.2 P0.3 Z0.4 P9 Z9.1", ["travel"]],
		["fails over to another uplink and back", "Z0 M5 Z7 Z12", []],
		["fails over twice on a day", "Z0 M1 Z2 M10 Z11 Z40", []],
		["goes back and forth between two networks all day", "Z0 M1 Z2 M3 Z4 M5 Z6", ["two_networks"]],
		["fails over three times on a day, but for the last way back", "Z0 M1 Z2 M3 Z4 M5 M29", []],
		["goes on to do so", "Z0 M1 Z2 M3 Z4 M5 Z6 M7 Z8 M30 Z31 M32 Z33 M34", ["two_networks"]],
		[
			"fails over once a day for a week, and then all day",
			"Z0 M5 Z6 M29 Z30 M60 Z61 M180 Z181 M182 Z183 M184 Z185",
			[],
		],
		["begins to use a further network after a week", "Z0 Z200 M201 Z202 M203 Z204 M205 Z206 M207", ["two_networks"]],
		["has a second uplink and is copied", "Z0 M1 Z2 M3 Z4 M5 Z6 P7 Z7.1 P8 M8.1", ["two_networks", "travel"]],
		["is far away, nobody knows how far", "Z0 n0.1 Z0.2 n0.3 Z0.4 n0.5 Z0.6", ["two_networks"]],
		["is at times in no country that is known", "Z0 u1 Z2 u3 Z4 u5 Z6 u7 Z8", []],
		["is at times in no network that is known", "Z0 a1 Z2 a3 Z4 a5 Z6 a7 Z8", []],
		["goes round three networks that are near", "Z0 M1 S2 Z3 M4 S5 Z6 M7", ["two_networks"]],
	])("a device that %s (%s): %j", (_, text, rules) => {
		expect(rulesOf(text)).toEqual(rules);
	});

	it("says from where to where, when it was in each, and how far apart they are", () => {
		const [told] = hearAll(heardIn("Z0 P0.1 Z0.2")).findings;
		const { stays, km } = told?.finding ?? {};
		expect(stays?.map(({ network, last }) => [networkName(network), last - START])).toEqual([
			["BR AS28573", 360],
			["CH AS3303", 720],
		]);
		expect(km).toBeGreaterThan(9_400);
		expect(km).toBeLessThan(9_800);
	});

	it("reckons from when the device was heard last, where that is known better than its network was written", () => {
		const heard = heardIn("Z0 P11 Z22");
		expect(hearAll(heard).findings).toEqual([]);
		const tenMinutesBefore = (index: number) => (heard[index]?.at ?? 0) - 600;
		expect(hearAll(heard, tenMinutesBefore).findings).toHaveLength(1);
	});

	it.each([
		[DAY, 1],
		[DAY + 1, 0],
	])("counts the way back of %d s later %d times", (later, times) => {
		const heard = [...heardIn("Z0 P1"), { network: zurich, at: START + HOUR + later }];
		expect(hearAll(heard, (index) => (heard[index]?.at ?? 0) - 60).findings).toHaveLength(times);
	});

	it("writes nothing while a device stays, nor between networks that are its own", () => {
		expect(hearAll(heardIn("Z0 Z1 Z2 Z3")).writes).toBe(1);
		const told = "Z0 M1 Z2 M3 Z4 M5 Z6";
		expect(hearAll(heardIn(`${told} M7 Z8 M9`)).writes).toBe(hearAll(heardIn(told)).writes);
	});

	it("takes no word that comes late for a way back", () => {
		const late = [...heardIn("Z0 P0.1"), { network: zurich, at: START + 60 }, ...heardIn("P0.2 P3")];
		expect(hearAll(late).findings).toEqual([]);
		expect(hearAll(late).known).toEqual(hearAll(heardIn("Z0 P0.1")).known);
	});

	const network = fc.record({
		country: fc.constantFrom("CH", "DE", "BR", null),
		asn: fc.integer({ min: 1, max: 4 }),
		latitude: fc.option(fc.integer({ min: -90, max: 90 })),
		longitude: fc.option(fc.integer({ min: -180, max: 180 })),
	});
	const walk = fc
		.array(fc.record({ network, pause: fc.integer({ min: 0, max: 3 * DAY }) }), { maxLength: 60 })
		.map((steps) => {
			let at = START;
			return steps.map((step) => {
				at += step.pause;
				return { network: step.network, at };
			});
		});

	it("whatever a device does: it remembers little, and tells fewer times than there are networks while it remembers all", () => {
		fc.assert(
			fc.property(walk, (heard) => {
				const { known, findings } = hearAll(heard);
				expect(known?.stays.length ?? 0).toBeLessThanOrEqual(MAX_NETWORKS);
				expect(known?.doubts.length ?? 0).toBeLessThanOrEqual(5);
				const names = new Set(heard.map((one) => networkName(one.network)));
				if (names.size <= MAX_NETWORKS) expect(findings.length).toBeLessThan(Math.max(1, names.size));
			}),
		);
	});

	it("a device that changes its network once is never told", () => {
		fc.assert(
			fc.property(network, network, fc.nat(DAY), (one, other, pause) => {
				const heard = [one, one, other, other].map((at, turn) => ({ network: at, at: START + turn * pause }));
				expect(hearAll(heard).findings).toEqual([]);
			}),
		);
	});

	it("a device that goes no faster than an airliner is never told to travel", () => {
		fc.assert(
			fc.property(fc.array(network, { minLength: 2, maxLength: 30 }), (route) => {
				let at = START;
				const heard = route.map((to, turn) => {
					const km = turn === 0 ? 0 : (distanceKm(route[turn - 1] ?? to, to) ?? 0);
					at += Math.ceil((km / 900) * HOUR);
					return { network: to, at };
				});
				for (const { finding } of hearAll(heard).findings) expect(finding.rule).toBe("two_networks");
			}),
		);
	});
});

it.each([
	["off", []],
	["travel", ["travel"]],
	["any", ["travel", "two_networks"]],
] as const)("an account that wants %s has devices suspended by %j", (suspends, rules) => {
	const all = Object.keys(TRIPWIRE_RULES) as (keyof typeof TRIPWIRE_RULES)[];
	expect(all.filter((rule) => suspendsBy(suspends, rule))).toEqual(rules);
});
