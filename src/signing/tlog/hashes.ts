// Hashes of a Merkle tree (RFC 6962 §2.1) and their texts.

/** 32 bytes: a SHA-256. */
export type Hash = Uint8Array<ArrayBuffer>;

export const HASH_BYTES = 32;

async function sha256(...parts: readonly (Uint8Array | readonly number[])[]): Promise<Hash> {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", joinBytes(...parts)));
}

/** @returns the hash of a leaf with these bytes */
export function leafHash(entry: Uint8Array): Promise<Hash> {
	return sha256([0], entry);
}

export function nodeHash(left: Hash, right: Hash): Promise<Hash> {
	return sha256([1], left, right);
}

/** @returns the root of a tree without leaves */
export function emptyRoot(): Promise<Hash> {
	return sha256();
}

export function isSameHash(one: Uint8Array, other: Uint8Array): boolean {
	return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function joinBytes(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
	const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		joined.set(part, at);
		at += part.length;
	}
	return joined;
}

/** @returns base64 with padding (RFC 4648 §4) */
export function encodeBase64(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes));
}

/** @returns null unless encoding the bytes again gives exactly the text */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
	if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
	const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
	return encodeBase64(bytes) === text ? bytes : null;
}

/** @returns null unless it is the base64 of 32 bytes */
export function decodeHash(text: string): Hash | null {
	const bytes = decodeBase64(text);
	return bytes?.length === HASH_BYTES ? bytes : null;
}
