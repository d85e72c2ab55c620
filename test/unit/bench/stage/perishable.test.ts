// What a benchmark sends ends after minutes; a run may take hours. Things are made anew before they end, and no more often.
import { beforeEach, describe, expect, it } from "vitest";
import { earliest, isDue, MARGIN_SECONDS, type Perishable, perishable } from "../../../../bench/stage/perishable.ts";

describe("a thing is due", () => {
	it.each([
		["a second before the margin", 1000 - MARGIN_SECONDS - 1, false],
		["at the margin", 1000 - MARGIN_SECONDS, true],
		["after its end", 1001, true],
	])("%s", (_, now, expected) => {
		expect(isDue(1000, now)).toBe(expected);
	});

	it("never, if it has no end", () => {
		expect(isDue(Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER)).toBe(false);
	});
});

describe("the first end of several", () => {
	it("is the smallest", () => {
		expect(earliest([30, 10, 20])).toBe(10);
	});

	it("of none is never", () => {
		expect(earliest([])).toBe(Number.POSITIVE_INFINITY);
	});
});

describe("a perishable thing", () => {
	const LIFETIME = 300;
	let now: number;
	let made: number;
	let urls: Perishable<string>;

	beforeEach(() => {
		now = 1_000_000;
		made = 0;
		urls = perishable(
			async () => {
				made += 1;
				return { value: `url ${made}`, endsAt: now + LIFETIME };
			},
			() => now,
		);
	});

	it("is not made before it is asked for", () => {
		expect(made).toBe(0);
	});

	it("is the same until it is near its end, then a fresh one", async () => {
		expect((await urls.get()).value).toBe("url 1");
		now += LIFETIME - MARGIN_SECONDS - 1;
		expect((await urls.get()).value).toBe("url 1");
		now += 1;
		expect((await urls.get()).value).toBe("url 2");
		expect((await urls.get()).value).toBe("url 2");
	});

	it("lasts longer than the margin whenever it is handed out, however long a run takes", async () => {
		for (let round = 0; round < 500; round++) {
			const { endsAt } = await urls.get();
			expect(endsAt - now).toBeGreaterThan(MARGIN_SECONDS);
			now += 7;
		}
		expect(made).toBeLessThan(20);
	});

	it("is made once for all who ask at the same time", async () => {
		await urls.get();
		now += LIFETIME;
		const answers = await Promise.all([urls.get(), urls.get(), urls.get()]);
		expect(answers.map(({ value }) => value)).toEqual(["url 2", "url 2", "url 2"]);
	});

	it("is made anew with what it is made from", async () => {
		const requests = perishable(
			async () => {
				const { value, endsAt } = await urls.get();
				return { value: `request for ${value}`, endsAt };
			},
			() => now,
		);
		expect((await requests.get()).value).toBe("request for url 1");
		now += LIFETIME;
		expect((await requests.get()).value).toBe("request for url 2");
	});

	it("can be asked for again after it could not be made", async () => {
		let isDown = true;
		const offers = perishable(
			async () => {
				if (isDown) throw new Error("no offers");
				return { value: "offer", endsAt: now + LIFETIME };
			},
			() => now,
		);
		await expect(offers.get()).rejects.toThrow("no offers");
		isDown = false;
		expect((await offers.get()).value).toBe("offer");
	});
});
