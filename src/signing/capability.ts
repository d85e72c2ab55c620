// Capabilities: strings that let their holder do one thing for minutes. An offer is exchanged for a permit, a permit is
// reported on. One that is bound to something its holder has and the string does not show is useless alone, should it leak.
// Not checked here: whether what it allows is still right; the caller asks the live records.
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { MAC_LENGTH, sealFields, verifyFields } from "./framed-mac.ts";
import type { MacKeyring } from "./mac-keyring.ts";

const FORMAT_VERSION = "1";
const MAX_LENGTH = 2048;

export interface PermitClaims {
	readonly device: string;
	readonly product: string;
	/** installed version; null if there is none */
	readonly from: string | null;
	readonly to: string;
	readonly sha256: string;
	/** unix seconds */
	readonly exp: number;
}

export interface OfferClaims extends PermitClaims {
	/** what logs call the device */
	readonly pseudonym: string;
	/** thumbprint of the key whose DPoP proof must come with the offer; null for a bearer token */
	readonly jkt: string | null;
}

interface ClaimsOf {
	readonly offer: OfferClaims;
	readonly permit: PermitClaims;
}
export type CapabilityKind = keyof ClaimsOf;

export type OpenedCapability<Claims> =
	| { readonly ok: true; readonly claims: Claims }
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes a capability, `kid.claims.mac`.
 * @param binding known to both sides and not in the text, such as the tail of the caller's access token
 * @throws RangeError if the claims do not fit, or `binding` holds a line feed
 */
export async function sealCapability<Kind extends CapabilityKind>(
	keyring: MacKeyring,
	kind: Kind,
	claims: ClaimsOf[Kind],
	binding: string,
): Promise<string> {
	const { kid, capability } = keyring.current;
	const payload = encodeBase64url(encoder.encode(JSON.stringify(claims)));
	const text = `${kid}.${payload}.${await sealFields(capability, framed(kind, kid, payload, binding))}`;
	if (text.length > MAX_LENGTH) throw new RangeError(`a capability of ${text.length} characters is too long`);
	return text;
}

/** Opens a capability of one kind. It is good until `exp`, exclusive; `expired` is said only under a good MAC. */
export async function openCapability<Kind extends CapabilityKind>(
	keyring: MacKeyring,
	kind: Kind,
	text: string,
	binding: string,
	now: number,
): Promise<OpenedCapability<ClaimsOf[Kind]>> {
	const parts = text.length <= MAX_LENGTH ? text.split(".") : [];
	const [kid, payload, mac] = parts;
	if (parts.length !== 3 || kid === undefined || payload === undefined || mac?.length !== MAC_LENGTH) {
		return { ok: false, reason: "malformed" };
	}
	const keySet = keyring.byKid.get(kid);
	if (keySet === undefined) return { ok: false, reason: "unknown_key" };
	if (!(await verifyFields(keySet.capability, framed(kind, kid, payload, binding), mac))) {
		return { ok: false, reason: "bad_mac" };
	}
	const claims = readClaims(kind, payload);
	if (claims === null) return { ok: false, reason: "malformed" };
	if (now >= claims.exp) return { ok: false, reason: "expired", offBySeconds: now - claims.exp };
	return { ok: true, claims };
}

function framed(kind: CapabilityKind, kid: string, payload: string, binding: string): readonly string[] {
	return ["parapet-capability", FORMAT_VERSION, kind, kid, payload, binding];
}

/** The text is ours, under a good MAC, so only its age is in doubt: another release of the service may have used other claims. */
function readClaims<Kind extends CapabilityKind>(kind: Kind, payload: string): ClaimsOf[Kind] | null {
	const bytes = decodeBase64url(payload);
	if (bytes === null) return null;
	try {
		const claims: unknown = JSON.parse(decoder.decode(bytes));
		return isOfKind(kind, claims) ? (claims as ClaimsOf[Kind]) : null;
	} catch {
		return null;
	}
}

// Not a schema: in workerd, which has no `eval`, a schema costs more here than the MAC does.
function isOfKind(kind: CapabilityKind, value: unknown): boolean {
	const claims = value as Partial<Record<keyof OfferClaims, unknown>> | null;
	return (
		typeof claims === "object" &&
		claims !== null &&
		typeof claims.device === "string" &&
		typeof claims.product === "string" &&
		(claims.from === null || typeof claims.from === "string") &&
		typeof claims.to === "string" &&
		typeof claims.sha256 === "string" &&
		typeof claims.exp === "number" &&
		(kind === "permit" ||
			(typeof claims.pseudonym === "string" && (claims.jkt === null || typeof claims.jkt === "string")))
	);
}
