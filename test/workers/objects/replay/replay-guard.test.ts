// An assertion id is good once, also for many at the same moment and over an eviction, and is forgotten when it is too old
// to be used.
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";

afterEach(reset);

const NOW = Math.floor(Date.now() / 1_000);
const rows = (guard: ReturnType<typeof bindings.REPLAY_GUARD.getByName>) =>
	runInDurableObject(guard, (_, { storage }) =>
		storage.sql
			.exec("SELECT id FROM used")
			.toArray()
			.map(({ id }) => id),
	);

describe("replay guard", () => {
	it("lets one of fifty uses at the same moment pass", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		const uses = await Promise.all(Array.from({ length: 50 }, () => guard.use("id", NOW + 60, NOW)));
		expect(uses.filter(Boolean)).toHaveLength(1);
		expect(uses[0]).toBe(true);
	});

	it("keeps ids apart", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		expect([await guard.use("a", NOW + 60, NOW), await guard.use("b", NOW + 60, NOW)]).toEqual([true, true]);
	});

	it("remembers over an eviction", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		await guard.use("id", NOW + 60, NOW);
		await evictDurableObject(guard);
		expect(await guard.use("id", NOW + 60, NOW)).toBe(false);
	});

	it("refuses what is too old to have been remembered", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		expect(await guard.use("a", NOW - 599, NOW)).toBe(true);
		expect(await guard.use("b", NOW - 600, NOW)).toBe(false);
	});

	it("forgets by alarm what can no longer be used, and nothing else", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		await guard.use("old", NOW - 601, NOW - 700);
		await guard.use("new", NOW + 60, NOW);
		expect(await runDurableObjectAlarm(guard)).toBe(true);
		expect(await rows(guard)).toEqual(["new"]);
		expect(await guard.use("new", NOW + 60, NOW)).toBe(false);
		expect(await runDurableObjectAlarm(guard)).toBe(true);
	});

	it("remembers for as long as clocks may differ, ten minutes after the assertion's end, and then forgets", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
		try {
			await guard.use("id", NOW + 60, NOW);
			vi.setSystemTime((NOW + 659) * 1_000);
			await runDurableObjectAlarm(guard);
			expect(await guard.use("id", NOW + 60, NOW + 659)).toBe(false);
			vi.setSystemTime((NOW + 660) * 1_000);
			await runDurableObjectAlarm(guard);
			expect(await rows(guard)).toEqual([]);
		} finally {
			vi.useRealTimers();
		}
	});

	it("cleans up in time though it is evicted and awakened all the while", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		const alarm = () => runInDurableObject(guard, (_, { storage }) => storage.getAlarm());
		vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
		try {
			await guard.use("a", NOW + 60, NOW);
			const at = await alarm();
			expect(at).toBe((NOW + 600) * 1_000);
			await evictDurableObject(guard);
			vi.setSystemTime((NOW + 300) * 1_000);
			await guard.use("b", NOW + 360, NOW + 300);
			expect(await alarm()).toBe(at);
		} finally {
			vi.useRealTimers();
		}
	});

	it("sets no further alarm when it has nothing left to forget", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		await guard.use("old", NOW - 601, NOW - 700);
		expect(await runDurableObjectAlarm(guard)).toBe(true);
		expect(await runDurableObjectAlarm(guard)).toBe(false);
	});
});
