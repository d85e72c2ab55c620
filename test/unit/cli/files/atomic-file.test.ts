// Files that are replaced whole or not at all.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { dropDrafts, moveIntoPlace, readIfPresent, writeAtomically } from "../../../../cli/files/atomic-file.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("a file is replaced, and is its owner's alone in a folder that is too", async () => {
	const path = join(folder, "new", "x.json");
	await writeAtomically(path, "one");
	await writeAtomically(path, "two");
	expect(await readFile(path, "utf8")).toBe("two");
	expect((await stat(path)).mode & 0o777).toBe(0o600);
	expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o700);
	expect(await readdir(join(folder, "new"))).toEqual(["x.json"]);
});

it("what cannot be put in its place is thrown away, and the failure is told", async () => {
	const path = join(folder, "x.json");
	await mkdir(path);
	await writeFile(join(path, "in the way"), "");
	await expect(writeAtomically(path, "one")).rejects.toThrow();
	expect(await readdir(folder)).toEqual(["x.json"]);
});

it("drafts that a power failure has left go after an hour; fresh ones and all else stay", async () => {
	const names = ["key.json.123.new", "key.json", "notes.new", "token.json.9.new"];
	for (const name of names) await writeFile(join(folder, name), "");
	const longAgo = new Date(Date.now() - 3_700_000);
	for (const name of names.slice(0, 3)) await utimes(join(folder, name), longAgo, longAgo);
	await dropDrafts(folder);
	expect(await readdir(folder)).toEqual(["key.json", "notes.new", "token.json.9.new"]);
	await dropDrafts(join(folder, "missing"));
});

it("a file is moved into a folder that is made for it, in place of what was there", async () => {
	const to = join(folder, "a", "b", "package");
	for (const text of ["one", "two"]) {
		await writeFile(join(folder, "part"), text);
		await moveIntoPlace(join(folder, "part"), to);
		expect(await readFile(to, "utf8")).toBe(text);
	}
	expect(await readdir(folder)).toEqual(["a"]);
});

it("only a file that is not there is read as none", async () => {
	expect(await readIfPresent(join(folder, "missing"))).toBeNull();
	await expect(readIfPresent(folder)).rejects.toThrow();
});
