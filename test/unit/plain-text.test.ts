// The rule for text that people write: every script that people write in is taken, whatever could forge a line, drive a
// terminal or hide is not.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { message } from "../../src/content/messages/message.ts";
import { displayName, foldName, isPlainText, plainText, toPlainText } from "../../src/plain-text.ts";

describe("any text made plain", () => {
	const anything = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.string({ unit: fc.constantFrom("a", "e", "\u0301", "\u200d", "\ufe0f", "\u0915", "👩", "\ud83d", "\n", " ") }),
	);

	it("is taken as plain text, or nothing of it is left", () => {
		fc.assert(
			fc.property(anything, fc.integer({ min: 1, max: 12 }), (text, maxLength) => {
				const made = toPlainText(text, maxLength);
				expect(made === "" || plainText(maxLength).min(1).safeParse(made).data === made).toBe(true);
			}),
		);
	});

	it("stays as it is where it was plain", () => {
		expect(toPlainText("rule 1:2000419 does not load", 500)).toBe("rule 1:2000419 does not load");
		expect(toPlainText("می\u200cخواهم", 500)).toBe("می\u200cخواهم");
	});
});

describe("plain text", () => {
	it.each([
		["nothing", ""],
		["Persian with a zero width non-joiner", "می\u200cخواهم"],
		["Hindi with a zero width joiner", "क्\u200dष"],
		["Malayalam with a joiner after a virama", "ന്\u200d" + "റ"],
		["an emoji of joined characters", "👩🏽\u200d🚒"],
		["quotation marks and a no-break space", "“5 %\u00a0off”"],
	])("takes %s", (_, text) => {
		expect(isPlainText(text)).toBe(true);
	});

	it.each([
		["a line feed", "done\n2026-11-28 release.published by operator"],
		["a carriage return", "a\rb"],
		["a tab", "a\tb"],
		["an escape sequence", "\u001b[2Ja"],
		["the C1 form of an escape sequence", "\u009b2Ja"],
		["NUL", "a\u0000"],
		["a right-to-left override", "abc\u202efed"],
		["a bidirectional isolate", "a\u2066b"],
		["a left-to-right mark", "a\u200eb"],
		["a zero width space", "a\u200bb"],
		["a soft hyphen", "a\u00adb"],
		["a byte order mark", "\ufeffa"],
		["a line separator", "a\u2028b"],
		["a paragraph separator", "a\u2029b"],
		["a lone surrogate", "a\ud800"],
		["a private character", "a\ue000"],
		["an unassigned character", "a\u0378"],
		["tag characters", "a\u{e0041}"],
		["a joiner at the start", "\u200dab"],
		["a joiner at the end", "ab\u200c"],
		["a joiner beside a space", "a \u200cb"],
		["two joiners in a row", "a\u200c\u200cb"],
		["a joiner between digits", "1\u200d2"],
		["a joiner between Latin letters, which makes another name of the same look", "Ac\u200dme"],
		["a non-joiner between Cyrillic letters", "Ро\u200cга"],
		["a joiner between Han characters", "网\u200d络"],
		["a joiner between an Arabic letter and a Latin one", "م\u200da"],
		["a letter that shows nothing", "a\u3164b"],
		["a grapheme joiner", "a\u034fb"],
		["a variation selector that could carry data", "a\u{e0100}b"],
		["an empty braille pattern", "a\u2800b"],
	])("refuses %s", (_, text) => {
		expect(isPlainText(text)).toBe(false);
	});

	it("is kept in its composed form, so that one name has one spelling", () => {
		expect(plainText(10).parse("Cafe\u0301")).toBe("Caf\u00e9");
	});

	it("has a length limit at which it is still taken", () => {
		expect(plainText(3).safeParse("abc").success).toBe(true);
		expect(plainText(3).safeParse("abcd").success).toBe(false);
	});

	it("counts the composed form, which can be longer: what is taken is taken again when it is read back", () => {
		expect(plainText(3).safeParse("ab\u0958").success).toBe(false);
		const kept = plainText(4).parse("ab\u0958");
		expect(kept).toHaveLength(4);
		expect(plainText(4).parse(kept)).toBe(kept);
	});
});

describe("the name of an account, an HA group or a product", () => {
	it.each([
		"हिन्दी नेटवर्क",
		"عَرَبِيّ",
		"दिल्ली",
		"Cafe\u0301",
		"AT&T",
		"Smith & Sons (Pty) Ltd",
		"O’Neil's",
		"3M",
		"Yahoo!",
		"C/O Müller, Köln",
		"شرکت\u200cها",
	])("can be %s", (name) => {
		expect(displayName.safeParse(name).success).toBe(true);
	});

	it.each(["", " ", " a", "-a", "a\nb", "a\u202eb", "<b>", "a;b", 'a"b', "a\\b", "\u0301a", "\ud83d", "a".repeat(101)])(
		"cannot be %j",
		(name) => {
			expect(displayName.safeParse(name).success).toBe(false);
		},
	);
});

describe("the text of a message", () => {
	const text = (body: string) => message.shape.body.safeParse(body).success;

	it("can be Persian", () => {
		expect(text("به\u200cروزرسانی فردا")).toBe(true);
	});

	it.each(["<b>", "a & b", "a\nb", ""])("cannot be %j", (body) => {
		expect(text(body)).toBe(false);
	});
});

describe("names are compared as nicknames are (RFC 8266 §2.4)", () => {
	it.each([
		["ACME", "acme"],
		["ŠKODA", "škoda"],
		["ΟΔΟΣ ΑΕ", "οδος αε"],
		["Москва", "МОСКВА"],
		["Ａｃｍｅ", "acme"],
		["Cafe\u0301", "CAFÉ"],
		["ﬁrst", "first"],
		["Acme   Ltd", "acme ltd"],
		["Ⅳ", "iv"],
		["GROẞ", "groß"],
		["\u{1d400}cme", "acme"],
		["Ǆ", "dž"],
		["ｶﾞ", "ガ"],
	])("%s and %s are one name", (one, other) => {
		expect(foldName(one)).toBe(foldName(other));
	});

	it.each([
		["Straße", "Strasse"],
		["Acme", "Аcme"],
		["résumé", "resume"],
		["AcmeLtd", "Acme Ltd"],
		["ı", "i"],
	])("%s and %s are two", (one, other) => {
		expect(foldName(one)).not.toBe(foldName(other));
	});

	const name = fc.string({ unit: "grapheme", maxLength: 20 });

	it("whatever was folded stays as it is, and so does what differs in case or form only", () => {
		fc.assert(
			fc.property(name, fc.constantFrom("NFC", "NFD", "NFKC", "NFKD"), (text, form) => {
				const folded = foldName(text);
				expect(foldName(folded)).toBe(folded);
				expect(foldName(text.normalize(form))).toBe(folded);
				expect(foldName(text.toLowerCase())).toBe(folded);
				expect(foldName(` ${text}  `)).toBe(folded);
			}),
		);
	});

	it("every letter of which there is a small and a capital one is the same letter in both", () => {
		for (let code = 0; code <= 0x10ffff; code++) {
			if (code >= 0xd800 && code <= 0xdfff) continue;
			const letter = String.fromCodePoint(code);
			const capital = letter.toUpperCase();
			// One to one and back: what has no such partner (ß, İ, ı) is not compared without case.
			if (capital === letter || capital.toLowerCase() !== letter) continue;
			if (foldName(capital) !== foldName(letter)) expect.fail(`${letter} ${code.toString(16)}`);
		}
	});
});
