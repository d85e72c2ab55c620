// One text for each name, however it is written.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readWhole } from "../../../../src/signing/client-certificate/der.ts";
import { formatName, normalName, valuesOf } from "../../../../src/signing/client-certificate/distinguished-name.ts";
import { nameOf, oid, tlv } from "../../../support/certificates.ts";

const text = (value: string) => new TextEncoder().encode(value);

describe("a name as text", () => {
	test.each([
		["CN=fw-1,O=Example", "CN=fw-1,O=Example"],
		["cn = fw-1 , o = Example", "CN=fw-1,O=Example"],
		["2.5.4.3=fw-1,OID.2.5.4.10=Example", "CN=fw-1,O=Example"],
		["SERIALNUMBER=SN-1,CN=fw-1", "serialNumber=SN-1,CN=fw-1"],
		["2.5.4.5=#1304534e2d31", "serialNumber=SN-1"],
		["2.5.4.5=#0c04534E2D31", "serialNumber=SN-1"],
		["CN=a\\,b\\+c", "CN=a\\,b\\+c"],
		["CN=a\\2Cb", "CN=a\\,b"],
		["CN=Caf\\C3\\A9", "CN=Café"],
		["CN=\\ x\\ ", "CN=\\ x\\ "],
		["CN=\\#1", "CN=\\#1"],
		["OU=b+CN=a", "CN=a+OU=b"],
		["E=a@b.example", "emailAddress=a@b.example"],
		["1.2.3.4=x", "1.2.3.4=x"],
		["O=a=b", "O=a\\=b"],
	])("%s is %s", (written, normal) => {
		expect(normalName(written)).toBe(normal);
		expect(normalName(normal)).toBe(normal);
	});

	test.each([
		"",
		"fw-1",
		"CN",
		"=x",
		"CN=x,",
		"CN=x;O=y",
		'CN="x',
		"CN=x\u0000",
		"CN=x\\",
		"CN=#13",
		"CN=#1304534e",
		"CN=#zz",
		"CN=\\ff",
		"CN=a\nO=b",
		`CN=${"x".repeat(600)}`,
	])("%j is none", (written) => {
		expect(normalName(written)).toBeNull();
	});

	test("keeps letters apart that differ in case: a certificate's name counts as it stands", () => {
		expect(normalName("CN=FW-1")).not.toBe(normalName("CN=fw-1"));
	});
});

test("a name of a certificate, whatever its values, is its own normal form", () => {
	const type = fc.constantFrom("CN", "O", "serialNumber", "1.2.3.4");
	const value = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
	fc.assert(
		fc.property(fc.array(fc.tuple(type, value), { minLength: 1, maxLength: 4 }), (parts) => {
			const formatted = formatName(readWhole(nameOf(parts)) ?? undefined);
			if (formatted === null) return;
			expect(normalName(formatted)).toBe(formatted);
			const expected = parts.filter(([one]) => one === "CN").map(([, one]) => one);
			expect(valuesOf(formatted, "CN").toSorted()).toEqual(expected.toSorted());
		}),
	);
});

test.each([
	["a value that is no text", tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3"), tlv(0x02, Uint8Array.of(1)))))],
	["a value with an end of text in it", nameOf([["CN", "fw-1\u0000.evil"]])],
	["a value that is no UTF-8", tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3"), tlv(0x0c, Uint8Array.of(0xff)))))],
	["an empty part", tlv(0x30, tlv(0x31))],
	["something after it", Uint8Array.from([...nameOf([["CN", "x"]]), 0])],
	["no value", tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3"))))],
	["more than any name has", nameOf([["CN", "x".repeat(600)]])],
])("a name with %s is none", (_, der) => {
	expect(formatName(readWhole(der) ?? undefined)).toBeNull();
});

test("two bytes a character (BMPString) are read", () => {
	const name = tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3"), tlv(0x1e, Uint8Array.of(0, 0x66, 0, 0x77)))));
	expect(formatName(readWhole(name) ?? undefined)).toBe("CN=fw");
	expect(text("fw")).toHaveLength(2);
});
