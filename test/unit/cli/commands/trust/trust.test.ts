// `parapet trust …` where something is missing: what is said of it. The whole of it against the real service: test/e2e/trust/trust.test.ts.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeKey, writeKeyFile } from "../../../../../cli/trust/key-file.ts";
import { runCli } from "../../support/run-cli.ts";

const PASSPHRASE = "correct horse battery";
let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(() => rm(folder, { recursive: true }));
const run = (...args: string[]) =>
	runCli(["trust", ...args], { PARAPET_KEY: "pk_1", PARAPET_KEY_PASSPHRASE: PASSPHRASE }, folder);

it.each([
	[["rotate"], "root.key"],
	[["delegate", "crs", "--signer", "ci.key"], "targets.key"],
])("`trust %j` in a folder without keys says by which option they are found", async (args, name) => {
	const signer = join(folder, "ci.key");
	await writeKeyFile(signer, await makeKey("ed25519", PASSPHRASE));
	const told = await run(...args.map((arg) => (arg === "ci.key" ? signer : arg)), "--dir", join(folder, "elsewhere"));
	expect(told).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(name) });
	expect(told.stderr).toContain("--dir FOLDER");
});

it("`trust verify` tells a file that is no root from a server that is not there", async () => {
	const file = join(folder, "README.md");
	await writeFile(file, "# Parapet");
	const told = await run("verify", "http://127.0.0.1:1", "--root", file);
	expect(told).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("README.md is no root") });
});
