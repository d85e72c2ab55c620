// `parapet secret generate`: the secrets of a deployment.
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCli } from "../support/run-cli.ts";

it("prints every secret, none of them marked local", async () => {
	const { stdout } = await runCli(["secret", "generate", "--json"]);
	const secrets = JSON.parse(stdout);
	expect(Object.keys(secrets)).toEqual(["MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY", "DOWNLOAD_KEY"]);
	expect(secrets.MAC_KEYS).toMatch(/^k[0-9a-f]{6}:[\w-]{43}$/);
	expect(secrets.DOWNLOAD_KEY).toMatch(/^[\w-]{43}$/);
	expect(stdout).not.toContain("local");
});

it("writes files that only their owner can read, and never replaces one", async () => {
	const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	const dir = join(folder, "secrets");
	expect((await runCli(["secret", "generate", "--dir", dir])).exitCode).toBe(0);
	const before = await readFile(join(dir, "LOOKUP_KEY"), "utf8");
	expect((await stat(join(dir, "LOOKUP_KEY"))).mode & 0o777).toBe(0o600);
	expect((await runCli(["secret", "generate", "--dir", dir])).exitCode).toBe(1);
	expect(await readFile(join(dir, "LOOKUP_KEY"), "utf8")).toBe(before);
	await rm(folder, { recursive: true });
});
