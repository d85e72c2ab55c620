// May this device have this product now: at each boundary of the license, for each status, and until when the answer holds.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideEntitlement } from "../../../src/entitlement/decide.ts";
import type { DeviceStatus } from "../../../src/entitlement/devices/device-record.ts";
import { anyGrant, DEVICE, GRANT, NOW } from "../content/content-fixtures.ts";

// From 100, until 200, 50 seconds of grace, 20 of emergency releases.
const DEVICE_AT_100 = {
	status: "active" as DeviceStatus,
	hold: null,
	grants: { crs: { from: 100, until: 200, grace: 50, critical: 20, delay: 0, emergencyDelay: 0 } },
};

describe("a device whose license runs from 100 until 200 with 50 seconds of grace and 20 of emergency releases", () => {
	it.each([
		[99, "refused", "not_yet_valid", 100],
		[100, "active", "active", 200],
		[199, "active", "active", 200],
		[200, "grace", "grace", 250],
		[249, "grace", "grace", 250],
		[250, "critical", "critical_only", 270],
		[269, "critical", "critical_only", 270],
		[270, "refused", "expired", Infinity],
		[271, "refused", "expired", Infinity],
	])("is at %i: %s, %s, until %d", (now, decision, code, holdsUntil) => {
		expect(decideEntitlement(DEVICE_AT_100, "crs", now)).toEqual({
			decision,
			code,
			grant: DEVICE_AT_100.grants.crs,
			holdsUntil,
		});
	});
});

describe("a product for every registered device", () => {
	const GRANTED = { code: "registered", decision: "active", grant: DEVICE_AT_100.grants.crs };
	it.each([
		[99, "registered", 100],
		[100, "active", 200],
		[200, "grace", 250],
		[250, "registered", Infinity],
		[270, "registered", Infinity],
	])("is at %i: %s, until %d", (now, code, holdsUntil) => {
		const decided = decideEntitlement(DEVICE_AT_100, "crs", now, "registered");
		expect(decided).toMatchObject({ code, holdsUntil });
		if (code === "registered") expect(decided).toMatchObject(GRANTED);
	});

	it.each(["license_suspended", "license_revoked"] as const)("is there while the license is held: %s", (hold) => {
		expect(decideEntitlement({ ...DEVICE, hold }, "crs", NOW, "registered")).toMatchObject({ code: "registered" });
	});

	it("is there for a device whose license names it not, or that has none", () => {
		for (const grants of [DEVICE.grants, {}]) {
			const decided = decideEntitlement({ ...DEVICE, grants }, "certificates", NOW, "registered");
			expect(decided).toEqual({ decision: "active", code: "registered", grant: null, holdsUntil: Infinity });
		}
	});

	it.each(["suspended", "revoked", "deactivated"] as const)("is not for a device that is %s", (status) => {
		const decided = decideEntitlement({ ...DEVICE, status }, "crs", NOW, "registered");
		expect(decided).toMatchObject({ decision: "refused", code: status });
	});

	it("is not for one that lost its seat: it gets no token", () => {
		const decided = decideEntitlement({ ...DEVICE, seatLost: true }, "crs", NOW, "registered");
		expect(decided).toMatchObject({ decision: "refused", code: "seat_lost" });
	});
});

it("has no grace where the license gives none", () => {
	const device = {
		status: "active" as const,
		hold: null,
		grants: { crs: { from: 0, until: 200, grace: 0, critical: 0, delay: 0, emergencyDelay: 0 } },
	};
	expect(decideEntitlement(device, "crs", 200)).toMatchObject({ decision: "refused", code: "expired" });
});

it.each(["suspended", "revoked", "deactivated"] as const)("refuses a %s device whatever its license says", (status) => {
	for (const product of ["crs", "threats"]) {
		expect(decideEntitlement({ ...DEVICE, status }, product, NOW)).toMatchObject({
			decision: "refused",
			code: status,
			holdsUntil: Infinity,
		});
	}
});

it.each(["threats", "", "toString", "constructor", "__proto__", "hasOwnProperty"])(
	"refuses %j, which the license does not name",
	(product) => {
		expect(decideEntitlement(DEVICE, product, NOW)).toEqual({
			decision: "refused",
			code: "not_included",
			grant: null,
			holdsUntil: Infinity,
		});
	},
);

it("holds to the second until which it says it does, and not longer", () => {
	fc.assert(
		fc.property(anyGrant, fc.integer({ min: NOW - 4000, max: NOW + 8000 }), (grant, now) => {
			const device = { status: "active" as const, hold: null, grants: { crs: grant } };
			const decided = decideEntitlement(device, "crs", now);
			if (decided.holdsUntil === Infinity) {
				expect(decideEntitlement(device, "crs", now + 100_000)).toEqual(decided);
				return;
			}
			expect(decided.holdsUntil).toBeGreaterThan(now);
			expect(decideEntitlement(device, "crs", decided.holdsUntil - 1)).toEqual(decided);
			expect(decideEntitlement(device, "crs", decided.holdsUntil).code).not.toBe(decided.code);
		}),
	);
});

it("never takes a product from a device because a license was extended or its grace grew", () => {
	fc.assert(
		fc.property(
			anyGrant,
			fc.nat(5000),
			fc.nat(5000),
			fc.integer({ min: -3000, max: 9000 }),
			(grant, more, grace, at) => {
				const now = NOW + at;
				const grown = { ...grant, until: grant.until + more, grace: grant.grace + grace };
				const before = decideEntitlement({ status: "active", hold: null, grants: { crs: grant } }, "crs", now);
				const after = decideEntitlement({ status: "active", hold: null, grants: { crs: grown } }, "crs", now);
				if (before.decision !== "refused") expect(after.decision).not.toBe("refused");
			},
		),
	);
	expect(GRANT.grace).toBeGreaterThan(0);
});

it.each(["license_suspended", "license_revoked"] as const)("refuses everything while %s holds it back", (hold) => {
	for (const product of ["crs", "threats"]) {
		expect(decideEntitlement({ ...DEVICE, hold }, product, NOW)).toMatchObject({ decision: "refused", code: hold });
	}
});

it("says of a device that was refused itself why, whatever holds back its license", () => {
	const device = { ...DEVICE, status: "suspended", hold: "license_revoked" } as const;
	expect(decideEntitlement(device, "crs", NOW).code).toBe("suspended");
});

it("says of a device without a seat that it is lost, before it says what holds back its license, and after its own status", () => {
	const lost = { ...DEVICE, seatLost: true };
	const product = Object.keys(DEVICE.grants)[0] ?? "";
	expect(decideEntitlement(lost, product, NOW)).toMatchObject({ decision: "refused", code: "seat_lost" });
	expect(decideEntitlement({ ...lost, hold: "license_suspended" }, product, NOW).code).toBe("seat_lost");
	expect(decideEntitlement({ ...lost, status: "revoked" }, product, NOW).code).toBe("revoked");
});
