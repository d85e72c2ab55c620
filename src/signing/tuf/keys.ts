// Keys of TUF roles: Ed25519 and ECDSA P-256 by WebCrypto, written as the TUF specification (§4.2) and its implementations do.
// A key's id is the SHA-256 of its canonical JSON, and is computed again wherever one is read.
import { z } from "zod";
import { decodeHex, encodeHex } from "../formats/hex.ts";
import { canonicalBytes } from "./canonical-json.ts";
import { fromDer, toDer } from "./ecdsa-der.ts";

/** @param text base64 */
function toPem(text: string): string {
	const lines = text.match(/.{1,64}/g) ?? [];
	return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
}

/** One key has one form, and so one id: in two forms it would count as two keys. */
function isPlainPem(pem: string): boolean {
	const text = pem.replace(/^-----.*-----$/gm, "").replaceAll("\n", "");
	if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return false;
	return toPem(btoa(atob(text))) === pem;
}

export const tufKey = z.union([
	z.strictObject({
		keytype: z.literal("ed25519"),
		scheme: z.literal("ed25519"),
		keyval: z.strictObject({ public: z.string().regex(/^[0-9a-f]{64}$/, "an Ed25519 key is 64 hexadecimal digits") }),
	}),
	z.strictObject({
		keytype: z.literal("ecdsa"),
		scheme: z.literal("ecdsa-sha2-nistp256"),
		keyval: z.strictObject({
			public: z
				.string()
				.max(300)
				.refine(isPlainPem, "an ECDSA key is written as PEM (RFC 7468), in lines of 64 characters"),
		}),
	}),
]);
export type TufKey = z.infer<typeof tufKey>;

/** Of a private key's owner: which key it is, and how it signs. */
export interface TufSigner {
	readonly keyid: string;
	readonly key: TufKey;
	sign(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
}

const ECDSA = { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" };
const ED25519 = { name: "Ed25519" };

/** @returns 64 hexadecimal digits */
export async function keyIdOf(key: TufKey): Promise<string> {
	return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", canonicalBytes(key))));
}

/** @param publicKey extractable, Ed25519 or ECDSA P-256 */
export async function toTufKey(publicKey: CryptoKey): Promise<TufKey> {
	if (publicKey.algorithm.name === "Ed25519") {
		const bytes = new Uint8Array((await crypto.subtle.exportKey("raw", publicKey)) as ArrayBuffer);
		return { keytype: "ed25519", scheme: "ed25519", keyval: { public: encodeHex(bytes) } };
	}
	const der = new Uint8Array((await crypto.subtle.exportKey("spki", publicKey)) as ArrayBuffer);
	const pem = toPem(btoa(String.fromCharCode(...der)));
	return { keytype: "ecdsa", scheme: "ecdsa-sha2-nistp256", keyval: { public: pem } };
}

/** @param pair `publicKey` extractable */
export async function createSigner(pair: Pick<CryptoKeyPair, "publicKey" | "privateKey">): Promise<TufSigner> {
	const key = await toTufKey(pair.publicKey);
	const isEcdsa = key.keytype === "ecdsa";
	return {
		keyid: await keyIdOf(key),
		key,
		async sign(bytes) {
			const signature = new Uint8Array(await crypto.subtle.sign(isEcdsa ? ECDSA : ED25519, pair.privateKey, bytes));
			return encodeHex(isEcdsa ? toDer(signature) : signature);
		},
	};
}

/** @param sig as TUF writes it @returns false also where the key or the signature is none */
export async function isSignedBy(key: TufKey, sig: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
	const isEcdsa = key.keytype === "ecdsa";
	const given = decodeHex(sig);
	const signature = given !== null && isEcdsa ? fromDer(given) : given;
	if (signature === null) return false;
	try {
		return await crypto.subtle.verify(isEcdsa ? ECDSA : ED25519, await importPublic(key), signature, bytes);
	} catch {
		return false;
	}
}

function importPublic({ keytype, keyval }: TufKey): Promise<CryptoKey> {
	if (keytype === "ed25519") {
		return crypto.subtle.importKey("raw", decodeHex(keyval.public) ?? new Uint8Array(0), ED25519, false, ["verify"]);
	}
	const base64 = keyval.public.replaceAll(/-----[A-Z ]+-----|\s/g, "");
	const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
	return crypto.subtle.importKey("spki", der, ECDSA, false, ["verify"]);
}
