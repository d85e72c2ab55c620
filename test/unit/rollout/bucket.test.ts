// Who comes early: evenly spread, drawn anew for each release, the same for whoever computes it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf } from "../../../src/rollout/bucket.ts";

const UNITS = Array.from({ length: 4_000 }, (_, index) => `dev-${index}`);
const bucketsOf = (salt: string) => Promise.all(UNITS.map((unit) => bucketOf(salt, unit)));

describe("a bucket", () => {
	it("is the first 32 bits of SHA-256 over the salt, a zero byte and the unit", async () => {
		// printf 'salt\0unit' | sha256sum | cut -c1-8
		expect(await bucketOf("salt", "unit")).toBe(0xed2eb29f / 2 ** 32);
	});

	it("lies from 0 up to 1", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string(), fc.string(), async (salt, unit) => {
				const bucket = await bucketOf(salt, unit);
				expect(bucket).toBeGreaterThanOrEqual(0);
				expect(bucket).toBeLessThan(1);
			}),
		);
	});

	it("spreads units evenly", async () => {
		const below = (await bucketsOf("one")).filter((bucket) => bucket < 0.1).length / UNITS.length;
		expect(below).toBeGreaterThan(0.08);
		expect(below).toBeLessThan(0.12);
	});

	it("makes nobody the first each time", async () => {
		const [one, other] = await Promise.all([bucketsOf("one"), bucketsOf("other")]);
		const both = UNITS.filter((_, index) => (one[index] ?? 1) < 0.1 && (other[index] ?? 1) < 0.1).length;
		expect(both / UNITS.length).toBeLessThan(0.02);
	});
});
