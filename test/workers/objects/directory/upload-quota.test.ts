// What one key may announce in a day, counted in one place for all edges: to the byte, and until midnight UTC.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

const DAY = 86_400;
const MIDNIGHT = 20_800 * DAY;
const QUOTA = 100;

let directory: ReturnType<typeof env.DIRECTORY.getByName>;
beforeEach(() => {
	directory = env.DIRECTORY.getByName(crypto.randomUUID());
});
const announce = (bytes: number, now: number, key = "key-1") =>
	directory.countUpload({ key, bytes, quota: QUOTA, now });

describe("the uploads of a key", () => {
	it.each([
		[100, { ok: true }],
		[101, { ok: false, left: 100, retryAfter: DAY }],
	])("of %d bytes at once, of 100 that it may", async (bytes, decision) => {
		expect(await announce(bytes, MIDNIGHT)).toEqual(decision);
	});

	it("add up over a day, of which the last second still belongs to it", async () => {
		await announce(60, MIDNIGHT);
		expect(await announce(41, MIDNIGHT + DAY - 1)).toEqual({ ok: false, left: 40, retryAfter: 1 });
		expect(await announce(40, MIDNIGHT + DAY - 1)).toEqual({ ok: true });
		expect(await announce(100, MIDNIGHT + DAY)).toEqual({ ok: true });
	});

	it("of yesterday that arrive after one of today count for today, and forget nothing", async () => {
		await announce(60, MIDNIGHT);
		expect(await announce(41, MIDNIGHT - 1)).toEqual({ ok: false, left: 40, retryAfter: DAY + 1 });
		expect(await announce(30, MIDNIGHT - 1)).toEqual({ ok: true });
		expect(await announce(11, MIDNIGHT)).toMatchObject({ ok: false, left: 10 });
	});

	it("have nothing left where the quota was lowered below what is counted", async () => {
		await announce(90, MIDNIGHT);
		const lowered = { key: "key-1", bytes: 1, quota: 50, now: MIDNIGHT };
		expect(await directory.countUpload(lowered)).toMatchObject({ ok: false, left: 0 });
	});

	it("are counted once they are let in, not when they are refused", async () => {
		await announce(90, MIDNIGHT);
		for (let attempt = 0; attempt < 3; attempt++) await announce(11, MIDNIGHT);
		expect(await announce(10, MIDNIGHT)).toEqual({ ok: true });
	});

	it("do not count for another key", async () => {
		await announce(100, MIDNIGHT);
		expect(await announce(100, MIDNIGHT, "key-2")).toEqual({ ok: true });
	});

	it("are not lost count of when many come at once", async () => {
		const decisions = await Promise.all(Array.from({ length: 30 }, () => announce(10, MIDNIGHT)));
		expect(decisions.filter(({ ok }) => ok)).toHaveLength(10);
	});
});
