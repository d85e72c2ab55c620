// Claims on digests, of uploads and of removals: never both at once, each ends by itself, and the trail has what was removed.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { HOUR, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);

const clock = useFrozenClock();
let directory: ReturnType<typeof env.DIRECTORY.getByName>;
const now = () => Math.floor(clock.start() / 1_000);
beforeEach(async () => {
	directory = env.DIRECTORY.getByName(crypto.randomUUID());
	await directory.createProduct({ actor: "operator", now: now(), name: "crs", title: "" });
});

const upload = (sha256: string) =>
	directory.admitUpload({ key: "key-1", bytes: 1, quota: 1_000, now: now(), product: "crs", sha256 });
const claim = (...sha256s: string[]) => directory.claimRemoval({ actor: "ops", sha256s });
const claimed = async () => (await directory.surveyPackages([A, B])).claimed;
const end = (until: number, removed: string[], kept: string[] = []) => {
	const sized = removed.map((sha256) => ({ sha256, size: 7 }));
	return directory.endRemoval({ actor: "ops", now: now(), until, removed: sized, kept });
};
const removals = async () =>
	(await directory.events({ after: 0, limit: 100, types: ["package"] })).entries.map(({ action, ...entry }) => {
		expect(action).toBe("package.remove");
		return { actor: entry.actor, subject: entry.subject, detail: entry.detail };
	});

describe("an upload", () => {
	it("has a claim on its digest for a day, counted from the last one", async () => {
		expect(await upload(A)).toEqual({ ok: true, claimedUntil: now() + 86_400 });
		clock.moveTo(HOUR);
		expect(await upload(A)).toEqual({ ok: true, claimedUntil: now() + 90_000 });
		clock.moveTo(25 * HOUR - SECOND);
		expect(await claimed()).toEqual([A]);
		expect((await claim(A)).sha256s).toEqual([]);
		clock.moveTo(25 * HOUR);
		expect(await claimed()).toEqual([]);
		expect((await claim(A)).sha256s).toEqual([A]);
	});

	it("of what is being removed is refused and not counted, until the removal has ended", async () => {
		const { until } = await claim(A, B);
		expect(until).toBe(now() + 3_600);
		clock.moveTo(SECOND);
		expect(await upload(A)).toEqual({ ok: false, reason: "being_removed", retryAfter: 3_599 });
		await end(until, [A]);
		expect(await upload(A)).toMatchObject({ ok: true });
		expect(await upload(B)).toMatchObject({ ok: false });
		await end(until, [], [B]);
		expect(await upload(B)).toMatchObject({ ok: true });
	});

	it("is let in again once a removal of which nobody told the end is over", async () => {
		await claim(A);
		clock.moveTo(HOUR - SECOND);
		expect(await upload(A)).toMatchObject({ ok: false, retryAfter: 1 });
		clock.moveTo(HOUR);
		expect(await upload(A)).toMatchObject({ ok: true });
	});
});

describe("a removal", () => {
	it("gets what is neither uploaded nor removed by somebody else", async () => {
		await upload(A);
		expect((await claim(A, B)).sha256s).toEqual([B]);
		expect((await claim(A, B)).sha256s).toEqual([]);
		expect(await claimed()).toEqual([A, B]);
	});

	it("that ends late ends nobody else's claim", async () => {
		const first = await claim(A);
		clock.moveTo(HOUR);
		const second = await claim(A);
		expect(second.sha256s).toEqual([A]);
		await end(first.until, [A]);
		expect(await claimed()).toEqual([A]);
		clock.moveTo(2 * HOUR);
		await upload(A);
		await end(second.until, [], [A]);
		expect(await claimed()).toEqual([A]);
	});

	it("stands in the trail with who wanted it, also where nobody told its end", async () => {
		const { until } = await claim(A, B);
		await end(until, [A]);
		const known = { actor: "ops", subject: A, detail: "7 bytes" };
		expect(await removals()).toEqual([known]);
		clock.moveTo(HOUR);
		await upload("c".repeat(64));
		const unknown = { actor: "service", subject: B, detail: "outcome unknown, wanted by ops" };
		expect(await removals()).toEqual([known, unknown]);
	});

	it("that was not carried out leaves no trace", async () => {
		const { until } = await claim(A);
		await end(until, [], [A]);
		clock.moveTo(2 * HOUR);
		await upload(A);
		expect(await removals()).toEqual([]);
	});
});

it("sweeps the claims of many uploads in parts, and never counts one that has ended", async () => {
	const digest = (number: number) => String(number).padStart(64, "0");
	for (let number = 0; number < 250; number++) await upload(digest(number));
	clock.moveTo(25 * HOUR);
	const all = Array.from({ length: 250 }, (_, number) => digest(number));
	expect((await directory.surveyPackages(all)).claimed).toEqual([]);
	await upload(A);
	expect((await claim(...all)).sha256s).toHaveLength(250);
});

it("a directory that nobody created knows of nothing", async () => {
	const nobody = env.DIRECTORY.getByName(crypto.randomUUID());
	expect(await nobody.surveyPackages([A])).toEqual({ products: [], claimed: [] });
});
