// The one rule for text that people write: names, titles, notes, reasons, messages. It is shown in terminals, logs, web pages
// and syslog, so nothing in it may move a cursor, begin a line, or make the rest read otherwise than it was written.
import { z } from "zod";

/**
 * ZERO WIDTH NON-JOINER and JOINER: spelling in Persian, Hindi and others, and in emoji, between two characters that they join. In
 * Latin, Greek, Cyrillic, Han and the like they spell nothing, and would only make two names that look like one.
 */
const JOINER = "\\u200c\\u200d";
const JOINING_SCRIPTS =
	"Arab Syrc Mand Mong Nkoo Rohg Adlm Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Mymr Khmr Tibt Java Bali"
		.split(" ")
		.map((script) => `\\p{Script_Extensions=${script}}`)
		.join("");
const JOINED = `(?:(?=[\\p{L}\\p{M}])[${JOINING_SCRIPTS}]|[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f])`;

/** Controls and line ends, bidirectional and other invisible format characters, private and unassigned ones, lone surrogates. */
const FORBIDDEN = `(?![${JOINER}\\ufe0f])[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\u2800]`;

const UNSAFE = new RegExp(`${FORBIDDEN}|(?<!${JOINED})[${JOINER}]|[${JOINER}](?!${JOINED})`, "u");

/** @returns whether a text is a single line that every screen shows as it was written */
export function isPlainText(text: string): boolean {
	return !UNSAFE.test(text);
}

/** @param maxLength UTF-16 code units @returns the schema of such a text, kept in Unicode's composed form (NFC) */
export function plainText(maxLength: number) {
	return (
		z
			.string()
			.normalize("NFC")
			// After the composed form, which can be longer: a text that is taken once must be taken again when it is read back.
			.max(maxLength)
			.refine(isPlainText, "plain text in one line: no control, bidirectional or invisible characters")
	);
}

const EACH_UNSAFE = new RegExp(UNSAFE, "gu");

/** @param maxLength UTF-16 code units @returns what `plainText` takes of any text: cut, a space for each character that it refuses; "" = nothing */
export function toPlainText(text: string, maxLength: number): string {
	// Cut first: what a character joined, or its other half, may be gone.
	return text.normalize("NFC").slice(0, maxLength).replaceAll(EACH_UNSAFE, " ").trim();
}

/** What people call an account, an HA group or a product: `Café`, `Smith & Sons (Pty) Ltd`, `हिन्दी नेटवर्क`. */
export const displayName = plainText(100)
	.regex(
		/^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} .,'’&()/+!@#:_-]|\u200c|\u200d)*$/u,
		"a name is up to 100 letters, digits, spaces and . , ' & ( ) / + ! @ # : _ -",
	)
	// Classes of Unicode are no part of what every reader of JSON Schema knows (2020-12 §6.4): this is exact in ASCII, and takes the rest.
	.meta({
		pattern: '^[^\\u0000-/:-@\\[-`{-\\u007f][^\\u0000-\\u001f"$%*;-?\\[-^`{-\\u007f]*$',
		description:
			"Letters, digits, spaces and . , ' & ( ) / + ! @ # : _ - in the composed form (NFC); a letter or digit first",
	});

/** RFC 8266 asks for it: a text may change in the second round too, hardly ever in the third. */
const FOLDING_ROUNDS = 4;

/**
 * Names are compared as RFC 8266 §2.4 compares nicknames: without case, in the compatible composed form (NFKC), runs of spaces
 * as one. So `ACME`, `acme` and `ＡＣＭＥ` are one name; `Straße` and `Strasse` are two.
 * @returns the same text for each way to write a name; to compare by, not to show
 */
export function foldName(name: string): string {
	let folded = name;
	for (let round = 0; round < FOLDING_ROUNDS; round++) {
		folded = folded
			.replaceAll(/\p{Zs}+/gu, " ")
			.trim()
			.toLowerCase()
			.normalize("NFKC");
	}
	return folded;
}
