import { describe, expect, it } from "vitest";
import { grantsOf, holdsSeat, licenseHasEnded, licenseTerms } from "../../../src/entitlement/license.ts";

const TERMS = {
	products: ["crs", "threats"],
	seats: 10,
	startsAt: 1_000,
	endsAt: 2_000,
	graceSeconds: 300,
	delaySeconds: 60,
};

describe("license terms", () => {
	it("are accepted when complete", () => {
		expect(licenseTerms.parse(TERMS)).toEqual(TERMS);
	});

	it.each([
		["no product", { products: [] }],
		["a product name that is none", { products: ["../crs"] }],
		["no seat", { seats: 0 }],
		["half a seat", { seats: 1.5 }],
		["an end at the start", { endsAt: 1_000 }],
		["an end before the start", { endsAt: 999 }],
		["negative grace", { graceSeconds: -1 }],
		["a field that nobody knows", { elastic: true }],
	])("are refused with %s", (_, change) => {
		expect(licenseTerms.safeParse({ ...TERMS, ...change }).success).toBe(false);
	});
});

describe("a license", () => {
	it("grants each of its products from its start to its end", () => {
		const grant = { from: 1_000, until: 2_000, grace: 300, delay: 60 };
		expect(grantsOf(TERMS)).toEqual({ crs: grant, threats: grant });
	});

	it.each([
		[1_999, false],
		[2_000, true],
		[2_001, true],
	])("at %i takes no further device: %s", (now, ended) => {
		expect(licenseHasEnded(TERMS, now)).toBe(ended);
	});

	it("counts seats of active and suspended devices", () => {
		expect((["active", "suspended", "revoked", "deactivated"] as const).filter(holdsSeat)).toEqual([
			"active",
			"suspended",
		]);
	});
});
