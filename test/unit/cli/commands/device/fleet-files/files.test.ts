// What files of devices are read with: lines out of chunks, and what was seen before.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FirstSeen } from "../../../../../../cli/commands/device/fleet-files/first-seen.ts";
import {
	MAX_LINE_BYTES,
	readLines,
	type TextLine,
} from "../../../../../../cli/commands/device/fleet-files/line-reader.ts";
import { Pace } from "../../../../../../cli/commands/device/fleet-files/pace.ts";

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
	let at = 0;
	for (const size of sizes) {
		yield bytes.subarray(at, at + size);
		at += size;
	}
	yield bytes.subarray(at);
}
async function linesOf(bytes: Uint8Array, sizes: readonly number[] = [], start?: { line: number; offset: number }) {
	const found: TextLine[] = [];
	for await (const line of readLines(chunked(bytes, sizes), start)) found.push(line);
	return found;
}
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textsOf = (lines: readonly TextLine[]) => lines.map((line) => (line.ok ? line.text : line.reason));

const anyFile = fc
	.array(fc.constantFrom("", "{}", "ä€😀", "abc\r", "x".repeat(MAX_LINE_BYTES + 1), "y".repeat(MAX_LINE_BYTES)), {
		maxLength: 8,
	})
	.chain((lines) => fc.boolean().map((ends) => lines.join("\n") + (ends && lines.length > 0 ? "\n" : "")));
const anySizes = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 10 });

describe("lines of a file", () => {
	it("are the same however it comes in chunks, and each says where it ends", async () => {
		await fc.assert(
			fc.asyncProperty(anyFile, anySizes, async (file, sizes) => {
				const bytes = bytesOf(file);
				const expected = file.split("\n");
				if (expected.at(-1) === "") expected.pop();
				const lines = await linesOf(bytes, sizes);
				expect(textsOf(lines)).toEqual(
					expected.map((text) => (bytesOf(text).length > MAX_LINE_BYTES ? "line_too_long" : text.replace(/\r$/, ""))),
				);
				for (const { end, isWhole } of lines) expect(bytes[end - 1] === 0x0a).toBe(isWhole);
				expect(lines.at(-1)?.end ?? 0).toBe(bytes.length);
			}),
		);
	});

	it("after any of them are the rest", async () => {
		await fc.assert(
			fc.asyncProperty(anyFile, fc.nat(), async (file, pick) => {
				const bytes = bytesOf(file);
				const all = await linesOf(bytes);
				if (all.length === 0) return;
				const at = pick % all.length;
				const { number: line, end: offset } = all[at] ?? { number: 0, end: 0 };
				expect(await linesOf(bytes.subarray(offset), [], { line, offset })).toEqual(all.slice(at + 1));
			}),
		);
	});

	it("lose a byte order mark, and are refused where they are not UTF-8", async () => {
		const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0x0a, 0xff, 0x0a, 0x62]);
		expect(textsOf(await linesOf(bytes))).toEqual(["a", "not_utf8", "b"]);
	});
});

describe("what was seen before", () => {
	it("is known by its first line, as a map would know it, up to the limit", () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 9_000 }),
				fc.integer({ min: 1, max: 500 }),
				(texts, limit) => {
					const seen = new FirstSeen(limit);
					const known = new Map<number, number>();
					for (const [index, text] of texts.entries()) {
						expect(seen.see(String(text), index + 1)).toBe(known.get(text) ?? null);
						if (!known.has(text) && known.size < limit) known.set(text, index + 1);
					}
					expect(seen.isFull).toBe(known.size >= limit);
				},
			),
			{ numRuns: 20 },
		);
	});

	it("stays known while it grows", () => {
		const seen = new FirstSeen(100_000);
		for (let line = 1; line <= 20_000; line++) expect(seen.see(`text ${line}`, line)).toBeNull();
		for (let line = 1; line <= 20_000; line++) expect(seen.see(`text ${line}`, 50_000)).toBe(line);
	});
});

describe("the pace", () => {
	it("is that of the last seconds, and says how long the rest takes", () => {
		const pace = new Pace();
		expect(pace.describe(0, 10_000, 0)).toBe("0/s");
		expect(pace.describe(1_000, 10_000, 1_000)).toBe("1,000/s, 0:09 left");
		expect(pace.describe(1_000, null, 2_000)).toBe("500/s");
		expect(pace.describe(1_100, 10_000, 60_000)).toMatch(/^2\/s, \d+:\d\d left$/);
	});
});
