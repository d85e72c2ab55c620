// Which bytes of a package a Range header means (RFC 9110, section 14), when it cannot be satisfied, and when it is ignored.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseByteRange } from "../../../../../src/routes/device/downloads/byte-range.ts";

describe("of ten bytes, the range", () => {
	it.each([
		["bytes=0-0", { offset: 0, length: 1 }],
		["bytes=0-9", { offset: 0, length: 10 }],
		["bytes=0-10", { offset: 0, length: 10 }],
		["bytes=9-", { offset: 9, length: 1 }],
		["bytes=3-5", { offset: 3, length: 3 }],
		["bytes=-1", { offset: 9, length: 1 }],
		["bytes=-10", { offset: 0, length: 10 }],
		["bytes=-11", { offset: 0, length: 10 }],
		["bytes=3-999999999999999", { offset: 3, length: 7 }],
		["bytes=10-", "unsatisfiable"],
		["bytes=10-12", "unsatisfiable"],
		["bytes=999999999999999-", "unsatisfiable"],
		["bytes=-0", "unsatisfiable"],
		["bytes=5-4", null],
		["bytes=-", null],
		["bytes=", null],
		["bytes", null],
		["", null],
		[undefined, null],
		["bytes=0-1,3-4", null],
		["bytes=0-1,", null],
		["items=0-1", null],
		["Bytes=0-1", null],
		["bytes=+1-2", null],
		["bytes=1.5-2", null],
		["bytes=0x1-2", null],
		["bytes=1e1-", null],
		["bytes= 0-1", null],
		["bytes=0-1 ", null],
		["bytes=--1", null],
		["bytes=9999999999999999-", null],
	])("%s", (header, expected) => {
		expect(parseByteRange(header, 10)).toEqual(expected);
	});
});

it("never leaves the package", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 1e9 }), fc.nat(), fc.nat(), fc.nat(2), (size, first, last, form) => {
			const header = [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`][form];
			const range = parseByteRange(header, size);
			if (range === null || range === "unsatisfiable") return;
			expect(range.length).toBeGreaterThan(0);
			expect(range.offset).toBeGreaterThanOrEqual(0);
			expect(range.offset + range.length).toBeLessThanOrEqual(size);
		}),
	);
});
