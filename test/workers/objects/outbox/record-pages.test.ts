// Rebuilding and comparing a page of records, on a real outbox with stores that fail, wait and lose what they had.
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Outbox } from "../../../../src/objects/outbox/outbox.ts";
import { OUTBOX_TABLES, type RecordStep } from "../../../../src/objects/outbox/outbox-rows.ts";
import { type OwnedRecords, rebuildPage, verifyPage } from "../../../../src/objects/outbox/record-pages.ts";
import { createTables } from "../../../../src/objects/schema.ts";
import { formatRecord } from "../../../../src/storage/record-store.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";

const ALL = { after: "", limit: 200, store: null } as const;
const keyOf = (index: number) => `device:dev-${String(index).padStart(4, "0")}`;

/** The truth: records 0 to n-1, each of which can change. */
class Truth implements OwnedRecords {
	readonly versions: number[];
	constructor(count: number) {
		this.versions = Array.from({ length: count }, () => 2);
	}
	step(index: number): RecordStep {
		const version = this.versions[index] ?? 0;
		return {
			kind: "record",
			key: keyOf(index),
			version,
			body: { version, absent: undefined, labels: { a: 1, b: [2] } },
		};
	}
	change(index: number): RecordStep {
		this.versions[index] = (this.versions[index] ?? 0) + 1;
		return this.step(index);
	}
	read(after: string, limit: number) {
		const start = after === "" ? 0 : Number(after);
		const steps = this.versions.map((_, index) => this.step(index)).slice(start, start + limit);
		return { steps, next: start + limit < this.versions.length ? String(start + limit) : null };
	}
	texts(): Map<string, string> {
		return new Map(
			this.read("", Number.POSITIVE_INFINITY).steps.map((step) => [step.key, formatRecord(step.key, step)]),
		);
	}
}

interface Bench {
	readonly kv: FakeRecordStore;
	readonly redis: FakeRecordStore;
	readonly outbox: Outbox;
	readonly truth: Truth;
}

async function onBench(count: number, test: (bench: Bench) => Promise<void>): Promise<void> {
	await runInDurableObject(bindings.ACCOUNT.getByName(freshName()), async (_, { storage }) => {
		const [kv, redis] = [new FakeRecordStore(), new FakeRecordStore()];
		createTables(storage, { tables: OUTBOX_TABLES, steps: [] });
		const lanes = [
			{ name: "kv", store: kv, writeIntervalMs: 0 },
			{ name: "redis", store: redis, writeIntervalMs: 0 },
		];
		const outbox = new Outbox({ storage, lanes, directory: null });
		await test({ kv, redis, outbox, truth: new Truth(count) });
		for (const store of [kv, redis]) expect(store.violations).toEqual([]);
		await storage.deleteAlarm();
	});
}

describe("rebuilding a page", () => {
	it("puts every record into every store, as it is now", () =>
		onBench(5, async ({ kv, redis, outbox, truth }) => {
			expect(await rebuildPage(outbox, truth, ALL)).toEqual({ ok: true, records: 5, next: null, published: true });
			expect([kv.texts, redis.texts]).toEqual([truth.texts(), truth.texts()]);
		}));

	it("fills the one store that was named and leaves the other alone, though that one is down", () =>
		onBench(5, async ({ kv, redis, outbox, truth }) => {
			kv.break("before");
			outbox.add([truth.step(1)]);
			await outbox.flush();
			const result = await rebuildPage(outbox, truth, { ...ALL, store: "redis" });
			expect(result).toEqual({ ok: true, records: 5, next: null, published: true });
			expect(redis.texts).toEqual(truth.texts());
			expect(outbox.waitingIn("kv")).toBe(1);
		}));

	it("goes on from any page, and the pages together are everything", () =>
		onBench(7, async ({ kv, outbox, truth }) => {
			for (let after: string | null = "3"; after !== null; ) {
				const result = await rebuildPage(outbox, truth, { after, limit: 2, store: null });
				if (!result.ok) expect.fail(result.reason);
				after = result.next;
			}
			expect([...kv.texts.keys()]).toEqual([3, 4, 5, 6].map(keyOf));
		}));

	it("replaces what is older and what is spoilt, and leaves what is newer", () =>
		onBench(3, async ({ kv, outbox, truth }) => {
			kv.ordered = false;
			kv.texts.set(keyOf(0), formatRecord(keyOf(0), { version: 1, body: "old" }));
			kv.texts.set(keyOf(1), "spoilt");
			const newer = formatRecord(keyOf(2), { version: 9, body: "newer" });
			kv.texts.set(keyOf(2), newer);
			await rebuildPage(outbox, truth, ALL);
			expect(kv.texts).toEqual(new Map([...truth.texts(), [keyOf(2), newer]]));
		}));

	it("leaves what is on its way in its place, before the head that points to it", () =>
		onBench(1, async ({ kv, redis, outbox, truth }) => {
			for (const store of [kv, redis]) store.break("before");
			const heads = { version: 4, body: { products: {}, messages: 7, denied: 0 } };
			outbox.add([
				{ kind: "record", key: "messages@7", version: 7, body: {} },
				{ kind: "record", key: "heads", ...heads },
			]);
			await outbox.flush();
			const messages: OwnedRecords = {
				read: () => ({ steps: [{ kind: "record", key: "messages@7", version: 7, body: {} }], next: null }),
			};
			await rebuildPage(outbox, messages, ALL);
			for (const store of [kv, redis]) store.repair();
			await rebuildPage(outbox, truth, ALL);
			expect(kv.puts).toEqual(["messages@7 7", "heads 4", `${keyOf(0)} 2`]);
		}));

	it("says that stores are behind, and adds nothing, once a page waits for one of them", () =>
		onBench(450, async ({ kv, redis, outbox, truth }) => {
			redis.break("before");
			const first = await rebuildPage(outbox, truth, ALL);
			expect(first).toEqual({ ok: true, records: 200, next: "200", published: false });
			const second = { ...ALL, after: "200" };
			expect(await rebuildPage(outbox, truth, second)).toEqual({ ok: false, reason: "stores_behind" });
			expect([outbox.waitingIn("kv"), outbox.waitingIn("redis"), kv.texts.size]).toEqual([0, 200, 200]);
			redis.repair();
			expect(await rebuildPage(outbox, truth, second)).toMatchObject({ ok: true, records: 200, published: true });
			expect([kv.texts.size, redis.texts.size]).toEqual([400, 400]);
		}));

	it("never lets an older record follow a newer one, whatever changes, fails or waits meanwhile", async () => {
		const step = fc.oneof(
			fc.record({ kind: fc.constant("change" as const), index: fc.nat(3) }),
			fc.record({
				kind: fc.constant("rebuild" as const),
				after: fc.constantFrom("", "2"),
				limit: fc.integer({ min: 1, max: 4 }),
			}),
			fc.record({ kind: fc.constant("break" as const), fault: fc.constantFrom("before" as const, "after" as const) }),
			fc.constant({ kind: "repair" as const }),
			fc.constant({ kind: "lose" as const }),
			fc.constant({ kind: "settle" as const }),
		);
		const run = (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[], ticks: readonly number[]) =>
			onBench(4, async ({ kv, redis, outbox, truth }) => {
				let puts = 0;
				for (const store of [kv, redis]) {
					store.onPut = async () => {
						for (let left = ticks[puts++ % ticks.length] ?? 0; left > 0; left--) await Promise.resolve();
					};
				}
				const underWay: Promise<unknown>[] = [];
				for (const one of steps) {
					if (one.kind === "change") outbox.add([truth.change(one.index)]);
					if (one.kind === "change") underWay.push(outbox.flush());
					if (one.kind === "rebuild") underWay.push(rebuildPage(outbox, truth, { ...one, store: null }));
					if (one.kind === "break") redis.break(one.fault);
					if (one.kind === "repair") redis.repair();
					// What a store has lost may come back in any version that is on its way.
					if (one.kind === "lose") kv.texts.clear();
					if (one.kind === "settle") await Promise.all(underWay);
					await Promise.resolve();
				}
				redis.repair();
				await Promise.all(underWay);
				await outbox.deliver();
				await rebuildPage(outbox, truth, ALL);
				expect([kv.texts, redis.texts]).toEqual([truth.texts(), truth.texts()]);
				expect((await verifyPage(outbox, truth, ALL)).drift).toEqual([]);
			});
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.array(fc.nat(9), { minLength: 1, maxLength: 12 }), run),
			{ numRuns: 60 },
		);
	});
});

describe("comparing a page", () => {
	it("finds nothing where nothing is wrong, whatever the order of members", () =>
		onBench(3, async ({ kv, outbox, truth }) => {
			await rebuildPage(outbox, truth, ALL);
			kv.texts.set(keyOf(1), `{"body":{"labels":{"b":[2],"a":1},"version":2},"version":2,"key":"${keyOf(1)}"}`);
			expect(await verifyPage(outbox, truth, ALL)).toEqual({
				records: 3,
				next: null,
				stores: ["kv", "redis"].map((store) => ({ store, same: 3, pending: 0, unanswered: 0, drifted: 0 })),
				drift: [],
			});
		}));

	it.each([
		["missing", undefined, null],
		["behind", { version: 1, body: 1 }, 1],
		["ahead", { version: 3, body: 1 }, 3],
		["different", { version: 2, body: { version: 2, labels: { a: 1, b: [3] } } }, 2],
		["different", { version: 2, body: { version: 2, labels: { a: 1, b: { 0: 2 } } } }, 2],
		["different", { version: 2, body: { version: 2, labels: { a: 1, b: [2], c: 1 } } }, 2],
		["different", { version: 2, body: { version: 2, labels: { a: 1, c: [2] } } }, 2],
		["different", { version: 2, body: null }, 2],
		["unreadable", "spoilt", null],
		["unreadable", formatRecord(keyOf(0), { version: 2, body: {} }), null],
	] as const)(
		"finds a record that is %s (%j), and whether rebuilding mends it",
		async (verdict, held, storeVersion) => {
			await onBench(3, async ({ kv, outbox, truth }) => {
				await rebuildPage(outbox, truth, ALL);
				const key = keyOf(1);
				if (held === undefined) kv.texts.delete(key);
				else kv.texts.set(key, typeof held === "string" ? held : formatRecord(key, held));
				const found = await verifyPage(outbox, truth, ALL);
				expect(found.drift).toEqual([{ store: "kv", key, verdict, storeVersion, trueVersion: 2 }]);
				expect(found.stores).toMatchObject([
					{ same: 2, drifted: 1 },
					{ same: 3, drifted: 0 },
				]);
				await rebuildPage(outbox, truth, ALL);
				expect((await verifyPage(outbox, truth, ALL)).drift).toHaveLength(verdict === "ahead" ? 1 : 0);
				// The store says that this rewrite is wrong, which is what it was.
				kv.violations.length = 0;
			});
		},
	);

	it("does not call drift what is on its way to that store", () =>
		onBench(3, async ({ kv, outbox, truth }) => {
			await rebuildPage(outbox, truth, ALL);
			kv.break("before");
			outbox.add([truth.change(1)]);
			await outbox.flush();
			kv.repair();
			const { stores, drift } = await verifyPage(outbox, truth, ALL);
			expect(stores).toMatchObject([
				{ same: 2, pending: 1 },
				{ same: 3, pending: 0 },
			]);
			expect(drift).toEqual([]);
		}));

	it("does not call drift what arrives while it compares, too late to be seen", () =>
		onBench(3, async ({ kv, outbox, truth }) => {
			await rebuildPage(outbox, truth, ALL);
			kv.break("before");
			outbox.add([truth.change(1)]);
			await outbox.flush();
			kv.repair();
			// Key 1 is read by then, in its old version.
			kv.onGet = async (key) => {
				if (key === keyOf(2)) await outbox.deliver();
			};
			const { stores, drift } = await verifyPage(outbox, truth, ALL);
			expect(kv.versionOf(keyOf(1))).toBe(3);
			expect(stores).toMatchObject([
				{ same: 2, pending: 1 },
				{ same: 3, pending: 0 },
			]);
			expect(drift).toEqual([]);
		}));

	it("does not call drift what changes while it compares", () =>
		onBench(3, async ({ kv, redis, outbox, truth }) => {
			await rebuildPage(outbox, truth, ALL);
			kv.onGet = async (key) => {
				if (key !== keyOf(1)) return;
				kv.onGet = () => {};
				outbox.add([truth.change(1)]);
				expect(await outbox.flush()).toBe(true);
			};
			const { stores, drift } = await verifyPage(outbox, truth, ALL);
			expect(stores).toMatchObject([
				{ same: 2, pending: 1 },
				{ same: 2, pending: 1 },
			]);
			expect(drift).toEqual([]);
			expect(redis.versionOf(keyOf(1))).toBe(3);
		}));

	it("tells a store that does not answer from one that has nothing", () =>
		onBench(3, async ({ kv, redis, outbox, truth }) => {
			kv.break("before");
			const { stores, drift } = await verifyPage(outbox, truth, ALL);
			expect(stores).toMatchObject([
				{ unanswered: 3, drifted: 0 },
				{ unanswered: 0, drifted: 3 },
			]);
			expect(drift.map(({ store, verdict }) => [store, verdict])).toEqual(Array(3).fill(["redis", "missing"]));
			expect([kv.puts, redis.puts]).toEqual([[], []]);
		}));

	it("asks the one store that was named", () =>
		onBench(1, async ({ kv, outbox, truth }) => {
			const { stores } = await verifyPage(outbox, truth, { ...ALL, store: "redis" });
			expect(stores.map(({ store }) => store)).toEqual(["redis"]);
			expect(kv.gets).toEqual([]);
		}));
});
