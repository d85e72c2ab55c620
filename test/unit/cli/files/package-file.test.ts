// The payload of a package file: unpacked, measured, and nothing left behind.
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openPayload } from "../../../../cli/files/package-file.ts";

const TEXT = "the rules".repeat(10_000);
const SHA256 = createHash("sha256").update(TEXT).digest("hex");

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	vi.stubEnv("TMPDIR", folder);
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await rm(folder, { recursive: true });
});

/** Folders for unpacked payloads that are there now. */
const unpacked = async () => (await readdir(folder)).filter((name) => name.startsWith("parapet-publish-"));
const put = async (name: string, content: string | Uint8Array) => {
	await writeFile(join(folder, name), content);
	return join(folder, name);
};

it.each([
	["crs-1.tar", TEXT],
	["crs-1.tar.gz", gzipSync(TEXT)],
	["crs-1.tgz", gzipSync(TEXT)],
	["crs-1.tar.zst", zstdCompressSync(TEXT)],
])("%s has this payload, of which nothing stays behind", async (name, content) => {
	const payload = await openPayload(await put(name, content));
	expect(payload).toMatchObject({ size: TEXT.length, sha256: SHA256 });
	expect(await readFile(payload.path, "utf8")).toBe(TEXT);
	await payload.dispose();
	expect(await unpacked()).toEqual([]);
	expect(await readdir(folder)).toEqual([name]);
});

it.each([
	["that holds nothing", "crs-1.tar", "", "it holds nothing"],
	["whose payload is empty", "crs-1.tar.gz", gzipSync(""), "it holds nothing"],
	["that is cut off", "crs-1.tar.gz", gzipSync(TEXT).subarray(0, 40), "unexpected end of file"],
	["that is packed in another way than its name says", "crs-1.tar.zst", gzipSync(TEXT), ""],
])("a file %s is no package, and leaves nothing behind", async (_, name, content, said) => {
	const path = await put(name, content);
	await expect(openPayload(path)).rejects.toMatchObject({
		code: "unreadable_package",
		message: expect.stringContaining(`cannot read ${path}: ${said}`),
	});
	expect(await unpacked()).toEqual([]);
});

it.each(["missing.tar", "missing.tar.gz"])("%s is no package", async (name) => {
	await expect(openPayload(join(folder, name))).rejects.toMatchObject({ code: "unreadable_package" });
	expect(await unpacked()).toEqual([]);
});
