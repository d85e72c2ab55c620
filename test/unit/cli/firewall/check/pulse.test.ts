// When a firewall checks again: it reads pulses while they stand, and neither a pulse that lies nor one that is gone makes it
// ask often or late. Time is the test's own; pulses come over HTTP.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HeardPulses, hearNothing, type WakeUp, waitForNews } from "../../../../../cli/firewall/check/pulse.ts";
import type { CheckAnswer } from "../../../../../cli/firewall/wire-types.ts";
import { placeInFleet } from "../../../../../src/place-in-fleet.ts";
import { type Reply, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const START = Date.parse("2027-01-01T00:00:00Z");
const DEVICE = "dev-7f1sap46he-zdrcryv5zxqy7947";
const HOUR = 3600;
/** Seconds that it comes after a time that others may have been told too, at an interval of 300. */
const LATE = Math.floor(placeInFleet(DEVICE) * 30 * 1000) / 1000;

let server: ScriptedServer;
let nowMs: number;
let heard: HeardPulses;
beforeEach(async () => {
	nowMs = START;
	heard = hearNothing();
	server = await startScriptedServer(() => pulse("one"));
});
afterEach(() => server.close());

function pulse(value: string, spread = 300): Reply {
	return { body: { value, spread, emergency: false } };
}

function answer(changes: Partial<CheckAnswer> = {}): CheckAnswer {
	return {
		device: DEVICE,
		as_of: new Date(START).toISOString(),
		next_check_in: 300,
		products: [],
		pulse: [{ url: `${server.url}/p/waf`, value: "one" }],
		until: new Date(START + 6 * HOUR * 1000).toISOString(),
		...changes,
	};
}

/** @returns why it checks again, and how many seconds after the last check */
async function wait(given: CheckAnswer): Promise<[WakeUp, number]> {
	const checkedMs = nowMs;
	const sleep = async (ms: number) => {
		expect(ms).toBeGreaterThanOrEqual(0);
		nowMs += ms;
	};
	const why = await waitForNews(given, server.url, heard, { nowMs: () => nowMs, sleep });
	return [why, (nowMs - checkedMs) / 1000];
}

describe("while every pulse stands, a firewall", () => {
	it("reads it every 45 seconds, and checks when the answer's time is over", async () => {
		expect(await wait(answer())).toEqual(["until", 6 * HOUR + LATE]);
		expect(server.seen).toHaveLength(Math.ceil((6 * HOUR + LATE) / 45) - 1);
	});

	it("sends no credentials along", async () => {
		await wait(answer({ until: new Date(START + 60_000).toISOString() }));
		expect(server.seen[0]?.headers).not.toHaveProperty("authorization");
		expect(server.seen[0]?.headers).not.toHaveProperty("dpop");
	});

	it("takes addresses that are relative to the service", async () => {
		const relative = answer({
			pulse: [{ url: "/p/waf", value: "one" }],
			until: new Date(START + 60_000).toISOString(),
		});
		expect(await wait(relative)).toEqual(["until", 60 + LATE]);
		expect(server.seen.map(({ path }) => path)).toEqual(["/p/waf"]);
	});

	it("waits no longer than the answer meant, with a clock that is an hour behind", async () => {
		nowMs = START - HOUR * 1000;
		expect(await wait(answer())).toEqual(["until", 6 * HOUR + LATE]);
	});
});

describe("when a pulse changes, a firewall", () => {
	it("checks at its own place in the spread", async () => {
		server.answer = () => pulse("two", 1000);
		expect(await wait(answer())).toEqual(["news", 45 + Math.floor((30 + placeInFleet(DEVICE) * 970) * 1000) / 1000]);
	});

	it("goes by the shortest spread of those that changed", async () => {
		server.answer = ({ path }) => (path === "/p/waf" ? pulse("two", 1000) : pulse("three", 10));
		const both = answer({ pulse: ["waf", "geo"].map((name) => ({ url: `${server.url}/p/${name}`, value: "one" })) });
		expect(await wait(both)).toEqual(["news", 45 + Math.floor((5 + placeInFleet(DEVICE) * 5) * 1000) / 1000]);
	});

	it("never waits beyond the answer's time, however wide the spread", async () => {
		server.answer = () => pulse("two", 86_400);
		expect(await wait(answer({ until: new Date(START + 100_000).toISOString() }))).toEqual(["news", 100 + LATE]);
	});

	it("checks once about it; if the service has not heard of it, again at its interval", async () => {
		server.answer = () => pulse("two", 10);
		expect((await wait(answer()))[0]).toBe("news");
		const [why, seconds] = await wait(answer({ as_of: new Date(nowMs).toISOString() }));
		expect([why, seconds >= 300 && seconds < 345]).toEqual(["interval", true]);
		server.answer = () => pulse("three", 10);
		expect((await wait(answer()))[0]).toBe("news");
	});
});

describe.each<[string, Reply]>([
	["is gone", { status: 404 }],
	["does not answer", "hang up"],
	["is no pulse", { body: "<html>" }],
	["asks for a spread of a year", pulse("two", 31_536_000)],
	["asks for a negative spread", pulse("two", -1)],
])("a pulse that %s", (_, reply) => {
	it("makes the firewall check as often as one without pulses", async () => {
		server.answer = () => reply;
		for (let round = 0; round < 3; round++) {
			const [why, seconds] = await wait(answer({ as_of: new Date(nowMs).toISOString() }));
			expect(why).toBe("interval");
			expect(seconds).toBeGreaterThanOrEqual(300);
			expect(seconds).toBeLessThanOrEqual(45 + 300);
		}
	});
});

it("firewalls that were told the same time come one after the other, within a tenth of the interval", async () => {
	const until = new Date(START + 60_000).toISOString();
	const came: number[] = [];
	for (let index = 0; index < 50; index++) {
		nowMs = START;
		const device = `dev-7f1sap46he-zdrcryv5${((index * 2_654_435_761) >>> 0).toString(16).padStart(8, "0")}`;
		came.push((await wait(answer({ until, device })))[1]);
	}
	expect(new Set(came.map(Math.floor)).size).toBeGreaterThan(15);
	expect(Math.min(...came)).toBeGreaterThanOrEqual(60);
	expect(Math.max(...came)).toBeLessThan(90);
});

it.each<[string, Partial<CheckAnswer>, number]>([
	["no pulse", { pulse: null, until: null }, 300],
	["an empty list", { pulse: [] }, 300],
	["pulses without a time", { until: null }, 300],
	["nothing but products", { pulse: null, until: null, next_check_in: null }, 300],
])("an answer with %s is asked again at the interval", async (_, changes, seconds) => {
	expect(await wait(answer(changes))).toEqual(["interval", seconds]);
	expect(server.seen).toEqual([]);
});

describe("a clock that is wrong", () => {
	it("by being ahead of the answer's time makes a firewall check at its interval, not without end", async () => {
		nowMs = START + 7 * HOUR * 1000;
		expect(await wait(answer())).toEqual(["interval", 300]);
	});

	it("and is set back while a firewall waits makes it check once, and wait as ever", async () => {
		server.answer = () => pulse("two", 10);
		await wait(answer());
		const years = 10 * 365 * 24 * HOUR * 1000;
		let isSet = false;
		server.answer = () => {
			if (!isSet) nowMs -= years;
			isSet = true;
			return pulse("two", 10);
		};
		const first = nowMs;
		expect((await wait(answer({ as_of: new Date(nowMs).toISOString() })))[0]).toBe("interval");
		expect(nowMs).toBeLessThan(first);
		server.answer = () => pulse("three", 10);
		const [why, seconds] = await wait(
			answer({ as_of: new Date(nowMs).toISOString(), until: new Date(nowMs + 6 * HOUR * 1000).toISOString() }),
		);
		expect([why, seconds < 100]).toEqual(["news", true]);
	});
});

it("whatever pulses say, it checks by the answer's time, and about as often at most as without them", async () => {
	const lie = fc.constantFrom("one", "two", "three");
	await fc.assert(
		fc.asyncProperty(fc.array(lie, { minLength: 1, maxLength: 8 }), fc.nat(400), async (lies, spread) => {
			nowMs = START;
			heard = hearNothing();
			let read = 0;
			server.answer = () => pulse(lies[read++ % lies.length] ?? "one", spread);
			const endMs = START + 3000 * 1000;
			const until = new Date(endMs).toISOString();
			const checks: number[] = [];
			while (nowMs < endMs) {
				await wait(answer({ until, as_of: new Date(nowMs).toISOString() }));
				checks.push(nowMs);
			}
			// News may come while it is late for the answer's end.
			expect(checks.at(-1)).toBeGreaterThanOrEqual(endMs);
			expect(checks.at(-1)).toBeLessThanOrEqual(endMs + LATE * 1000);
			expect(checks.length).toBeLessThanOrEqual(2 + 2 * (3000 / 300));
			if (lies.every((value) => value === "one")) expect(checks).toHaveLength(1);
		}),
		{ numRuns: 30 },
	);
});
