// A put that was given up is not cancelled: KV may make it minutes later, on top of a newer version. Then the newer one comes
// again, whoever died in between; and an alarm that the platform has lost does not stop it.
import { describe, expect, it } from "vitest";
import type { Outbox } from "../../../../src/objects/outbox/outbox.ts";
import { formatRecord } from "../../../../src/storage/record-store.ts";
import { type Bench, deny, onBench, record } from "./outbox-bench.ts";

const KEY = "device:a";
const SETTLED_MS = 300_000;

/** The store makes a put of which nobody knew any more. */
function land({ kv }: Bench, version: number): void {
	kv.texts.set(KEY, formatRecord(KEY, { version, body: { version } }));
}

/** Keys of puts that may still be made. */
function doubts({ state }: Bench): unknown[] {
	return state.storage.sql
		.exec("SELECT key FROM outbox_doubts")
		.toArray()
		.map(({ key }) => key);
}

function change(bench: Bench, outbox: Outbox, version: number): void {
	bench.truth.set(KEY, record(KEY, version));
	bench.state.storage.transactionSync(() => outbox.add([record(KEY, version)]));
}

/** Lets the alarm ring when it is due, as often as it is due until then. */
async function passUntil({ clock, alarm, alarmInMs }: Bench, ms: number): Promise<void> {
	const endMs = clock.ms + ms;
	for (let inMs = await alarmInMs(); inMs !== null && clock.ms + inMs <= endMs; inMs = await alarmInMs()) {
		clock.ms += Math.max(0, inMs);
		await alarm().ring();
	}
	clock.ms = endMs;
}

describe("a put that was given up and lands on a newer version", () => {
	it.each(["before", "after"] as const)("is written over after five minutes, when it failed %s it was made", (fault) =>
		onBench(async (bench) => {
			const { outbox, kv } = bench;
			kv.break(fault);
			change(bench, outbox, 1);
			await outbox.deliver();
			kv.repair();
			change(bench, outbox, 2);
			await outbox.deliver();
			expect(kv.versionOf(KEY)).toBe(2);
			expect(doubts(bench)).toEqual([KEY]);
			land(bench, 1);
			await passUntil(bench, SETTLED_MS + 10_000);
			expect(kv.versionOf(KEY)).toBe(2);
			expect([doubts(bench), await bench.alarmInMs()]).toEqual([[], null]);
		}),
	);

	it("is written over when its object died in the middle of it", () =>
		onBench(async (bench) => {
			bench.kv.break("hang");
			change(bench, bench.outbox, 1);
			void bench.outbox.deliver();
			const next = bench.restart();
			bench.kv.repair();
			change(bench, next, 2);
			await next.deliver();
			land(bench, 1);
			await passUntil(bench, SETTLED_MS + 10_000);
			expect(bench.kv.versionOf(KEY)).toBe(2);
		}));

	it("is written over when its object died after the newer version had taken its place in the outbox", () =>
		onBench(async (bench) => {
			bench.kv.break("hang");
			change(bench, bench.outbox, 1);
			void bench.outbox.deliver();
			await expect.poll(() => doubts(bench)).toEqual([]);
			// So many others before it that the next life does not begin with it.
			const others = Array.from({ length: 20 }, (_, index) => record(`device:b${index}`, 1));
			bench.state.storage.transactionSync(() => bench.outbox.add(others));
			change(bench, bench.outbox, 2);
			expect(doubts(bench)).toEqual([KEY]);
			const next = bench.restart();
			bench.kv.repair();
			await next.deliver();
			land(bench, 1);
			await passUntil(bench, SETTLED_MS + 10_000);
			expect(bench.kv.versionOf(KEY)).toBe(2);
		}));

	it("is written over as often as that fails too", () =>
		onBench(async (bench) => {
			const { outbox, kv } = bench;
			kv.break("before");
			change(bench, outbox, 1);
			await outbox.deliver();
			kv.repair();
			change(bench, outbox, 2);
			await outbox.deliver();
			land(bench, 1);
			kv.break("before");
			await passUntil(bench, 2 * SETTLED_MS);
			expect(doubts(bench)).toEqual([KEY]);
			kv.repair();
			await passUntil(bench, 3 * SETTLED_MS);
			expect([kv.versionOf(KEY), doubts(bench), await bench.alarmInMs()]).toEqual([2, [], null]);
		}));
});

describe("nothing is written again", () => {
	it("of what went well, and of what is no record that changes", () =>
		onBench(async (bench) => {
			const { outbox, kv, directory } = bench;
			change(bench, outbox, 1);
			await outbox.deliver();
			kv.break("before");
			directory.down = true;
			outbox.add([record("product:crs@7", 7), deny("dev-a", 1)]);
			await outbox.deliver();
			expect(doubts(bench)).toEqual([]);
		}));

	it("of what the object does not know any more", () =>
		onBench(async (bench) => {
			bench.kv.break("before");
			change(bench, bench.outbox, 1);
			await bench.outbox.deliver();
			bench.kv.repair();
			await bench.outbox.deliver();
			bench.truth.clear();
			await passUntil(bench, SETTLED_MS);
			expect(bench.kv.puts).toEqual(["device:a 1"]);
			expect(await bench.alarmInMs()).toBeNull();
		}));
});

describe("an alarm that the platform has lost", () => {
	it("is set again by the next life of the object, a little later than now, where something waits", () =>
		onBench(async (bench) => {
			bench.kv.break("before");
			change(bench, bench.outbox, 1);
			await bench.state.storage.deleteAlarm();
			bench.restart();
			bench.alarm().rearm();
			await expect.poll(bench.alarmInMs).toBe(3_000);
		}));

	it("is left alone where it stands, and where nothing waits", () =>
		onBench(async (bench) => {
			bench.alarm().rearm();
			await Promise.resolve();
			expect(await bench.alarmInMs()).toBeNull();
			await bench.state.storage.setAlarm(bench.clock.ms + 77_000);
			change(bench, bench.outbox, 1);
			await bench.state.storage.setAlarm(bench.clock.ms + 77_000);
			bench.restart();
			bench.alarm().rearm();
			await Promise.resolve();
			expect(await bench.alarmInMs()).toBe(77_000);
			await bench.outbox.deliver();
		}));
});
