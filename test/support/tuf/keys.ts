// Keys of TUF roles for tests, new each time.
import { createSigner, type TufKey, type TufSigner } from "../../../src/signing/tuf/keys.ts";

export async function newSigner(kind: "ed25519" | "ecdsa" = "ed25519"): Promise<TufSigner> {
	const algorithm = kind === "ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
	return createSigner((await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair);
}

/** @returns keys as metadata names them */
export function keyTable(...signers: readonly TufSigner[]): Record<string, TufKey> {
	return Object.fromEntries(signers.map(({ keyid, key }) => [keyid, key]));
}

export function roleOf(threshold: number, ...signers: readonly TufSigner[]): { keyids: string[]; threshold: number } {
	return { keyids: signers.map(({ keyid }) => keyid), threshold };
}
