// What one key may announce in a day, counted in one place for all edges: to the byte, and until midnight UTC.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

const DAY = 86_400;
const MIDNIGHT = 20_800 * DAY;
const QUOTA = 100;

let directory: ReturnType<typeof env.DIRECTORY.getByName>;
beforeEach(async () => {
	directory = env.DIRECTORY.getByName(crypto.randomUUID());
	await directory.createProduct({ actor: "operator", now: MIDNIGHT, name: "crs", title: "" });
});
const PACKAGE = { product: "crs", sha256: "a".repeat(64) };
const announce = (bytes: number, now: number, key = "key-1", quota = QUOTA) =>
	directory.admitUpload({ ...PACKAGE, key, bytes, quota, now });
const refusal = (left: number, retryAfter: number) => ({ ok: false, reason: "quota", left, retryAfter });

describe("the uploads of a key", () => {
	it.each([
		[100, { ok: true }],
		[101, refusal(100, DAY)],
	])("of %d bytes at once, of 100 that it may", async (bytes, decision) => {
		expect(await announce(bytes, MIDNIGHT)).toMatchObject(decision);
	});

	it("add up over a day, of which the last second still belongs to it", async () => {
		await announce(60, MIDNIGHT);
		expect(await announce(41, MIDNIGHT + DAY - 1)).toEqual(refusal(40, 1));
		expect(await announce(40, MIDNIGHT + DAY - 1)).toMatchObject({ ok: true });
		expect(await announce(100, MIDNIGHT + DAY)).toMatchObject({ ok: true });
	});

	it("of yesterday that arrive after one of today count for today, and forget nothing", async () => {
		await announce(60, MIDNIGHT);
		expect(await announce(41, MIDNIGHT - 1)).toEqual(refusal(40, DAY + 1));
		expect(await announce(30, MIDNIGHT - 1)).toMatchObject({ ok: true });
		expect(await announce(11, MIDNIGHT)).toMatchObject({ ok: false, left: 10 });
	});

	it("have nothing left where the quota was lowered below what is counted", async () => {
		await announce(90, MIDNIGHT);
		expect(await announce(1, MIDNIGHT, "key-1", 50)).toMatchObject({ ok: false, left: 0 });
	});

	it("are counted once they are let in, not when they are refused, for the quota or for their product", async () => {
		await announce(90, MIDNIGHT);
		for (let attempt = 0; attempt < 3; attempt++) await announce(11, MIDNIGHT);
		const stranger = { ...PACKAGE, product: "nosuch", key: "key-1", bytes: 10, quota: QUOTA, now: MIDNIGHT };
		expect(await directory.admitUpload(stranger)).toEqual({ ok: false, reason: "unknown_product" });
		expect(await announce(10, MIDNIGHT)).toMatchObject({ ok: true });
	});

	it("do not count for another key", async () => {
		await announce(100, MIDNIGHT);
		expect(await announce(100, MIDNIGHT, "key-2")).toMatchObject({ ok: true });
	});

	it("count in full each time, also of the same bytes", async () => {
		await announce(60, MIDNIGHT);
		expect(await announce(60, MIDNIGHT)).toEqual(refusal(40, DAY));
	});

	it("are not lost count of when many come at once", async () => {
		const decisions = await Promise.all(Array.from({ length: 30 }, () => announce(10, MIDNIGHT)));
		expect(decisions.filter(({ ok }) => ok)).toHaveLength(10);
	});
});

describe("the parts of a package", () => {
	const part = (now: number, more: { product?: string; sha256?: string } = {}) =>
		directory.admitUpload({ ...PACKAGE, ...more, key: "key-1", bytes: 1, quota: 10_000, now, isPart: true });

	it("are 2,000 in a day at most, whoever sends them; those of another package are others", async () => {
		for (let count = 0; count < 2_000; count++) await part(MIDNIGHT);
		const refused = { ok: false, reason: "too_many_parts" };
		expect(await part(MIDNIGHT)).toEqual({ ...refused, retryAfter: DAY });
		expect(await part(MIDNIGHT + DAY - 1)).toEqual({ ...refused, retryAfter: 1 });
		expect(await part(MIDNIGHT, { sha256: "b".repeat(64) })).toMatchObject({ ok: true });
		expect(await announce(1, MIDNIGHT, "key-2")).toMatchObject({ ok: true });
		expect(await part(MIDNIGHT + DAY)).toMatchObject({ ok: true });
	});

	it("are forgotten after the day", async () => {
		expect(await part(MIDNIGHT)).toMatchObject({ ok: true });
		await part(MIDNIGHT + DAY, { sha256: "b".repeat(64) });
		const rows = await runInDurableObject(directory, (_, { storage }) =>
			storage.sql.exec("SELECT sha256, parts FROM parts_of_day").toArray(),
		);
		expect(rows).toEqual([{ sha256: "b".repeat(64), parts: 1 }]);
	});
});
