// Two firewalls of an HA group with the real command line, and a Worker on this machine: they ask for a release at once, and are
// updated one after the other.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ensureDevSecrets } from "../../../cli/worker/dev-secrets.ts";
import { type LocalWorker, PROJECT_FOLDER } from "../../../cli/worker/local-worker.ts";
import { startOnFreePort } from "../support/local-worker.ts";

const run = promisify(execFile);
const PARAPET = join(PROJECT_FOLDER, "bin", "parapet.mjs");

let folder: string;
let worker: LocalWorker;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-e2e-"));
	const secretsFile = join(folder, "secrets.env");
	const { values } = await ensureDevSecrets(secretsFile);
	const files = { stateFolder: join(folder, "state"), logFile: join(folder, "worker.log") };
	worker = await startOnFreePort({ ...files, secretsFile });
	env = { ...process.env, PARAPET_URL: worker.url, PARAPET_KEY: values["BOOTSTRAP_KEY"] };
}, 120_000);
afterAll(async () => {
	await worker?.stop();
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** @returns what it says, also where it fails */
async function parapet(...args: string[]) {
	const ran = run(process.execPath, [PARAPET, ...args, "--json"], { env, cwd: folder, timeout: 60_000 });
	const { stdout } = await ran.catch((error: unknown) => error as { readonly stdout: string });
	return JSON.parse(stdout);
}

it("updates the passive one first, and the active one once that is healthy", { timeout: 180_000 }, async () => {
	const { account } = await parapet("account", "create", "Example");
	await parapet("product", "create", "crs", "--plan", "immediate");
	const { license } = await parapet("license", "create", account, "--products", "crs", "--seats", "1", "--ends", "30d");
	const pair = ["--license", license, "--mode", "active-passive"];
	const { ha_group: group } = await parapet("ha", "create", account, "edge", ...pair);
	const { code } = await parapet("code", "create", account, "--ha-group", group, "--uses", "2");
	await writeFile(join(folder, "code"), code);
	const roles = ["active", "passive"];
	for (const role of roles) {
		await parapet("device", "activate", "--code-file", join(folder, "code"), "--home", role);
		await parapet("device", "check", "--home", role, "--ha-role", role);
	}
	// A role reaches the account behind the answer.
	await vi.waitFor(async () => {
		const { devices } = await parapet("ha", "show", account, group);
		expect(devices.map(({ role }: { role: string | null }) => role).sort()).toEqual(roles);
	}, 30_000);
	await writeFile(join(folder, "crs-1.0.0.rules"), "rules");
	await parapet("publish", "crs-1.0.0.rules");

	const update = (role: string) => parapet("device", "update", "--home", role);
	const waits = { updates: [{ ok: false, version: "1.0.0", reason: "not_yet" }] };
	const done = { updates: [{ ok: true, version: "1.0.0" }] };
	await vi.waitFor(async () => expect(await update("active")).toMatchObject(waits), 60_000);
	expect((await parapet("ha", "show", account, group)).updates).toMatchObject([{ state: "waiting" }]);
	expect(await update("passive")).toMatchObject(done);
	expect(await update("active")).toMatchObject(done);
	expect((await parapet("ha", "show", account, group)).updates).toEqual([]);
});
