// The serial number in a maker's certificate, and whom a claim lets in.
import { describe, expect, test } from "vitest";
import { maxOpenClaims, refuseClaim, serialOf } from "../../../../src/entitlement/devices/claim.ts";

describe("the serial number of a certificate", () => {
	test.each([
		["FDO2119A1B2", "FDO2119A1B2"],
		[" FDO2119A1B2 ", "FDO2119A1B2"],
		["PID:FW-440 SN:FDO2119A1B2", "FDO2119A1B2"],
		["SN: FDO2119A1B2", "FDO2119A1B2"],
		["pid=x,sn=FDO2119A1B2", "FDO2119A1B2"],
		["0012-34.56_7", "0012-34.56_7"],
	])("%j is %s", (value, serial) => {
		expect(serialOf([value])).toBe(serial);
	});

	test.each([
		["nothing", []],
		["two", ["SN-1", "SN-2"]],
		["an empty one", [""]],
		["words", ["SN-1 or so"]],
		["other letters", ["SN-é"]],
		["a path", ["../SN-1"]],
		["more than a serial number may have", ["x".repeat(65)]],
		["a mark and nothing behind it", ["SN:"]],
	])("%s is none", (_, values) => {
		expect(serialOf(values)).toBeNull();
	});
});

test.each([
	["free seats, and ten more", { seats: 50, leaseSeconds: 0, overage: "refuse" }, 20, 40],
	["ten where no seat is free", { seats: 50, leaseSeconds: 0, overage: "refuse" }, 50, 10],
	["ten where more seats are taken than there are", { seats: 50, leaseSeconds: 0, overage: "refuse" }, 60, 10],
	["seats of an elastic license, and ten more", { seats: 50, leaseSeconds: 86_400, overage: "refuse" }, 50, 60],
	["seats of one with overage, and ten more", { seats: 50, leaseSeconds: 0, overage: "allow" }, 70, 60],
] as const)("as many serial numbers wait for their appliances as there are %s", (_, license, taken, most) => {
	expect(maxOpenClaims(license, taken)).toBe(most);
});

test("a claim lets somebody in until a device of its serial number was revoked", () => {
	expect(refuseClaim(null)).toBe("unclaimed");
	expect(refuseClaim({ isSpent: true })).toBe("claim_spent");
	expect(refuseClaim({ isSpent: false })).toBeNull();
});
