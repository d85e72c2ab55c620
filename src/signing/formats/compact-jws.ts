// Takes a compact JWS (RFC 7515 §7.1) from a stranger apart, trusting nothing: three parts of strict base64url, strict JSON
// objects, only the header members that the caller names, an algorithm of devices. What the claims must be, and whose key
// verifies them, is the caller's business.
import { z } from "zod";
import { DEVICE_ALGORITHMS, type DeviceAlgorithm } from "../device-proofs/device-key.ts";
import { decodeBase64url } from "./base64url.ts";
import { type JsonDefect, parseStrictJson } from "./strict-json.ts";

export interface CompactJws {
	readonly text: string;
	readonly alg: DeviceAlgorithm;
	readonly header: Readonly<Record<string, unknown>>;
	readonly claims: Readonly<Record<string, unknown>>;
}

export type CompactJwsDefect =
	| { readonly reason: "too_large"; readonly length: number }
	| { readonly reason: "not_compact_jws" }
	| { readonly reason: "bad_json"; readonly part: "header" | "claims"; readonly defect: JsonDefect | "not_an_object" }
	| { readonly reason: "header_not_allowed"; readonly member: string }
	| { readonly reason: "bad_typ" }
	| { readonly reason: "bad_algorithm" };

export type CompactJwsRead =
	| { readonly ok: true; readonly jws: CompactJws }
	| ({ readonly ok: false } & CompactJwsDefect);

export interface CompactJwsRules {
	readonly maxLength: number;
	/** besides `alg` and `typ`; every other member is refused, so `jwk`, `jku`, `x5c`, `crit`, `b64` need no list */
	readonly headerMembers: readonly string[];
	/** lower case, without "application/" */
	readonly typs: readonly string[];
	readonly isTypRequired: boolean;
}

/** A member name in a log line is cut to this. */
const MAX_LOGGED_NAME_LENGTH = 32;

/** A `jti`: 8 to 128 bytes, long enough to be unique, short enough to be stored; printable ASCII, so characters are bytes. */
export const tokenId = z.string().regex(/^[\x21-\x7e]{8,128}$/);

const algorithm = z.enum(DEVICE_ALGORITHMS);

/** Reads a compact JWS by the given rules. */
export function readCompactJws(text: string, rules: CompactJwsRules): CompactJwsRead {
	if (text.length > rules.maxLength) return { ok: false, reason: "too_large", length: text.length };
	const [headerText, claimsText, signature, ...rest] = text.split(".");
	if (headerText === undefined || claimsText === undefined || signature === undefined || rest.length > 0) {
		return { ok: false, reason: "not_compact_jws" };
	}
	const headerBytes = decodeBase64url(headerText);
	const claimsBytes = decodeBase64url(claimsText);
	if (headerBytes === null || claimsBytes === null || decodeBase64url(signature) === null) {
		return { ok: false, reason: "not_compact_jws" };
	}

	const header = readObject(headerBytes);
	if (!header.ok) return { ok: false, reason: "bad_json", part: "header", defect: header.defect };
	for (const member of Object.keys(header.value)) {
		if (member !== "alg" && member !== "typ" && !rules.headerMembers.includes(member)) {
			return { ok: false, reason: "header_not_allowed", member: member.slice(0, MAX_LOGGED_NAME_LENGTH) };
		}
	}
	if (!isTypAllowed(header.value.typ, rules)) return { ok: false, reason: "bad_typ" };
	const alg = algorithm.safeParse(header.value.alg);
	if (!alg.success) return { ok: false, reason: "bad_algorithm" };

	const claims = readObject(claimsBytes);
	if (!claims.ok) return { ok: false, reason: "bad_json", part: "claims", defect: claims.defect };
	return { ok: true, jws: { text, alg: alg.data, header: header.value, claims: claims.value } };
}

/** How WebCrypto verifies each algorithm; a JWS holds its signatures as WebCrypto does (RFC 7518 §3.4, RFC 8037 §3.1). */
const VERIFIED_AS: Readonly<Record<DeviceAlgorithm, { readonly name: string; readonly hash?: string }>> = {
	ES256: { name: "ECDSA", hash: "SHA-256" },
	EdDSA: { name: "Ed25519" },
	Ed25519: { name: "Ed25519" },
};

const encoder = new TextEncoder();

/**
 * Whether `key` made the signature of `jws`, under the algorithm that its header names. WebCrypto does it: what jose would
 * take apart again was taken apart more strictly by `readCompactJws`.
 * @param key imported for that algorithm; with any other the answer is no
 */
export async function hasGoodSignature({ text, alg }: CompactJws, key: CryptoKey): Promise<boolean> {
	const algorithm = VERIFIED_AS[alg];
	const end = text.lastIndexOf(".");
	const signature = decodeBase64url(text.slice(end + 1));
	if (signature === null || key.algorithm.name !== algorithm.name) return false;
	const signed = encoder.encode(text.slice(0, end));
	return crypto.subtle.verify(algorithm, key, signature, signed);
}

/** RFC 7515 §4.1.9: a media type, compared without case, "application/" may be left out. */
function isTypAllowed(typ: unknown, rules: CompactJwsRules): boolean {
	if (typ === undefined) return !rules.isTypRequired;
	return typeof typ === "string" && rules.typs.includes(typ.toLowerCase().replace(/^application\//, ""));
}

type ObjectRead =
	| { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
	| { readonly ok: false; readonly defect: JsonDefect | "not_an_object" };

function readObject(bytes: Uint8Array): ObjectRead {
	const json = parseStrictJson(bytes);
	if (!json.ok) return json;
	return isObject(json.value) ? { ok: true, value: json.value } : { ok: false, defect: "not_an_object" };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
