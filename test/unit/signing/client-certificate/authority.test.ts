// Whether an authority has signed a certificate: as Node says, for each kind of key, and nobody else's signature counts.
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hasSigned, readAuthority } from "../../../../src/signing/client-certificate/authority.ts";
import { readCertificate } from "../../../../src/signing/client-certificate/certificate.ts";
import { type Issued, makeAuthority, tlv } from "../../../support/certificates.ts";

const NAME = [
	["O", "Example Firewalls"],
	["CN", "Device CA"],
] as const;

async function read({ pem }: Pick<Issued, "pem">) {
	const reading = await readAuthority(pem);
	if (!reading.ok) throw new Error(reading.reason);
	return reading.authority;
}

function parts({ der }: Pick<Issued, "der">) {
	const certificate = readCertificate(der);
	if (certificate === null) throw new Error("no certificate");
	return certificate;
}

describe.each(["P-256", "P-384", "RSA", "Ed25519"] as const)("an authority with a %s key", (kind) => {
	test.each(["P-256", "RSA", "Ed25519"] as const)(
		"has signed its certificate of a %s key, as Node says",
		async (key) => {
			const maker = await makeAuthority(NAME, kind);
			const issued = await maker.issue({ subject: [["serialNumber", "SN-1"]], key });
			expect(new X509Certificate(issued.pem).verify(new X509Certificate(maker.pem).publicKey)).toBe(true);
			expect(await hasSigned(await read(maker), parts(issued))).toBe(true);
		},
	);

	test("has not signed what another one of its name has, nor what was changed", async () => {
		const maker = await makeAuthority(NAME, kind);
		const other = await (await makeAuthority(NAME, kind)).issue({ subject: [["serialNumber", "SN-1"]] });
		expect(await hasSigned(await read(maker), parts(other))).toBe(false);
		const own = parts(await maker.issue({ subject: [["serialNumber", "SN-1"]] }));
		const signed = Uint8Array.from(own.signed);
		signed[signed.length - 1] = (signed.at(-1) ?? 0) ^ 1;
		expect(await hasSigned(await read(maker), { ...own, signed })).toBe(false);
		for (const signature of [new Uint8Array(), own.signature.slice(1), Uint8Array.from([...own.signature, 0])]) {
			expect(await hasSigned(await read(maker), { ...own, signature })).toBe(false);
		}
		expect(await hasSigned({ ...(await read(maker)), subject: "CN=Other" }, own)).toBe(false);
	});
});

test("a signature of one kind is none by a key of another", async () => {
	const [one, two] = [await makeAuthority(NAME, "RSA"), await makeAuthority(NAME, "P-256")];
	const issued = parts(await two.issue({ subject: [["serialNumber", "SN-1"]] }));
	expect(await hasSigned(await read(one), issued)).toBe(false);
});

test("text around the certificate is none of it, two are none", async () => {
	const { pem } = await makeAuthority(NAME);
	expect(await readAuthority(`\n${pem}\n`)).toMatchObject({ ok: true });
	expect(await readAuthority(`Certificate:\n    Data:\n        Version: 3 (0x2)\n${pem}`)).toMatchObject({ ok: true });
	const afterKey = `-----BEGIN X-----\nAAAA\n-----END X-----\n${pem}`;
	for (const text of [afterKey, `x${pem}`, pem + pem, pem.replace("CERTIFICATE", "X509"), ""]) {
		expect(await readAuthority(text)).toEqual({ ok: false, reason: "unreadable" });
	}
});

test.each<[what: string, constraints: Uint8Array<ArrayBuffer> | undefined]>([
	["says nothing of it", undefined],
	["says that it is none, by leaving it out", tlv(0x30)],
	["says that it is none", tlv(0x30, tlv(0x01, Uint8Array.of(0)))],
	["says only how long a path may be", tlv(0x30, tlv(0x02, Uint8Array.of(0)))],
	["says it otherwise than DER does", tlv(0x30, tlv(0x01, Uint8Array.of(1)))],
	["says it with something after it", Uint8Array.of(0x30, 3, 1, 1, 0xff, 0)],
])("a certificate that %s is no authority's", async (_what, constraints) => {
	const maker = await makeAuthority(NAME);
	const own = { subject: NAME, ...(constraints !== undefined && { constraints }) };
	expect(await readAuthority((await maker.issue(own)).pem)).toEqual({ ok: false, reason: "leaf" });
});

test("an authority below another is one, with a limit of its path", async () => {
	const constraints = tlv(0x30, tlv(0x01, Uint8Array.of(0xff)), tlv(0x02, Uint8Array.of(0)));
	const issued = await (await makeAuthority(NAME)).issue({ subject: [["CN", "Below"]], constraints, padding: 10 });
	expect(await readAuthority(issued.pem)).toMatchObject({ ok: true, authority: { subject: "CN=Below" } });
});
