// Access tokens of devices: claims that the service seals for itself (sealed-claims.ts) and that nobody else reads. A token
// carries the device's profile, so a check reads no store; what changed since it was minted shows when it is renewed. Not
// checked here: whether the device is denied, its DPoP proof and its certificate.
import { type DeviceProfile, type Grant, type Hold, isHold } from "../../entitlement/devices/device-record.ts";
import type { DevicePolicy } from "../../entitlement/policy/device-policy.ts";
import type { MacKeyring, MacKeySet } from "../keys/mac-keyring.ts";
import { openClaims, type SealPurpose, sealClaims } from "./sealed-claims.ts";

/** A header of this size passes every proxy and runtime that we know of. */
export const ACCESS_TOKEN_MAX_LENGTH = 4096;
const FORMAT_VERSION = "1";
/** Whatever its `exp` says. Far above any TOKEN_TTL_SECONDS: bounds the damage of a wrong setting. */
const MAX_AGE_SECONDS = 86_400;
/** Difference between the clocks of two edges. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** No API key looks like this. */
const FORM = /^[a-z0-9]{1,8}\.[\w-]+\.[\w-]{43}$/;

export interface NewAccessToken {
	/** who seals it and who alone takes it */
	readonly issuer: string;
	/** an active device, as its record has it */
	readonly device: DeviceProfile;
	/** what logs call the device while the token lasts */
	readonly pseudonym: string;
	/** thumbprint of the key whose DPoP proof the token needs; null for a bearer token */
	readonly jkt: string | null;
	/** fingerprint of the certificate that the token needs (RFC 8705 §3.1), beside which there is no room for `jkt`; null for one that needs none */
	readonly x5t?: string | null;
	/** unique per token */
	readonly jti: string;
	/** unix seconds */
	readonly now: number;
	/** seconds */
	readonly expiresIn: number;
	/** made from an old copy of the record, since it could not be read */
	readonly provisional?: boolean;
}

export interface OpenedAccessToken {
	readonly profile: DeviceProfile;
	readonly pseudonym: string;
	readonly jkt: string | null;
	/** fingerprint of the certificate that has to be shown with it; null = none */
	readonly x5t: string | null;
	/** unix seconds */
	readonly exp: number;
	/** to be believed no longer than the record itself cannot be read */
	readonly provisional: boolean;
	/** the profile lacks the device's policy, for which the token has no room: its record has it */
	readonly policyInRecord: boolean;
	/** the keys that sealed the token; offers and ETags given for it are sealed with the same keys, and so end with them */
	readonly keys: MacKeySet;
}

/** until, grace, critical, delay, from, emergencyDelay; a number that is missing is 0 */
type PackedGrant = readonly number[];

/** Named as in RFC 9068 and RFC 7800 where those have a name; who issued it and for whom is under the MAC alone. */
interface TokenClaims {
	readonly sub: string;
	readonly iat: number;
	readonly exp: number;
	readonly jti: string;
	readonly acct: string;
	readonly pseudonym: string;
	readonly ent: Readonly<Record<string, PackedGrant>>;
	readonly dev: {
		readonly model: string;
		readonly labels?: Record<string, string>;
		readonly ha?: string;
		readonly hold?: Hold;
	};
	/** the account's license epoch */
	readonly license_epoch?: number;
	/** of the device's record */
	readonly version?: number;
	/** seconds of the lease on the device's seat */
	readonly lease?: number;
	readonly cnf?: { readonly jkt?: string; readonly "x5t#S256"?: string };
	readonly provisional?: true;
	/** what the account says of the device's updates; record = more than there is room for */
	readonly policy?: DevicePolicy | "record";
}

export type AccessTokenOpening =
	| ({ readonly ok: true } & OpenedAccessToken)
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" }
	| { readonly ok: false; readonly reason: "wrong_claim"; readonly claim: keyof TokenClaims }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

/** Whether credentials can be an access token; an API key never can. */
export function hasTokenForm(credentials: string): boolean {
	return FORM.test(credentials);
}

/**
 * Seals a token for an active device.
 * @throws RangeError if its products and labels do not fit into 4 KB, TypeError if the device is not active
 */
export async function sealAccessToken(
	keyring: MacKeyring,
	{ issuer, device, pseudonym, jkt, x5t = null, jti, now, expiresIn, provisional = false }: NewAccessToken,
): Promise<string> {
	if (device.status !== "active") throw new TypeError(`no token for a device that is ${device.status}`);
	const claims: TokenClaims = {
		sub: device.id,
		iat: now,
		exp: now + expiresIn,
		jti,
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
		...(device.version !== undefined && { version: device.version }),
		...(device.lease !== null && { lease: device.lease }),
		...((jkt !== null || x5t !== null) && {
			cnf: { ...(jkt !== null && { jkt }), ...(x5t !== null && { "x5t#S256": x5t }) },
		}),
		...(provisional && { provisional }),
		...(device.policy !== null && { policy: packPolicy(device) }),
	};
	return sealClaims(keyring.current, purposeOf(issuer), claims);
}

/** JSON of what else a token holds is 2,000 characters at most (access-token-size.test.ts). */
export const MAX_POLICY_LENGTH = 440;

function packPolicy({ policy }: DeviceProfile): DevicePolicy | "record" {
	return policy !== null && fitsToken(policy) ? policy : "record";
}

/** @returns whether a token has room for the policy; what has none is read from the device's record with each request */
export function fitsToken(policy: DevicePolicy | null): boolean {
	return policy === null || JSON.stringify(policy).length <= MAX_POLICY_LENGTH;
}

/** Opens a token and gives back the profile that it carries. `expired` is said only of a token of ours. */
export async function openAccessToken(
	keyring: MacKeyring,
	token: string,
	{ issuer, now }: { readonly issuer: string; readonly now: number },
): Promise<AccessTokenOpening> {
	const opened = await openClaims(keyring, purposeOf(issuer), token);
	if (!opened.ok) return opened;
	const { iat, exp } = opened.claims as Partial<TokenClaims>;
	if (typeof exp !== "number") return { ok: false, reason: "wrong_claim", claim: "exp" };
	if (typeof iat !== "number" || iat > now + CLOCK_TOLERANCE_SECONDS) {
		return { ok: false, reason: "wrong_claim", claim: "iat" };
	}
	const end = Math.min(exp, iat + MAX_AGE_SECONDS + 1);
	if (now >= end + CLOCK_TOLERANCE_SECONDS) return { ok: false, reason: "expired", offBySeconds: now - end };
	return readClaims(opened.claims as Partial<TokenClaims>, exp, opened.keys);
}

/** The issuer is the audience too: a token of another service, or of another name of this one, has another MAC. */
function purposeOf(issuer: string): SealPurpose {
	return { key: "token", frame: ["parapet-token", FORMAT_VERSION, issuer], maxLength: ACCESS_TOKEN_MAX_LENGTH };
}

// Not a schema: in workerd, which has no `eval`, one costs more than the MAC does, and these claims are our own.
function readClaims(claims: Partial<TokenClaims>, exp: number, keys: MacKeySet): AccessTokenOpening {
	const { sub, acct, pseudonym, ent, dev, cnf, license_epoch: licenseEpoch = 0, provisional } = claims;
	const { lease = null, policy = null, version } = claims;
	const wrong = (claim: keyof TokenClaims) => ({ ok: false, reason: "wrong_claim", claim }) as const;
	if (typeof sub !== "string") return wrong("sub");
	if (typeof acct !== "string") return wrong("acct");
	if (typeof pseudonym !== "string") return wrong("pseudonym");
	if (typeof dev?.model !== "string") return wrong("dev");
	if (dev.hold !== undefined && !isHold(dev.hold)) return wrong("dev");
	if (typeof licenseEpoch !== "number") return wrong("license_epoch");
	if (version !== undefined && typeof version !== "number") return wrong("version");
	if (lease !== null && typeof lease !== "number") return wrong("lease");
	const { jkt = null, "x5t#S256": x5t = null } = cnf ?? {};
	// What is bound to something that is not known here is bound all the same.
	if (cnf !== undefined && jkt === null && x5t === null) return wrong("cnf");
	if ((jkt !== null && typeof jkt !== "string") || (x5t !== null && typeof x5t !== "string")) return wrong("cnf");
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
		...(version !== undefined && { version }),
		lease,
		grants,
		policy: policy === "record" ? null : policy,
	};
	return {
		...{ ok: true, profile, pseudonym, jkt, x5t, exp, provisional: provisional !== undefined, keys },
		policyInRecord: policy === "record",
	};
}

function unpackGrants(ent: unknown): Record<string, Grant> | null {
	if (typeof ent !== "object" || ent === null) return null;
	const grants: Record<string, Grant> = {};
	for (const [product, packed] of Object.entries(ent)) {
		if (!Array.isArray(packed)) return null;
		const [until, grace = 0, critical = 0, delay = 0, from = 0, emergencyDelay = 0]: unknown[] = packed;
		if (typeof until !== "number" || typeof grace !== "number" || typeof critical !== "number") return null;
		if (typeof delay !== "number" || typeof from !== "number" || typeof emergencyDelay !== "number") return null;
		grants[product] = { from, until, grace, critical, delay, emergencyDelay };
	}
	return grants;
}

/** In this order, and without zeros at the end; nor need a start that has passed travel. Names would not fit into 4 KB. */
function packGrant(grant: Grant, now: number): PackedGrant {
	const { from, until, grace, critical, delay, emergencyDelay } = grant;
	const packed = [until, grace, critical, delay, from > now ? from : 0, emergencyDelay];
	while (packed.at(-1) === 0) packed.pop();
	return packed;
}
