// Access tokens of devices (RFC 9068, `at+jwt`, ES256). A token carries the device's profile, so a check reads no store; what
// changed since it was minted shows when it is renewed. Not checked here: whether the device is denied, and its DPoP proof.
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { labels, modelName, productName } from "../content/names.ts";
import type { DeviceProfile, Grant } from "../entitlement/device-record.ts";
import type { TokenKeyring } from "./token-keyring.ts";

export const DEVICE_SCOPE = "device";
/** A header of this size passes every proxy and runtime that we know of. */
export const ACCESS_TOKEN_MAX_LENGTH = 4096;
/** Whatever its `exp` says. Far above any TOKEN_TTL_SECONDS: bounds the damage of a wrong setting. */
const MAX_AGE_SECONDS = 86_400;
/** Difference between the clocks of two edges. */
const CLOCK_TOLERANCE_SECONDS = 30;
export interface NewAccessToken {
	readonly issuer: string;
	/** an active device, as its record has it */
	readonly device: DeviceProfile;
	/** what logs call the device while the token lasts */
	readonly pseudonym: string;
	/** thumbprint of the key whose DPoP proof the token needs; null for a bearer token */
	readonly jkt: string | null;
	/** unique per token */
	readonly jti: string;
	/** unix seconds */
	readonly now: number;
	/** seconds */
	readonly expiresIn: number;
}

export interface VerifiedAccessToken {
	readonly profile: DeviceProfile;
	readonly pseudonym: string;
	readonly scope: typeof DEVICE_SCOPE;
	readonly jkt: string | null;
	/** unix seconds */
	readonly exp: number;
}

export type AccessTokenVerification =
	| ({ readonly ok: true } & VerifiedAccessToken)
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_signature" }
	| { readonly ok: false; readonly reason: "wrong_claim"; readonly claim: string }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

const seconds = z.number();
const tokenGrant = z.object({
	from: seconds.default(0),
	until: seconds,
	grace: seconds.default(0),
	delay: seconds.default(0),
});
const tokenClaims = z.object({
	sub: z.string(),
	client_id: z.string(),
	aud: z.string(),
	exp: seconds,
	scope: z.literal(DEVICE_SCOPE),
	acct: z.string(),
	pseudonym: z.string(),
	ent: z.record(productName, tokenGrant),
	dev: z.object({ model: modelName, labels: labels.default({}), ha: z.string().nullable().default(null) }),
	cnf: z.object({ jkt: z.string() }).optional(),
});

/**
 * Signs a token for an active device.
 * @throws RangeError if its products and labels do not fit into 4 KB, TypeError if the device is not active
 */
export async function signAccessToken(
	keyring: TokenKeyring,
	{ issuer, device, pseudonym, jkt, jti, now, expiresIn }: NewAccessToken,
): Promise<string> {
	if (device.status !== "active") throw new TypeError(`no token for a device that is ${device.status}`);
	const token = await new SignJWT({
		client_id: device.id,
		scope: DEVICE_SCOPE,
		acct: device.account,
		pseudonym,
		ent: Object.fromEntries(Object.entries(device.grants).map(([product, grant]) => [product, packGrant(grant, now)])),
		dev: {
			model: device.model,
			...(Object.keys(device.labels).length > 0 && { labels: device.labels }),
			...(device.haGroup !== null && { ha: device.haGroup }),
		},
		...(jkt !== null && { cnf: { jkt } }),
	})
		.setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: keyring.current.kid })
		.setIssuer(issuer)
		.setSubject(device.id)
		.setAudience(issuer)
		.setIssuedAt(now)
		.setExpirationTime(now + expiresIn)
		.setJti(jti)
		.sign(keyring.current.key);
	if (token.length > ACCESS_TOKEN_MAX_LENGTH) throw new RangeError(`an access token of ${token.length} characters`);
	return token;
}

/** Verifies a token (RFC 9068 §4) and gives back the profile that it carries. `expired` only for a token of ours. */
export async function verifyAccessToken(
	keyring: TokenKeyring,
	token: string,
	{ issuer, now }: { readonly issuer: string; readonly now: number },
): Promise<AccessTokenVerification> {
	if (token.length > ACCESS_TOKEN_MAX_LENGTH) return { ok: false, reason: "malformed" };
	try {
		const { payload } = await jwtVerify(token, ({ kid }) => findKey(keyring, kid), {
			algorithms: ["ES256"],
			typ: "at+jwt",
			issuer,
			audience: issuer,
			requiredClaims: ["iss", "sub", "client_id", "aud", "iat", "exp", "jti", "scope"],
			maxTokenAge: MAX_AGE_SECONDS,
			clockTolerance: CLOCK_TOLERANCE_SECONDS,
			currentDate: new Date(now * 1000),
		});
		return readClaims(payload);
	} catch (error) {
		return describeFailure(error, now);
	}
}

class UnknownKeyError extends Error {}

function findKey(keyring: TokenKeyring, kid: string | undefined): CryptoKey {
	const key = kid === undefined ? undefined : keyring.verifyByKid.get(kid);
	if (key === undefined) throw new UnknownKeyError();
	return key;
}

function readClaims(payload: unknown): AccessTokenVerification {
	const parsed = tokenClaims.safeParse(payload);
	if (!parsed.success) {
		return { ok: false, reason: "wrong_claim", claim: String(parsed.error.issues[0]?.path[0] ?? "") };
	}
	const { sub, client_id: clientId, exp, scope, acct, pseudonym, ent, dev, cnf } = parsed.data;
	if (clientId !== sub) return { ok: false, reason: "wrong_claim", claim: "client_id" };
	const profile: DeviceProfile = {
		id: sub,
		account: acct,
		status: "active",
		model: dev.model,
		labels: dev.labels,
		haGroup: dev.ha,
		grants: ent,
	};
	return { ok: true, profile, pseudonym, scope, jkt: cnf?.jkt ?? null, exp };
}

function describeFailure(error: unknown, now: number): AccessTokenVerification {
	if (error instanceof UnknownKeyError) return { ok: false, reason: "unknown_key" };
	if (error instanceof errors.JWTExpired) {
		return { ok: false, reason: "expired", offBySeconds: Math.max(0, now - Number(error.payload.exp)) };
	}
	if (error instanceof errors.JWTClaimValidationFailed) return { ok: false, reason: "wrong_claim", claim: error.claim };
	if (error instanceof errors.JWSSignatureVerificationFailed) return { ok: false, reason: "bad_signature" };
	if (error instanceof errors.JOSEError) return { ok: false, reason: "malformed" };
	throw error;
}

/** Zero is what a missing member means, so it need not travel; nor need a start that has passed. */
function packGrant({ from, until, grace, delay }: Grant, now: number): Partial<Grant> {
	return { until, ...(from > now && { from }), ...(grace !== 0 && { grace }), ...(delay !== 0 && { delay }) };
}
