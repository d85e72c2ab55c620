// Signed notes (C2SP signed-note): a text, and under it a line for each signature. Only lines by keys that the reader knows count;
// lines by others, such as witnesses, are left alone. Keys are Ed25519.
import { encodeHex } from "../formats/hex.ts";
import { decodeBase64, encodeBase64, isSameHash, joinBytes } from "./hashes.ts";

const ED25519 = 1;
const KEY_BYTES = 32;
const ID_BYTES = 4;
/** A note with more lines is refused: witnesses are few. */
const MAX_SIGNATURES = 100;
const encoder = new TextEncoder();

export interface VerifierKey {
	readonly name: string;
	/** four bytes, from name and key */
	readonly id: Uint8Array<ArrayBuffer>;
	readonly publicKey: Uint8Array<ArrayBuffer>;
}

export interface NoteSigner {
	readonly name: string;
	/** as `formatVerifierKey` writes it */
	readonly verifierKey: string;
	/** @returns the line of the signature under the text */
	sign(text: string): Promise<string>;
}

/** @returns whether keys may be called so: no white space, no plus */
function isKeyName(name: string): boolean {
	return name !== "" && !/[\s+\p{Cc}]/u.test(name);
}

async function idOf(name: string, publicKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
	const named = joinBytes(encoder.encode(`${name}\n`), [ED25519], publicKey);
	return new Uint8Array(await crypto.subtle.digest("SHA-256", named)).slice(0, ID_BYTES);
}

/** @returns the key as its readers are given it: name, id and key, put together by plus */
export async function formatVerifierKey(name: string, publicKey: Uint8Array): Promise<string> {
	const id = encodeHex(await idOf(name, publicKey));
	return `${name}+${id}+${encodeBase64(joinBytes([ED25519], publicKey))}`;
}

/** @returns null where the text is no Ed25519 key, or its id is that of another */
export async function parseVerifierKey(text: string): Promise<VerifierKey | null> {
	const [name = "", , ...key] = text.split("+");
	const bytes = decodeBase64(key.join("+"));
	if (!isKeyName(name) || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) return null;
	const publicKey = bytes.slice(1);
	if ((await formatVerifierKey(name, publicKey)) !== text) return null;
	return { name, id: await idOf(name, publicKey), publicKey };
}

/** @param pair Ed25519, `publicKey` extractable */
export async function createNoteSigner(
	name: string,
	{ publicKey, privateKey }: Pick<CryptoKeyPair, "publicKey" | "privateKey">,
): Promise<NoteSigner> {
	const raw = new Uint8Array((await crypto.subtle.exportKey("raw", publicKey)) as ArrayBuffer);
	const id = await idOf(name, raw);
	return {
		name,
		verifierKey: await formatVerifierKey(name, raw),
		async sign(text) {
			const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, encoder.encode(text)));
			return `\u2014 ${name} ${encodeBase64(joinBytes(id, signature))}\n`;
		},
	};
}

/** @param text of lines, ends with a newline */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<string> {
	const lines = await Promise.all(signers.map((signer) => signer.sign(text)));
	return `${text}\n${lines.join("")}`;
}

export type OpenedNote =
	/** `signedBy`: those of the keys that have signed it, at least one */
	| { readonly ok: true; readonly text: string; readonly signedBy: readonly VerifierKey[] }
	| { readonly ok: false; readonly reason: "not_a_note" | "bad_signature" | "unknown_keys" };

/** A note whose known keys have signed it. A signature that claims a known key and is wrong spoils all. */
export async function openNote(note: string, keys: readonly VerifierKey[]): Promise<OpenedNote> {
	const split = note.lastIndexOf("\n\n");
	const text = note.slice(0, split + 1);
	const lines = note.slice(split + 2).split("\n");
	if (split < 1 || lines.pop() !== "" || /[^\P{Cc}\n]/u.test(note)) return { ok: false, reason: "not_a_note" };
	if (lines.length === 0 || lines.length > MAX_SIGNATURES) return { ok: false, reason: "not_a_note" };
	const signedBy: VerifierKey[] = [];
	for (const line of lines) {
		const [, name = "", base64 = ""] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
		const bytes = decodeBase64(base64);
		if (!isKeyName(name) || bytes === null || bytes.length <= ID_BYTES) return { ok: false, reason: "not_a_note" };
		const id = bytes.subarray(0, ID_BYTES);
		const key = keys.find((one) => one.name === name && isSameHash(one.id, id));
		if (key === undefined || signedBy.includes(key)) continue;
		if (!(await isSignature(bytes.slice(ID_BYTES), text, key))) return { ok: false, reason: "bad_signature" };
		signedBy.push(key);
	}
	return signedBy.length === 0 ? { ok: false, reason: "unknown_keys" } : { ok: true, text, signedBy };
}

async function isSignature(signature: Uint8Array<ArrayBuffer>, text: string, key: VerifierKey): Promise<boolean> {
	try {
		const imported = await crypto.subtle.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
		return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, encoder.encode(text));
	} catch {
		return false;
	}
}
