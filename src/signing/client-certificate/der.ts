// Reads DER (X.690): tags and lengths, no more. Strict, so that a certificate has one form only: what is longer than it says, has a
// length of indefinite form or one that could be shorter, is none. Bytes of a stranger: never throws, looks at each byte once.

/** X.690 §8.1.2, of what a certificate is made of. */
export const TAG = {
	boolean: 0x01,
	integer: 0x02,
	bitString: 0x03,
	octetString: 0x04,
	objectId: 0x06,
	utf8String: 0x0c,
	numericString: 0x12,
	printableString: 0x13,
	teletexString: 0x14,
	ia5String: 0x16,
	utcTime: 0x17,
	generalizedTime: 0x18,
	visibleString: 0x1a,
	universalString: 0x1c,
	bmpString: 0x1e,
	sequence: 0x30,
	set: 0x31,
	/** of a certificate (RFC 5280 §4.1) */
	extensions: 0xa3,
} as const;

export interface DerElement {
	readonly tag: number;
	readonly content: Uint8Array<ArrayBuffer>;
	/** with tag and length */
	readonly whole: Uint8Array<ArrayBuffer>;
}

/** Lengths of four bytes would be of gigabytes. */
const MAX_LENGTH_BYTES = 3;

/** @returns the elements one after the other; null where the bytes are not exactly that */
export function readElements(bytes: Uint8Array<ArrayBuffer>): DerElement[] | null {
	const elements: DerElement[] = [];
	let at = 0;
	while (at < bytes.length) {
		const element = readAt(bytes, at);
		if (element === null) return null;
		elements.push(element);
		at += element.whole.length;
	}
	return elements;
}

/** @returns what is in a SEQUENCE or a SET, or in an element with a tag of its own; null where it is another or not well formed */
export function readInside(element: DerElement | undefined, tag: number): DerElement[] | null {
	return element?.tag === tag ? readElements(element.content) : null;
}

/** @returns the one element that the bytes are; null where they are not one, or more */
export function readWhole(bytes: Uint8Array<ArrayBuffer>): DerElement | null {
	const element = readAt(bytes, 0);
	return element?.whole.length === bytes.length ? element : null;
}

function readAt(bytes: Uint8Array<ArrayBuffer>, start: number): DerElement | null {
	const tag = bytes[start];
	const first = bytes[start + 1];
	// Tags of several bytes are in no certificate.
	if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null;
	let length = first;
	let at = start + 2;
	if (first >= 0x80) {
		const count = first & 0x7f;
		if (count === 0 || count > MAX_LENGTH_BYTES) return null;
		length = 0;
		for (const byte of bytes.subarray(at, at + count)) length = length * 256 + byte;
		if (length < 0x80 || length < 256 ** (count - 1)) return null;
		at += count;
	}
	const end = at + length;
	return end > bytes.length ? null : { tag, content: bytes.subarray(at, end), whole: bytes.subarray(start, end) };
}

/** @returns dotted decimal; null where it is no OBJECT IDENTIFIER */
export function readObjectId(element: DerElement | undefined): string | null {
	if (element?.tag !== TAG.objectId || element.content.length === 0) return null;
	const arcs: number[] = [];
	let arc = 0;
	for (const byte of element.content) {
		if (arc > 2 ** 40 || (arc === 0 && byte === 0x80)) return null;
		arc = arc * 128 + (byte & 0x7f);
		if (byte >= 0x80) continue;
		arcs.push(arc);
		arc = 0;
	}
	if (((element.content.at(-1) ?? 0x80) & 0x80) !== 0) return null;
	const [first = 0, ...rest] = arcs;
	const top = Math.min(2, Math.floor(first / 40));
	return [top, first - 40 * top, ...rest].join(".");
}

/** @returns unix seconds; null where it is none of the two forms of RFC 5280 §4.1.2.5 */
export function readTime(element: DerElement | undefined): number | null {
	if (element === undefined) return null;
	const text = String.fromCharCode(...element.content.subarray(0, 16));
	const isShort = element.tag === TAG.utcTime;
	if (!isShort && element.tag !== TAG.generalizedTime) return null;
	const match = (
		isShort ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/ : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
	).exec(text);
	if (match === null || element.content.length !== text.length) return null;
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
	const fullYear = isShort ? year + (year < 50 ? 2000 : 1900) : year;
	const pad = (part: number, digits = 2) => String(part).padStart(digits, "0");
	const iso = `${pad(fullYear, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}Z`;
	const ms = Date.parse(iso);
	return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}
