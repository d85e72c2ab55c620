// An Ed25519 key pair out of a configured secret, one per purpose (HKDF, RFC 5869): the same secret always gives the same pair.
import { decodeBase64url } from "../formats/base64url.ts";

/** PKCS #8 of an Ed25519 key (RFC 8410 §7), up to its 32 bytes. */
const PKCS8_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/** @param info says what the pair is for @returns `publicKey` extractable */
export async function deriveEd25519(
	secret: Uint8Array<ArrayBuffer>,
	info: string,
): Promise<Pick<CryptoKeyPair, "publicKey" | "privateKey">> {
	const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
	const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: new TextEncoder().encode(info) };
	const seed = new Uint8Array(await crypto.subtle.deriveBits(derivation, base, 256));
	const der = Uint8Array.from([...PKCS8_PREFIX, ...seed]);
	// Extractable, because WebCrypto gives the public half of a private key in no other way.
	const privateKey = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, true, ["sign"]);
	const { x = "" } = (await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey;
	const raw = decodeBase64url(x) ?? new Uint8Array(0);
	return { publicKey: await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, true, ["verify"]), privateKey };
}
