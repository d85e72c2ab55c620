// Deltas are made and applied by files, and understood by `zstd` as they are. Whatever is wrong with one, at most the promised size is
// written and the fault is said.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { applyDelta, canUseDictionaries, makeDelta } from "../../../../cli/delta/dcz.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const rules = (from: number, to: number) =>
	Buffer.from(
		Array.from(
			{ length: to - from },
			(_, n) => `rule ${from + n}: block ${sha256(Buffer.from(String(from + n)))}\n`,
		).join(""),
	);
const OLD = rules(0, 400);
const NEW = Buffer.concat([rules(0, 150), rules(900, 905), rules(150, 400)]);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-dcz-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
	await writeFile(at("old"), OLD);
	await writeFile(at("new"), NEW);
	await makeDelta(at("old"), at("new"), NEW.length, at("delta"));
});

const apply = (changes: Partial<Parameters<typeof applyDelta>[0]> = {}) =>
	applyDelta({ base: at("old"), delta: at("delta"), size: NEW.length, out: at("out"), ...changes });

test("the Node of the project knows zstd with dictionaries", () => {
	expect(canUseDictionaries()).toBe(true);
});

test("a delta gives the new file from the old one, in a fraction of the bytes", async () => {
	expect(await apply()).toEqual({ ok: true, sha256: sha256(NEW) });
	expect(await readFile(at("out"))).toEqual(NEW);
	expect((await readFile(at("delta"))).length).toBeLessThan(NEW.length / 20);
});

test("a packed copy needs no old file", async () => {
	await makeDelta(null, at("new"), NEW.length, at("packed"));
	expect(await apply({ base: null, delta: at("packed") })).toEqual({ ok: true, sha256: sha256(NEW) });
});

test("its first 40 bytes are those of RFC 9842 §4: a frame that zstd skips, with the SHA-256 of the old file", async () => {
	const head = (await readFile(at("delta"))).subarray(0, 40);
	expect(head.toString("hex")).toBe(`5e2a4d1820000000${sha256(OLD)}`);
});

describe("the zstd of others", () => {
	const isThere = spawnSync("zstd", ["--version"]).status === 0;
	if (!isThere && process.env["REQUIRE_PROGRAMS"] === "1") throw new Error("zstd is missing");

	it.skipIf(!isThere)("applies a delta as it is, with --patch-from", async () => {
		execFileSync("zstd", ["-q", "-d", "-f", `--patch-from=${at("old")}`, at("delta"), "-o", at("out")]);
		expect(await readFile(at("out"))).toEqual(NEW);
	});

	it.skipIf(!isThere)("makes what is applied here, once the 40 bytes stand before it", async () => {
		execFileSync("zstd", ["-q", "-f", "-19", `--patch-from=${at("old")}`, at("new"), "-o", at("theirs")]);
		const head = (await readFile(at("delta"))).subarray(0, 40);
		await writeFile(at("theirs"), Buffer.concat([head, await readFile(at("theirs"))]));
		expect(await apply({ delta: at("theirs") })).toEqual({ ok: true, sha256: sha256(NEW) });
	});
});

describe("what is wrong with a delta is said, and no more than the promised bytes are written", () => {
	it("another base", async () => {
		await writeFile(at("other"), rules(1, 400));
		expect(await apply({ base: at("other") })).toEqual({ ok: false, fault: "wrong_base" });
	});

	it("a packed copy in place of a delta, and the other way round", async () => {
		await makeDelta(null, at("new"), NEW.length, at("packed"));
		expect(await apply({ delta: at("packed") })).toEqual({ ok: false, fault: "garbage" });
		expect(await apply({ base: null })).toEqual({ ok: false, fault: "garbage" });
	});

	it.each([
		["nothing", () => Buffer.alloc(0)],
		["half of the head", (delta: Buffer) => delta.subarray(0, 20)],
		["the head alone", (delta: Buffer) => delta.subarray(0, 40)],
		["all but the last byte", (delta: Buffer) => delta.subarray(0, -1)],
		["text", () => Buffer.from("<html>please log in</html>".repeat(10))],
		["random bytes behind the head", (delta: Buffer) => Buffer.concat([delta.subarray(0, 40), randomBytes(400)])],
	])("%s", async (_, spoil) => {
		await writeFile(at("delta"), spoil(await readFile(at("delta"))));
		const result = await apply();
		expect(result.ok).toBe(false);
		expect(["garbage", "too_short"]).toContain(result.ok ? "" : result.fault);
	});

	it("a bomb: what is beyond the promised size is not written", async () => {
		const head = (await readFile(at("delta"))).subarray(0, 40);
		await writeFile(at("delta"), Buffer.concat([head, zstdCompressSync(Buffer.alloc(50_000_000))]));
		expect(await apply()).toEqual({ ok: false, fault: "too_long" });
		expect((await readFile(at("out"))).length).toBeLessThanOrEqual(NEW.length);
	});

	it("one that makes fewer bytes", async () => {
		expect(await apply({ size: NEW.length + 1 })).toEqual({ ok: false, fault: "too_short" });
	});
});

/** What is cut out, put in or said twice somewhere. */
const edit = fc.record({
	place: fc.double({ min: 0, max: 1, noNaN: true }),
	removed: fc.nat(3_000),
	added: fc.uint8Array({ maxLength: 500 }),
});

test("law: for any file and any edits of it, what is made gives the edited file and nothing else", async () => {
	await fc.assert(
		fc.asyncProperty(fc.uint8Array({ maxLength: 20_000 }), fc.array(edit, { maxLength: 8 }), async (old, edits) => {
			const edited = edits.reduce<Buffer>((bytes, { place, removed, added }) => {
				const start = Math.floor(place * bytes.length);
				return Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start + removed)]);
			}, Buffer.from(old));
			await writeFile(at("law.old"), old);
			await writeFile(at("law.new"), edited);
			await makeDelta(at("law.old"), at("law.new"), edited.length, at("law.delta"));
			const use = { base: at("law.old"), delta: at("law.delta"), size: edited.length, out: at("law.out") };
			expect(await applyDelta(use)).toEqual({ ok: true, sha256: sha256(edited) });
		}),
	);
});

test("law: a delta with any bytes changed gives the promised file, or a fault, or another SHA-256; it never throws", async () => {
	const sound = await readFile(at("delta"));
	await fc.assert(
		fc.asyncProperty(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), async (place, by) => {
			const spoilt = Buffer.from(sound);
			spoilt[place] = ((spoilt[place] ?? 0) + by) % 256;
			await writeFile(at("law.delta"), spoilt);
			const result = await apply({ delta: at("law.delta"), out: at("law.out") });
			if (result.ok && result.sha256 === sha256(NEW)) expect(await readFile(at("law.out"))).toEqual(NEW);
		}),
	);
});
