// `parapet account …`, and what every operator's command has in common with it: its key, its answer, its refusal.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { API_KEY, startContractServer } from "../support/contract-server.ts";
import type { ContractServer } from "../support/contract-state.ts";
import { runCli } from "../support/run-cli.ts";

let server: ContractServer;
beforeEach(async () => {
	server = await startContractServer();
});
afterEach(() => server.close());

it("takes the key from the environment and prints the answer as JSON", async () => {
	const run = await runCli(["account", "create", "Example", "--json", "--url", server.url], { PARAPET_KEY: API_KEY });
	expect(run).toMatchObject({ exitCode: 0, stderr: "" });
	expect(JSON.parse(run.stdout)).toMatchObject({ account: "acct-0000000000", name: "Example" });
});

it("uses the local secrets of the folder for a local server", async () => {
	const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	await writeFile(join(folder, ".dev.vars"), `MAC_KEYS='k1:x'\nBOOTSTRAP_KEY='${API_KEY}'\n`);
	const run = await runCli(["account", "create", "Example"], { PARAPET_URL: server.url }, folder);
	await rm(folder, { recursive: true });
	expect(run).toMatchObject({ exitCode: 0, stdout: "account acct-0000000000: Example\n" });
});

it("shows the server's fix and request id when it refuses", async () => {
	const run = await runCli(["account", "create", "Example", "--url", server.url, "--key", "wrong"]);
	expect(run.exitCode).toBe(1);
	expect(run.stderr).toContain("do it right");
	expect(run.stderr).toContain("req-1");
	expect(run.stderr).not.toContain("wrong");
});
