// Which terms a license may have, which products it grants from when until when, and which devices hold its seats.
import { describe, expect, it } from "vitest";
import {
	changesDevices,
	decideLicenseStatus,
	grantsOf,
	holdOf,
	holdsSeat,
	type License,
	lastEndOf,
	licenseHasEnded,
	licenseTerms,
} from "../../../../src/entitlement/licenses/license.ts";

const TERMS = {
	products: [{ product: "crs" }, { product: "threats" }],
	seats: 10,
	startsAt: 1_000,
	endsAt: 2_000,
	graceSeconds: 300,
	criticalSeconds: 30,
	delaySeconds: 60,
	emergencyDelaySeconds: 0,
	overage: "refuse" as const,
	kind: "fixed" as const,
	leaseSeconds: 0,
};

describe("license terms", () => {
	it("are accepted when complete", () => {
		expect(licenseTerms.parse(TERMS)).toEqual(TERMS);
	});

	it.each([60, 900, 86_400])("are elastic with a lease of %i s", (leaseSeconds) => {
		expect(licenseTerms.safeParse({ ...TERMS, kind: "elastic", leaseSeconds }).success).toBe(true);
	});

	it.each([
		["a lease that is too short", { kind: "elastic", leaseSeconds: 59 }],
		["a lease that is too long", { kind: "elastic", leaseSeconds: 86_401 }],
		["an elastic kind without a lease", { kind: "elastic", leaseSeconds: 0 }],
		["a fixed kind with a lease", { kind: "fixed", leaseSeconds: 900 }],
		["a kind that nobody knows", { kind: "floating" }],
		["no product", { products: [] }],
		["a product name that is none", { products: [{ product: "../crs" }] }],
		["a product twice", { products: [{ product: "crs" }, { product: "crs", endsAt: 1_500 }] }],
		["a product that ends at its start", { products: [{ product: "crs", endsAt: 1_000 }] }],
		["a product that starts at its end", { products: [{ product: "crs", startsAt: 2_000 }] }],
		["an overage policy that nobody knows", { overage: "sell" }],
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
		const grant = { from: 1_000, until: 2_000, grace: 300, critical: 30, delay: 60, emergencyDelay: 0 };
		expect(grantsOf(TERMS)).toEqual({ crs: grant, threats: grant });
	});

	it("grants a product for as long as that one has, where it has a validity of its own", () => {
		const products = [
			{ product: "crs", startsAt: 1_100 },
			{ product: "threats", endsAt: 1_500 },
		];
		expect(grantsOf({ ...TERMS, products })).toMatchObject({
			crs: { from: 1_100, until: 2_000 },
			threats: { from: 1_000, until: 1_500 },
		});
	});

	it.each([
		["active", null],
		["suspended", "license_suspended"],
		["revoked", "license_revoked"],
	] as const)("that is %s holds its devices back with %j", (status, hold) => {
		expect(holdOf({ status })).toBe(hold);
	});

	it.each([
		[60, true],
		[61, false],
	])("has emergencies wait no longer than other releases: %d of 60 seconds, %s", (emergencyDelaySeconds, isGood) => {
		expect(licenseTerms.safeParse({ ...TERMS, emergencyDelaySeconds }).success).toBe(isGood);
	});

	const LICENSE = { ...TERMS, id: "lic-a", status: "active", createdAt: 0 } as const;
	it.each<[string, Partial<License>, boolean]>([
		["more seats", { seats: 11 }, false],
		["fewer seats", { seats: 1 }, false],
		["another overage policy", { overage: "allow" }, false],
		["the same products in another order", { products: [...TERMS.products].reverse() }, false],
		["a later end", { endsAt: 3_000 }, true],
		["an earlier end", { endsAt: 1_500 }, true],
		["another delay", { delaySeconds: 0 }, true],
		["another delay of emergencies", { emergencyDelaySeconds: 60 }, true],
		["a product less", { products: [{ product: "crs" }] }, true],
		["a product that ends earlier", { products: [{ product: "crs", endsAt: 1_500 }, { product: "threats" }] }, true],
		["a suspension", { status: "suspended" }, true],
		["another lease", { leaseSeconds: 60 }, true],
	])("with %s changes its devices: %3$s", (_, change, changes) => {
		expect(changesDevices(LICENSE, { ...LICENSE, ...change })).toBe(changes);
	});

	it.each([
		["active", "suspended", { ok: true, changed: true }],
		["suspended", "active", { ok: true, changed: true }],
		["suspended", "revoked", { ok: true, changed: true }],
		["active", "active", { ok: true, changed: false }],
		["revoked", "revoked", { ok: true, changed: false }],
		["revoked", "active", { ok: false }],
		["revoked", "suspended", { ok: false }],
	] as const)("that is %s may become %s: %j", (current, wanted, decision) => {
		expect(decideLicenseStatus(current, wanted)).toEqual(decision);
	});

	it.each([
		[1_999, false],
		[2_000, true],
		[2_001, true],
	])("at %i takes no further device: %s", (now, ended) => {
		expect(licenseHasEnded(TERMS, now)).toBe(ended);
	});

	it("ends with the last of its products", () => {
		const [early, late] = [
			{ product: "crs", endsAt: 1_500 },
			{ product: "threats", endsAt: 2_500 },
		];
		expect(lastEndOf(TERMS)).toBe(2_000);
		expect(lastEndOf({ ...TERMS, products: [early] })).toBe(1_500);
		expect(lastEndOf({ ...TERMS, products: [early, { product: "av" }] })).toBe(2_000);
		expect(lastEndOf({ ...TERMS, products: [late, early] })).toBe(2_500);
	});

	it("counts seats of active and suspended devices", () => {
		expect((["active", "suspended", "revoked", "deactivated"] as const).filter(holdsSeat)).toEqual([
			"active",
			"suspended",
		]);
	});
});
