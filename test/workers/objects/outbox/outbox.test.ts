// What the outbox delivers, in which order, and what it does when a store or the Directory fails.
import { describe, expect, it } from "vitest";
import { allow, deny, head, onBench, record } from "./outbox-bench.ts";

describe("outbox, delivery", () => {
	it("delivers at once, in order, and leaves neither rows nor an alarm behind", () =>
		onBench(async ({ outbox, kv, alarmInMs }) => {
			outbox.add([record("device:a", 1), record("device:b", 1)]);
			outbox.add([record("device:c", 1)]);
			expect(await outbox.flush()).toBe(true);
			expect(kv.puts).toEqual(["device:a 1", "device:b 1", "device:c 1"]);
			expect(await alarmInMs()).toBeNull();
		}));

	it("delivers to every store", () =>
		onBench(
			async ({ outbox, kv, redis }) => {
				outbox.add([record("device:a", 1)]);
				expect(await outbox.flush()).toBe(true);
				expect([kv.puts, redis.puts]).toEqual([["device:a 1"], ["device:a 1"]]);
			},
			{ lanes: ["kv", "redis"] },
		));

	it("moves the head after the record is there", () =>
		onBench(async ({ outbox, kv, directory }) => {
			let storedBefore: number | null = null;
			directory.onCall = () => {
				storedBefore = kv.versionOf("product:crs@7");
			};
			outbox.add([record("product:crs@7", 7), head("crs", 7)]);
			expect(await outbox.flush()).toBe(true);
			expect(directory.calls).toEqual(["head crs@7"]);
			expect(storedBefore).toBe(7);
		}));

	it("does not move the head while no store has the record, and lets denials pass", () =>
		onBench(async ({ outbox, kv, directory }) => {
			kv.break("before");
			outbox.add([record("product:crs@7", 7), head("crs", 7), deny("dev-a", 2)]);
			expect(await outbox.flush()).toBe(false);
			expect(directory.calls).toEqual(["deny dev-a 2"]);
			kv.repair();
			expect(await outbox.flush()).toBe(true);
			expect(directory.calls).toEqual(["deny dev-a 2", "head crs@7"]);
		}));

	it("moves the head when one of two stores has the record, and goes on with the other one", () =>
		onBench(
			async ({ outbox, redis, directory, alarmInMs }) => {
				redis.break("before");
				outbox.add([record("product:crs@7", 7), head("crs", 7)]);
				expect(await outbox.flush()).toBe(false);
				expect(directory.calls).toEqual(["head crs@7"]);
				expect(await alarmInMs()).toBeGreaterThan(0);
				redis.repair();
				await outbox.deliver();
				expect(redis.puts).toEqual(["product:crs@7 7"]);
				expect(directory.calls).toHaveLength(1);
			},
			{ lanes: ["kv", "redis"] },
		));

	it("says that nothing is published while the Directory itself waits for a store", () =>
		onBench(async ({ outbox, directory }) => {
			directory.published = false;
			outbox.add([deny("dev-a", 2)]);
			expect(await outbox.flush()).toBe(false);
			directory.published = true;
			outbox.add([allow("dev-a", 3)]);
			expect(await outbox.flush()).toBe(true);
		}));

	it("collapses deliveries that run at the same time", () =>
		onBench(async ({ outbox, kv }) => {
			outbox.add([record("device:a", 1)]);
			const first = outbox.flush();
			outbox.add([record("device:b", 1)]);
			expect(await Promise.all([first, outbox.flush(), outbox.deliver()])).toEqual([true, true, undefined]);
			expect(kv.puts).toEqual(["device:a 1", "device:b 1"]);
		}));

	it("delivers what is added while it delivers", () =>
		onBench(async ({ outbox, kv }) => {
			kv.onPut = () => {
				kv.onPut = () => {};
				outbox.add([record("device:b", 1)]);
			};
			outbox.add([record("device:a", 1)]);
			expect(await outbox.flush()).toBe(true);
			expect(kv.puts).toEqual(["device:a 1", "device:b 1"]);
		}));
});

describe("outbox, coalescing", () => {
	it("delivers the last of several waiting versions only", () =>
		onBench(async ({ outbox, kv }) => {
			kv.break("before");
			for (const version of [1, 2, 3]) {
				outbox.add([record("device:a", version)]);
				await outbox.flush();
			}
			kv.repair();
			await outbox.deliver();
			expect(kv.puts).toEqual(["device:a 3"]);
		}));

	it("drops a revision together with the head that would have pointed to it", () =>
		onBench(async ({ outbox, kv, directory }) => {
			kv.break("before");
			outbox.add([record("product:crs@1", 1), head("crs", 1)]);
			await outbox.flush();
			outbox.add([record("product:crs@2", 2), head("crs", 2)]);
			kv.repair();
			expect(await outbox.flush()).toBe(true);
			expect(kv.puts).toEqual(["product:crs@2 2"]);
			expect(directory.calls).toEqual(["head crs@2"]);
		}));

	it("tells the Directory of many denials in one call, and of all of them again if that fails", () =>
		onBench(async ({ outbox, directory }) => {
			directory.down = true;
			outbox.add(Array.from({ length: 1_000 }, (_, index) => deny(`dev-${index}`, 1)));
			expect(await outbox.flush()).toBe(false);
			directory.down = false;
			outbox.add([allow("dev-0", 2)]);
			expect(await outbox.flush()).toBe(true);
			expect(directory.calls.map((call) => call.split(", ").length)).toEqual([200, 200, 200, 200, 200]);
			expect(directory.calls.join(", ").startsWith("deny dev-1 1, deny dev-2 1, ")).toBe(true);
			expect(directory.calls.join(", ").endsWith("deny dev-999 1, allow dev-0 2")).toBe(true);
		}));

	it("lets an allowance take the place of a waiting denial, and never the other way round", () =>
		onBench(async ({ outbox, directory }) => {
			directory.down = true;
			outbox.add([deny("dev-a", 2), deny("dev-b", 2)]);
			await outbox.flush();
			outbox.add([allow("dev-a", 3)]);
			directory.down = false;
			expect(await outbox.flush()).toBe(true);
			expect(directory.calls).toEqual(["deny dev-b 2, allow dev-a 3"]);
		}));

	it("puts a newer version after the one that is being written", () =>
		onBench(async ({ outbox, kv }) => {
			const entered = Promise.withResolvers<void>();
			const gate = Promise.withResolvers<void>();
			kv.onPut = async () => {
				kv.onPut = () => {};
				entered.resolve();
				await gate.promise;
			};
			outbox.add([record("device:a", 1)]);
			const first = outbox.flush();
			await entered.promise;
			outbox.add([record("device:a", 2)]);
			const second = outbox.flush();
			gate.resolve();
			expect(await Promise.all([first, second])).toEqual([true, true]);
			expect(kv.puts).toEqual(["device:a 1", "device:a 2"]);
			expect(kv.versionOf("device:a")).toBe(2);
		}));
});

describe("outbox, failures", () => {
	it.each(["before", "after"] as const)("tries again when the store failed %s it had stored", (fault) =>
		onBench(async ({ outbox, kv, alarmInMs }) => {
			kv.break(fault);
			outbox.add([record("device:a", 1), record("device:b", 1)]);
			expect(await outbox.flush()).toBe(false);
			expect(await alarmInMs()).toBeGreaterThan(0);
			kv.repair();
			await outbox.deliver();
			expect(kv.versionOf("device:a")).toBe(1);
			expect(kv.versionOf("device:b")).toBe(1);
			// The put that failed may land still (doubts.test.ts).
			expect(await alarmInMs()).toBe(300_000);
			expect(await outbox.flush()).toBe(true);
		}),
	);

	it("does not let one store's failure keep records from another", () =>
		onBench(
			async ({ outbox, kv, redis }) => {
				redis.break("before");
				outbox.add([record("device:a", 1)]);
				await outbox.flush();
				outbox.add([record("device:b", 1)]);
				await outbox.flush();
				expect(kv.puts).toEqual(["device:a 1", "device:b 1"]);
				expect(redis.puts).toEqual([]);
			},
			{ lanes: ["kv", "redis"] },
		));

	it.each([
		[1, 0, 1_500],
		[1, 1, 3_000],
		[2, 1, 6_000],
		[3, 0, 6_000],
		[12, 0, 150_000],
		[12, 1, 300_000],
	])("waits after failure %i with jitter %d for %i ms", (failures, random, expected) =>
		onBench(
			async ({ outbox, kv, alarmInMs }) => {
				kv.break("before");
				outbox.add([record("device:a", 1)]);
				for (let count = 0; count < failures; count++) await outbox.deliver();
				expect(await alarmInMs()).toBe(expected);
			},
			{ random },
		),
	);

	it("does not keep the caller waiting for a store that does not answer", () =>
		onBench(
			async ({ outbox, kv }) => {
				kv.break("hang");
				outbox.add([record("device:a", 1)]);
				expect(await outbox.flush()).toBe(false);
			},
			{ callerWaitMs: 1 },
		));

	it("forgets what it owes to a store that the deployment no longer has", () =>
		onBench(
			async ({ outbox, restart, redis, alarmInMs }) => {
				redis.break("before");
				outbox.add([record("device:a", 1)]);
				await outbox.flush();
				const deployed = restart();
				deployed.lanes = outbox.lanes.filter(({ name }) => name === "kv");
				await deployed.deliver();
				expect(await alarmInMs()).toBeNull();
			},
			{ lanes: ["kv", "redis"] },
		));

	it("writes records to which nothing points six at a time, and what is pointed to one by one and in order", () =>
		onBench(async ({ outbox, kv }) => {
			let writing = 0;
			const together: number[] = [];
			kv.onPut = async () => {
				writing += 1;
				await Promise.resolve();
				together.push(writing);
				await Promise.resolve();
				writing -= 1;
			};
			outbox.add(Array.from({ length: 8 }, (_, number) => record(`device:${number}`, 1)));
			outbox.add([record("product:crs@1", 1), record("device:x", 1), record("denied@1", 1)]);
			expect(await outbox.flush()).toBe(true);
			expect(together).toEqual([6, 6, 6, 6, 6, 6, 2, 2, 1, 1, 1]);
			expect(kv.puts.slice(8)).toEqual(["product:crs@1 1", "device:x 1", "denied@1 1"]);
			expect(kv.violations).toEqual([]);
		}));

	it("keeps of six that are written at a time the one that failed, with those behind", () =>
		onBench(async ({ outbox, kv, clock }) => {
			kv.faultOf = (_, key) => (key === "device:2" ? "before" : null);
			outbox.add(Array.from({ length: 8 }, (_, number) => record(`device:${number}`, 1)));
			expect(await outbox.flush()).toBe(false);
			expect([...kv.texts.keys()]).toEqual([0, 1, 3, 4, 5].map((number) => `device:${number}`));
			kv.repair();
			clock.ms += 10_000;
			await outbox.deliver();
			expect(kv.texts.size).toBe(8);
		}));

	it("does a bounded piece of work at a time and comes back at once for the rest", () =>
		onBench(async ({ outbox, kv, alarmInMs }) => {
			outbox.add(Array.from({ length: 450 }, (_, index) => record(`device:${index}`, 1)));
			await outbox.deliver();
			expect(kv.puts).toHaveLength(200);
			expect(await alarmInMs()).toBe(50);
			await outbox.deliver();
			await outbox.deliver();
			expect(kv.puts).toHaveLength(450);
			expect(await alarmInMs()).toBeNull();
		}));
});

describe("outbox, two stores", () => {
	it("one that fails for long does not hold up the other, nor the Directory", () =>
		onBench(
			async ({ outbox, kv, redis, directory, clock, alarmInMs }) => {
				kv.break("before");
				outbox.add([record("device:first", 1)]);
				for (let attempt = 0; attempt < 10; attempt++) await outbox.deliver();
				expect(await alarmInMs()).toBeGreaterThanOrEqual(150_000);
				outbox.add(Array.from({ length: 300 }, (_, index) => record(`device:${index}`, 1)));
				await outbox.deliver();
				expect([redis.texts.size, await alarmInMs()]).toEqual([201, 50]);
				await outbox.deliver();
				expect(redis.texts.size).toBe(301);
				directory.down = true;
				outbox.add([{ kind: "deny", scope: "device", id: "dev-a", version: 2, until: 0 }]);
				await outbox.deliver();
				expect(await alarmInMs()).toBeLessThanOrEqual(3_000);
				directory.down = false;
				clock.ms += 3_000;
				await outbox.deliver();
				expect(directory.calls).toEqual(["deny dev-a 2"]);
				expect(await alarmInMs()).toBeGreaterThanOrEqual(150_000);
			},
			{ lanes: ["kv", "redis"] },
		));
});

describe("outbox, transactions", () => {
	it("takes rows and alarm back with a change that failed", () =>
		onBench(async ({ outbox, state, alarmInMs, kv }) => {
			const change = () =>
				state.storage.transactionSync(() => {
					outbox.add([record("device:a", 1)]);
					throw new Error("the change failed");
				});
			expect(change).toThrow("the change failed");
			expect(await alarmInMs()).toBeNull();
			expect(await outbox.flush()).toBe(true);
			expect(kv.puts).toEqual([]);
		}));

	it("has its alarm set in the transaction, before anything is delivered", () =>
		onBench(async ({ outbox, state, alarmInMs }) => {
			state.storage.transactionSync(() => outbox.add([record("device:a", 1)]));
			expect(await alarmInMs()).toBe(3_000);
			await outbox.flush();
		}));

	it("delivers after a restart what was added before", () =>
		onBench(async ({ outbox, restart, kv }) => {
			outbox.add([record("device:a", 1)]);
			await restart().deliver();
			expect(kv.puts).toEqual(["device:a 1"]);
		}));
});
