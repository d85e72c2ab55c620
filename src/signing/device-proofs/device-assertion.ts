// The assertion by which a device gets its token: private_key_jwt (RFC 7523) as the profile in rfc7523bis has it, so `aud` is
// the issuer and nothing else. Two steps, because the key is known only once the device is: `readDeviceAssertion` checks the
// form and trusts nothing, `verifyDeviceAssertion` verifies. Not checked here: single use of `jti`, and the device's status.
import { z } from "zod";
import type { DevicePublicKey } from "../../entitlement/devices/device-record.ts";
import {
	type CompactJws,
	type CompactJwsDefect,
	type CompactJwsRules,
	hasGoodSignature,
	readCompactJws,
	tokenId,
} from "../formats/compact-jws.ts";
import { CLOCK_SKEW_SECONDS, type ClockFailure, findClockFailure } from "./device-clock.ts";
import { algorithmsOf, type DeviceAlgorithm } from "./device-key.ts";

/** Longest life that a device may give its assertion; some clients (Authlib) always take an hour. */
export const ASSERTION_MAX_LIFETIME_SECONDS = 3600;
/** Whatever its `exp` says, an older assertion is refused: this, not the lifetime, bounds a stolen one. */
export const ASSERTION_MAX_AGE_SECONDS = 600;

const RULES: CompactJwsRules = {
	maxLength: 8192,
	headerMembers: ["kid"],
	typs: ["jwt", "client-authentication+jwt"],
	isTypRequired: false,
};

/** An assertion of proper form. Nothing in it is trusted. */
export interface DeviceAssertion {
	readonly jws: CompactJws;
	readonly clientId: string;
	readonly audience: string;
	readonly jti: string;
	readonly iat: number;
	readonly exp: number;
	readonly nbf: number | null;
}

export type AssertionDefect =
	| CompactJwsDefect
	| { readonly reason: "bad_claim"; readonly claim: string }
	| { readonly reason: "subject_mismatch" }
	| { readonly reason: "lifetime_too_long"; readonly lifetimeSeconds: number };

export type AssertionRead =
	| { readonly ok: true; readonly assertion: DeviceAssertion }
	| ({ readonly ok: false } & AssertionDefect);

export type AssertionVerification =
	| {
			readonly ok: true;
			readonly clientId: string;
			readonly jti: string;
			readonly alg: DeviceAlgorithm;
			/** unix seconds from which the assertion is refused for its age, so until when its `jti` must be remembered */
			readonly replayableUntil: number;
	  }
	| { readonly ok: false; readonly reason: "wrong_audience" | "wrong_algorithm" | "bad_signature" }
	| ClockFailure;

export interface AssertionExpectation {
	readonly issuer: string;
	/** of the device that `clientId` names, as its record has it */
	readonly jwk: DevicePublicKey;
	/** `jwk`, imported */
	readonly key: CryptoKey;
	/** unix seconds */
	readonly now: number;
}

const numericDate = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);
const identifier = z.string().min(1).max(256);

const assertionClaims = z.object({
	iss: identifier,
	sub: identifier,
	client_id: identifier.optional(),
	// rfc7523bis: the sole value, as a string or as an array of one. jose alone would take any array that contains it.
	aud: z.union([z.string(), z.tuple([z.string()])]),
	exp: numericDate,
	iat: numericDate,
	nbf: numericDate.optional(),
	jti: tokenId,
});
/** A name that the client gives its key, any name; the device's one key is found by the client (RFC 7515 §4.1.4: a hint). */
const assertionKid = z.string().min(1).max(128).optional();

/** Reads an assertion's form. `clientId` is what it claims; with it the caller finds the device, and with the device the key. */
export function readDeviceAssertion(text: string): AssertionRead {
	const read = readCompactJws(text, RULES);
	if (!read.ok) return read;
	const { jws } = read;
	if (!assertionKid.safeParse(jws.header.kid).success)
		return { ok: false, reason: "header_not_allowed", member: "kid" };
	const parsed = assertionClaims.safeParse(jws.claims);
	if (!parsed.success) return { ok: false, reason: "bad_claim", claim: String(parsed.error.issues[0]?.path[0] ?? "") };
	const { iss, sub, client_id: clientId = sub, aud, exp, iat, nbf, jti } = parsed.data;
	// RFC 7523 §3 (1), (2): for client authentication both name the client
	if (iss !== sub || clientId !== sub) return { ok: false, reason: "subject_mismatch" };
	const lifetimeSeconds = exp - iat;
	if (lifetimeSeconds > ASSERTION_MAX_LIFETIME_SECONDS)
		return { ok: false, reason: "lifetime_too_long", lifetimeSeconds };
	const audience = typeof aud === "string" ? aud : aud[0];
	return { ok: true, assertion: { jws, clientId, audience, jti, iat, exp, nbf: nbf ?? null } };
}

/**
 * Verifies an assertion with the key of the device that it names. A clock reason is given only to the holder of the key.
 */
export async function verifyDeviceAssertion(
	assertion: DeviceAssertion,
	{ issuer, jwk, key, now }: AssertionExpectation,
): Promise<AssertionVerification> {
	const { jws, clientId, jti } = assertion;
	if (assertion.audience !== issuer) return { ok: false, reason: "wrong_audience" };
	if (!algorithmsOf(jwk).includes(jws.alg)) return { ok: false, reason: "wrong_algorithm" };
	if (!(await hasGoodSignature(jws, key))) return { ok: false, reason: "bad_signature" };
	const clockFailure = findClockFailure(assertion, now, ASSERTION_MAX_AGE_SECONDS);
	if (clockFailure !== null) return clockFailure;
	const end = Math.min(assertion.exp, assertion.iat + ASSERTION_MAX_AGE_SECONDS + 1);
	return { ok: true, clientId, jti, alg: jws.alg, replayableUntil: Math.ceil(end) + CLOCK_SKEW_SECONDS };
}
