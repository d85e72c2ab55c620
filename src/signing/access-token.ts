// Access tokens of devices (RFC 9068, `at+jwt`, ES256). A token carries the device's profile, so a check reads no store; what
// changed since it was minted shows when it is renewed. Not checked here: whether the device is denied, and its DPoP proof.
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { type DeviceProfile, type Grant, type Hold, isHold } from "../entitlement/device-record.ts";
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
	/** made from an old copy of the record, since it could not be read */
	readonly provisional?: boolean;
}

export interface VerifiedAccessToken {
	readonly profile: DeviceProfile;
	readonly pseudonym: string;
	readonly scope: typeof DEVICE_SCOPE;
	readonly jkt: string | null;
	/** unix seconds */
	readonly exp: number;
	/** to be believed no longer than the record itself cannot be read */
	readonly provisional: boolean;
}

/** until, grace, critical, delay, from; what is missing is 0 */
type PackedGrant = readonly number[];

interface TokenClaims {
	readonly sub: string;
	readonly aud: string;
	readonly client_id: string;
	readonly exp: number;
	readonly scope: string;
	readonly acct: string;
	readonly pseudonym: string;
	readonly ent: Readonly<Record<string, PackedGrant>>;
	readonly dev: {
		readonly model: string;
		readonly labels?: Record<string, string>;
		readonly ha?: string;
		readonly hold?: Hold;
	};
	/** how often the account's licenses had changed; not named in a standard, like the three above */
	readonly license_epoch?: number;
	/** seconds of the lease on the device's seat */
	readonly lease?: number;
	readonly cnf?: { readonly jkt: string };
	readonly provisional?: true;
}

export type AccessTokenVerification =
	| ({ readonly ok: true } & VerifiedAccessToken)
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_signature" }
	| { readonly ok: false; readonly reason: "wrong_claim"; readonly claim: string }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

/**
 * Signs a token for an active device.
 * @throws RangeError if its products and labels do not fit into 4 KB, TypeError if the device is not active
 */
export async function signAccessToken(
	keyring: TokenKeyring,
	{ issuer, device, pseudonym, jkt, jti, now, expiresIn, provisional = false }: NewAccessToken,
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
			...(device.hold !== null && { hold: device.hold }),
		},
		...(device.licenseEpoch !== 0 && { license_epoch: device.licenseEpoch }),
		...(device.lease !== null && { lease: device.lease }),
		...(jkt !== null && { cnf: { jkt } }),
		...(provisional && { provisional }),
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

// Not a schema: in workerd, which has no `eval`, one costs a quarter of what the signature does, and these claims are our own.
function readClaims(payload: JWTPayload): AccessTokenVerification {
	const {
		sub,
		aud,
		client_id: clientId,
		exp,
		scope,
		acct,
		pseudonym,
		ent,
		dev,
		cnf,
		license_epoch: licenseEpoch = 0,
		lease = null,
		provisional,
	} = payload as Partial<TokenClaims>;
	const wrong = (claim: string) => ({ ok: false, reason: "wrong_claim", claim }) as const;
	if (typeof sub !== "string") return wrong("sub");
	// jose takes an array that contains the issuer; ours never has one.
	if (typeof aud !== "string") return wrong("aud");
	if (clientId !== sub) return wrong("client_id");
	if (typeof exp !== "number") return wrong("exp");
	if (scope !== DEVICE_SCOPE) return wrong("scope");
	if (typeof acct !== "string") return wrong("acct");
	if (typeof pseudonym !== "string") return wrong("pseudonym");
	if (typeof dev?.model !== "string") return wrong("dev");
	if (dev.hold !== undefined && !isHold(dev.hold)) return wrong("dev");
	if (typeof licenseEpoch !== "number") return wrong("license_epoch");
	if (lease !== null && typeof lease !== "number") return wrong("lease");
	if (cnf !== undefined && typeof cnf.jkt !== "string") return wrong("cnf");
	const grants = unpackGrants(ent);
	if (grants === null) return wrong("ent");
	const { model, labels = {}, ha: haGroup = null, hold = null } = dev;
	const profile: DeviceProfile = {
		id: sub,
		account: acct,
		status: "active",
		model,
		labels,
		haGroup,
		hold,
		licenseEpoch,
		lease,
		grants,
	};
	return { ok: true, profile, pseudonym, scope, jkt: cnf?.jkt ?? null, exp, provisional: provisional !== undefined };
}

function unpackGrants(ent: unknown): Record<string, Grant> | null {
	if (typeof ent !== "object" || ent === null) return null;
	const grants: Record<string, Grant> = {};
	for (const [product, packed] of Object.entries(ent)) {
		if (!Array.isArray(packed)) return null;
		const [until, grace = 0, critical = 0, delay = 0, from = 0]: unknown[] = packed;
		if (typeof until !== "number" || typeof grace !== "number" || typeof critical !== "number") return null;
		if (typeof delay !== "number" || typeof from !== "number") return null;
		grants[product] = { from, until, grace, critical, delay };
	}
	return grants;
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

/** In this order, and without zeros at the end; nor need a start that has passed travel. Names would not fit into 4 KB. */
function packGrant({ from, until, grace, critical, delay }: Grant, now: number): PackedGrant {
	const packed = [until, grace, critical, delay, from > now ? from : 0];
	while (packed.at(-1) === 0) packed.pop();
	return packed;
}
