// What the service signs itself: snapshot and timestamp, with a key that comes from MAC_KEYS. They say which files are the newest,
// and never what is in them: whoever steals this key can hold updates back for a while, and forge none.
import { formatTimestamp } from "../../timestamps.ts";
import { decodeBase64url } from "../formats/base64url.ts";
import { parseMacKeys } from "../keys/mac-keyring.ts";
import { encodeHex } from "./hex.ts";
import { createSigner, type TufSigner } from "./keys.ts";
import type { RootSigned, SnapshotSigned, TimestampSigned } from "./metadata.ts";
import { signAll } from "./sign.ts";

export const SPEC_VERSION = "1.0.31";
export const TIMESTAMP_SECONDS = 86_400;
/** By then a device that asks for nothing but the timestamp has a new snapshot too; renewed at half of it. */
export const SNAPSHOT_SECONDS = 14 * 86_400;

/** PKCS #8 of an Ed25519 key (RFC 8410 §7), up to its 32 bytes. */
const PKCS8_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/** @param macKeys MAC_KEYS @returns one signer for each of its keys, in their order */
export async function onlineSigners(macKeys: string): Promise<readonly TufSigner[]> {
	return Promise.all(parseMacKeys(macKeys).map(({ kid, secret }) => onlineSigner(kid, secret)));
}

async function onlineSigner(kid: string, secret: Uint8Array<ArrayBuffer>): Promise<TufSigner> {
	const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
	const info = new TextEncoder().encode(`parapet/trust/${kid}`);
	const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
	const seed = new Uint8Array(await crypto.subtle.deriveBits(derivation, base, 256));
	const der = Uint8Array.from([...PKCS8_PREFIX, ...seed]);
	// Extractable, because WebCrypto gives the public half of a private key in no other way.
	const privateKey = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, true, ["sign"]);
	const { x = "" } = (await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey;
	const raw = decodeBase64url(x) ?? new Uint8Array(0);
	const publicKey = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, true, ["verify"]);
	return createSigner({ publicKey, privateKey });
}

/** @returns the first of the signers by whom the root lets the role be signed; undefined where it names none of them */
export function signerFor(
	role: "snapshot" | "timestamp",
	root: RootSigned,
	signers: readonly TufSigner[],
): TufSigner | undefined {
	return signers.find(({ keyid }) => root.roles[role].keyids.includes(keyid));
}

/** @param versions of targets and of every product's role, by name @param now unix seconds */
export async function makeSnapshot(
	version: number,
	versions: ReadonlyMap<string, number>,
	signer: TufSigner,
	now: number,
): Promise<string> {
	const meta = Object.fromEntries(Array.from(versions, ([name, of]) => [`${name}.json`, { version: of }]));
	const expires = formatTimestamp(now + SNAPSHOT_SECONDS);
	const signed: SnapshotSigned = { _type: "snapshot", spec_version: SPEC_VERSION, version, expires, meta };
	return signAll(signed, [signer]);
}

/** @param snapshot the file that it points to @param now unix seconds */
export async function makeTimestamp(
	version: number,
	snapshot: { readonly version: number; readonly body: string },
	signer: TufSigner,
	now: number,
): Promise<string> {
	const bytes = new TextEncoder().encode(snapshot.body);
	const sha256 = encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
	const meta = { "snapshot.json": { version: snapshot.version, length: bytes.length, hashes: { sha256 } } };
	const expires = formatTimestamp(now + TIMESTAMP_SECONDS);
	const signed: TimestampSigned = { _type: "timestamp", spec_version: SPEC_VERSION, version, expires, meta };
	return signAll(signed, [signer]);
}
