// The log's own keys, one for each entry of MAC_KEYS: all of them sign, so that whoever knows one of them goes on while they rotate.
import { deriveEd25519 } from "../keys/derived-ed25519.ts";
import { parseMacKeys } from "../keys/mac-keyring.ts";
import { createNoteSigner, type NoteSigner, parseVerifierKey, type VerifierKey } from "./note.ts";

/** @param issuer the service's origin @returns what the log is called: its address without the scheme */
export function logOrigin(issuer: string): string {
	return `${new URL(issuer).host}/tlog`;
}

/** @param macKeys MAC_KEYS @returns in their order */
export function logSigners(macKeys: string, origin: string): Promise<readonly NoteSigner[]> {
	const signerOf = async (kid: string, secret: Uint8Array<ArrayBuffer>) =>
		createNoteSigner(origin, await deriveEd25519(secret, `parapet/log/${kid}`));
	return Promise.all(parseMacKeys(macKeys).map(({ kid, secret }) => signerOf(kid, secret)));
}

/** @returns those of the texts that are keys */
export async function parseVerifierKeys(texts: readonly string[]): Promise<VerifierKey[]> {
	return (await Promise.all(texts.map(parseVerifierKey))).filter((key) => key !== null);
}
