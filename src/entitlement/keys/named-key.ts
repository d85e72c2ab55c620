// Which API key is a person's, where somebody else has said who they are? The one that was made in their name. Pure.
import type { CredentialRecord } from "./credential-record.ts";
import { keyEnding } from "./key-expiry.ts";

/**
 * @param credentials in the order in which they were made
 * @param email as an identity provider has it; ASCII letters of either case are the same, and no others
 * @param now unix seconds
 * @returns the newest that is in force and whose subject is the address
 */
export function keyNamed<C extends Pick<CredentialRecord, "subject" | "revoked" | "expiresAt">>(
	credentials: readonly C[],
	email: string,
	now: number,
): C | null {
	const wanted = foldAscii(email);
	return credentials.findLast((one) => foldAscii(one.subject) === wanted && keyEnding(one, now) === null) ?? null;
}

/** Whole Unicode makes one address of two: the Kelvin sign becomes a k, and `\u212aarl@…` is not `karl@…`. */
function foldAscii(text: string): string {
	return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
