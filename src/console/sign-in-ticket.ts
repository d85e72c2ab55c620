// What a one-use sign-in link carries: for which API key it signs in, by its keyed hash, until when, and the number under which it is
// used up. Whoever has the link has that much of the key, and no more: for ten minutes, once, while the key is in force.
import type { MacKeyring } from "../signing/keys/mac-keyring.ts";
import { openClaims, type SealPurpose, sealClaims } from "../signing/sealed/sealed-claims.ts";

export const TICKET_SECONDS = 600;

/** Its own frame: a ticket is no session, and no session a ticket. */
const purpose = (issuer: string): SealPurpose => ({
	key: "session",
	frame: ["console link 1", issuer],
	maxLength: 512,
});

export interface SignInTicket {
	/** keyed hash of the API key */
	readonly hash: string;
	/** random; it counts once */
	readonly id: string;
	/** unix seconds */
	readonly exp: number;
}

export type OpenedTicket =
	| { readonly ok: true; readonly ticket: SignInTicket }
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" | "expired" };

export function sealTicket(keyring: MacKeyring, issuer: string, ticket: SignInTicket): Promise<string> {
	return sealClaims(keyring.current, purpose(issuer), ticket);
}

/** Whether it was used before is for the object that remembers it. @param text whatever came as a ticket @param now unix seconds */
export async function openTicket(
	keyring: MacKeyring,
	issuer: string,
	text: string,
	now: number,
): Promise<OpenedTicket> {
	const opened = await openClaims(keyring, purpose(issuer), text);
	if (!opened.ok) return opened;
	// Sealed here, by this version or another.
	const { hash, id, exp } = opened.claims as Partial<SignInTicket>;
	if (typeof hash !== "string" || typeof id !== "string" || typeof exp !== "number")
		return { ok: false, reason: "malformed" };
	return now < exp ? { ok: true, ticket: { hash, id, exp } } : { ok: false, reason: "expired" };
}
