// Which client certificate the caller has shown (RFC 8705), as whoever ended its TLS connection says: the platform (request.cf.tlsClientAuth),
// or a proxy that is known by a shared secret (RFC 9440, Client-Cert). Whatever else a request says of certificates counts for nothing.
// Where MTLS_ORIGIN is not set, nobody is asked.
import type { MutualTls } from "../../../config.ts";
import type { RequestScope } from "../../../request-scope.ts";
import {
	type CertificateParts,
	type ClientCertificate,
	fingerprintOf,
	readCertificate,
	readClientCertHeader,
} from "../../../signing/client-certificate/certificate.ts";
import { equalInConstantTime } from "../../../signing/constant-time.ts";
import { encodeBase64url } from "../../../signing/formats/base64url.ts";

/** By this a proxy shows that it is one, beside RFC 9440's header. It has to take both away from what its clients send. */
export const PROXY_SECRET_HEADER = "parapet-proxy-secret";
const CLIENT_CERT_HEADER = "client-cert";

export type CertificateRefusal = "absent" | "not_verified" | "revoked" | "malformed" | "too_early" | "ended";

export type PresentedCertificate =
	| { readonly ok: true; readonly certificate: ClientCertificate; readonly parts: CertificateParts }
	| { readonly ok: false; readonly reason: CertificateRefusal };

/** What a platform says of the certificate of a connection: all of it texts. */
interface TlsClientAuth {
	readonly certPresented?: unknown;
	readonly certVerified?: unknown;
	readonly certRevoked?: unknown;
	readonly certFingerprintSHA256?: unknown;
	readonly certRFC9440?: unknown;
}

type Vouched =
	| {
			readonly ok: true;
			/** DER; null where the platform says no more than its fingerprint */
			readonly der: Uint8Array<ArrayBuffer> | null;
			/** base64url; null where nobody has computed it */
			readonly x5t: string | null;
	  }
	| { readonly ok: false; readonly reason: CertificateRefusal };

/** @returns the certificate that the caller has shown, if it was verified, was not revoked and holds now */
export async function presentedCertificate(
	request: Request,
	{ services, now }: RequestScope,
): Promise<PresentedCertificate> {
	const vouched = vouchedFor(request, services.config.mutualTls);
	if (!vouched.ok) return vouched;
	const parts = vouched.der === null ? null : readCertificate(vouched.der);
	if (vouched.der === null || parts === null) return { ok: false, reason: "malformed" };
	const x5t = await fingerprintOf(vouched.der);
	// Two certificates of one connection: something in between is broken.
	if (vouched.x5t !== null && vouched.x5t !== x5t) return { ok: false, reason: "malformed" };
	// Whoever verified it has looked at that as well, by another clock.
	if (now < parts.notBefore) return { ok: false, reason: "too_early" };
	if (now > parts.notAfter) return { ok: false, reason: "ended" };
	const { subject, issuer, notBefore, notAfter } = parts;
	return { ok: true, parts, certificate: { x5t, subject, issuer, notBefore, notAfter } };
}

/** For each request with a token that is bound to a certificate. @returns its fingerprint as `cnf.x5t#S256`, or why there is none */
export async function presentedFingerprint(
	request: Request,
	{ services }: RequestScope,
): Promise<{ readonly ok: true; readonly x5t: string } | { readonly ok: false; readonly reason: CertificateRefusal }> {
	const vouched = vouchedFor(request, services.config.mutualTls);
	if (!vouched.ok) return vouched;
	if (vouched.x5t !== null) return { ok: true, x5t: vouched.x5t };
	return vouched.der === null
		? { ok: false, reason: "malformed" }
		: { ok: true, x5t: await fingerprintOf(vouched.der) };
}

function vouchedFor(request: Request, mutualTls: MutualTls | null): Vouched {
	if (mutualTls === null) return { ok: false, reason: "absent" };
	return byProxy(request, mutualTls.proxySecret) ?? byPlatform(request.cf?.["tlsClientAuth"]);
}

/** @returns null where the request comes from no proxy that is known: then its header is a stranger's */
function byProxy({ headers }: Request, secret: string | null): Vouched | null {
	const shown = headers.get(PROXY_SECRET_HEADER);
	if (secret === null || shown === null || !equalInConstantTime(shown, secret)) return null;
	const header = headers.get(CLIENT_CERT_HEADER);
	if (header === null || header === "") return { ok: false, reason: "absent" };
	const der = readClientCertHeader(header);
	return der === null ? { ok: false, reason: "malformed" } : { ok: true, der, x5t: null };
}

function byPlatform(said: unknown): Vouched {
	if (typeof said !== "object" || said === null) return { ok: false, reason: "absent" };
	const { certPresented, certVerified, certRevoked, certFingerprintSHA256, certRFC9440 }: TlsClientAuth = said;
	if (certPresented !== "1") return { ok: false, reason: "absent" };
	// Texts, all of them: "FAILED:…" is as true as "SUCCESS", and "0" as "1". A revoked certificate is verified too.
	if (certVerified !== "SUCCESS") return { ok: false, reason: "not_verified" };
	if (certRevoked !== "0") return { ok: false, reason: "revoked" };
	const x5t = typeof certFingerprintSHA256 === "string" ? fromHex(certFingerprintSHA256) : null;
	const der = typeof certRFC9440 === "string" && certRFC9440 !== "" ? readClientCertHeader(certRFC9440) : null;
	return x5t === null ? { ok: false, reason: "malformed" } : { ok: true, der, x5t };
}

/** @param hex 64 digits of a SHA-256, in either case, with colons or without @returns base64url */
function fromHex(hex: string): string | null {
	const digits = hex.replaceAll(":", "");
	if (!/^[0-9a-fA-F]{64}$/.test(digits)) return null;
	return encodeBase64url(Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}
