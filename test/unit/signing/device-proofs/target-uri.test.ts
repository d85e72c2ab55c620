// One target, however its URI is written, and no other (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSameTarget } from "../../../../src/signing/device-proofs/target-uri.ts";

const HOST = "updates.example";
const UNRESERVED = [..."abcxyzABCXYZ0189-._~"];
const segment = fc
	.array(fc.constantFrom(...UNRESERVED), { minLength: 1, maxLength: 5 })
	.map((all) => all.join(""))
	.filter((text) => text !== "." && text !== "..");
const path = fc.array(segment, { minLength: 1, maxLength: 4 });
const uriOf = (segments: readonly string[]) => `https://${HOST}/${segments.join("/")}`;

/** A text in which some characters are escaped, in either case of the hexadecimal digits. */
const escapedSomewhere = (text: string) =>
	fc.tuple(...Array.from(text, () => fc.constantFrom("as it is", "escaped", "ESCAPED"))).map((ways) =>
		Array.from(text, (character, index) => {
			const hex = character.charCodeAt(0).toString(16).padStart(2, "0");
			if (ways[index] === "escaped") return `%${hex}`;
			return ways[index] === "ESCAPED" ? `%${hex.toUpperCase()}` : character;
		}).join(""),
	);
const inAnyCase = (text: string) =>
	fc
		.array(fc.boolean(), { minLength: text.length, maxLength: text.length })
		.map((capitals) => Array.from(text, (one, at) => (capitals[at] ? one.toUpperCase() : one)).join(""));
const detour = fc.constantFrom("", "./", "x/../", "%2e/", "x/%2E%2e/");

/** Other ways to write the URI of a path. */
const spellings = (segments: readonly string[]) =>
	fc
		.tuple(
			inAnyCase("https"),
			inAnyCase(HOST),
			fc.constantFrom("", ":", ":443"),
			fc.tuple(...segments.map((one) => fc.tuple(detour, escapedSomewhere(one)).map((both) => both.join("")))),
			fc.constantFrom("", "?", "?a=b", "#c", "?a=%2F#c"),
		)
		.map(([scheme, host, port, written, rest]) => `${scheme}://${host}${port}/${written.join("/")}${rest}`);
const twoSpellings = path.chain((segments) =>
	fc.tuple(fc.constant(segments), spellings(segments), spellings(segments)),
);

describe("one target", () => {
	it("is the same however it is written, on either side", () => {
		fc.assert(
			fc.property(twoSpellings, ([segments, one, other]) => {
				expect(isSameTarget(one, uriOf(segments)), one).toBe(true);
				expect(isSameTarget(one, other), `${one} ${other}`).toBe(true);
			}),
		);
	});

	it("is no other, however alike its path: one character, one slash more, one segment", () => {
		const pair = path.chain((segments) => fc.tuple(fc.constant(segments), spellings(segments), path));
		fc.assert(
			fc.property(pair, fc.nat(), fc.constantFrom(...UNRESERVED), ([segments, written, others], at, character) => {
				const text = segments.join("/");
				const place = at % text.length;
				const changed = text.slice(0, place) + character + text.slice(place + 1);
				fc.pre(changed !== text && text[place] !== "/" && !/(^|\/)\.{1,2}(\/|$)/.test(changed));
				expect(isSameTarget(written, uriOf([changed]))).toBe(false);
				expect(isSameTarget(written, `${uriOf(segments)}/`)).toBe(false);
				expect(isSameTarget(written, uriOf([...segments, ...others]))).toBe(false);
			}),
		);
	});

	it.each([
		["https://updates.example", "https://updates.example/", true],
		["https://updates.example:443", "https://updates.example", true],
		["https://updates.example/%c3%a9", "https://updates.example/%C3%A9", true],
		["https://%75pdates.example/a", "https://updates.example/a", true],
		["http://127.0.0.1:8787/a", "http://127.0.0.1:8787/%61", true],
		["https://[2001:DB8::1]/a", "https://[2001:db8::1]:443/a", true],
		["https://updates.example/a%2Fb", "https://updates.example/a/b", false],
		["https://updates.example/a%3Fb", "https://updates.example/a?b", false],
		["https://updates.example/%2561", "https://updates.example/a", false],
		["https://updates.example./a", "https://updates.example/a", false],
		["https://updates.example:8443/a", "https://updates.example/a", false],
		["http://updates.example/a", "https://updates.example/a", false],
		["https://user@updates.example/a", "https://updates.example/a", false],
		["https://user:x@updates.example/a", "https://updates.example/a", false],
	])("%s and %s: %s", (one, other, same) => {
		expect(isSameTarget(one, other)).toBe(same);
		expect(isSameTarget(other, one)).toBe(same);
	});

	it.each([
		["a backslash", "https://updates.example\\a"],
		["no slashes", "https:updates.example/a"],
		["one slash", "https:/updates.example/a"],
		["three slashes", "https:///updates.example/a"],
		["a space before", " https://updates.example/a"],
		["a tab within", "https://updates.example/\ta"],
		["a line feed after", "https://updates.example/a\n"],
		["wide letters", "https://ｕpdates.example/a"],
		["a broken escape", "https://updates.example/%6/../a"],
		["no scheme", "//updates.example/a"],
		["nothing", ""],
	])("is not named by what is no URI, though URL parsers repair it: %s", (_, text) => {
		expect(isSameTarget(text, "https://updates.example/a")).toBe(false);
	});
});
