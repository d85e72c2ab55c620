// Verifies an ID token of CI (OpenID Connect Core 1.0 §2, §3.1.3.7): signed with RS256 by the issuer that it names, if that is one that counts,
// for this service and this product, not long ago. Not checked here: whether it was used before, and whom it lets publish.
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import type { CiProvider, CiRun } from "../../entitlement/publishers/trusted-publisher.ts";
import { faultOfJwt, type JwtFault } from "../formats/jwt-fault.ts";
import { type ClaimsReading, readCiClaims } from "./ci-claims.ts";
import type { CiIssuerKeys } from "./ci-issuers.ts";

/** Those of GitHub have two kilobytes. */
export const ID_TOKEN_MAX_LENGTH = 8_192;
/**
 * Whatever its `exp` says. GitHub makes one when it is asked, for five minutes; GitLab when the job begins, for as long as the job may take:
 * one that is older than an hour is asked for too late.
 */
export const ID_TOKEN_MAX_AGE_SECONDS: Readonly<Record<CiProvider, number>> = { github: 600, gitlab: 3_600 };
const CLOCK_TOLERANCE_SECONDS = 60;

const tokenId = z.string().regex(/^[\x21-\x7e]{8,255}$/);

export type IdTokenVerification =
	| {
			readonly ok: true;
			readonly run: CiRun;
			readonly jti: string;
			/** unix seconds after which the token is refused for its age anyway */
			readonly replayableUntil: number;
	  }
	| {
			readonly ok: false;
			readonly reason: JwtFault | "not_yet" | "too_long" | "unknown_issuer" | "no_kid" | "wrong_audience" | "bad_jti";
	  }
	/** of a token that is good: who sent it may be told */
	| (ClaimsReading & { readonly ok: false });

/**
 * @param audience the only one that the token may name
 * @param now unix seconds
 * @throws what is no fault of the token: the issuer's keys could not be had
 */
export async function verifyIdToken(
	token: string,
	issuers: readonly CiIssuerKeys[],
	audience: string,
	now: number,
): Promise<IdTokenVerification> {
	if (token.length > ID_TOKEN_MAX_LENGTH) return { ok: false, reason: "too_long" };
	const claimed = readUnverified(token);
	if (claimed === null) return { ok: false, reason: "malformed" };
	if (!claimed.hasKid) return { ok: false, reason: "no_kid" };
	const issuer = issuers.find((one) => one.issuer === claimed.iss);
	if (issuer === undefined) return { ok: false, reason: "unknown_issuer" };
	const maxAge = ID_TOKEN_MAX_AGE_SECONDS[issuer.provider];
	let payload: JWTPayload;
	try {
		({ payload } = await jwtVerify(token, issuer.keys, {
			algorithms: ["RS256"],
			issuer: issuer.issuer,
			requiredClaims: ["aud", "exp", "nbf", "iat", "jti", "sub"],
			maxTokenAge: maxAge,
			clockTolerance: CLOCK_TOLERANCE_SECONDS,
			currentDate: new Date(now * 1_000),
		}));
	} catch (error) {
		return { ok: false, reason: isOfFuture(error) ? "not_yet" : faultOfJwt(error) };
	}
	// jose takes a list with others in it: whoever else it is for could use it here.
	const { aud } = payload;
	if (aud !== audience && !(Array.isArray(aud) && aud.length === 1 && aud[0] === audience))
		return { ok: false, reason: "wrong_audience" };
	const jti = tokenId.safeParse(payload.jti);
	if (!jti.success) return { ok: false, reason: "bad_jti" };
	const read = readCiClaims(issuer.provider, issuer.issuer, payload);
	if (!read.ok) return read;
	const { iat = now, exp = now } = payload;
	const replayableUntil = Math.min(exp, iat + maxAge) + CLOCK_TOLERANCE_SECONDS;
	return { ok: true, run: read.run, jti: jti.data, replayableUntil };
}

/** What says whose keys are to be asked: as the sender wrote it. A key is chosen by its name alone. */
function readUnverified(token: string): { readonly iss: unknown; readonly hasKid: boolean } | null {
	try {
		const { kid } = decodeProtectedHeader(token);
		return { iss: decodeJwt(token).iss, hasKid: typeof kid === "string" && kid !== "" };
	} catch {
		return null;
	}
}

/** Its issuer's clock is ahead: `iat` or `nbf` are yet to come. Looked at once the signature was good. */
function isOfFuture(error: unknown): boolean {
	return (
		error instanceof errors.JWTClaimValidationFailed &&
		error.reason === "check_failed" &&
		(error.claim === "iat" || error.claim === "nbf")
	);
}
