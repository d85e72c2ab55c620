// The secrets of the local service: made once, for their owner alone; what is there is never replaced.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureDevSecrets } from "../../../../cli/worker/dev-secrets.ts";

let folder: string;
let path: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	path = join(folder, ".dev.vars");
});
afterEach(() => rm(folder, { recursive: true }));

describe("local secrets", () => {
	it("makes all of them, marked local, for the owner alone", async () => {
		const { added, values } = await ensureDevSecrets(path);
		expect(added).toEqual(["MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"]);
		expect(values["MAC_KEYS"]).toMatch(/^local1:[A-Za-z0-9_-]{43}$/);
		expect(values["BOOTSTRAP_KEY"]).toMatch(/^local-.{32,}$/);
		expect((await stat(path)).mode & 0o777).toBe(0o600);
	});

	it("replaces nothing on a second run", async () => {
		await ensureDevSecrets(path);
		const before = await readFile(path, "utf8");
		expect((await ensureDevSecrets(path)).added).toEqual([]);
		expect(await readFile(path, "utf8")).toBe(before);
	});

	it("adds what is missing and keeps the rest as it is", async () => {
		await writeFile(path, "LOOKUP_KEY=mine", { mode: 0o644 });
		const { added, values } = await ensureDevSecrets(path);
		expect(added).not.toContain("LOOKUP_KEY");
		expect(values["LOOKUP_KEY"]).toBe("mine");
		expect(await readFile(path, "utf8")).toMatch(/^LOOKUP_KEY=mine\nMAC_KEYS=/);
		expect((await stat(path)).mode & 0o777).toBe(0o600);
	});
});
