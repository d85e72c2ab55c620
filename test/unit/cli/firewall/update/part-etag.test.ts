// The ETag beside a part: which ones are kept, and what If-Range says where there is none, or a damaged one.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { etagPathOf, keepEtag, removePart, validatorOf } from "../../../../../cli/firewall/update/part-etag.ts";

const SHA256 = "0f".repeat(32);
const OWN = `"${SHA256}"`;

let folder: string;
let part: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	part = join(folder, "x.part");
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
	["that a bucket gave", '"5d41402abc4b2a76b9719d911017c592-3"'],
	["with any sign that HTTP allows", '"!#~/,;\'\\"'],
])("a strong ETag %s is what If-Range says", async (_, etag) => {
	await keepEtag(part, etag, SHA256);
	expect(await validatorOf(part, SHA256)).toBe(etag);
});

it.each([
	["the service's own ETag", OWN],
	["a weak one", 'W/"5d41402abc4b2a76"'],
	["none", undefined],
	["one that is none", "5d41402abc4b2a76"],
	["one longer than any bucket's", `"${"5".repeat(2000)}"`],
])("the SHA-256 is what If-Range says after %s, and nothing stays written", async (_, etag) => {
	await keepEtag(part, '"of-an-earlier-answer"', SHA256);
	await keepEtag(part, etag, SHA256);
	expect(await validatorOf(part, SHA256)).toBe(OWN);
	expect(await readdir(folder)).toEqual([]);
});

it.each(["", "\0".repeat(34), '"5d41', '"a"\r\nX-Other: "b"'])("a damaged file (%j) counts as none", async (text) => {
	await writeFile(etagPathOf(part), text);
	expect(await validatorOf(part, SHA256)).toBe(OWN);
});

it("goes with its part", async () => {
	await writeFile(part, "bytes");
	await keepEtag(part, '"5d41402a"', SHA256);
	await removePart(part);
	expect(await readdir(folder)).toEqual([]);
});
