// Two firewalls of an HA group with the real command line, and the real service: they ask for a release at once, and are
// updated one after the other.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "../support/service.ts";

let folder: string;
let service: RunningService;
let env: Record<string, string>;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-e2e-"));
	service = await startService();
	env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
}, 120_000);
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** @returns what it says, also where it fails */
async function parapet(...args: string[]) {
	const { stdout } = await runCli([...args, "--json"], env, undefined, { sleep: (ms) => wait(ms) });
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
		await parapet("device", "activate", "--code-file", join(folder, "code"), "--home", join(folder, role));
		await parapet("device", "check", "--home", join(folder, role), "--ha-role", role);
	}
	// A role reaches the account behind the answer.
	await vi.waitFor(async () => {
		const { devices } = await parapet("ha", "show", account, group);
		expect(devices.map(({ role }: { role: string | null }) => role).sort()).toEqual(roles);
	}, 30_000);
	await writeFile(join(folder, "crs-1.0.0.rules"), "rules");
	await parapet("publish", join(folder, "crs-1.0.0.rules"));

	const update = (role: string) => parapet("device", "update", "--home", join(folder, role));
	const waits = { updates: [{ ok: false, version: "1.0.0", reason: "not_yet" }] };
	const done = { updates: [{ ok: true, version: "1.0.0" }] };
	await vi.waitFor(async () => expect(await update("active")).toMatchObject(waits), 60_000);
	expect((await parapet("ha", "show", account, group)).updates).toMatchObject([{ state: "waiting" }]);
	expect(await update("passive")).toMatchObject(done);
	expect(await update("active")).toMatchObject(done);
	expect((await parapet("ha", "show", account, group)).updates).toEqual([]);
});
