// The outbox on real SQLite storage, with stores and a Directory that fail at will. The object around it is an account
// that was never created: it gives the storage and takes no part.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { DirectoryPort } from "../../../../src/objects/outbox/directory-port.ts";
import { Outbox, type RecordLane } from "../../../../src/objects/outbox/outbox.ts";
import { OUTBOX_TABLES, type OutboxStep } from "../../../../src/objects/outbox/outbox-rows.ts";
import { createTables } from "../../../../src/objects/schema.ts";
import type { Clock } from "../../../../src/storage/clock.ts";
import { FakeRecordStore } from "../../../support/fake-record-store.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";

const NOW_MS = 1_800_000_000_000;
const LONGEST_PAUSE_MS = 2_000;

class FakeDirectory implements DirectoryPort {
	readonly calls: string[] = [];
	down = false;
	published = true;
	onCall: () => void = () => {};
	async #call(text: string): Promise<{ published: boolean }> {
		this.onCall();
		if (this.down) throw new Error("the directory is overloaded");
		this.calls.push(text);
		return { published: this.published };
	}
	advanceProduct = (head: { product: string; revision: number }) => this.#call(`head ${head.product}@${head.revision}`);
	deny = (denial: { id: string; version: number; until: number }) => this.#call(`deny ${denial.id} ${denial.version}`);
	allow = (denial: { id: string; version: number }) => this.#call(`allow ${denial.id} ${denial.version}`);
	settled = async () => this.published;
}

/** Time passes with the outbox's pauses only, which take none; its patience, far longer here, does not run out. */
class PauseClock implements Clock {
	ms = NOW_MS;
	readonly pauses: number[] = [];
	nowMs(): number {
		return this.ms;
	}
	after(ms: number, run: () => void): () => void {
		if (ms > LONGEST_PAUSE_MS) return () => {};
		this.pauses.push(ms);
		this.ms += ms;
		queueMicrotask(run);
		return () => {};
	}
}

interface Bench {
	readonly kv: FakeRecordStore;
	readonly redis: FakeRecordStore;
	readonly directory: FakeDirectory;
	readonly outbox: Outbox;
	readonly state: DurableObjectState;
	readonly clock: PauseClock;
	/** another outbox on the same storage, as after a restart of the object */
	restart(): Outbox;
	alarmInMs(): Promise<number | null>;
}

interface BenchOptions {
	readonly lanes?: readonly string[];
	readonly writeIntervalMs?: number;
	readonly random?: number;
	readonly callerWaitMs?: number;
}

async function onBench(test: (bench: Bench) => Promise<void>, options: BenchOptions = {}): Promise<void> {
	await runInDurableObject(bindings.ACCOUNT.getByName(freshName()), async (_, state) => {
		const stores = { kv: new FakeRecordStore(), redis: new FakeRecordStore() };
		const directory = new FakeDirectory();
		const clock = new PauseClock();
		const { lanes: names = ["kv"], writeIntervalMs = 0, random = 0, callerWaitMs = 10_000 } = options;
		const lanes: RecordLane[] = names.map((name) => ({
			name,
			store: name === "redis" ? stores.redis : stores.kv,
			writeIntervalMs,
		}));
		createTables(state.storage, { tables: OUTBOX_TABLES, steps: [] });
		const restart = () =>
			new Outbox({
				storage: state.storage,
				lanes,
				directory,
				callerWaitMs,
				clock,
				random: () => random,
			});
		const alarmInMs = async () => {
			const at = await state.storage.getAlarm();
			return at === null ? null : at - clock.ms;
		};
		await test({ ...stores, directory, outbox: restart(), state, clock, restart, alarmInMs });
		for (const store of Object.values(stores)) expect(store.violations).toEqual([]);
	});
}

const record = (key: string, version: number, body: unknown = { version }): OutboxStep => ({
	kind: "record",
	key,
	version,
	body,
});
const head = (product: string, revision: number): OutboxStep => ({ kind: "head", product, revision });
const deny = (id: string, version: number): OutboxStep => ({ kind: "deny", scope: "device", id, version, until: 9 });
const allow = (id: string, version: number): OutboxStep => ({ kind: "allow", scope: "device", id, version });

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

	it("lets an allowance take the place of a waiting denial, and never the other way round", () =>
		onBench(async ({ outbox, directory }) => {
			directory.down = true;
			outbox.add([deny("dev-a", 2), deny("dev-b", 2)]);
			await outbox.flush();
			outbox.add([allow("dev-a", 3)]);
			directory.down = false;
			expect(await outbox.flush()).toBe(true);
			expect(directory.calls).toEqual(["deny dev-b 2", "allow dev-a 3"]);
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
			expect(await alarmInMs()).toBeNull();
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
			async ({ outbox, redis, alarmInMs }) => {
				redis.break("before");
				outbox.add([record("device:a", 1)]);
				await outbox.flush();
				outbox.lanes = outbox.lanes.filter(({ name }) => name === "kv");
				await outbox.deliver();
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
			expect(await alarmInMs()).toBe(0);
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
				expect([redis.texts.size, await alarmInMs()]).toEqual([201, 0]);
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

describe("outbox, when everything has arrived", () => {
	it("says so once, and delivers what is added then by its alarm", () =>
		onBench(async ({ state, kv, alarmInMs, clock }) => {
			const more = [record("device:b", 1)];
			const lanes = [{ name: "kv", store: kv, writeIntervalMs: 0 }];
			let told = 0;
			const onDelivered = () => {
				told += 1;
				if (more.length > 0) outbox.add(more.splice(0));
			};
			const outbox = new Outbox({
				storage: state.storage,
				lanes,
				directory: null,
				callerWaitMs: 10_000,
				clock,
				onDelivered,
			});
			kv.break("before");
			outbox.add([record("device:a", 1)]);
			await outbox.flush();
			expect(told).toBe(0);
			kv.repair();
			expect(await outbox.flush()).toBe(false);
			expect([told, await alarmInMs()]).toEqual([1, 0]);
			await outbox.deliver();
			expect(kv.puts).toEqual(["device:a 1", "device:b 1"]);
			expect(await alarmInMs()).toBeNull();
		}));
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
