// Distinguished names as texts (RFC 4514), in one form each, so that two of them are compared as texts: whoever writes one (OpenSSL, a
// registration, a person) writes types in either case, as names or as numbers, and escapes in several ways. Values count to the letter.
import { type DerElement, readInside, readObjectId, TAG } from "./der.ts";

/** X.520 has none longer than some hundred characters; a name has a handful of parts. */
export const MAX_NAME_LENGTH = 512;

/** RFC 4514 §3, and what firewalls and their makers put into names beside that. */
const TYPES: Readonly<Record<string, string>> = {
	"2.5.4.3": "CN",
	"2.5.4.5": "serialNumber",
	"2.5.4.6": "C",
	"2.5.4.7": "L",
	"2.5.4.8": "ST",
	"2.5.4.9": "STREET",
	"2.5.4.10": "O",
	"2.5.4.11": "OU",
	"2.5.4.12": "title",
	"2.5.4.97": "organizationIdentifier",
	"0.9.2342.19200300.100.1.1": "UID",
	"0.9.2342.19200300.100.1.25": "DC",
	"1.2.840.113549.1.9.1": "emailAddress",
};
/** In lower case, to what a type is called here. */
const CALLED: ReadonlyMap<string, string> = new Map([
	...Object.entries(TYPES).flatMap(([id, name]) => [[id, name] as const, [name.toLowerCase(), name] as const]),
	["s", "ST"],
	["e", "emailAddress"],
	["email", "emailAddress"],
]);

interface Attribute {
	readonly type: string;
	readonly value: string;
}
/** The parts in the order of the text, the most particular one first; several attributes in one part are rare. */
type Parts = readonly (readonly Attribute[])[];

/** @returns a Name of a certificate (RFC 5280 §4.1.2.4) as text; null where it is none, or has a value that is no text */
export function formatName(element: DerElement | undefined): string | null {
	const sets = readInside(element, TAG.sequence);
	if (sets === null) return null;
	const parts: Attribute[][] = [];
	for (const set of sets) {
		const attributes = readInside(set, TAG.set);
		if (attributes === null || attributes.length === 0) return null;
		const part: Attribute[] = [];
		for (const attribute of attributes) {
			const [id, value] = readInside(attribute, TAG.sequence) ?? [];
			const type = readObjectId(id);
			const text = value === undefined ? null : readText(value.tag, value.content);
			if (type === null || text === null) return null;
			part.push({ type: TYPES[type] ?? type, value: text });
		}
		parts.unshift(part);
	}
	return formatParts(parts);
}

/** @returns the same text for each way to write a name; null where it is none */
export function normalName(text: string): string | null {
	const parts = readParts(text);
	return parts === null ? null : formatParts(parts);
}

/** @param name as `formatName` makes it @returns the values of a type in it */
export function valuesOf(name: string, type: string): string[] {
	return (readParts(name) ?? []).flat().flatMap((one) => (one.type === type ? [one.value] : []));
}

function formatParts(parts: Parts): string | null {
	const text = parts
		.map((part) =>
			part
				.map(({ type, value }) => `${type}=${escapeValue(value)}`)
				.toSorted()
				.join("+"),
		)
		.join(",");
	return text.length > MAX_NAME_LENGTH ? null : text;
}

function escapeValue(value: string): string {
	return value.replaceAll(/[\\",+;<>=]|^[ #]| $/g, "\\$&");
}

/** A letter, and what is behind it: escaped by itself, or as bytes of UTF-8 in hexadecimal (RFC 4514 §3). */
const VALUE = /(?:\\(?:[0-9A-Fa-f]{2}|[\\",+;<>=# ])|[^\\",+;<>])/y;
/** What is between the parts belongs to the way a name is written; other spaces of Unicode are letters. */
const TYPE = /[ \t\r\n]*(?:OID\.)?([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)[ \t\r\n]*=[ \t\r\n]*/iy;

function readParts(text: string): Parts | null {
	if (text.length > 4 * MAX_NAME_LENGTH) return null;
	const parts: Attribute[][] = [[]];
	let at = 0;
	for (;;) {
		TYPE.lastIndex = at;
		const type = TYPE.exec(text)?.[1];
		if (type === undefined) return null;
		at = TYPE.lastIndex;
		const start = at;
		for (VALUE.lastIndex = at; VALUE.test(text); ) at = VALUE.lastIndex;
		const value = readValue(text.slice(start, at));
		if (value === null) return null;
		parts.at(-1)?.push({ type: CALLED.get(type.toLowerCase()) ?? type, value });
		const separator = text[at++];
		if (separator === undefined) return parts;
		if (separator === ",") parts.push([]);
		else if (separator !== "+") return null;
	}
}

function readValue(text: string): string | null {
	// A space that is not escaped belongs to the way it is written.
	const trimmed = text.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
	// Of an even number each escapes another one.
	const isEscaped = (/\\*$/.exec(trimmed)?.[0].length ?? 0) % 2 === 1;
	const kept = isEscaped ? `${trimmed} ` : trimmed;
	if (kept.startsWith("#")) return readHexValue(kept.slice(1));
	const bytes: number[] = [];
	for (const [one] of kept.matchAll(/\\[0-9A-Fa-f]{2}|\\?[\s\S]/gu)) {
		if (/^\\[0-9A-Fa-f]{2}$/.test(one)) bytes.push(Number.parseInt(one.slice(1), 16));
		else bytes.push(...new TextEncoder().encode(one.replace(/^\\/, "")));
	}
	return decodeUtf8(Uint8Array.from(bytes));
}

/** The value's DER form in hexadecimal, as for types without a name. */
function readHexValue(hex: string): string | null {
	if (!/^(?:[0-9A-Fa-f]{2}){2,}$/.test(hex)) return null;
	const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
	const [tag = 0, length = 0] = bytes;
	return length === bytes.length - 2 ? readText(tag, bytes.subarray(2)) : null;
}

/** RFC 5280 §4.1.2.4 has five forms of text; makers of appliances use the others of X.680 too. */
function readText(tag: number, content: Uint8Array<ArrayBuffer>): string | null {
	switch (tag) {
		case TAG.utf8String:
		case TAG.printableString:
		case TAG.ia5String:
			return decodeUtf8(content);
		case TAG.numericString:
		case TAG.visibleString:
			return content.every((byte) => byte < 0x80) ? decodeUnits(content, 1) : null;
		case TAG.teletexString:
			// As everybody reads it: of T.61, whose accents are characters of their own, no certificate makes use.
			return decodeUnits(content, 1);
		case TAG.bmpString:
			return decodeUnits(content, 2);
		case TAG.universalString:
			return decodeUnits(content, 4);
		default:
			return null;
	}
}

/** @param bytes of each character: of Latin-1, UTF-16BE or UTF-32BE @returns as `decodeUtf8` */
function decodeUnits(content: Uint8Array, bytes: 1 | 2 | 4): string | null {
	if (content.length % bytes !== 0) return null;
	let text = "";
	for (let at = 0; at < content.length; at += bytes) {
		const code = content.subarray(at, at + bytes).reduce((sum, byte) => sum * 256 + byte, 0);
		if (code > 0x10ffff) return null;
		text += String.fromCodePoint(code);
	}
	return isOfName(text) ? text : null;
}

/** @returns null where it is no UTF-8, or has a character that no name has */
function decodeUtf8(bytes: Uint8Array<ArrayBuffer>): string | null {
	try {
		const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
		return isOfName(text) ? text : null;
	} catch {
		return null;
	}
}

/** No character that ends a line or a text, no half of one. */
function isOfName(text: string): boolean {
	return !/\p{C}/u.test(text);
}
