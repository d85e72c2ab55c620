// What the service signs itself: snapshot and timestamp, with a key that comes from MAC_KEYS. They say which files are the newest,
// and never what is in them: whoever steals this key can hold updates back for a while, and forge none.
import { formatTimestamp } from "../../timestamps.ts";
import { encodeHex } from "../formats/hex.ts";
import { deriveEd25519 } from "../keys/derived-ed25519.ts";
import { parseMacKeys } from "../keys/mac-keyring.ts";
import { createSigner, type TufSigner } from "./keys.ts";
import type { RootSigned, SnapshotSigned, TimestampSigned } from "./metadata.ts";
import { signAll } from "./sign.ts";

export const SPEC_VERSION = "1.0.31";
export const TIMESTAMP_SECONDS = 86_400;
/** By then a device that asks for nothing but the timestamp has a new snapshot too; renewed at half of it. */
export const SNAPSHOT_SECONDS = 14 * 86_400;

/** @param macKeys MAC_KEYS @returns one signer for each of its keys, in their order */
export async function onlineSigners(macKeys: string): Promise<readonly TufSigner[]> {
	const signerOf = async (kid: string, secret: Uint8Array<ArrayBuffer>) =>
		createSigner(await deriveEd25519(secret, `parapet/trust/${kid}`));
	return Promise.all(parseMacKeys(macKeys).map(({ kid, secret }) => signerOf(kid, secret)));
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
