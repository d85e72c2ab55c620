import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inspectPackage } from "../../../../src/content/inspection/inspect-package.ts";
import { INSPECTION_LIMITS } from "../../../../src/content/inspection/limits.ts";
import { codesOf, inspect, UNPACKERS } from "../../../support/archives/memory-source.ts";
import { joinBytes, makeTar, tarEntry, tarHeader } from "../../../support/archives/tar.ts";
import { makeZip, type ZipEntry, type ZipOptions } from "../../../support/archives/zip.ts";

const file = (path: string, content = "one") => ({ path, content });
/** Info-ZIP's name in UTF-8 beside the name (APPNOTE 4.6.9). */
function unicodePath(path: string): Uint8Array {
	const field = Buffer.alloc(9);
	field.writeUInt16LE(0x7075, 0);
	field.writeUInt16LE(5 + path.length, 2);
	field.writeUInt8(1, 4);
	return joinBytes(field, Buffer.from(path));
}
const ZERO_MB = new Uint8Array(2 ** 20);

it.each<[string, ZipEntry[], ZipOptions, string[]]>([
	["plain files", [{ path: "a/" }, file("a/b"), { ...file("c"), method: 0 }], { comment: "made by hand" }, []],
	["a way up", [file("../x")], {}, ["traversal ../x"]],
	["a file twice", [file("a"), file("a")], {}, ["duplicate a"]],
	["names that differ by case", [file("A"), file("a")], {}, ["case_collision a"]],
	["a link inside", [{ path: "l", content: "a", mode: 0o120777 }, file("a")], {}, []],
	["a link out", [{ path: "l", content: "../a", mode: 0o120777 }], {}, ["link_outside l"]],
	["a device", [{ path: "d", mode: 0o020644 }], {}, ["special_file d"]],
	["what is encrypted", [{ ...file("a"), flags: 1 }], {}, ["encrypted a"]],
	["an unknown packing", [{ ...file("a"), method: 93 }], {}, ["unknown_packing a"]],
	["a size that is not so", [{ ...file("a"), said: { size: 2 } }], {}, ["damaged a"]],
	["a size that is never reached", [{ ...file("a"), said: { size: 4 } }], {}, ["damaged a"]],
	["another name in the directory", [{ ...file("a"), said: { path: "b" } }], {}, ["damaged b"]],
	["a name that only the directory has", [{ ...file("a"), said: { path: "../a" } }], {}, ["overlapping_entries ../a"]],
	["more entries than there are", [file("a")], { count: 2 }, ["damaged"]],
	["fewer entries than there are", [file("a"), file("b")], { count: 1 }, ["damaged"]],
	["entries that share their bytes", [file("a"), { ...file("a"), said: { offset: 0 } }], {}, ["overlapping_entries a"]],
	["an entry that its directory has not", [{ ...file("a"), after: new Uint8Array(40) }], {}, ["ambiguous a"]],
	["sizes that follow an entry", [{ ...file("a"), flags: 8, after: new Uint8Array(16) }, file("b")], {}, []],
	["a second name beside it", [{ ...file("a"), extra: unicodePath("../x") }], {}, ["ambiguous a"]],
	["the same name beside it", [{ ...file("a"), extra: unicodePath("a") }], {}, []],
	["a second end in its comment", [file("a")], { comment: `PK\x05\x06${"\0".repeat(30)}` }, ["ambiguous"]],
	["an entry beyond its end", [{ ...file("a"), said: { offset: 10_000 } }], {}, ["overlapping_entries a"]],
])("of a zip with %s it finds what is to be found", async (_what, entries, options, codes) => {
	for (const pieceBytes of [7, 100_000])
		expect(codesOf(await inspect(makeZip(entries, options), { pieceBytes }))).toEqual(codes);
});

it("does not take a zip that was cut, nor one that something follows", async () => {
	const zip = makeZip([file("a"), file("b")]);
	for (let length = 4; length < zip.length; length += 1)
		expect(codesOf(await inspect(zip.subarray(0, length))), String(length)).toEqual(["truncated"]);
	expect(codesOf(await inspect(joinBytes(zip, new Uint8Array(1))))).toEqual(["truncated"]);
});

describe("a bomb", () => {
	const bomb = (megabytes: number) =>
		makeTar(...Array.from({ length: megabytes }, (_, n) => ({ path: `${n}`, content: ZERO_MB })));

	it("of zeros, packed as a whole, is told before much of it is unpacked", async () => {
		const packed = new Uint8Array(gzipSync(bomb(64)));
		const found = await inspect(packed);
		expect(codesOf(found)).toEqual(["bomb"]);
		expect(found.unpacked).toBeLessThan(2 * INSPECTION_LIMITS.ratioAbove);
	});

	it("in a zip is told by its directory, without unpacking", async () => {
		const zip = makeZip(Array.from({ length: 20 }, (_, n) => ({ path: `${n}`, content: ZERO_MB })));
		expect(codesOf(await inspect(zip, { unpackers: { ...UNPACKERS, deflate: null } }))).toEqual(["bomb"]);
	});

	it("is what is small neither, nor what is large and was never packed", async () => {
		expect(codesOf(await inspect(new Uint8Array(gzipSync(bomb(7)))))).toEqual([]);
		expect(codesOf(await inspect(bomb(20)))).toEqual([]);
	});
});

describe("limits", () => {
	it("end a tar of a million entries after the most that may be", async () => {
		const entry = tarEntry({ path: "a", type: "5" });
		let read = 0;
		const source = {
			size: entry.length * 1_000_000,
			async *read() {
				for (; read < 1_000_000; read += 1) yield entry;
			},
		};
		const found = await inspectPackage(source, { name: "rules-1", unpackers: UNPACKERS });
		expect(codesOf(found)).toEqual(["too_many_entries"]);
		expect(read).toBeLessThanOrEqual(INSPECTION_LIMITS.entries + 1);
	});

	it("end a zip that says so many, before its directory is read", async () => {
		const limits = { ...INSPECTION_LIMITS, entries: 3 };
		expect(codesOf(await inspect(makeZip([file("a")], { count: 4 }), { limits }))).toEqual(["too_many_entries"]);
		const four = [file("a"), file("b"), file("c"), file("d")];
		expect(codesOf(await inspect(makeTar(...four), { limits }))).toEqual(["too_many_entries"]);
		expect(codesOf(await inspect(makeTar(...four.slice(1)), { limits }))).toEqual([]);
	});

	it("end what says that it unpacks to more than may be", async () => {
		const huge = joinBytes(tarHeader({ path: "a", size: 8 ** 11 - 1 }), tarHeader({ path: "b", size: 8 ** 11 - 1 }));
		expect(codesOf(await inspect(huge, { limits: { ...INSPECTION_LIMITS, unpacked: 8 ** 10 } }))).toEqual([
			"too_large",
		]);
	});

	it("end with no finding where the budget is spent, and say so", async () => {
		const tar = makeTar(file("a", "x".repeat(5_000)), file("../b"));
		const packed = new Uint8Array(gzipSync(tar));
		const budget = { read: 4_000, unpacked: 100_000 };
		expect(await inspect(tar, { budget })).toMatchObject({ isWhole: false, findings: [] });
		expect(await inspect(packed, { budget })).toMatchObject({ isWhole: true, findingCount: 1 });
		const other = { read: 100_000, unpacked: 4_000 };
		expect(await inspect(packed, { budget: other })).toMatchObject({ isWhole: false, findings: [] });
		expect(await inspect(tar, { budget: other })).toMatchObject({ isWhole: true, findingCount: 1 });
	});
});

describe("the type", () => {
	const tar = makeTar(file("a"));
	const gzip = new Uint8Array(gzipSync(tar));
	const zstd = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0]);
	const html = new TextEncoder().encode(" \n<!DOCTYPE html><p>502</p>");
	const text = new TextEncoder().encode("alert tcp any any -> any any (sid:1;)");
	const cvd = joinBytes(new TextEncoder().encode("ClamAV-VDB:07 Nov 2026:1".padEnd(512)), gzip);
	const cld = joinBytes(cvd.subarray(0, 512), tar);

	it.each<[string, Uint8Array, string, string | null, string[]]>([
		["a tar", tar, "tar", null, []],
		["a packed tar", gzip, "gzip", "tar", []],
		["a packed text", new Uint8Array(gzipSync(text)), "gzip", "data", []],
		["text", text, "data", null, []],
		["signatures of ClamAV", cvd, "clamav", "tar", []],
		["signatures of ClamAV, unpacked", cld, "clamav", "tar", []],
		["signatures of ClamAV without any", cvd.subarray(0, 512), "clamav", null, ["damaged"]],
		["a page of HTML", html, "html", null, ["wrong_type"]],
		["an empty package", new Uint8Array(), "data", null, []],
	])("of %s is known by its first bytes", async (_what, bytes, type, inner, codes) => {
		const found = await inspect(bytes);
		expect(found).toMatchObject({ type, isWhole: true });
		if (codes.length === 0) expect(found.inner ?? (type === "clamav" ? "tar" : null)).toBe(inner);
		expect(codesOf(found)).toEqual(codes);
	});

	it("of what cannot be unpacked here is known, and that is said", async () => {
		expect(await inspect(zstd)).toMatchObject({ type: "zstd", isWhole: false, findings: [] });
	});

	it.each<[string, Uint8Array, boolean]>([
		["crs-1.tar", tar, true],
		["crs-1.tar", gzip, false],
		["crs-1.tar", text, false],
		["crs-1.tar", html, false],
		["crs-1.tar.gz", gzip, true],
		["crs-1.TGZ", tar, false],
		["crs-1.zip", makeZip([]), true],
		["crs-1.tar.zst", zstd, true],
		["main.cvd", cvd, true],
		["main.cvd", text, false],
		["block.html", html, true],
		["crs-1.0", html, false],
		["crs-1.0", gzip, true],
		["crs-1.rules", text, true],
	])("of %s must be what its name says", async (name, bytes, isSo) => {
		expect(codesOf(await inspect(bytes, { name }))).toEqual(isSo ? [] : ["wrong_type"]);
	});
});

describe("what costs much more to look at than to send", () => {
	const took = async (work: () => Promise<unknown>) => {
		const before = performance.now();
		await work();
		return performance.now() - before;
	};

	it("is no path of thousands of folders below a link", async () => {
		const deep = Array.from({ length: 400 }, (_, n) => [
			{ path: "L", type: "L", content: `${"a/".repeat(2_040)}${n}` },
			{ path: "x" },
		]).flat();
		const tar = makeTar({ path: "l", type: "2", target: "x" }, ...deep);
		expect(await took(() => inspect(tar))).toBeLessThan(4_000);
	});

	it("is no archive whose links fill the memory", async () => {
		const deep = Array.from({ length: 60 }, (_, n) => [
			{ path: "L", type: "L", content: `${n}/${"a/".repeat(2_040)}l` },
			{ path: "x", type: "2", target: "x" },
		]).flat();
		expect(codesOf(await inspect(makeTar(...deep)))).toEqual(["too_many_entries"]);
	});

	it("is no header of thousands of records: each is reckoned as a block of what may be read", async () => {
		const content = "5 a=\n".repeat(13_000);
		const budget = { read: 8 * 2 ** 20, unpacked: 8 * 2 ** 20 };
		const tar = makeTar({ path: "p", type: "x", content }, { path: "a" });
		expect(await inspect(tar, { budget: { read: 6 * 2 ** 20, unpacked: 2 ** 20 } })).toMatchObject({ isWhole: false });
		expect(await inspect(tar, { budget })).toMatchObject({ isWhole: true, entries: 1, findings: [] });
		const packed = new Uint8Array(gzipSync(tar));
		expect(await inspect(packed, { budget: { read: 8 * 2 ** 20, unpacked: 6 * 2 ** 20 } })).toMatchObject({
			isWhole: false,
			findings: [],
		});
	});
});
