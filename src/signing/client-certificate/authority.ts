// The authority of a manufacturer, and whether it has signed a certificate. Whoever ended the TLS connection has verified that some authority
// has; that it was this one, and not another in its name, only the signature says.

import { decodeBase64url, encodeBase64url } from "../formats/base64url.ts";
import { type CertificateParts, fingerprintOf, readCertificate } from "./certificate.ts";
import { readInside, readObjectId, readWhole, TAG } from "./der.ts";

export interface ManufacturerAuthority {
	/** distinguished name, as its certificates name their issuer */
	readonly subject: string;
	/** SubjectPublicKeyInfo, base64url of DER */
	readonly publicKey: string;
	/** base64url of its certificate's SHA-256 */
	readonly fingerprint: string;
	/** unix seconds */
	readonly notAfter: number;
}

/** RFC 7468 §2: whoever reads it skips what is before it, as `openssl x509 -text` writes. Another one before it is none of that. */
const PEM =
	/^(?:(?!-----BEGIN)[\s\S])*(?<=^|\s)-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;

export type AuthorityReading =
	| { readonly ok: true; readonly authority: ManufacturerAuthority }
	/** unreadable: no certificate, or one with a key by which nothing is verified here; leaf: one that may issue none */
	| { readonly ok: false; readonly reason: "unreadable" | "leaf" };

/** @param pem one certificate */
export async function readAuthority(pem: string): Promise<AuthorityReading> {
	const body = PEM.exec(pem)?.[1]?.replaceAll(/\s/g, "");
	if (body === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.length % 4 !== 0) return UNREADABLE;
	const der = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
	const parts = readCertificate(der);
	if (parts === null || parts.subject === "" || keyKindOf(parts.publicKey) === null) return UNREADABLE;
	if (!mayIssue(parts)) return { ok: false, reason: "leaf" };
	const { subject, notAfter, publicKey } = parts;
	const fingerprint = await fingerprintOf(der);
	return { ok: true, authority: { subject, notAfter, publicKey: encodeBase64url(publicKey), fingerprint } };
}

const UNREADABLE = { ok: false, reason: "unreadable" } as const;
const BASIC_CONSTRAINTS = "2.5.29.19";

/** RFC 5280 §4.2.1.9: whose certificate does not say `cA` signs none. One of version 1 cannot say it. */
function mayIssue({ signed }: CertificateParts): boolean {
	const fields = readInside(readWhole(signed) ?? undefined, TAG.sequence) ?? [];
	const [list] =
		readInside(
			fields.find(({ tag }) => tag === TAG.extensions),
			TAG.extensions,
		) ?? [];
	const extensions = (readInside(list, TAG.sequence) ?? []).map((one) => readInside(one, TAG.sequence) ?? []);
	const value = extensions.find(([id]) => readObjectId(id) === BASIC_CONSTRAINTS)?.at(-1);
	if (value?.tag !== TAG.octetString) return false;
	const [authority] = readInside(readWhole(value.content) ?? undefined, TAG.sequence) ?? [];
	return authority?.tag === TAG.boolean && authority.content.length === 1 && authority.content[0] === 0xff;
}

type KeyKind = "RSA" | "P-256" | "P-384" | "P-521" | "Ed25519";
const HASHES = ["SHA-256", "SHA-384", "SHA-512"] as const;
type Hash = (typeof HASHES)[number];

/** RFC 5758 §3.2 and RFC 4055 §5: the last number of each says the hash. SHA-1 is in none, nor RSA-PSS. */
const ECDSA = /^1\.2\.840\.10045\.4\.3\.([234])$/;
const RSA = /^1\.2\.840\.113549\.1\.1\.(1[123])$/;
const ED25519 = "1.3.101.112";
const CURVES: Readonly<Record<string, "P-256" | "P-384" | "P-521">> = {
	"1.2.840.10045.3.1.7": "P-256",
	"1.3.132.0.34": "P-384",
	"1.3.132.0.35": "P-521",
};
const COORDINATE_BYTES = { "P-256": 32, "P-384": 48, "P-521": 66 } as const;

/** @returns whether the authority's key has signed the certificate, and the certificate names the authority */
export async function hasSigned(
	{ subject, publicKey }: Pick<ManufacturerAuthority, "subject" | "publicKey">,
	certificate: Pick<CertificateParts, "issuer" | "signed" | "algorithm" | "signature">,
): Promise<boolean> {
	const spki = decodeBase64url(publicKey);
	if (certificate.issuer !== subject || spki === null) return false;
	const method = methodOf(keyKindOf(spki), readObjectId(readInside(certificate.algorithm, TAG.sequence)?.[0]));
	const signature = method === null ? null : method.read(certificate.signature);
	if (method === null || signature === null) return false;
	try {
		const key = await crypto.subtle.importKey("spki", spki, method.key, false, ["verify"]);
		return await crypto.subtle.verify(method.verify, key, signature, certificate.signed);
	} catch (error) {
		// A key or a signature that is of no such form after all.
		if (error instanceof DOMException) return false;
		throw error;
	}
}

interface Method {
	readonly key: { readonly name: string; readonly namedCurve?: string; readonly hash?: Hash };
	readonly verify: { readonly name: string; readonly hash?: Hash };
	/** @returns the signature as WebCrypto takes it; null where it is none */
	readonly read: (signature: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | null;
}

function methodOf(kind: KeyKind | null, algorithm: string | null): Method | null {
	if (kind === null || algorithm === null) return null;
	const asItIs = (signature: Uint8Array<ArrayBuffer>) => signature;
	if (kind === "Ed25519") {
		return algorithm === ED25519 ? { key: { name: "Ed25519" }, verify: { name: "Ed25519" }, read: asItIs } : null;
	}
	if (kind === "RSA") {
		const hash = HASHES[Number(RSA.exec(algorithm)?.[1]) - 11];
		if (hash === undefined) return null;
		return { key: { name: "RSASSA-PKCS1-v1_5", hash }, verify: { name: "RSASSA-PKCS1-v1_5" }, read: asItIs };
	}
	const hash = HASHES[Number(ECDSA.exec(algorithm)?.[1]) - 2];
	if (hash === undefined) return null;
	const read = (signature: Uint8Array<ArrayBuffer>) => readPair(signature, COORDINATE_BYTES[kind]);
	return { key: { name: "ECDSA", namedCurve: kind }, verify: { name: "ECDSA", hash }, read };
}

function keyKindOf(spki: Uint8Array<ArrayBuffer>): KeyKind | null {
	const [algorithm] = readInside(readWhole(spki) ?? undefined, TAG.sequence) ?? [];
	const [id, parameters] = readInside(algorithm, TAG.sequence) ?? [];
	const kind = readObjectId(id);
	if (kind === ED25519) return "Ed25519";
	if (kind === "1.2.840.113549.1.1.1") return "RSA";
	return kind === "1.2.840.10045.2.1" ? (CURVES[readObjectId(parameters) ?? ""] ?? null) : null;
}

/** RFC 3279 §2.2.3: r and s as two numbers, to r and s one after the other. */
function readPair(signature: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> | null {
	const numbers = readInside(readWhole(signature) ?? undefined, TAG.sequence);
	if (numbers?.length !== 2) return null;
	const pair = new Uint8Array(2 * bytes);
	for (const [index, { tag, content }] of numbers.entries()) {
		const digits = content[0] === 0 ? content.subarray(1) : content;
		if (tag !== TAG.integer || digits.length > bytes) return null;
		pair.set(digits, (index + 1) * bytes - digits.length);
	}
	return pair;
}
