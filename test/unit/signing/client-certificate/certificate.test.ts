// Certificates are read as Node's own reader reads them, and what is none is refused.
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	fingerprintOf,
	MAX_CERTIFICATE_BYTES,
	readCertificate,
	readClientCertHeader,
} from "../../../../src/signing/client-certificate/certificate.ts";
import { type Issued, makeAuthority, type Order } from "../../../support/certificates.ts";

const authority = await makeAuthority([
	["C", "DE"],
	["O", "Example, Inc."],
	["CN", "Example Devices CA 1"],
]);

async function issued(order: Partial<Order> = {}): Promise<Issued> {
	return authority.issue({
		subject: [
			["O", "Example"],
			["CN", "fw-1"],
			["serialNumber", "SN-0001"],
		],
		...order,
	});
}

describe("a certificate", () => {
	test.each(["P-256", "P-384", "Ed25519", "RSA"] as const)("of a %s key is read as Node reads it", async (key) => {
		const certificate = await issued({ key });
		const nodes = new X509Certificate(certificate.der);
		const read = readCertificate(certificate.der);
		expect(read).toMatchObject({
			subject: "serialNumber=SN-0001,CN=fw-1,O=Example",
			issuer: "CN=Example Devices CA 1,O=Example\\, Inc.,C=DE",
			notBefore: Date.parse(nodes.validFrom) / 1000,
			notAfter: Date.parse(nodes.validTo) / 1000,
		});
		expect(await fingerprintOf(certificate.der)).toBe(
			Buffer.from(nodes.fingerprint256.replaceAll(":", ""), "hex").toString("base64url"),
		);
		expect(read?.publicKey).toEqual(new Uint8Array(nodes.publicKey.export({ type: "spki", format: "der" })));
	});

	test("that holds until the year 9999 is read", async () => {
		const notAfter = 253_402_300_799;
		expect(readCertificate((await issued({ notAfter })).der)).toMatchObject({ notAfter });
	});

	test("is none once a byte is missing or one is too many", async () => {
		const { der } = await issued();
		expect(readCertificate(der.slice(0, -1))).toBeNull();
		expect(readCertificate(Uint8Array.from([...der, 0]))).toBeNull();
		expect(readCertificate(new Uint8Array())).toBeNull();
	});

	test("is none where it is larger than any of a device", async () => {
		expect(readCertificate((await issued({ padding: MAX_CERTIFICATE_BYTES })).der)).toBeNull();
		expect(readCertificate((await issued({ padding: MAX_CERTIFICATE_BYTES - 2_000 })).der)).not.toBeNull();
	});

	test("without an issuer is none, without a subject it is one of no name", async () => {
		const nameless = await makeAuthority([]);
		expect(readCertificate((await nameless.issue({ subject: [["CN", "x"]] })).der)).toBeNull();
		expect(readCertificate((await issued({ subject: [] })).der)).toMatchObject({ subject: "" });
	});

	test("that was changed anywhere never throws, whatever is read of it", async () => {
		const { der } = await issued();
		fc.assert(
			fc.property(fc.nat({ max: der.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
				const changed = Uint8Array.from(der);
				changed[at] = byte;
				readCertificate(changed);
			}),
		);
	});
});

describe("the header of RFC 9440", () => {
	test("is DER in base64 between colons", async () => {
		const { der, header } = await issued();
		expect(readClientCertHeader(header)).toEqual(der);
	});

	test.each([
		["nothing", ""],
		["no colons", "AAAA"],
		["one colon", ":AAAA"],
		["base64url", ":-_-_:"],
		["spaces", ": AAAA :"],
		["two of them", ":AAAA:, :AAAA:"],
		["padding in the middle", ":AA=A:"],
		["a length that base64 has not", ":AAAAA:"],
		["PEM", "-----BEGIN CERTIFICATE-----"],
		["more than a certificate may have", `:${"A".repeat(20_000)}:`],
	])("is none with %s", (_, header) => {
		expect(readClientCertHeader(header)).toBeNull();
	});
});
