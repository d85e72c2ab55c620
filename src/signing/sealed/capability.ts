// Capabilities: strings that let their holder do one thing for minutes. An offer is exchanged for a permit, a permit is
// reported on. One that is bound to something its holder has and the string does not show is useless alone, should it leak.
// An offer that came with its download is a kind of its own, which its text shows, so that nobody has to try which it is.
// Not checked here: whether what it allows is still right; the caller asks the live records.
import type { MacKeyring, MacKeySet } from "../keys/mac-keyring.ts";
import { openClaims, type SealPurpose, sealClaims } from "./sealed-claims.ts";

const FORMAT_VERSION = "1";
const MAX_LENGTH = 2048;

interface ReleaseClaims {
	readonly device: string;
	readonly product: string;
	/** installed version; null if there is none */
	readonly from: string | null;
	readonly to: string;
	readonly sha256: string;
	/** unix seconds */
	readonly exp: number;
}

export interface PermitClaims extends ReleaseClaims {
	/** which lease of the device's its rollout waits to hear of (`Lease.at`); null = everybody may have the release, nobody waits */
	readonly lease: number | null;
	/** unix seconds at which the device got its turn in its HA group, whose account waits to hear; null = it is in none */
	readonly haLock: number | null;
}

export interface OfferClaims extends ReleaseClaims {
	/** it leads away from a release that was withdrawn, or does not work on the device */
	readonly isRevert: boolean;
	/** it is for the permit that the device had, and for no other */
	readonly isAgain: boolean;
	/** by required product: the version that the device had and that will do, null = it was to come first; not given = nothing is required */
	readonly needs?: readonly (readonly [product: string, version: string | null])[];
	/** what logs call the device */
	readonly pseudonym: string;
	/** thumbprint of the key whose DPoP proof must come with the offer; null for a bearer token, left out beside `x5t` where there is none */
	readonly jkt?: string | null;
	/** fingerprint of the certificate that must be shown with the offer; left out = none */
	readonly x5t?: string;
}

interface ClaimsOf {
	readonly offer: OfferClaims;
	/** an offer with its download */
	readonly direct: OfferClaims;
	readonly permit: PermitClaims;
}
export type CapabilityKind = keyof ClaimsOf;

/** Before the sealed text; no kid has such characters. */
const DIRECT_MARK = "direct-";

/** @returns whether the text would be an offer with its download; the MAC tells whether it is one */
export function isDirectOffer(text: string): boolean {
	return text.startsWith(DIRECT_MARK);
}

type AnyClaims = Partial<Record<keyof OfferClaims | keyof PermitClaims, unknown>>;

export type OpenedCapability<Claims> =
	| { readonly ok: true; readonly claims: Claims }
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

/**
 * Makes a capability, `kid.claims.mac`, with a mark before it where the kind has one.
 * @param keys the current ones of the ring, or those with which the capability is to end
 * @param binding known to both sides and not in the text, such as the tail of the caller's access token
 * @throws RangeError if the claims do not fit, or `binding` holds a line feed
 */
export async function sealCapability<Kind extends CapabilityKind>(
	keys: MacKeySet,
	kind: Kind,
	claims: ClaimsOf[Kind],
	binding: string,
): Promise<string> {
	const text = await sealClaims(keys, purposeOf(kind, binding), claims);
	return kind === "direct" ? DIRECT_MARK + text : text;
}

/** Opens a capability of one kind. It is good until `exp`, exclusive; `expired` is said only under a good MAC. */
export async function openCapability<Kind extends CapabilityKind>(
	keyring: MacKeyring,
	kind: Kind,
	text: string,
	binding: string,
	now: number,
): Promise<OpenedCapability<ClaimsOf[Kind]>> {
	if (isDirectOffer(text) !== (kind === "direct")) return { ok: false, reason: "malformed" };
	const sealed = kind === "direct" ? text.slice(DIRECT_MARK.length) : text;
	const opened = await openClaims(keyring, purposeOf(kind, binding), sealed);
	if (!opened.ok) return opened;
	// The text is ours, so only its age is in doubt: another release of the service may have used other claims.
	if (!isOfKind(kind, opened.claims)) return { ok: false, reason: "malformed" };
	const claims = opened.claims as ClaimsOf[Kind];
	if (now >= claims.exp) return { ok: false, reason: "expired", offBySeconds: now - claims.exp };
	return { ok: true, claims };
}

function purposeOf(kind: CapabilityKind, binding: string): SealPurpose {
	const maxLength = kind === "direct" ? MAX_LENGTH - DIRECT_MARK.length : MAX_LENGTH;
	return { key: "capability", frame: ["parapet-capability", FORMAT_VERSION, kind, binding], maxLength };
}

// Not a schema: in workerd, which has no `eval`, a schema costs more here than the MAC does.
function isOfKind(kind: CapabilityKind, value: unknown): boolean {
	const claims = value as AnyClaims;
	return (
		typeof claims.device === "string" &&
		typeof claims.product === "string" &&
		(claims.from === null || typeof claims.from === "string") &&
		typeof claims.to === "string" &&
		typeof claims.sha256 === "string" &&
		typeof claims.exp === "number" &&
		(kind === "permit"
			? (claims.lease === null || typeof claims.lease === "number") &&
				(claims.haLock === null || typeof claims.haLock === "number")
			: typeof claims.isRevert === "boolean" &&
				typeof claims.isAgain === "boolean" &&
				(claims.needs === undefined || Array.isArray(claims.needs)) &&
				typeof claims.pseudonym === "string" &&
				isBound(claims))
	);
}

/** `jkt` is there, but beside a certificate: an edge of a version that knows nothing of those refuses the offer, rather than take it unbound. */
function isBound({ jkt, x5t }: AnyClaims): boolean {
	if (x5t !== undefined && typeof x5t !== "string") return false;
	return jkt === null || typeof jkt === "string" || (jkt === undefined && x5t !== undefined);
}
