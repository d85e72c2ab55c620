// Tokens of trusted publishing: what a run of CI got in exchange for its ID token. Sealed claims (sealed-claims.ts) that name the publisher
// and the one product. Not checked here: whether the product still has that publisher.
import type { MacKeyring } from "../keys/mac-keyring.ts";
import { openClaims, type SealPurpose, sealClaims } from "./sealed-claims.ts";

export const PUBLISH_TOKEN_SECONDS = 900;
const MAX_LENGTH = 2_048;

export interface PublishToken {
	readonly product: string;
	/** id of the trusted publisher */
	readonly publisher: string;
	/** what the trail calls it */
	readonly subject: string;
	/** which run of it, for the trail */
	readonly run: string;
	/** unix seconds */
	readonly exp: number;
}

export type OpenedPublishToken =
	| { readonly ok: true; readonly token: PublishToken }
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" | "expired" };

const purpose = (issuer: string): SealPurpose => ({
	key: "token",
	frame: ["parapet-publish", "1", issuer],
	maxLength: MAX_LENGTH,
});

/** @param issuer of this service, which alone takes the token */
export function sealPublishToken(keyring: MacKeyring, issuer: string, token: PublishToken): Promise<string> {
	return sealClaims(keyring.current, purpose(issuer), token);
}

/** Takes anything, from anyone. @param now unix seconds */
export async function openPublishToken(
	keyring: MacKeyring,
	issuer: string,
	text: string,
	now: number,
): Promise<OpenedPublishToken> {
	const opened = await openClaims(keyring, purpose(issuer), text);
	if (!opened.ok) return opened;
	// Sealed here, by this version or another.
	const { product, publisher, subject, run, exp } = opened.claims as Partial<PublishToken>;
	if (
		typeof product !== "string" ||
		typeof publisher !== "string" ||
		typeof subject !== "string" ||
		typeof run !== "string" ||
		typeof exp !== "number"
	)
		return { ok: false, reason: "malformed" };
	if (now >= exp) return { ok: false, reason: "expired" };
	return { ok: true, token: { product, publisher, subject, run, exp } };
}
