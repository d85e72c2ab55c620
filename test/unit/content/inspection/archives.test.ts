import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FINDINGS_KEPT } from "../../../../src/content/inspection/finding.ts";
import { codesOf, inspect, UNPACKERS } from "../../../support/archives/memory-source.ts";
import { makeTar, paxEntry, type TarEntry } from "../../../support/archives/tar.ts";
import { makeZip } from "../../../support/archives/zip.ts";

const file = (path: string, content = "x") => ({ path, content });
const link = (path: string, target: string): TarEntry => ({ path, target, type: "2" });
const long = (path: string): TarEntry => ({ path: "L", type: "L", content: `${path}\0` });
const hardlink = (path: string, target: string): TarEntry => ({ path, target, type: "1" });

it.each<[string, string, TarEntry[], string[]]>([
	["plain files", "in folders", [{ path: "a/", type: "5" }, file("a/b"), file("./a/c")], []],
	["a folder", "that is named twice", [{ path: "a/", type: "5" }, file("a/b"), { path: "a", type: "5" }], []],
	["a path", "up", [file("../b")], ["traversal ../b"]],
	["a path", "up by way of a folder", [file("a/../../b")], ["traversal a/../../b"]],
	["a path", "up with backslashes", [file("a\\..\\b")], ["traversal a\\..\\b"]],
	["a path", "with dots that lead nowhere", [file("a..b/...c")], []],
	["a path", "from the root", [file("/etc/passwd")], ["absolute_path /etc/passwd"]],
	["a path", "from a drive", [file("C:\\x")], ["absolute_path C:\\x"]],
	["a name", "with a line break", [file("a\nb")], ["bad_name a\ufffdb"]],
	["a name", "that is empty", [file("")], ["bad_name "]],
	["a file", "twice", [file("a"), file("./a")], ["duplicate ./a"]],
	["a file", "that is a folder too", [{ path: "a/", type: "5" }, file("a")], ["duplicate a"]],
	["names", "that differ by case", [file("a/Rules"), file("a/rules")], ["case_collision a/rules"]],
	["names", "that differ by how letters are made", [file("\u00e9"), file("e\u0301")], ["case_collision e\u0301"]],
	["a link", "in its folder", [file("a/b"), link("a/c", "b")], []],
	["a link", "up and still inside", [file("a/b"), link("c/d/e", "../../a/b")], []],
	["a link", "to the folder of all", [link("a/b", "..")], []],
	["a link", "out", [link("a/b", "../../x")], ["link_outside a/b"]],
	["a link", "out from the top", [link("a", "..")], ["link_outside a"]],
	["a link", "to the root", [link("a", "/etc")], ["link_outside a"]],
	["a link", "to nowhere", [link("a", "")], ["link_outside a"]],
	["a link", "up after a name, which can be a link", [link("a/b/c", "d/../../x")], ["link_outside a/b/c"]],
	["a file", "through a link", [link("a", "b"), file("a/c")], ["through_link a/c"]],
	["a hard link", "to a file before it", [file("a"), hardlink("b", "a")], []],
	["a hard link", "to a file after it", [hardlink("b", "a"), file("a")], ["link_outside b"]],
	["a hard link", "out", [hardlink("b", "../a")], ["link_outside b"]],
	["a hard link", "to a link", [link("a", "c"), hardlink("b", "a")], ["link_outside b"]],
	["a hard link", "with bytes, which some skip", [file("a"), { ...hardlink("b", "a"), size: 512 }], ["damaged b"]],
	["a link", "with bytes", [{ ...link("b", "a"), size: 1 }], ["damaged b"]],
	["a folder", "with bytes", [{ path: "b/", type: "5", size: 512 }, file("a")], ["damaged b/"]],
	["a folder", "with bytes, as before POSIX", [{ path: "b/", size: 512 }, file("a")], ["damaged b/"]],
	["a device", "", [{ path: "a", type: "3" }], ["special_file a"]],
	["a pipe", "", [{ path: "a", type: "6" }], ["special_file a"]],
	["what nobody knows", "", [{ path: "a", type: "Z", content: "x" }, file("b")], ["special_file a"]],
	["pax", "with another path", [paxEntry({ path: "../x" }), file("a")], ["traversal ../x"]],
	["pax", "with one name for all that follows", [paxEntry({ path: "b" }, "g"), file("a")], ["ambiguous b"]],
	["pax", "with one size for all that follows", [paxEntry({ size: "1" }, "g"), file("a")], ["ambiguous"]],
	["pax", "with a word on all that follows", [paxEntry({ comment: "b" }, "g"), file("a")], []],
	["pax", "with another size, over a header's 0", [paxEntry({ size: "512" }), { path: "a", size: 0 }], ["ambiguous a"]],
	["pax", "with another size, of 0", [paxEntry({ size: "0" }), { path: "a", size: 512 }, file("b")], ["ambiguous a"]],
	["pax", "with the same size", [paxEntry({ size: "1" }), file("a")], []],
	["pax", "with a size before a long name", [paxEntry({ size: "2048" }), long("b"), file("a")], ["ambiguous b"]],
	["pax", "after GNU's other name", [long("b"), paxEntry({ path: "c" }), file("a")], ["ambiguous b"]],
	["pax", "before GNU's other name", [paxEntry({ path: "c" }), long("b"), file("a")], ["ambiguous c"]],
	["pax", "twice, with two names", [paxEntry({ path: "b" }), paxEntry({ path: "c" }), file("a")], ["ambiguous b"]],
	["pax", "twice, with one name", [paxEntry({ path: "b" }), paxEntry({ path: "b" }), file("a")], []],
	["names", "that are one where \u00df is ss", [file("stra\u00dfe"), file("STRASSE")], ["case_collision STRASSE"]],
	["names", "that differ by a ligature", [file("o\ufb03ce"), file("office")], ["case_collision office"]],
	["names", "that differ by how a slash leans", [file("a\\b"), file("a/b")], ["case_collision a/b"]],
	["a file", "through a link of another case", [link("Lib", "x"), file("lib/y")], ["through_link lib/y"]],
	["a file", "through a link of other letters", [link("\u00e4", "x"), file("a\u0308/y")], ["through_link a\u0308/y"]],
	["pax", "with a sparse file", [paxEntry({ "GNU.sparse.major": "1" }), file("a")], ["special_file a"]],
	["pax", "that is no record", [{ path: "p", type: "x", content: "9 a" }, file("a")], ["damaged"]],
	["pax", "with a size that is none", [paxEntry({ size: "-1" }), file("a")], ["damaged"]],
	["GNU's long name", "up", [{ path: "L", type: "L", content: "../y\0" }, file("a")], ["traversal ../y"]],
	["GNU's long name", "that is endless", [{ path: "L", type: "L", size: 70_000 }, file("a")], ["damaged"]],
	["a size", "that no file has", [{ path: "a", sizeField: new Uint8Array(12).fill(0xff) }], ["damaged"]],
	["a size", "beyond all", [{ path: "a", size: 8 ** 11 - 1 }, file("b")], ["truncated"]],
])("of a tar with %s %s it finds what is to be found, however it comes", async (_what, _how, entries, codes) => {
	const tar = makeTar(...entries);
	for (const pieceBytes of [1, 511, 100_000]) {
		const found = await inspect(tar, { pieceBytes });
		expect({ type: found.type, codes: codesOf(found) }).toEqual({ type: "tar", codes });
	}
	expect(codesOf(await inspect(new Uint8Array(gzipSync(tar))))).toEqual(codes);
});

it("keeps the first findings, and counts the others", async () => {
	const found = await inspect(makeTar(...Array.from({ length: 50 }, (_, index) => file(`/${index}`))));
	expect(found.findings).toHaveLength(FINDINGS_KEPT);
	expect(found).toMatchObject({ findingCount: 50, entries: 50 });
});

describe("a tar that was cut", () => {
	const whole = makeTar(file("a", "one"), file("b", "two".repeat(300)));

	it("is not taken, wherever it was cut, nor with something after its end", async () => {
		for (let length = 512; length < whole.length - 1024; length += 37)
			expect(codesOf(await inspect(whole.subarray(0, length))), String(length)).toEqual(["truncated"]);
		const longer = new Uint8Array([...whole, ...new Uint8Array(9_000)]);
		expect(codesOf(await inspect(longer))).toEqual([]);
		longer[longer.length - 1] = 1;
		expect(codesOf(await inspect(longer))).toEqual(["trailing_bytes"]);
	});

	it("and packed is not taken either", async () => {
		const packed = new Uint8Array(gzipSync(whole));
		for (let length = 20; length < packed.length; length += 11)
			expect(codesOf(await inspect(packed.subarray(0, length))), String(length)).toEqual(["damaged"]);
	});
});

it("gives each file its bytes, in order and whole, whatever the archive and the pieces", async () => {
	const files = fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.uint8Array({ maxLength: 3_000 }), { minKeys: 1 });
	const law = fc.asyncProperty(files, fc.integer({ min: 1, max: 5_000 }), async (contents, pieceBytes) => {
		const entries = Object.entries(contents).map(([path, content]) => ({ path: `rules/${path}`, content }));
		const tar = makeTar(...entries);
		for (const archive of [tar, new Uint8Array(gzipSync(tar)), makeZip(entries)]) {
			const read = new Map<string, number[]>();
			const ended: string[] = [];
			const onFile = (path: string) => {
				const bytes: number[] = [];
				read.set(path, bytes);
				return { data: (piece: Uint8Array) => void bytes.push(...piece), end: () => void ended.push(path) };
			};
			const found = await inspect(archive, { pieceBytes, onFile });
			expect(codesOf(found)).toEqual([]);
			expect(found).toMatchObject({ entries: entries.length, isWhole: true });
			expect(read).toEqual(new Map(entries.map(({ path, content }) => [path, [...content]])));
			expect(ended).toEqual(entries.map(({ path }) => path));
		}
	});
	await fc.assert(law, { numRuns: 60 });
});

it("ends with an answer for whatever bytes are changed, put in or taken out", async () => {
	const tar = makeTar(paxEntry({ path: "long" }), file("a", "one".repeat(200)), link("b", "a"));
	const zip = makeZip([
		{ path: "a", content: "one".repeat(200) },
		{ path: "b", method: 0, content: "two" },
	]);
	const packed = new Uint8Array(gzipSync(tar));
	const change = fc.record({ at: fc.nat(), cut: fc.nat({ max: 40 }), put: fc.uint8Array({ maxLength: 40 }) });
	const law = fc.asyncProperty(
		fc.constantFrom(tar, zip, packed),
		fc.array(change, { minLength: 1, maxLength: 4 }),
		async (archive, changes) => {
			let bytes = [...archive];
			for (const { at, cut, put } of changes) bytes = bytes.toSpliced(at % bytes.length, cut, ...put);
			const found = await inspect(new Uint8Array(bytes));
			expect(found.unpacked).toBeLessThan(1e11);
			expect(found.findings.length).toBeLessThanOrEqual(FINDINGS_KEPT);
		},
	);
	await fc.assert(law, { numRuns: 400 });
});

describe("what tar and zip of this machine write", () => {
	const run = promisify(execFile);
	let folder: string;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-archives-"));
		await mkdir(join(folder, "in", "deep".repeat(20), "d".repeat(90)), { recursive: true });
		await writeFile(join(folder, "in", "deep".repeat(20), "d".repeat(90), "long.conf"), "SecRule");
		await writeFile(join(folder, "in", "größe"), "x".repeat(70_000));
		await symlink("größe", join(folder, "in", "link"));
	});
	afterEach(() => rm(folder, { recursive: true, force: true }));

	it.each(["gnu", "pax", "ustar", "oldgnu"])("as %s is read to its end", async (format) => {
		await run("tar", ["-C", folder, `--format=${format}`, "-cf", join(folder, "out"), "in"]);
		const paths: string[] = [];
		const onFile = (path: string) => {
			paths.push(path);
			return { data: () => {}, end: () => {} };
		};
		const found = await inspect(await readFile(join(folder, "out")), { onFile });
		expect(found).toMatchObject({ type: "tar", entries: 6, unpacked: 70_007, findings: [], isWhole: true });
		expect(paths.toSorted()).toEqual([`in/${"deep".repeat(20)}/${"d".repeat(90)}/long.conf`, "in/größe"]);
	});

	it("as a zip is read to its end, its contents where they are unpacked", async () => {
		await run("zip", ["-qry", "out.zip", "in"], { cwd: folder });
		const zip = await readFile(join(folder, "out.zip"));
		expect(await inspect(zip)).toMatchObject({
			type: "zip",
			entries: 6,
			unpacked: 70_007,
			findings: [],
			isWhole: true,
		});
		const unpackers = { ...UNPACKERS, deflate: null };
		expect(await inspect(zip, { unpackers })).toMatchObject({ entries: 6, unpacked: 70_007, findings: [] });
	});
});
