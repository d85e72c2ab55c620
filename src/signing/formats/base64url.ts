// Base64url without padding (RFC 4648 §5), strict: one text per byte string. The runtimes' own decoders skip junk, accept
// padding and ignore stray last bits, so two texts could carry one MAC; here such a text is refused. Fast for short values.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const INVALID = 255;

const valueOfCode = new Uint8Array(128).fill(INVALID);
for (let value = 0; value < ALPHABET.length; value++) valueOfCode[ALPHABET.charCodeAt(value)] = value;

/** All pairs of characters, so that twelve bits are encoded by one look-up. */
const pairs: readonly string[] = Array.from(
	{ length: 4096 },
	(_, value) => ALPHABET.charAt(value >> 6) + ALPHABET.charAt(value & 63),
);

/** Encodes bytes as base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
	const wholeGroups = bytes.length - (bytes.length % 3);
	let text = "";
	for (let at = 0; at < wholeGroups; at += 3) {
		const group = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
		text += pairs[group >> 12] ?? "";
		text += pairs[group & 4095] ?? "";
	}
	if (bytes.length - wholeGroups === 1) return text + (pairs[byteAt(bytes, wholeGroups) << 4] ?? "");
	if (bytes.length - wholeGroups === 2) {
		const group = (byteAt(bytes, wholeGroups) << 10) | (byteAt(bytes, wholeGroups + 1) << 2);
		return text + (pairs[group >> 6] ?? "") + ALPHABET.charAt(group & 63);
	}
	return text;
}

/** Decodes base64url; null unless encoding the result again gives exactly `text`. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
	const remainder = text.length % 4;
	if (remainder === 1) return null;
	const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
	let bits = 0;
	let bitCount = 0;
	let at = 0;
	for (let index = 0; index < text.length; index++) {
		const value = valueOfCode[text.charCodeAt(index)] ?? INVALID;
		if (value === INVALID) return null;
		bits = ((bits << 6) | value) & 0xffff;
		bitCount += 6;
		if (bitCount >= 8) {
			bitCount -= 8;
			bytes[at++] = bits >> bitCount;
		}
	}
	const strayBits = bits & ((1 << bitCount) - 1);
	return strayBits === 0 ? bytes : null;
}

function byteAt(bytes: Uint8Array, index: number): number {
	return bytes[index] ?? 0;
}
