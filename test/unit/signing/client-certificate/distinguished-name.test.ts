// One text for each name, however it is written.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readWhole } from "../../../../src/signing/client-certificate/der.ts";
import { formatName, normalName, valuesOf } from "../../../../src/signing/client-certificate/distinguished-name.ts";
import { nameOf, oid, tlv } from "../../../support/certificates.ts";

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
		["CN=\\ ", "CN=\\ "],
		["CN= \\   ", "CN=\\ "],
		["CN=a\\\\", "CN=a\\\\"],
		["CN=a\\\\ , O=b", "CN=a\\\\,O=b"],
		["CN=a\\\\\\  ", "CN=a\\\\\\ "],
		["CN=\u00a0a\u3000", "CN=\u00a0a\u3000"],
		["CN=a\n", "CN=a"],
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
	const odd = fc.string({
		unit: fc.constantFrom("\\", " ", "\u00a0", "\u3000", "#", ",", "=", "a", "0"),
		maxLength: 8,
	});
	const value = fc.oneof(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), odd);
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

const valued = (tag: number, ...content: number[]) =>
	tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3"), tlv(tag, Uint8Array.from(content)))));

test.each<[form: string, tag: number, content: number[], value: string]>([
	["UTF8String", 0x0c, [0xc3, 0xa9], "é"],
	["NumericString", 0x12, [0x34, 0x20, 0x32], "4 2"],
	["PrintableString", 0x13, [0x66, 0x77], "fw"],
	["TeletexString, as Latin-1", 0x14, [0x43, 0x61, 0x66, 0xe9], "Café"],
	["IA5String", 0x16, [0x66, 0x40], "f@"],
	["VisibleString", 0x1a, [0x66, 0x77], "fw"],
	["UniversalString", 0x1c, [0, 0, 0, 0x66, 0, 1, 0xf6, 0x92], "f🚒"],
	["BMPString", 0x1e, [0, 0x66, 0x20, 0xac], "f€"],
])("a value that is a %s is read, in a certificate and as hexadecimal", (_form, tag, content, value) => {
	expect(formatName(readWhole(valued(tag, ...content)) ?? undefined)).toBe(`CN=${value}`);
	const hex = Array.from(tlv(tag, Uint8Array.from(content)), (byte) => byte.toString(16).padStart(2, "0")).join("");
	expect(normalName(`CN=#${hex}`)).toBe(`CN=${value}`);
});

test.each<[what: string, tag: number, content: number[]]>([
	["beyond ASCII in a NumericString", 0x12, [0xb2]],
	["beyond ASCII in a VisibleString", 0x1a, [0xe9]],
	["an end of text in a TeletexString", 0x14, [0x66, 0]],
	["a control character of Latin-1", 0x14, [0x85]],
	["half a character in a BMPString", 0x1e, [0, 0x66, 0]],
	["one of a pair in a BMPString", 0x1e, [0xd8, 0x3d]],
	["half a character in a UniversalString", 0x1c, [0, 0, 0, 0x66, 0, 0]],
	["one of a pair in a UniversalString", 0x1c, [0, 0, 0xd8, 0x3d]],
	["a number beyond Unicode", 0x1c, [0, 0x11, 0, 0]],
	["a number beyond all", 0x1c, [0xff, 0xff, 0xff, 0xff]],
])("%s is no text", (_what, tag, content) => {
	expect(formatName(readWhole(valued(tag, ...content)) ?? undefined)).toBeNull();
});
