// Two firewalls of an HA group with the real command line, and the real service: they ask for a release at once, and are
// updated one after the other, forwards and back.
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
let account: string;
let group: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-e2e-"));
	service = await startService();
	env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** @returns what it says, also where it fails */
async function parapet(...args: string[]) {
	const { stdout } = await runCli([...args, "--json"], env, undefined, { sleep: (ms) => wait(ms) });
	return JSON.parse(stdout);
}

const update = (role: string) => parapet("device", "update", "--home", join(folder, role));
const waits = (version: string) => ({ updates: [{ ok: false, version, reason: "not_yet" }] });
const done = (version: string) => ({ updates: [{ ok: true, version }] });

async function release(version: string) {
	await writeFile(join(folder, `crs-${version}.rules`), `rules ${version}`);
	await parapet("publish", join(folder, `crs-${version}.rules`));
}

/** The active one asks until it hears of the version, and waits; then the passive one, then both. */
async function updateInOrder(version: string) {
	await vi.waitFor(async () => expect(await update("active")).toMatchObject(waits(version)), 60_000);
	expect((await parapet("ha", "show", account, group)).updates).toMatchObject([{ state: "waiting" }]);
	expect(await update("passive")).toMatchObject(done(version));
	expect(await update("active")).toMatchObject(done(version));
	expect((await parapet("ha", "show", account, group)).updates).toEqual([]);
}

it("updates the passive one first, and the active one once that is healthy", async () => {
	({ account } = await parapet("account", "create", "Example"));
	await parapet("product", "create", "crs", "--plan", "immediate");
	const { license } = await parapet("license", "create", account, "--products", "crs", "--seats", "1", "--ends", "30d");
	const pair = ["--license", license, "--mode", "active-passive"];
	({ ha_group: group } = await parapet("ha", "create", account, "edge", ...pair));
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
	});
	await release("1.0.0");
	await updateInOrder("1.0.0");
});

it("goes back to a chosen release in the same order, and stays there", async () => {
	for (const version of ["1.1.0", "1.2.0"]) {
		await release(version);
		await updateInOrder(version);
	}
	await parapet("rollout", "revert", "crs", "1.2.0", "--to", "1.0.0", "--reason", "boxes reboot", "--yes");
	await updateInOrder("1.0.0");
	for (const role of ["passive", "active"]) expect(await update(role)).toMatchObject({ updates: [] });
});
