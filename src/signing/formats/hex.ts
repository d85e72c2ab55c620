// Bytes as lower-case hexadecimal digits, as digests are written here, and TUF writes key ids and signatures.

export function encodeHex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns null unless the text is an even number of lower-case hexadecimal digits */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> | null {
	if (!/^([0-9a-f]{2})*$/.test(text)) return null;
	return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}
