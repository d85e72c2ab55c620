// The secrets of the local service: made once, for their owner alone; what is there is never replaced.
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureDevSecrets, findUnread } from "../../../../cli/worker/dev-secrets.ts";

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

describe("a name in .dev.vars", () => {
	const configuration = readFileSync(join(import.meta.dirname, "../../../../dev/wrangler.toml"), "utf8");
	const read = ["MAC_KEYS", "RECORD_STORE", "REDIS_URL", "REDIS_TOKEN", "AWS_CREDENTIALS", "AWS_ENDPOINT", "ISSUER"];
	const s3 = ["S3_BUCKET_URL", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];

	it.each([...read, ...s3, "DOWNLOAD_ORIGIN", "DOWNLOAD_KEY"])("may be %s", (name) => {
		expect(findUnread({ [name]: "x" }, configuration)).toEqual([]);
	});

	it.each([
		["REDIS_URLS", "there is no setting REDIS_URLS; did you mean REDIS_URL?"],
		["S3_BUKET_URL", "there is no setting S3_BUKET_URL; did you mean S3_BUCKET_URL?"],
		["binding", "there is no setting binding"],
		["WEATHER", "there is no setting WEATHER"],
	])("that is %s is told, because nothing reads it", (name, told) => {
		expect(findUnread({ MAC_KEYS: "x", [name]: "x" }, configuration)).toEqual([told]);
	});
});
