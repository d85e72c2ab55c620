// Revisions that were replaced leave the stores: not before an hour, not while any store's `heads` may lead to them, a few at a
// time, and whatever fails in between.

import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { Alarm } from "../../../../src/objects/alarm.ts";
import { OUTDATED_TABLES, OutdatedRevisions } from "../../../../src/objects/outbox/outdated-revisions.ts";
import { IMMEDIATE } from "../../../../src/rollout/built-in-plans.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";

/** A multiple of ten minutes. */
const NOW = 4_000_000_200;
const HOUR_MS = 3_600_000;
const PERIOD_MS = 600_000;
const HEADS = { products: { crs: 3 }, messages: 3, denied: 3 };

class Bench {
	readonly clock = new VirtualClock(NOW * 1_000);
	readonly kv = new FakeRecordStore();
	readonly redis = new FakeRecordStore();
	readonly storage: DurableObjectStorage;
	outdated: OutdatedRevisions;

	constructor(storage: DurableObjectStorage) {
		this.storage = storage;
		for (const statement of OUTDATED_TABLES) storage.sql.exec(statement);
		this.outdated = this.wake();
	}

	/** The object in its next life, with nothing but its storage. */
	wake(): OutdatedRevisions {
		const lanes = Object.entries({ kv: this.kv, redis: this.redis });
		this.outdated = new OutdatedRevisions({
			storage: this.storage,
			alarm: new Alarm(this.storage, () => this.clock.nowMs()),
			lanes: () => lanes.map(([name, store]) => ({ name, store, writeIntervalMs: 0 })),
			clock: this.clock,
		});
		return this.outdated;
	}

	async put(keys: readonly string[], heads: object = HEADS): Promise<void> {
		for (const store of [this.kv, this.redis]) {
			for (const key of keys) await store.put(key, { version: Number(key.split("@")[1]), body: {} });
			store.texts.set("heads", JSON.stringify({ key: "heads", version: 9, body: heads }));
		}
	}

	waiting(): unknown[] {
		return this.storage.sql
			.exec("SELECT key FROM outdated_revisions ORDER BY seq")
			.toArray()
			.map(({ key }) => key);
	}

	/** Runs it as the alarm would, at the time that it asks for. */
	async runWhenDue(): Promise<number> {
		const dueMs = this.outdated.dueMs() ?? Number.NaN;
		this.clock.nowMs = () => dueMs;
		await this.outdated.run(dueMs);
		return dueMs;
	}
}

const REVISIONS = ["product:crs@1", "messages@1", "denied@1", "denied@2", "product:crs@3", "messages@3", "denied@3"];
const OLD = REVISIONS.slice(0, 4);
const PRESENT = REVISIONS.slice(4);

function withBench(test: (bench: Bench) => Promise<void>) {
	return () =>
		runInDurableObject(bindings.ACCOUNT.getByName(freshName()), async (_, { storage }) => test(new Bench(storage)));
}

describe("revisions that were replaced", () => {
	it(
		"are due after an hour, together with those of the same ten minutes",
		withBench(async (bench) => {
			expect(bench.outdated.dueMs()).toBeNull();
			bench.outdated.add("denied@1", NOW);
			expect(bench.outdated.dueMs()).toBe(NOW * 1_000 + HOUR_MS);
			bench.outdated.add("denied@2", NOW + 1);
			await bench.put(["denied@1", "denied@2"]);
			await bench.runWhenDue();
			expect(bench.outdated.dueMs()).toBe(NOW * 1_000 + HOUR_MS + PERIOD_MS);
		}),
	);

	it(
		"are gone from every store then, and nothing else is",
		withBench(async (bench) => {
			await bench.put(REVISIONS);
			for (const key of OLD) bench.outdated.add(key, NOW);
			await bench.outdated.run(NOW * 1_000 + HOUR_MS - 1);
			expect(bench.waiting()).toEqual(OLD);
			await bench.runWhenDue();
			for (const store of [bench.kv, bench.redis]) {
				expect([...store.texts.keys()].toSorted()).toEqual(["heads", ...PRESENT].toSorted());
				expect(store.violations).toEqual([]);
			}
			expect(bench.waiting()).toEqual([]);
			expect(bench.outdated.dueMs()).toBeNull();
		}),
	);

	const leading: [string, (bench: Bench) => void][] = [
		["names one of them", ({ redis }) => setHeads(redis, { products: { crs: 1 }, messages: 1, denied: 1 })],
		["knows nothing of them", ({ redis }) => setHeads(redis, { products: {}, messages: 0, denied: 0 })],
		["is not there", ({ redis }) => redis.texts.delete("heads")],
		["is spoilt", ({ redis }) => redis.texts.set("heads", "{")],
		["is none", ({ redis }) => setHeads(redis, {})],
		["cannot be read", ({ redis }) => redis.break("before")],
	];
	const setHeads = (store: FakeRecordStore, body: object) =>
		store.texts.set("heads", JSON.stringify({ key: "heads", version: 2, body }));
	it.each(leading)(
		"stay everywhere while one store's `heads` %s, and go ten minutes after it has moved on",
		(_, hold) =>
			withBench(async (bench) => {
				await bench.put(OLD);
				hold(bench);
				for (const key of ["product:crs@1", "messages@1", "denied@1"]) bench.outdated.add(key, NOW);
				const firstMs = await bench.runWhenDue();
				expect([bench.kv.deletes, bench.redis.deletes]).toEqual([[], []]);
				bench.redis.repair();
				setHeads(bench.redis, HEADS);
				expect(await bench.runWhenDue()).toBe(firstMs + PERIOD_MS);
				expect(bench.waiting()).toEqual([]);
			})(),
	);

	it(
		"that one store does not delete are deleted again later, by another life of the object too",
		withBench(async (bench) => {
			await bench.put(OLD);
			for (const key of OLD) bench.outdated.add(key, NOW);
			for (const fault of ["before", "after"] as const) {
				bench.redis.faultOf = (operation) => (operation === "delete" ? fault : null);
				const dueMs = await bench.runWhenDue();
				expect(bench.waiting()).toEqual(OLD);
				// What is left waits, for the store is out for it as well.
				expect(bench.kv.texts.has("denied@2")).toBe(true);
				expect(bench.outdated.dueMs()).toBe(dueMs + PERIOD_MS);
			}
			bench.redis.repair();
			bench.wake();
			await bench.runWhenDue();
			expect(bench.waiting()).toEqual([]);
			expect([...bench.redis.texts.keys(), ...bench.kv.texts.keys()]).toEqual(["heads", "heads"]);
		}),
	);

	it(
		"are deleted two at a time, a hundred in a run, and the next hundred a minute later",
		withBench(async (bench) => {
			const keys = Array.from({ length: 230 }, (_, index) => `denied@${index + 1}`);
			await bench.put(keys, { products: {}, messages: 0, denied: 231 });
			for (const store of [bench.kv, bench.redis]) {
				await store.put("denied@231", { version: 231, body: {} });
				let running = 0;
				const remove = store.delete.bind(store);
				store.delete = async (key) => {
					running += 1;
					expect(running).toBeLessThanOrEqual(2);
					await remove(key);
					running -= 1;
				};
			}
			for (const key of keys) bench.outdated.add(key, NOW);
			const firstMs = await bench.runWhenDue();
			expect(bench.waiting()).toEqual(keys.slice(100));
			expect(await bench.runWhenDue()).toBe(firstMs + 60_000);
			expect(await bench.runWhenDue()).toBe(firstMs + 120_000);
			expect(bench.waiting()).toEqual([]);
			expect([...bench.kv.texts.keys()].toSorted()).toEqual(["denied@231", "heads"]);
		}),
	);
});

describe("what the objects published in KV", () => {
	afterEach(reset);
	const change = { actor: "operator", now: Math.floor(Date.now() / 1_000) };
	const directory = () => bindings.DIRECTORY.getByName("directory");

	it("of messages and of denials is there in its last revision only, once their alarms have rung", async () => {
		for (const id of ["msg-a", "msg-b", "msg-c"]) {
			const message = { id, severity: "info", title: "News", body: "Read", locales: {}, audience: {} } as const;
			const window = { startsAt: change.now, endsAt: change.now + 9_999 };
			await directory().createMessage({ ...change, message: { ...message, ...window } });
			await directory().changeDenials([{ kind: "deny", scope: "device", id, version: 1, until: change.now + 9_999 }]);
		}
		expect(await keysOf("messages@")).toEqual(["messages@1", "messages@2", "messages@3"]);
		expect(await keysOf("denied@")).toEqual(["denied@1", "denied@2", "denied@3"]);
		await runDurableObjectAlarm(directory());
		expect(await keysOf("messages@")).toEqual(["messages@3"]);
		expect(await keysOf("denied@")).toEqual(["denied@3"]);
	});

	it("of a product is there in its last revision only", async () => {
		const product = bindings.PRODUCT.getByName("crs");
		await product.create({ ...change, name: "crs", title: "crs", plan: IMMEDIATE });
		await directory().createProduct({ ...change, name: "crs", title: "crs" });
		for (const version of ["1.0", "2.0", "3.0"]) {
			const content = { sha256: "a".repeat(64), size: 1, name: "crs.tar", claimedUntil: Number.MAX_SAFE_INTEGER };
			await product.addPackage({ ...change, version, ...content });
			const metadata = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
			expect(await product.release({ ...change, version, metadata, salt: "salt" })).toMatchObject({ published: true });
		}
		expect(await keysOf("product:crs@")).toHaveLength(3);
		await runDurableObjectAlarm(product);
		expect(await keysOf("product:crs@")).toEqual(["product:crs@3"]);
	});

	async function keysOf(prefix: string): Promise<string[]> {
		const { keys } = await bindings.RECORDS.list({ prefix });
		return keys.map(({ name }) => name);
	}
});
