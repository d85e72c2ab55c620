// Capabilities: strings that let their holder do one thing for minutes. An offer is exchanged for a permit, a permit is
// reported on. One that is bound to something its holder has and the string does not show is useless alone, should it leak.
// Not checked here: whether what it allows is still right; the caller asks the live records.
import { z } from "zod";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { MAC_LENGTH, sealFields, verifyFields } from "./framed-mac.ts";
import type { MacKeyring } from "./mac-keyring.ts";

const FORMAT_VERSION = "1";
const MAX_LENGTH = 2048;

const permitClaims = z.object({
	device: z.string(),
	product: z.string(),
	/** installed version; null if there is none */
	from: z.string().nullable(),
	to: z.string(),
	sha256: z.string(),
	/** unix seconds */
	exp: z.number(),
});
const offerClaims = permitClaims.extend({
	/** what logs call the device */
	pseudonym: z.string(),
	/** thumbprint of the key whose DPoP proof must come with the offer; null for a bearer token */
	jkt: z.string().nullable(),
});

export type OfferClaims = Readonly<z.infer<typeof offerClaims>>;
export type PermitClaims = Readonly<z.infer<typeof permitClaims>>;

interface ClaimsOf {
	readonly offer: OfferClaims;
	readonly permit: PermitClaims;
}
export type CapabilityKind = keyof ClaimsOf;

export type OpenedCapability<Claims> =
	| { readonly ok: true; readonly claims: Claims }
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

const schemas: { readonly [Kind in CapabilityKind]: z.ZodType<ClaimsOf[Kind]> } = {
	offer: offerClaims,
	permit: permitClaims,
};

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

/** The text is ours, but may be of a release with other claims. */
function readClaims<Kind extends CapabilityKind>(kind: Kind, payload: string): ClaimsOf[Kind] | null {
	const bytes = decodeBase64url(payload);
	if (bytes === null) return null;
	try {
		const parsed = schemas[kind].safeParse(JSON.parse(decoder.decode(bytes)));
		return parsed.success ? parsed.data : null;
	} catch {
		return null;
	}
}
