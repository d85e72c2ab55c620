// What an outage costs the stores: calls are counted at the stores.
import { beforeEach, describe, expect, it } from "vitest";
import {
	REPLICATED_READ_SETTINGS,
	type ReplicatedReadSettings,
} from "../../../../src/storage/replicated/replicated-record-store.ts";
import type { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import type { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";
import { ANSWER_MS, Bench, hold } from "../../support/replicated-bench.ts";

/** With breakers that never open: what each read costs by itself. */
const NO_BREAKER: ReplicatedReadSettings = {
	...REPLICATED_READ_SETTINGS,
	breaker: { ...REPLICATED_READ_SETTINGS.breaker, minCalls: Number.POSITIVE_INFINITY },
};

let bench: Bench;
let clock: VirtualClock;
let first: FakeRecordStore;
let second: FakeRecordStore;

beforeEach(() => {
	bench = new Bench();
	({ clock, first, second } = bench);
});

describe("when everything fails", () => {
	it.each([
		["one store", 1],
		["two stores", 2],
	])("%s is called at most 1.1 times for each read, even with breakers that never open", async (_, count) => {
		const stores = [first, second].slice(0, count);
		for (const store of stores) store.break("before");
		await bench.readTimes(bench.readerOver(stores, NO_BREAKER), 1_000);
		const calls = stores.map((store) => store.gets.length);
		for (const called of calls) expect(called).toBeLessThanOrEqual(1_100);
		const total = calls.reduce((sum, called) => sum + called, 0);
		expect(total - 1_000 * count).toBe(100);
	});

	it("the breakers leave a hundredth of the calls", async () => {
		for (const store of [first, second]) store.break("before");
		const reader = bench.readerOver([first, second]);
		for (let time = 0; time < 10_000; time++) {
			await bench.read(reader);
			await clock.advance(5);
		}
		expect(first.gets.length + second.gets.length).toBeLessThanOrEqual(100);
	});

	it("a mute store is not asked twice", async () => {
		first.break("hang");
		await bench.readTimes(bench.readerOver([first], NO_BREAKER), 100);
		expect(first.gets).toHaveLength(100);
	});

	it("a blip is retried, once", async () => {
		hold(first, 1);
		const reader = bench.readerOver([first]);
		await bench.readTimes(reader, 20);
		let failures = 1;
		first.faultOf = () => (failures-- > 0 ? "before" : null);
		expect(await bench.read(reader)).toEqual({ outcome: 1, ms: 2 * ANSWER_MS });
		failures = 2;
		expect(await bench.read(reader)).toEqual({ outcome: "unreachable", ms: 2 * ANSWER_MS });
	});
});
