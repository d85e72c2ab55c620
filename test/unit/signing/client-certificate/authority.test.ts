// Whether an authority has signed a certificate: as Node says, for each kind of key, and nobody else's signature counts.
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hasSigned, readAuthority } from "../../../../src/signing/client-certificate/authority.ts";
import { readCertificate } from "../../../../src/signing/client-certificate/certificate.ts";
import { type Issued, makeAuthority } from "../../../support/certificates.ts";

const NAME = [
	["O", "Example Firewalls"],
	["CN", "Device CA"],
] as const;

async function read({ pem }: Pick<Issued, "pem">) {
	const authority = await readAuthority(pem);
	if (authority === null) throw new Error("no authority");
	return authority;
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
	expect(await readAuthority(`\n${pem}\n`)).not.toBeNull();
	for (const text of [`x${pem}`, pem + pem, pem.replace("CERTIFICATE", "X509"), ""]) {
		expect(await readAuthority(text)).toBeNull();
	}
});
