// What Parapet reads of an X.509 certificate (RFC 5280 §4.1): whose it is, by whom, when it holds, and its fingerprint. Not checked here:
// its chain, whether it was revoked and that its holder has its key, which are for whoever ends the TLS connection.
import { encodeBase64url } from "../formats/base64url.ts";
import { type DerElement, readInside, readTime, readWhole, TAG } from "./der.ts";
import { formatName } from "./distinguished-name.ts";

/** As Cloudflare passes them on; a certificate that is longer is none of a device. */
export const MAX_CERTIFICATE_BYTES = 10_240;

export interface ClientCertificate {
	/** base64url of the SHA-256 of its DER form, as `cnf.x5t#S256` has it (RFC 8705 §3.1) */
	readonly x5t: string;
	/** distinguished names in the form of distinguished-name.ts */
	readonly subject: string;
	readonly issuer: string;
	/** unix seconds, both inclusive */
	readonly notBefore: number;
	readonly notAfter: number;
}

/** What is read of its DER form before it is hashed. */
export interface CertificateParts extends Omit<ClientCertificate, "x5t"> {
	/** what its issuer has signed */
	readonly signed: Uint8Array<ArrayBuffer>;
	/** AlgorithmIdentifier of the signature */
	readonly algorithm: DerElement;
	readonly signature: Uint8Array<ArrayBuffer>;
	/** SubjectPublicKeyInfo */
	readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** @param der one certificate @returns null where it is none */
export function readCertificate(der: Uint8Array<ArrayBuffer>): CertificateParts | null {
	if (der.length > MAX_CERTIFICATE_BYTES) return null;
	const [body, algorithm, bits, ...more] = readInside(readWhole(der) ?? undefined, TAG.sequence) ?? [];
	if (body === undefined || algorithm === undefined || bits?.tag !== TAG.bitString || more.length > 0) return null;
	const fields = readInside(body, TAG.sequence) ?? [];
	// RFC 5280 §4.1.2.1: the version comes first, but for version 1, which has no extensions.
	const [, , issuerName, validity, subjectName, publicKey] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
	const [from, until] = readInside(validity, TAG.sequence) ?? [];
	const issuer = formatName(issuerName);
	const subject = formatName(subjectName);
	const notBefore = readTime(from);
	const notAfter = readTime(until);
	// RFC 5280 §4.1.2.4: an issuer has a name.
	if (issuer === null || issuer === "" || subject === null || notBefore === null || notAfter === null) return null;
	if (publicKey?.tag !== TAG.sequence || bits.content[0] !== 0) return null;
	const signature = bits.content.subarray(1);
	return { issuer, subject, notBefore, notAfter, signed: body.whole, algorithm, signature, publicKey: publicKey.whole };
}

/** @returns as `ClientCertificate.x5t` */
export async function fingerprintOf(der: Uint8Array<ArrayBuffer>): Promise<string> {
	return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", der)));
}

/** @param header of RFC 9440 §2.1, `:` base64 `:` @returns the DER form; null where the header is not of that form */
export function readClientCertHeader(header: string): Uint8Array<ArrayBuffer> | null {
	if (header.length > MAX_CERTIFICATE_BYTES * 1.4 || !/^:[A-Za-z0-9+/]+={0,2}:$/.test(header)) return null;
	try {
		return Uint8Array.from(atob(header.slice(1, -1)), (character) => character.charCodeAt(0));
	} catch {
		return null;
	}
}
