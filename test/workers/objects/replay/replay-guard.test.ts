// An assertion id is good once, also for many at the same moment and over an eviction, and is forgotten when it is too old
// to be used.
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";

afterEach(reset);

const NOW = Math.floor(Date.now() / 1_000);
const tables = (guard: ReturnType<typeof bindings.REPLAY_GUARD.getByName>) =>
	runInDurableObject(guard, (_, { storage }) =>
		storage.sql
			.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name LIKE 'used%' ORDER BY name")
			.toArray()
			.map(({ name }) => name),
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

	it("lets whoever used an id use it again within ten seconds, and nobody else", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		const use = (by: string | null, after = 0) => guard.use("id", NOW + 60, NOW + after, by);
		expect(await use("a word")).toBe(true);
		expect([await use("a word", 10), await use("a word", 11)]).toEqual([true, false]);
		expect([await use(null), await use("another"), await use("")]).toEqual([false, false, false]);
		await evictDurableObject(guard);
		expect(await use("a word")).toBe(false);
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

	it("forgets by alarm the ids that can no longer be used, and no others", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		await guard.use("old", NOW - 1_201, NOW - 1_300);
		await guard.use("new", NOW + 60, NOW);
		expect(await tables(guard)).toHaveLength(2);
		expect(await runDurableObjectAlarm(guard)).toBe(true);
		expect(await tables(guard)).toHaveLength(1);
		expect(await guard.use("new", NOW + 60, NOW)).toBe(false);
		expect(await runDurableObjectAlarm(guard)).toBe(true);
	});

	it("takes an id once, also with another end and from an object that woke up", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		expect(await guard.use("id", NOW + 60, NOW)).toBe(true);
		expect(await guard.use("id", NOW + 3_600, NOW)).toBe(false);
		await evictDurableObject(guard);
		expect(await guard.use("id", NOW + 7_200, NOW)).toBe(false);
	});

	it("writes one row for each id but the first of ten minutes, which makes the table", async () => {
		const guard = bindings.REPLAY_GUARD.getByName(freshName());
		const end = Math.ceil(NOW / 600) * 600 + 300;
		await guard.use("first", end, NOW);
		const written = await runInDurableObject(guard, (instance, { storage }) => {
			const counts: number[] = [];
			const exec = storage.sql.exec.bind(storage.sql);
			vi.spyOn(storage.sql, "exec").mockImplementation(((query: string, ...values: unknown[]) => {
				const cursor = exec(query, ...(values as string[]));
				counts.push(cursor.rowsWritten);
				return cursor;
			}) as typeof storage.sql.exec);
			return instance.use("second", end, NOW).then(() => counts);
		});
		expect(written.reduce((sum, count) => sum + count, 0)).toBe(1);
	});

	it.each([0, 1, 299, 599])(
		"remembers for as long as clocks may differ, ten minutes after the assertion's end, and then forgets (%s s into ten minutes)",
		async (offset) => {
			const guard = bindings.REPLAY_GUARD.getByName(freshName());
			const end = Math.ceil(NOW / 600) * 600 + offset;
			vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
			try {
				await guard.use("id", end, NOW);
				vi.setSystemTime((end + 599) * 1_000);
				await runDurableObjectAlarm(guard);
				expect(await guard.use("id", end, end + 599)).toBe(false);
				vi.setSystemTime((end + 1_200) * 1_000);
				await runDurableObjectAlarm(guard);
				expect(await tables(guard)).toEqual([]);
			} finally {
				vi.useRealTimers();
			}
		},
	);

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
		await guard.use("old", NOW - 1_201, NOW - 1_300);
		expect(await runDurableObjectAlarm(guard)).toBe(true);
		expect(await runDurableObjectAlarm(guard)).toBe(false);
	});
});
