// JSON as JSON.parse reads it, except that repeated members and bytes that are not UTF-8 are refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "../../../src/signing/strict-json.ts";

const parse = (text: string) => parseStrictJson(new TextEncoder().encode(text));

describe("strict JSON", () => {
	it("reads every JSON text as JSON.parse does, if no object repeats a member", () => {
		fc.assert(
			fc.property(fc.json({ maxDepth: 4 }), (text) => {
				expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
			}),
		);
	});

	it.each([
		['{"sub":"a","sub":"b"}'],
		['{"sub":"a","s\\u0075b":"b"}'],
		['{"a":{"x":1,"y":{},"x":2}}'],
		['[{"a":1},{"b":1 , "b"\n:2}]'],
		['{"":1,"":2}'],
		['{"a\\"":1,"a\\"":2}'],
		['{"__proto__":1,"__proto__":2}'],
	])("refuses a repeated member: %s", (text) => {
		expect(parse(text)).toEqual({ ok: false, defect: "duplicate_member" });
	});

	it.each([
		['{"a":"a","b":{"a":"a"}}'],
		['{"a":["a","a"],"b":["a:","a"]}'],
		['{"a":"\\"a\\":1,\\"a\\":2"}'],
		['[{"a":1},{"a":1}]'],
	])("takes equal texts that are not members of one object: %s", (text) => {
		expect(parse(text).ok).toBe(true);
	});

	it.each([
		["eight levels", "[".repeat(8) + "]".repeat(8), { ok: true, value: [[[[[[[[]]]]]]]] }],
		["nine levels", "[".repeat(9) + "]".repeat(9), { ok: false, defect: "too_deep" }],
		["a hundred thousand levels", '{"a":'.repeat(100_000), { ok: false, defect: "too_deep" }],
		["a byte-order mark", "\ufeff{}", { ok: false, defect: "not_json" }],
		["an open string", '{"a', { ok: false, defect: "not_json" }],
		["a bad escape in a name", '{"\\x":1}', { ok: false, defect: "not_json" }],
		["a trailing comma", '{"a":1,}', { ok: false, defect: "not_json" }],
		["two values", "{}{}", { ok: false, defect: "not_json" }],
		["nothing", "", { ok: false, defect: "not_json" }],
	])("answers to %s", (_, text, expected) => {
		expect(parse(text)).toEqual(expected);
	});

	it("refuses bytes that are not UTF-8", () => {
		for (const bytes of [
			[0x22, 0xff, 0x22],
			[0x22, 0xc0, 0xaf, 0x22],
			[0x22, 0xed, 0xa0, 0x80, 0x22],
		]) {
			expect(parseStrictJson(Uint8Array.from(bytes))).toEqual({ ok: false, defect: "not_utf8" });
		}
	});

	it("never throws, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void parseStrictJson(bytes)),
			{ numRuns: 2000 },
		);
	});
});
