// Reads over two stores on a clock of the test's own: what is answered, and after how many milliseconds.
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { readSettingsFor } from "../../../../src/storage/replicated/replicated-record-store.ts";
import type { FakeRecordStore, Fault } from "../../../support/stand-ins/fake-record-store.ts";
import { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";
import { ANSWER_MS, Bench, hold, KEY } from "../../support/replicated-bench.ts";

let bench: Bench;
let clock: VirtualClock;
let first: FakeRecordStore;
let second: FakeRecordStore;

beforeEach(() => {
	bench = new Bench();
	({ clock, first, second } = bench);
});

describe("one store", () => {
	it.each<[string, Fault | null, number | null, { outcome: unknown; ms: number }]>([
		["gives its record", null, 3, { outcome: 3, ms: ANSWER_MS }],
		["gives null when it has none", null, null, { outcome: null, ms: ANSWER_MS }],
		["fails as soon as the store fails", "before", 3, { outcome: "unreachable", ms: ANSWER_MS }],
		["fails after 150 ms when the store does not answer", "hang", 3, { outcome: "unreachable", ms: 150 }],
	])("%s", async (_, fault, version, expected) => {
		if (version !== null) hold(first, version);
		first.faultOf = () => fault;
		expect(await bench.read(bench.readerOver([first]))).toEqual(expected);
		expect(first.gets).toHaveLength(1);
		expect(clock.timers).toBe(0);
	});

	it("is left alone while its breaker is open, and read again after one good probe", async () => {
		hold(first, 1);
		first.break("before");
		const reader = bench.readerOver([first]);
		await bench.readTimes(reader, 20);
		const called = first.gets.length;
		first.repair();
		expect(await bench.read(reader)).toEqual({ outcome: "unreachable", ms: 0 });
		expect(first.gets).toHaveLength(called);
		await clock.advance(5_000);
		expect(await bench.read(reader)).toEqual({ outcome: 1, ms: ANSWER_MS });
		expect(await bench.read(reader)).toEqual({ outcome: 1, ms: ANSWER_MS });
	});
});

it.each([
	[1, 1_000],
	[2, 150],
])("of %i stores one is waited for %i ms", async (count, ms) => {
	first.break("hang");
	second.break("before");
	const stores = [first, second].slice(0, count);
	expect(readSettingsFor(count).timeoutMs).toBe(ms);
	expect((await bench.read(bench.readerOver(stores, readSettingsFor(count)))).ms).toBe(ms);
});

describe("two stores", () => {
	/** What each does, a version it holds or how it fails, and after how long; the outcome and its time. */
	it.each<[string, [number | null | Fault, number], [number | null | Fault, number], unknown, number]>([
		["the first answers, and the second is not asked", [1, 5], [2, 5], 1, 5],
		["the first is slow: the second, asked after 40 ms, wins", [1, 100], [1, 5], 1, 45],
		["the first is slow, but still faster than the second", [1, 60], [2, 50], 1, 60],
		["the first never answers", ["hang", 0], [2, 5], 2, 45],
		["the first fails at once", ["before", 0], [2, 5], 2, 5],
		["the first fails late", ["before", 50], [2, 30], 2, 70],
		["the first has no such record, the second has", [null, 5], [2, 5], 2, 10],
		["the first has no such record, the second was asked as well and has", [null, 50], [2, 20], 2, 60],
		["the second has no such record, the first has it later", [1, 100], [null, 5], 1, 100],
		["neither has it", [null, 5], [null, 5], null, 10],
		["the first has no such record, the second fails", [null, 5], ["before", 5], null, 10],
		["the first fails, the second has no such record", ["before", 5], [null, 5], null, 10],
		["the first never answers, the second has no such record", ["hang", 0], [null, 5], null, 150],
		["both answer at the same time: the higher version", [1, 60], [2, 20], 2, 60],
		["both answer at the same time, the other way round", [2, 60], [1, 20], 2, 60],
		["both fail", ["before", 5], ["before", 5], "unreachable", 10],
		["neither ever answers", ["hang", 0], ["hang", 0], "unreachable", 190],
	])("%s", async (_, [firstDoes, firstMs], [secondDoes, secondMs], outcome, ms) => {
		for (const [store, does, delay] of [
			[first, firstDoes, firstMs],
			[second, secondDoes, secondMs],
		] as const) {
			if (typeof does === "number") hold(store, does);
			if (typeof does === "string") store.break(does);
			store.onGet = () => clock.sleep(delay);
		}
		expect(await bench.read(bench.readerOver([first, second]))).toEqual({ outcome, ms });
		expect(first.gets).toHaveLength(1);
		// Only the delays of the fakes themselves may still run; of the read's own timers none is left.
		await clock.advance(200);
		expect(clock.timers).toBe(0);
	});

	it("obey, whatever each of them does: a record if one has it in time, and no later than the hedge allows", async () => {
		const doing = fc.record({
			ms: fc.integer({ min: 1, max: 250 }),
			does: fc.constantFrom<number | null | Fault>(1, 2, null, "before", "hang"),
		});
		await fc.assert(
			fc.asyncProperty(doing, doing, async (a, b) => {
				bench = new Bench();
				({ clock } = bench);
				const stores = [a, b].map(({ ms, does }) => {
					const store = bench.storeAnsweringIn(ms);
					if (typeof does === "number") hold(store, does);
					if (typeof does === "string") store.break(does);
					return store;
				});
				const { outcome, ms } = await bench.read(bench.readerOver(stores));
				const inTime = [a, b].filter((store) => store.ms < 150);
				const records = inTime.filter(({ does }) => typeof does === "number");
				if (records.length > 0) expect(records.map(({ does }) => does)).toContain(outcome);
				else expect(outcome).toBe(inTime.some(({ does }) => does === null) ? null : "unreachable");
				expect(ms).toBeLessThanOrEqual(190);
				if (records.includes(a)) expect(ms).toBeLessThanOrEqual(a.ms);
				else if (records.includes(b) && a.does === "hang") expect(ms).toBeLessThanOrEqual(40 + b.ms);
				for (const store of stores) expect(store.gets.length).toBeLessThanOrEqual(1);
				await clock.advance(300);
				expect(clock.timers).toBe(0);
			}),
		);
	});

	it("leave the second alone when the first has answered before the hedge", async () => {
		hold(first, 1);
		hold(second, 2);
		await bench.read(bench.readerOver([first, second]));
		await clock.advance(200);
		expect(second.gets).toEqual([]);
	});

	it("do not hold it against the second that the first, which it was to stand in for, was there before", async () => {
		hold(first, 1);
		hold(second, 2);
		first.onGet = () => clock.sleep(60);
		second.onGet = () => clock.sleep(140);
		const reader = bench.readerOver([first, second]);
		for (const { outcome } of await bench.readTimes(reader, 30)) expect(outcome).toBe(1);
		first.break("before");
		first.onGet = () => clock.sleep(ANSWER_MS);
		expect((await bench.read(reader)).outcome).toBe(2);
	});

	it("get one probe of a store whose pause is over, however many reads come at that moment", async () => {
		hold(second, 2);
		first.break("before");
		const reader = bench.readerOver([first, second]);
		await bench.readTimes(reader, 20);
		await clock.advance(5_000);
		const called = first.gets.length;
		const reads = Promise.all(Array.from({ length: 10 }, () => reader.get(KEY)));
		await clock.untilSettled(reads);
		expect((await reads).map((record) => record?.version)).toEqual(Array(10).fill(2));
		expect(first.gets.length - called).toBe(1);
	});

	it("leave the second alone where both are far: the first is not slow, it always takes as long", async () => {
		hold(first, 1);
		hold(second, 1);
		for (const store of [first, second]) store.onGet = () => clock.sleep(90);
		const reader = bench.readerOver([first, second]);
		await bench.readTimes(reader, 30);
		const asked = second.gets.length;
		expect(asked).toBeGreaterThan(10);
		await bench.readTimes(reader, 100);
		expect(second.gets.length - asked).toBeLessThanOrEqual(10);
		// What a far store costs when it falls silent is bounded all the same.
		first.break("hang");
		for (const { outcome, ms } of await bench.readTimes(reader, 20)) {
			expect(outcome).toBe(1);
			expect(ms).toBeLessThanOrEqual(120 + 90);
		}
	});

	it("wait no longer than ever for one that answers later than anybody waits: it is ill, not far", async () => {
		hold(first, 1);
		hold(second, 2);
		first.onGet = () => clock.sleep(400);
		const reader = bench.readerOver([first, second]);
		for (let read = 0; read < 10; read++) {
			expect(await bench.read(reader)).toEqual({ outcome: 2, ms: 40 + ANSWER_MS });
			await clock.advance(1_000);
		}
	});

	it("take back every timer in the moment of the answer", async () => {
		hold(second, 1);
		first.break("hang");
		first.onGet = () => {};
		await bench.read(bench.readerOver([first, second]));
		expect(clock.timers).toBe(0);
	});

	it("pass a spoilt record by, and do not hold it against its store", async () => {
		first.texts.set(KEY, "spoilt");
		hold(second, 2);
		const reader = bench.readerOver([first, second]);
		for (const { outcome } of await bench.readTimes(reader, 50)) expect(outcome).toBe(2);
		expect(first.gets).toHaveLength(50);
	});

	it("cost at most the hedge and the other's time while one of them is mute, before and after its breaker opens", async () => {
		hold(second, 1);
		first.break("hang");
		const reader = bench.readerOver([first, second]);
		const before = await bench.readTimes(reader, 20);
		const after = await bench.readTimes(reader, 200);
		for (const { outcome, ms } of [...before, ...after]) {
			expect(outcome).toBe(1);
			expect(ms).toBeLessThanOrEqual(40 + ANSWER_MS);
		}
		// Twenty hedges open the breaker; in the second that follows nobody pays for it any more.
		expect(after.every(({ ms }) => ms === ANSWER_MS)).toBe(true);
		expect(first.gets).toHaveLength(20);
	});

	it("let the second lead for five minutes after the first has recovered", async () => {
		hold(first, 1);
		hold(second, 2);
		first.break("before");
		const reader = bench.readerOver([first, second]);
		await bench.readTimes(reader, 20);
		first.repair();
		await clock.advance(5_000);
		expect((await bench.read(reader)).outcome).toBe(1);
		expect((await bench.read(reader)).outcome).toBe(2);
		await clock.advance(299_000);
		expect((await bench.read(reader)).outcome).toBe(2);
		await clock.advance(1_000);
		expect((await bench.read(reader)).outcome).toBe(1);
	});

	it("still ask the recovered store when the other fails meanwhile", async () => {
		hold(first, 1);
		first.break("before");
		const reader = bench.readerOver([first, second]);
		await bench.readTimes(reader, 20);
		first.repair();
		await clock.advance(5_000);
		await bench.read(reader);
		second.break("before");
		expect((await bench.read(reader)).outcome).toBe(1);
	});
});

it("a request that vanishes in the middle of a probe does not keep the store away", async () => {
	hold(first, 1);
	first.break("before");
	const reader = bench.readerOver([first]);
	await bench.readTimes(reader, 20);
	await clock.advance(5_000);
	// Its timers die with it at the edge: here they are never reached.
	const vanished = new VirtualClock(clock.nowMs());
	first.break("hang");
	first.onGet = () => vanished.sleep(0);
	void reader.get(KEY).catch(() => {});
	first.repair();
	first.onGet = () => clock.sleep(ANSWER_MS);
	expect((await bench.read(reader)).outcome).toBe("unreachable");
	await clock.advance(6_000);
	expect((await bench.read(reader)).outcome).toBe(1);
});
