// JSON as JSON.parse reads it, except that repeated members, one reserved name and bytes that are not UTF-8 are refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "../../../../src/signing/formats/strict-json.ts";

const parse = (text: string) => parseStrictJson(new TextEncoder().encode(text));

describe("strict JSON", () => {
	it("reads every JSON text as JSON.parse does, if no object repeats a member", () => {
		fc.assert(
			fc.property(fc.json({ maxDepth: 4 }), (text) => {
				fc.pre(!text.includes("__proto__"));
				expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
			}),
		);
	});

	it.each([
		['{"sub":"a","sub":"b"}', "sub"],
		['{"sub":"a","s\\u0075b":"b"}', "sub"],
		['{"a":{"x":1,"y":{},"x":2}}', "x"],
		['[{"a":1},{"b":1 , "b"\n:2}]', "b"],
		['{"":1,"":2}', ""],
		['{"a\\"":1,"a\\"":2}', 'a"'],
		['{"a\\\\":1,"a\\\\":2}', "a\\"],
	])("refuses a repeated member, and names it: %s", (text, member) => {
		expect(parse(text)).toEqual({ ok: false, defect: "duplicate_member", member });
	});

	it("finds a member that is repeated anywhere in any JSON", () => {
		const property = fc.property(fc.json({ maxDepth: 2 }), fc.json({ maxDepth: 2 }), fc.string(), (one, two, name) => {
			fc.pre(![one, two, name].some((text) => text.includes("__proto__")));
			const text = `[${one},{${JSON.stringify(name)}:${one},"other ${name.length}":${two},${JSON.stringify(name)}:1}]`;
			expect(parse(text)).toEqual({ ok: false, defect: "duplicate_member", member: name });
		});
		fc.assert(property);
	});

	it.each([['{"__proto__":1}'], ['{"a":[{"b":1,"\\u005f_proto__":{}}]}']])("refuses what readers drop: %s", (text) => {
		expect(parse(text)).toEqual({ ok: false, defect: "reserved_member", member: "__proto__" });
	});

	it.each([['{"a":"__proto__"}'], ['["__proto__"]'], ['{"constructor":1,"toString":2,"hasOwnProperty":3}']])(
		"takes it where it is no name, and names that objects inherit: %s",
		(text) => {
			expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
		},
	);

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
