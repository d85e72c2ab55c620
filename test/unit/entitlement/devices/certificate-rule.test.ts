// Which certificates are a device's, and what becomes of those before.
import { describe, expect, test } from "vitest";
import {
	type CertificateRule,
	certificateRules,
	isOwn,
	renewRules,
	ruleFor,
} from "../../../../src/entitlement/devices/certificate-rule.ts";

const NOW = 1_790_000_000;
const print = (letter: string) => letter.repeat(43);
const shown = { x5t: print("a"), issuer: "CN=CA", subject: "CN=fw-1", notAfter: NOW + 100 };
const pinned = (letter: string, notAfter = NOW + 100): CertificateRule => ({ x5t: print(letter), notAfter });
const named: CertificateRule = { issuer: "CN=CA", subject: "CN=fw-1" };

describe("the rule for a certificate", () => {
	test("is the certificate itself, unless a name is wanted", () => {
		expect(ruleFor(shown, undefined)).toEqual({ x5t: print("a"), notAfter: NOW + 100 });
		expect(ruleFor(shown, "CN=fw-1")).toEqual(named);
	});

	test("is none for another name", () => {
		expect(ruleFor(shown, "CN=fw-2")).toBeNull();
	});
});

describe("a certificate is the device's", () => {
	test.each<[string, CertificateRule[], boolean]>([
		["that is pinned", [pinned("a")], true],
		["that was pinned before", [pinned("b"), pinned("a")], true],
		["of its name and issuer", [named], true],
	])("%s", (_, rules, isIt) => {
		expect(isOwn(rules, shown)).toBe(isIt);
	});

	test.each<[string, CertificateRule[]]>([
		["where there is no rule", []],
		["where another is pinned, to the same name", [pinned("b")]],
		["of its name by another issuer", [{ issuer: "CN=Other CA", subject: "CN=fw-1" }]],
		["of another name by its issuer", [{ issuer: "CN=CA", subject: "CN=fw-10" }]],
	])("but not %s", (_, rules) => {
		expect(isOwn(rules, shown)).toBe(false);
	});
});

describe("a device that is bound to another certificate", () => {
	test("keeps the one before until that ends", () => {
		expect(renewRules([pinned("a", NOW + 1)], pinned("b"), NOW)).toEqual([pinned("b"), pinned("a", NOW + 1)]);
		expect(renewRules([pinned("a", NOW)], pinned("b"), NOW)).toEqual([pinned("b")]);
	});

	test("keeps no more than one", () => {
		expect(renewRules([pinned("b"), pinned("a")], pinned("c"), NOW)).toEqual([pinned("c"), pinned("b")]);
	});

	test("keeps nothing beside a name, nor a name beside a certificate", () => {
		expect(renewRules([pinned("a")], named, NOW)).toEqual([named]);
		expect(renewRules([named], pinned("a"), NOW)).toEqual([pinned("a")]);
	});

	test("changes nothing when it asks again", () => {
		const before = [pinned("b"), pinned("a")];
		expect(renewRules(before, pinned("b"), NOW)).toBe(before);
	});

	test("has rules that its record takes", () => {
		expect(certificateRules.parse(renewRules([pinned("a")], pinned("b"), NOW))).toHaveLength(2);
	});
});
