// When the outbox writes: not too soon after the last write of a key, and not without end for a store that is mute.
import { describe, expect, it } from "vitest";
import { deny, onBench, record } from "./outbox-bench.ts";

const heads = (version: number, denied = version) => record("heads", version, { products: {}, messages: 0, denied });

describe("outbox, pace", () => {
	it("leaves the store's interval between two writes of one key, and none between different keys", () =>
		onBench(
			async ({ outbox, kv, clock }) => {
				outbox.add([record("heads", 1, { products: {}, messages: 0, denied: 0 }), record("device:a", 1)]);
				await outbox.flush();
				expect(clock.pauses).toEqual([]);
				clock.ms += 300;
				outbox.add([record("heads", 2, { products: {}, messages: 0, denied: 0 })]);
				expect(await outbox.flush()).toBe(true);
				expect(clock.pauses).toEqual([800]);
				expect(kv.puts).toEqual(["heads 1", "device:a 1", "heads 2"]);
			},
			{ writeIntervalMs: 1_100 },
		));

	it("has heads move once in its interval also where the store takes writes at any time, and all else at once", () =>
		onBench(
			async ({ outbox, restart, kv, clock }) => {
				outbox.add([heads(2, 0), record("device:a", 1)]);
				await outbox.flush();
				clock.ms += 300;
				outbox.add([record("device:a", 2)]);
				await outbox.flush();
				expect(clock.pauses).toEqual([]);
				outbox.add([heads(3, 0)]);
				await outbox.flush();
				expect(clock.pauses).toEqual([800]);
				// The store loses nothing, so an object that comes to life need not wait.
				const restarted = restart();
				restarted.add([heads(4, 0)]);
				await restarted.flush();
				expect(clock.pauses).toEqual([800]);
				expect(kv.puts).toEqual(["heads 2", "device:a 1", "device:a 2", "heads 3", "heads 4"]);
			},
			{ headsIntervalMs: 1_100 },
		));

	it("gives heads its turn in less than 5 s while fifty denials a second come, and merges them", () =>
		onBench(
			async ({ outbox, kv, clock }) => {
				const moves: [version: number, ms: number][] = [];
				let revision = 1;
				const change = () => {
					revision += 1;
					outbox.add([record(`denied@${revision}`, revision), heads(revision)]);
				};
				const startMs = clock.ms;
				// Each put takes its time, in which denials come; nothing is left when half a minute is over.
				kv.onPut = (key, { version }) => {
					for (let count = 0; count < 15 && clock.ms - startMs < 30_000; count += 1) {
						clock.ms += 20;
						change();
					}
					if (key === "heads") moves.push([version, clock.ms - startMs]);
				};
				clock.onPause = () => {
					if (clock.ms - startMs < 30_000) for (let count = 0; count < 15; count += 1) change();
				};
				change();
				while (!outbox.isEmpty()) await outbox.deliver();
				expect(moves.length).toBeGreaterThan(10);
				const gaps = moves.map(([, ms], place) => ms - (moves[place - 1]?.[1] ?? 0));
				expect(Math.max(...gaps)).toBeLessThan(5_000);
				expect(moves.at(-1)?.[0]).toBe(revision);
				expect(kv.puts.length).toBeLessThanOrEqual(2 * moves.length);
			},
			{ writeIntervalMs: 1_100 },
		));

	it("has a thousand denials of one account at a slow Directory within a minute, however they come", () =>
		onBench(async ({ outbox, directory, clock }) => {
			const startMs = clock.ms;
			let [asked, arrived] = [0, 0];
			const suspend = (count: number) => {
				for (const end = Math.min(1_000, asked + count); asked < end; asked += 1) outbox.add([deny(`dev-${asked}`, 2)]);
			};
			// The Directory waits for the stores as long as it does for any caller; meanwhile fifty more a second come.
			directory.onCall = () => {
				clock.ms += 2_000;
				suspend(100);
			};
			suspend(1);
			while (asked < 1_000 || !outbox.isEmpty()) {
				await outbox.deliver();
				suspend(1);
			}
			for (const call of directory.calls) arrived += call.split(", ").length;
			expect(arrived).toBe(1_000);
			expect(clock.ms - startMs).toBeLessThanOrEqual(60_000);
			// Those who came all at once go two hundred in a call.
			const [beforeMs, beforeCalls] = [clock.ms, directory.calls.length];
			directory.onCall = () => {
				clock.ms += 2_000;
			};
			outbox.add(Array.from({ length: 1_000 }, (_, number) => deny(`dev-b${number}`, 2)));
			await outbox.deliver();
			expect(outbox.isEmpty()).toBe(true);
			expect(directory.calls.length - beforeCalls).toBe(5);
			expect(clock.ms - beforeMs).toBe(10_000);
		}));

	it.each(["before", "after"] as const)("leaves it also to a write that failed %s it was stored", (fault) =>
		onBench(
			async ({ outbox, kv, clock }) => {
				// Long after the object's start, which alone would keep the next write waiting.
				clock.ms += 60_000;
				kv.break(fault);
				outbox.add([record("device:a", 1)]);
				expect(await outbox.flush()).toBe(false);
				kv.repair();
				clock.ms += 300;
				outbox.add([record("device:a", 2)]);
				expect(await outbox.flush()).toBe(true);
				expect(clock.pauses).toEqual([800]);
			},
			{ writeIntervalMs: 1_100 },
		),
	);

	it("leaves each store its own", () =>
		onBench(
			async ({ outbox, redis, clock }) => {
				clock.ms += 60_000;
				redis.break("before");
				outbox.add([record("device:a", 1)]);
				await outbox.flush();
				redis.repair();
				clock.ms += 5_000;
				await outbox.deliver();
				clock.ms += 600;
				outbox.add([record("device:a", 2)]);
				expect(await outbox.flush()).toBe(true);
				expect(clock.pauses).toEqual([500]);
			},
			{ lanes: ["kv", "redis"], writeIntervalMs: 1_100 },
		));

	it("leaves it after a restart too, since who died may have written a moment before", () =>
		onBench(
			async ({ outbox, restart, kv, clock }) => {
				outbox.add([record("device:a", 2)]);
				await outbox.flush();
				clock.pauses.length = 0;
				const restarted = restart();
				restarted.add([record("device:a", 3)]);
				clock.ms += 100;
				expect(await restarted.flush()).toBe(true);
				expect(clock.pauses).toEqual([1_000]);
				expect(kv.puts).toEqual(["device:a 2", "device:a 3"]);
			},
			{ writeIntervalMs: 1_100 },
		));

	it("writes the newest version only, when one came while an older one waited for its time", () =>
		onBench(
			async ({ outbox, kv, clock }) => {
				outbox.add([record("device:a", 2)]);
				clock.onPause = () => {
					clock.onPause = () => {};
					outbox.add([record("device:a", 3)]);
				};
				expect(await outbox.flush()).toBe(true);
				expect(kv.puts).toEqual(["device:a 3"]);
			},
			{ writeIntervalMs: 1_100 },
		));

	it("keeps nobody waiting for a first version, or a revision, which nothing can have come before", () =>
		onBench(
			async ({ outbox, clock }) => {
				outbox.add([record("device:a", 1), record("product:crs@7", 7)]);
				await outbox.flush();
				expect(clock.pauses).toEqual([]);
			},
			{ writeIntervalMs: 1_100 },
		));
});

describe("outbox, a store that never answers", () => {
	it("is given up after 30 seconds, tried again later, and gets the record when it is well", () =>
		onBench(async ({ outbox, kv, clock, alarmInMs }) => {
			clock.longestPauseMs = 30_000;
			kv.break("hang");
			outbox.add([record("device:a", 1)]);
			await outbox.deliver();
			expect(clock.pauses).toEqual([30_000]);
			expect(await alarmInMs()).toBe(1_500);
			kv.repair();
			await outbox.deliver();
			expect(kv.puts).toEqual(["device:a 1"]);
		}));

	it("does not keep the other one waiting", () =>
		onBench(
			async ({ outbox, kv, redis }) => {
				kv.break("hang");
				outbox.add([record("device:a", 1)]);
				void outbox.deliver();
				await expect.poll(() => redis.puts).toEqual(["device:a 1"]);
			},
			{ lanes: ["kv", "redis"] },
		));
});
