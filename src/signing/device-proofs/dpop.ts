// DPoP proofs (RFC 9449 §4.3): the request's sender holds the private key of the `jwk` in the proof. Checks the list of that
// section but two points that belong to the request: that there is exactly one DPoP header, and that the `jti` is new.
import { z } from "zod";
import type { DevicePublicKey } from "../../entitlement/devices/device-record.ts";
import { equalInConstantTime } from "../constant-time.ts";
import {
	type CompactJwsDefect,
	type CompactJwsRules,
	hasGoodSignature,
	readCompactJws,
	tokenId,
} from "../formats/compact-jws.ts";
import { sha256OfText } from "../text-digest.ts";
import { type ClockFailure, clockFailure } from "./device-clock.ts";
import {
	algorithmsOf,
	type DeviceAlgorithm,
	importDeviceKey,
	isSameKey,
	parseDevicePublicKey,
	thumbprintOf,
} from "./device-key.ts";
import { isSameTarget } from "./target-uri.ts";

/** A proof is made for one request; this is how far the device's clock may be off either way. */
export const DPOP_MAX_AGE_SECONDS = 300;

const RULES: CompactJwsRules = {
	maxLength: 4096,
	// A kid is of no use beside the key itself, but clients may send one.
	headerMembers: ["jwk", "kid"],
	typs: ["dpop+jwt"],
	isTypRequired: true,
};

export interface DpopRequest {
	/** value of the DPoP header */
	readonly proof: string;
	readonly method: string;
	/** absolute URL of the request; query and fragment do not count */
	readonly url: string;
	/** the same by another name of the service */
	readonly otherUrl?: string;
	/** unix seconds */
	readonly now: number;
	/** the token (or auth code) sent with the proof, exactly as sent; `ath` must then name it */
	readonly accessToken?: string;
	/** thumbprint that the key must have: a token's `cnf.jkt` or the device's */
	readonly expectedJkt?: string;
	/** the key whose thumbprint `expectedJkt` is, for a caller that has it: then none is computed for a proof by this key */
	readonly knownKey?: DevicePublicKey;
	/** for a caller that keeps imported keys by thumbprint; `importDeviceKey` otherwise */
	readonly importKey?: (jwk: DevicePublicKey, jkt: string) => Promise<CryptoKey>;
}

export type DpopVerification =
	| {
			readonly ok: true;
			readonly jkt: string;
			readonly jwk: DevicePublicKey;
			readonly alg: DeviceAlgorithm;
			readonly jti: string;
			/** unix seconds */
			readonly iat: number;
	  }
	| ({ readonly ok: false } & CompactJwsDefect)
	| { readonly ok: false; readonly reason: "bad_claim"; readonly claim: string }
	| {
			readonly ok: false;
			readonly reason:
				| "bad_key"
				| "wrong_key"
				| "wrong_algorithm"
				| "wrong_method"
				| "wrong_url"
				| "wrong_access_token"
				| "bad_signature";
	  }
	| ClockFailure;

const proofClaims = z.object({
	jti: tokenId,
	htm: z.string(),
	htu: z.string(),
	iat: z.number().nonnegative().max(Number.MAX_SAFE_INTEGER),
	ath: z.string().optional(),
});

/** What the sender of a proof is told that was seen before (RFC 9449 §11.1). */
export const PROOF_USED = "this DPoP proof was used before; make a new one for each request";

/** @returns what its maker has to mend; of what a thief might try, no more than that it was not accepted */
export function proofFault(proof: DpopVerification & { readonly ok: false }): string {
	switch (proof.reason) {
		case "bad_claim":
			return `the DPoP proof was not accepted: its claim ${proof.claim} is missing or of another form`;
		case "wrong_method":
			return "the DPoP proof was not accepted: `htm` is not the method of this request";
		case "wrong_url":
			return "the DPoP proof was not accepted: `htu` is not the URL of this request, without its query, under the service's own origin";
		case "wrong_access_token":
			return "the DPoP proof was not accepted: `ath` is not the hash of the credentials beside it";
		default:
			return "the DPoP proof was not accepted";
	}
}

/** Verifies a proof against the request it came with. A clock reason is given only after a good signature. */
export async function verifyDpopProof(request: DpopRequest): Promise<DpopVerification> {
	const read = readCompactJws(request.proof, RULES);
	if (!read.ok) return read;
	const { jws } = read;
	const jwk = parseDevicePublicKey(jws.header.jwk);
	if (jwk === null) return { ok: false, reason: "bad_key" };
	if (!algorithmsOf(jwk).includes(jws.alg)) return { ok: false, reason: "wrong_algorithm" };
	const parsed = proofClaims.safeParse(jws.claims);
	if (!parsed.success) return { ok: false, reason: "bad_claim", claim: String(parsed.error.issues[0]?.path[0] ?? "") };
	const { jti, htm, htu, iat, ath } = parsed.data;

	if (htm !== request.method) return { ok: false, reason: "wrong_method" };
	const { url, otherUrl = url } = request;
	if (!isSameTarget(htu, url) && !isSameTarget(htu, otherUrl)) return { ok: false, reason: "wrong_url" };
	if (request.accessToken !== undefined) {
		const isNamed = ath !== undefined && equalInConstantTime(ath, await accessTokenHash(request.accessToken));
		if (!isNamed) return { ok: false, reason: "wrong_access_token" };
	}
	const jkt = await thumbprintIn(request, jwk);
	if (request.expectedJkt !== undefined && jkt !== request.expectedJkt) return { ok: false, reason: "wrong_key" };

	const key = await importProofKey(request.importKey ?? importDeviceKey, jwk, jkt);
	if (key === null) return { ok: false, reason: "bad_key" };
	if (!(await hasGoodSignature(jws, key))) return { ok: false, reason: "bad_signature" };
	const offset = iat - request.now;
	if (Math.abs(offset) > DPOP_MAX_AGE_SECONDS) return clockFailure(offset > 0 ? "issued_in_future" : "too_old", offset);
	return { ok: true, jkt, jwk, alg: jws.alg, jti, iat };
}

async function thumbprintIn({ expectedJkt, knownKey }: DpopRequest, jwk: DevicePublicKey): Promise<string> {
	const isKnown = expectedJkt !== undefined && knownKey !== undefined && isSameKey(jwk, knownKey);
	return isKnown ? expectedJkt : thumbprintOf(jwk);
}

/** The `ath` of an access token: base64url of the SHA-256 of its ASCII characters (RFC 9449 §4.2). */
export async function accessTokenHash(accessToken: string): Promise<string> {
	return sha256OfText(accessToken);
}

/** The imported key, or null for coordinates that are no point of the curve. */
async function importProofKey(
	importKey: (jwk: DevicePublicKey, jkt: string) => Promise<CryptoKey>,
	jwk: DevicePublicKey,
	jkt: string,
): Promise<CryptoKey | null> {
	try {
		return await importKey(jwk, jkt);
	} catch (error) {
		if (error instanceof DOMException) return null;
		throw error;
	}
}
