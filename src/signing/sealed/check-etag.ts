// The ETag of `GET /v1/check`, which is a capability itself: it says to which device, in which state of the world, an answer
// was given. Coming back in If-None-Match it lets the edge answer 304 without a look at the token. This is the hottest path
// of all, hence no JSON, no regular expressions. All it can buy a thief is "nothing changed".
import { DEVICE_ID_LENGTH } from "../../entitlement/ids.ts";
import { PSEUDONYM_LENGTH } from "../keys/lookup-keys.ts";
import type { MacKeyring, MacKeySet } from "../keys/mac-keyring.ts";
import { MAC_LENGTH, sealFields, verifyFields } from "./framed-mac.ts";

const FORMAT_VERSION = "1";
const MAX_KID_LENGTH = 8;
const MAX_EXP_LENGTH = 8;

/** What an answer depended on besides the device. No field may hold a line feed. */
export interface CheckState {
	/** revisions of all that devices share */
	readonly state: string;
	/** the request's query, as sent */
	readonly query: string;
	/** known to both sides and not in the ETag, such as the tail of the caller's access token */
	readonly binding: string;
}

export interface SealedCheck extends CheckState {
	readonly deviceId: string;
	/** what logs call the device, 16 characters */
	readonly pseudonym: string;
	/** unix seconds: no later than the token's end, nor the moment when time alone would change the answer */
	readonly exp: number;
}

/** An ETag of proper form. Nothing in it is trusted before `verifyCheckEtag`. */
export interface CheckEtag {
	readonly kid: string;
	/** unix seconds */
	readonly exp: number;
	readonly deviceId: string;
	readonly pseudonym: string;
	readonly mac: string;
}

/**
 * The ETag, `W/"kid.exp.device.pseudonym.mac"`, exp in base 36. Weak (RFC 9110 §8.8.1): two answers with the same meaning
 * differ in their capabilities; and a proxy that compresses takes a strong one away, so that no check would ever be 304.
 * @param keys that sealed the caller's token, so that the ETag ends with them
 * @throws RangeError if a field holds a line feed
 */
export async function sealCheckEtag({ kid, etag }: MacKeySet, check: SealedCheck): Promise<string> {
	const { deviceId, pseudonym } = check;
	const exp = check.exp.toString(36);
	return `W/"${kid}.${exp}.${deviceId}.${pseudonym}.${await sealFields(etag, framed(kid, exp, deviceId, pseudonym, check))}"`;
}

/** Reads one value of If-None-Match; null for anything that `sealCheckEtag` did not make, such as `*` or a list. */
export function readCheckEtag(text: string): CheckEtag | null {
	// For If-None-Match a strong validator is no different (RFC 9110 §13.1.2); some clients drop the mark.
	const start = text.startsWith("W/") ? 2 : 0;
	// From the end, because the last three parts have fixed lengths.
	const macAt = text.length - 1 - MAC_LENGTH;
	const pseudonymAt = macAt - 1 - PSEUDONYM_LENGTH;
	const deviceAt = pseudonymAt - 1 - DEVICE_ID_LENGTH;
	const kidEnd = text.indexOf(".", start);
	const kid = text.slice(start + 1, kidEnd);
	const expText = text.slice(kidEnd + 1, Math.max(deviceAt - 1, 0));
	if (text[start] !== '"' || text.at(-1) !== '"' || kidEnd < 0 || kid.length > MAX_KID_LENGTH) return null;
	if (text[deviceAt - 1] !== "." || text[pseudonymAt - 1] !== "." || text[macAt - 1] !== ".") return null;
	const exp = Number.parseInt(expText, 36);
	if (expText.length > MAX_EXP_LENGTH || exp.toString(36) !== expText) return null;
	return {
		kid,
		exp,
		deviceId: text.slice(deviceAt, pseudonymAt - 1),
		pseudonym: text.slice(pseudonymAt, macAt - 1),
		mac: text.slice(macAt, -1),
	};
}

/**
 * Whether the ETag was made by us for exactly this state, and has not expired. Why not does not matter: then the check is
 * answered in full.
 */
export function verifyCheckEtag(
	keyring: MacKeyring,
	{ kid, exp, deviceId, pseudonym, mac }: CheckEtag,
	check: CheckState & { readonly now: number },
): Promise<boolean> {
	const keySet = keyring.byKid.get(kid);
	if (keySet === undefined || check.now >= exp) return Promise.resolve(false);
	return verifyFields(keySet.etag, framed(kid, exp.toString(36), deviceId, pseudonym, check), mac);
}

function framed(kid: string, exp: string, deviceId: string, pseudonym: string, check: CheckState): readonly string[] {
	const { state, query, binding } = check;
	return ["parapet-etag", FORMAT_VERSION, kid, exp, deviceId, pseudonym, state, query, binding];
}
