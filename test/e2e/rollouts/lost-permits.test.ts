// Both firewalls, the command line's and examples/firewall.sh, killed when their permit is given and not stored yet, in a step that is full:
// each comes to healthy by the same lease, and the good release goes on.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../../../src/rollout/plan.ts";
import { createCode, operate, publish } from "../support/fleet.ts";
import { describeWithPrograms } from "../support/programs.ts";
import { type RunningService, startService } from "../support/service.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const PRODUCT = "rules";
const SOON = { timeout: 120_000, interval: 500 };
const step = {
	...{ bake: 1, fillWithin: null, expect: 3_600, lease: 3_600 },
	gate: { kind: "count", maxFailures: 0, minHealthy: 1 } as const,
	approvals: { team: null, count: 0 },
};
const PLAN: Plan = {
	name: "seconds",
	overrides: 1,
	steps: [
		{ ...step, name: "one", cohort: { units: 1 } },
		{ ...step, name: "everybody", cohort: { fraction: 1 } },
	],
};

await describeWithPrograms(["curl", "openssl", "jq"], "a firewall that is killed with its permit on the way", () => {
	let service: RunningService;
	let folder: string;
	beforeAll(async () => {
		service = await startService();
		folder = await mkdtemp(join(tmpdir(), "parapet-lost-"));
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await publish(service, PRODUCT, "1.0.0", new Uint8Array(randomBytes(1_000)));
	});
	afterAll(async () => {
		await service?.close();
		await rm(folder, { recursive: true, force: true });
	});

	interface Run {
		readonly code: number | null;
		readonly signal: string | null;
		readonly stderr: string;
	}
	/** Killed with all that it started once its permit is given, where `isKilled` says so. */
	function run(isKilled: boolean, file: string, args: readonly string[], env: Record<string, string>): Promise<Run> {
		const child = spawn(file, args, { env: { ...process.env, PARAPET_URL: service.url, ...env }, detached: true });
		service.lose((path) => {
			if (!isKilled || path !== "/v1/permits") return false;
			process.kill(-(child.pid ?? 0), "SIGKILL");
			return true;
		});
		let stderr = "";
		child.stderr.on("data", (text) => {
			stderr += text;
		});
		return new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal, stderr })));
	}

	async function killedAndBack(
		version: string,
		home: string,
		update: (isKilled: boolean) => Promise<Run>,
	): Promise<void> {
		await operate(service, "PATCH", `/v1/products/${PRODUCT}`, { plan: PLAN });
		await publish(service, PRODUCT, version, new Uint8Array(randomBytes(1_000)));
		const rollout = () =>
			operate<{ phase: string; step: string; steps: object[] }>(
				service,
				"GET",
				`/v1/products/${PRODUCT}/releases/${version}/rollout`,
			);
		const installed = async () => JSON.parse(await readFile(join(home, "installed.json"), "utf8"))[PRODUCT].version;
		await expect.poll(async () => (await update(true)).signal, SOON).toBe("SIGKILL");
		expect(await rollout()).toMatchObject({ phase: "baking", step: "one", steps: [{ permits: 1, healthy: 0 }, {}] });
		expect(await installed()).not.toBe(version);
		await expect.poll(async () => update(false).then(installed), SOON).toBe(version);
		expect((await rollout()).steps[0]).toMatchObject({ permits: 1, healthy: 1, failed: 0, silent: 0 });
		await expect.poll(async () => (await rollout()).step, SOON).toBe("everybody");
	}

	it("the command line: the next run gets the same lease", async () => {
		const home = join(folder, "command-line");
		const parapet = (isKilled: boolean, ...args: string[]) =>
			run(isKilled, process.execPath, [join(PROJECT, "bin/parapet.mjs"), "device", ...args, "--home", home], {});
		await writeFile(join(folder, "code"), await createCode(service, [PRODUCT]));
		expect(await parapet(false, "activate", "--code-file", join(folder, "code"))).toMatchObject({ code: 0 });
		await expect.poll(async () => (await parapet(false, "update")).code, SOON).toBe(0);
		await killedAndBack("2.0.0", home, (isKilled) => parapet(isKilled, "update"));
	});

	it("firewall.sh: the next run gets the same lease", async () => {
		const home = join(folder, "script");
		const env = { FIREWALL_HOME: home };
		const script = (isKilled: boolean, ...args: string[]) =>
			run(isKilled, "sh", [join(PROJECT, "examples/firewall.sh"), ...args], env);
		const code = await createCode(service, [PRODUCT]);
		expect(await script(false, "activate", code, "SN-1", "FW-100")).toMatchObject({ code: 0 });
		await expect.poll(async () => (await script(false, "update")).code, SOON).toBe(0);
		await killedAndBack("3.0.0", home, (isKilled) => script(isKilled, "update"));
	});
});
