// A release that requires another product, from the publisher's command line to firewalls: the command line's, and examples/firewall.sh
// as it is. Both install what is required first, and neither installs one without the other.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { createCode, operate } from "./support/fleet.ts";
import { describeWithPrograms } from "./support/programs.ts";
import { type RunningService, startService } from "./support/service.ts";

const SCRIPT = join(import.meta.dirname, "../../examples/firewall.sh");
// The one that requires the other comes first by its name.
const RULES = "a-rules";
const ENGINE = "b-engine";

await describeWithPrograms(["curl", "openssl", "jq"], "a release that requires another product", () => {
	let service: RunningService;
	let folder: string;
	beforeAll(async () => {
		service = await startService();
		folder = await mkdtemp(join(tmpdir(), "parapet-requires-"));
		for (const product of [RULES, ENGINE]) {
			await operate(service, "POST", "/v1/products", { product, plan: "immediate" });
			await publish(product, "1.0.0");
		}
		const code = await createCode(service, [RULES, ENGINE]);
		await parapet("device", "activate", code, "--serial", "SN-1", "--model", "FW-100");
		expect((await script("activate", code, "SN-2", "FW-100")).code).toBe(0);
	});
	afterAll(async () => {
		await service?.close();
		await rm(folder, { recursive: true, force: true });
	});

	async function run(...args: readonly string[]) {
		const home = args[0] === "device" ? ["--home", join(folder, "firewall")] : [];
		return runCli([...args, ...home], { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey }, folder);
	}
	async function parapet(...args: readonly string[]): Promise<string> {
		const { exitCode, stdout, stderr } = await run(...args);
		expect([exitCode, stderr]).toEqual([0, expect.anything()]);
		return stdout;
	}
	async function publish(product: string, version: string, ...more: readonly string[]): Promise<string> {
		const file = join(folder, `${product}-${version}.rules`);
		await writeFile(file, `the content of ${product} ${version}`);
		return parapet("publish", file, "--no-deltas", ...more);
	}
	function script(...args: readonly string[]): Promise<{ code: number; stderr: string }> {
		const env = { ...process.env, PARAPET_URL: service.url, FIREWALL_HOME: join(folder, "script") };
		return new Promise((resolve) => {
			execFile("sh", [SCRIPT, ...args], { env }, (error, _, stderr) =>
				resolve({ code: error === null ? 0 : Number(error.code), stderr }),
			);
		});
	}
	const installedLines = (text: string) => text.split("\n").filter((line) => line.includes("installed"));

	it("is refused before that is released, with what to do", async () => {
		const file = join(folder, `${RULES}-2.0.0.rules`);
		await writeFile(file, `the content of ${RULES} 2.0.0`);
		const { exitCode, stderr } = await run("publish", file, "--no-deltas", "--requires", `${ENGINE}>=2.0`);
		expect(exitCode).not.toBe(0);
		expect(stderr).toContain(`nothing that is released on stable would do: ${ENGINE} >= 2.0`);
		expect(stderr).toContain("publish what is required first");
	});

	it("is held where that was withdrawn, and says so to firewall and publisher", async () => {
		await parapet("device", "update");
		expect((await script("update")).code).toBe(0);
		await publish(ENGINE, "2.0.0");
		expect(await publish(RULES, "2.0.0", "--requires", `${ENGINE}>=2.0`)).toContain(`requires ${ENGINE} >= 2.0`);
		expect(await parapet("release", "list", RULES)).toMatch(/REQUIRES\n2\.0\.0 .* b-engine >= 2\.0\n1\.0\.0/);
		await parapet("release", "withdraw", ENGINE, "2.0.0", "--reason", "boxes reboot", "--yes");
		const held = await parapet("device", "check");
		expect(held).toContain(`${RULES}: current at 1.0.0 (newer_blocked)`);
		expect(held).toContain(`2.0.0 requires ${ENGINE} >= 2.0, which was withdrawn (has 1.0.0)`);
		expect(await parapet("device", "update", "--product", RULES)).toContain("which was not asked about");
	});

	it("comes after that to each kind of firewall, in one update", async () => {
		await publish(ENGINE, "2.0.1");
		expect(await parapet("device", "check")).toContain(`${RULES}: 1.0.0 → 2.0.0 is offered, after ${ENGINE}`);
		expect(installedLines(await parapet("device", "update")).map((line) => line.split(" installed")[0])).toEqual([
			`${ENGINE}: 1.0.0 → 2.0.1`,
			`${RULES}: 1.0.0 → 2.0.0`,
		]);
		const { code, stderr } = await script("update");
		expect([code, stderr]).toEqual([
			0,
			`firewall: ${ENGINE} 2.0.1 is installed\nfirewall: ${RULES} 2.0.0 is installed\n`,
		]);
		const { [RULES]: rules } = JSON.parse(await readFile(join(folder, "script", "installed.json"), "utf8"));
		expect(rules).toMatchObject({ version: "2.0.0" });
	});

	it("holds back what it does not go with, until it is replaced, and says so to firewall and publisher", async () => {
		await publish(RULES, "2.1.0", "--requires", `${ENGINE}>=2,<=2.9`);
		await parapet("device", "update");
		const said = await publish(ENGINE, "2.10.0");
		expect(said).toContain(`${RULES} 2.1.0 requires ${ENGINE} >= 2, <= 2.9`);
		const held = await parapet("device", "check");
		expect(held).toContain(`${ENGINE}: current at 2.0.1 (held_by_installed)`);
		expect(held).toContain(`2.10.0 is held back by ${RULES} 2.1.0, which stays and requires ${ENGINE} >= 2, <= 2.9`);
		expect(await parapet("device", "update")).not.toContain(" installed, sha256");
		expect(await publish(RULES, "2.2.0", "--requires", `${ENGINE}>=2`)).not.toContain("2.1.0");
		expect(installedLines(await parapet("device", "update")).map((line) => line.split(" installed")[0])).toEqual([
			`${RULES}: 2.1.0 → 2.2.0`,
			`${ENGINE}: 2.0.1 → 2.10.0`,
		]);
	});

	it("is not asked for where that could not be installed", async () => {
		await publish(ENGINE, "3.0.0");
		await publish(RULES, "3.0.0", "--requires", `${ENGINE}>=3.0`);
		service.forge((path) => (path.startsWith("/d/") ? "not what was promised" : undefined));
		const { stdout } = await run("device", "update");
		service.forge(undefined);
		expect(stdout).toContain(`${ENGINE} 3.0.0: not installed`);
		expect(stdout).toContain(`${RULES}: 3.0.0 has not come to this firewall yet: what comes first of another product`);
		const asked = service
			.logs()
			.filter((line) => line.includes('"route":"/v1/permits"') && line.includes('"to_version":"3.0.0"'));
		expect(asked.filter((line) => line.includes(`"product":"${RULES}"`))).toEqual([]);
	});

	it("brings what came for every firewall since the last token, at the check after the one that lacks it", async () => {
		await parapet("product", "create", "c-bundle", "--plan", "immediate", "--entitled", "registered");
		await publish("c-bundle", "1.0.0");
		await publish(RULES, "4.0.0", "--requires", "c-bundle>=1.0");
		expect(await parapet("device", "check")).toContain("4.0.0 requires c-bundle >= 1.0, which was not asked about");
		const lines = installedLines(await parapet("device", "update"));
		const come = lines.map((line) => line.split(" installed")[0] ?? "").filter((line) => !line.startsWith(ENGINE));
		expect(come).toEqual([expect.stringMatching(/^c-bundle: .*1\.0\.0$/), expect.stringMatching(/^\S+: .*4\.0\.0$/)]);
	});
});
