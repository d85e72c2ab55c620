// The keys behind everything that Parapet seals for itself (MAC_KEYS): access tokens, download URLs, capabilities, the
// check's ETag and registration tokens; secrets of webhooks and codes of launches come from them too. The first key seals,
// every key verifies. To rotate: append, wait until every edge has it, move it to the front, later drop the old one.
import { decodeSecret, deriveHmacKeys } from "./derived-keys.ts";

export interface MacKeySet {
	readonly kid: string;
	/** of access tokens */
	readonly token: CryptoKey;
	readonly url: CryptoKey;
	readonly capability: CryptoKey;
	readonly etag: CryptoKey;
	readonly registration: CryptoKey;
	/** for records in stores */
	readonly record: CryptoKey;
	/** for deriving secrets of webhooks, never for signing one */
	readonly webhook: CryptoKey;
	/** for deriving the auth codes of instances' launches */
	readonly launch: CryptoKey;
	/** of who has signed in to the console */
	readonly session: CryptoKey;
}

export interface MacKeyring {
	readonly current: MacKeySet;
	readonly byKid: ReadonlyMap<string, MacKeySet>;
}

export interface MacSecret {
	readonly kid: string;
	readonly secret: Uint8Array<ArrayBuffer>;
}

const KID = /^[a-z0-9]{1,8}$/;

/**
 * Parses MAC_KEYS, "kid:secret,kid2:secret2"; a secret is base64url of at least 32 bytes.
 * @throws Error that says which entry is wrong and shows no secret
 */
export function parseMacKeys(spec: string): readonly [MacSecret, ...MacSecret[]] {
	const [first, ...others] = spec.split(",").map((entry, index) => parseEntry(entry, index + 1));
	if (first === undefined) throw new Error("MAC_KEYS: holds no key");
	const kids = [first, ...others].map(({ kid }) => kid);
	if (new Set(kids).size < kids.length) throw new Error("MAC_KEYS: a kid is given twice");
	return [first, ...others];
}

/**
 * Imports MAC_KEYS, once per isolate.
 * @throws Error as `parseMacKeys`
 */
export async function importMacKeyring(spec: string): Promise<MacKeyring> {
	const [first, ...others] = parseMacKeys(spec);
	const current = await deriveKeySet(first);
	const keySets = [current, ...(await Promise.all(others.map(deriveKeySet)))];
	return { current, byKid: new Map(keySets.map((keySet) => [keySet.kid, keySet])) };
}

/** No message shows what stands where a kid should: of a swapped entry it would be the secret. */
function parseEntry(entry: string, position: number): MacSecret {
	const [kid, text, ...rest] = entry.trim().split(":");
	if (kid === undefined || text === undefined || rest.length > 0) {
		throw new Error(`MAC_KEYS: entry ${position} is not "kid:secret"`);
	}
	if (!KID.test(kid)) throw new Error(`MAC_KEYS: entry ${position}: a kid is 1 to 8 of a-z and 0-9`);
	const secret = decodeSecret(text);
	if (secret === null) throw new Error(`MAC_KEYS: entry ${position}: the secret is not base64url of 32 bytes or more`);
	return { kid, secret };
}

async function deriveKeySet({ kid, secret }: MacSecret): Promise<MacKeySet> {
	const [token, url, capability, etag, registration, record, webhook, launch, session] = await deriveHmacKeys(secret, [
		`parapet/token/${kid}`,
		`parapet/url/${kid}`,
		`parapet/capability/${kid}`,
		`parapet/etag/${kid}`,
		`parapet/registration/${kid}`,
		`parapet/record/${kid}`,
		`parapet/webhook/${kid}`,
		`parapet/launch/${kid}`,
		`parapet/session/${kid}`,
	]);
	return { kid, token, url, capability, etag, registration, record, webhook, launch, session };
}
