// Who is signed in to the console: a sealed cookie with the keyed hash of the API key, never the key. It opens nothing by itself: each
// request asks whether that key is still known and in force, so the session ends with the key.
import type { MacKeyring } from "../signing/keys/mac-keyring.ts";
import { openClaims, type SealPurpose, sealClaims } from "../signing/sealed/sealed-claims.ts";

export const SESSION_SECONDS = 8 * 3_600;

const purpose = (issuer: string): SealPurpose => ({ key: "session", frame: ["console 1", issuer], maxLength: 512 });

export interface Session {
	/** keyed hash of the API key */
	readonly hash: string;
	/** random; each form of the session carries it */
	readonly form: string;
	/** unix seconds */
	readonly exp: number;
}

export function sealSession(keyring: MacKeyring, issuer: string, session: Session): Promise<string> {
	return sealClaims(keyring.current, purpose(issuer), session);
}

/** @param text whatever came as the cookie @param now unix seconds @returns null where it is none of ours, or over */
export async function openSession(
	keyring: MacKeyring,
	issuer: string,
	text: string,
	now: number,
): Promise<Session | null> {
	const opened = await openClaims(keyring, purpose(issuer), text);
	if (!opened.ok) return null;
	// Sealed here, by this version or another.
	const { hash, form, exp } = opened.claims as Partial<Session>;
	if (typeof hash !== "string" || typeof form !== "string" || typeof exp !== "number") return null;
	return now < exp ? { hash, form, exp } : null;
}

/**
 * Whether the service is reached over TLS. Only the one on this machine is not: there the cookie has neither `Secure` nor the `__Host-`
 * that demands it, because Safari, and any browser that reaches the machine by another name than localhost, would drop it.
 */
export function hasTls(issuer: string): boolean {
	return issuer.startsWith("https:");
}

/** 144 random bits, in characters that need no escaping in a form. */
export function randomWord(): string {
	return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
}
