// Canonical JSON as OLPC defines it and TUF signs it: members sorted by name, no white space, whole numbers only, and in strings
// only the quotation mark and the backslash are escaped. One text per value; not meant to be read back.

/**
 * @param value as `JSON.parse` gives it
 * @throws TypeError for what has no canonical form: fractions, undefined, and names of members with characters outside the
 *   Basic Multilingual Plane, which implementations sort in two ways
 */
export function canonicalJson(value: unknown): string {
	if (value === null || typeof value === "boolean") return String(value);
	if (typeof value === "string") return quote(value);
	if (typeof value === "number" && Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
	if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
	if (typeof value === "object") {
		const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
		return `{${members.map(([name, member]) => `${memberName(name)}:${canonicalJson(member)}`).join(",")}}`;
	}
	throw new TypeError("only whole numbers, texts, true, false, null, lists and objects have a canonical form");
}

/** @returns the bytes that signatures are over */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
	return new Uint8Array(new TextEncoder().encode(canonicalJson(value)));
}

function quote(text: string): string {
	return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function memberName(name: string): string {
	if (/[\ud800-\udfff]/.test(name))
		throw new TypeError("the name of a member has a character outside of the Basic Multilingual Plane");
	return quote(name);
}
