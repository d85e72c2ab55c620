// The command line as a person or a script uses it: the whole demo in one command, and a Worker on this machine with the
// real `parapet` as operator, publisher and firewall, and with an unmodified curl as the one that downloads. Most commands run in
// this process, because to start one takes longer than what it does.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askPermit, checkForUpdates } from "../../cli/firewall/check/check.ts";
import { openHome } from "../../cli/firewall/home/state.ts";
import { createSession } from "../../cli/firewall/identity/session.ts";
import { ensureDevSecrets } from "../../cli/worker/dev-secrets.ts";
import { type LocalWorker, PROJECT_FOLDER } from "../../cli/worker/local-worker.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { startOnFreePort } from "./support/local-worker.ts";

const run = promisify(execFile);
const PARAPET = join(PROJECT_FOLDER, "bin", "parapet.mjs");
const PACKAGE = Buffer.from(
	Array.from({ length: 20_000 }, (_, line) => `${line} | request | path | contains | /${line}\n`).join(""),
);
const SHA256 = createHash("sha256").update(PACKAGE).digest("hex");

describe("parapet demo --json --exit", () => {
	it("goes through the whole journey for two releases, and a rollout in small, one JSON object per step", async () => {
		const { stdout } = await run(process.execPath, [PARAPET, "demo", "--json", "--exit"], { timeout: 200_000 });
		const steps: { step: string; ok: boolean; ms: number }[] = stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		const update = ["check", "signature", "permit", "download", "verify", "report", "check_again"];
		expect(steps.map(({ step }) => step)).toEqual([
			...["secrets", "server", "account", "product", "license", "code", "message", "trust"],
			...["publish", "activate", "token", ...update],
			...["publish", ...update],
			...["forge", "refuse", "messages", "count"],
			...["fleet", "publish", "approve", "first_step", "gate", "everybody"],
			...["publish", "approve", "halt", "spared", "revert", "log", "take_back"],
			...["showcase", "console"],
		]);
		const told = (name: string) => steps.find(({ step }) => step === name);
		expect([told("first_step"), told("everybody"), told("halt"), told("spared")]).toMatchObject([
			{ devices: 2 },
			{ devices: 12 },
			{ failed: 1 },
			{ devices: 11 },
		]);
		expect(told("refuse")).toMatchObject({ reason: "untrusted", installed: "1.1.0" });
		expect(told("console")).toMatchObject({ link: expect.stringMatching(/^http:.*\/console\/link\?ticket=/) });
		expect(steps.every(({ ok, ms }) => ok && ms >= 0)).toBe(true);
	});

	it("fails with 1, and says which step, when the same version is given two contents", async () => {
		const folder = await mkdtemp(join(tmpdir(), "parapet-e2e-"));
		const files = ["a-1.0.0.rules", "a_1.0.0.rules"].map((name) => join(folder, name));
		for (const file of files) await writeFile(file, file);
		const args = [PARAPET, "demo", "--json", "--exit", ...files.flatMap((file) => ["--package", file])];
		const failure = await run(process.execPath, args, { timeout: 200_000 }).catch((error: unknown) => error);
		await rm(folder, { recursive: true });
		expect(failure).toMatchObject({ code: 1 });
		const { stdout } = failure as { stdout: string };
		expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ step: "publish", ok: false });
	});
});

describe("a Worker on this machine", () => {
	let folder: string;
	let worker: LocalWorker;
	let operator: { readonly PARAPET_URL: string; readonly PARAPET_KEY: string };
	let home: string;
	let account: string;
	let device: string;

	/** @throws what it said, where it did not end with 0 */
	async function parapet(...args: string[]) {
		const realTime = { sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }) };
		const { exitCode, stdout, stderr } = await runCli([...args, "--json"], operator, folder, realTime);
		if (exitCode !== 0) throw { code: exitCode, stderr };
		return JSON.parse(stdout);
	}
	const start = (args: readonly string[], env: Readonly<Record<string, string>>) =>
		run(process.execPath, [PARAPET, ...args], { env: { ...process.env, ...env }, cwd: folder, timeout: 200_000 });

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-e2e-"));
		home = join(folder, "firewall");
		const secretsFile = join(folder, "secrets.env");
		const { values } = await ensureDevSecrets(secretsFile);
		worker = await startOnFreePort({
			stateFolder: join(folder, "state"),
			secretsFile,
			logFile: join(folder, "worker.log"),
		});
		operator = { PARAPET_URL: worker.url, PARAPET_KEY: values["BOOTSTRAP_KEY"] ?? "" };
		await writeFile(join(folder, "big-rules-1.0.0.rules"), PACKAGE);
	});
	afterAll(async () => {
		await worker?.stop();
		await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
	});

	it("is set up by an operator and takes a release from a publisher with a key of their own", async () => {
		account = (await parapet("account", "create", "Example")).account;
		await parapet("product", "create", "big-rules", "--plan", "immediate");
		const { license } = await parapet(
			"license",
			"create",
			account,
			"--products",
			"big-rules",
			"--seats",
			"2",
			"--ends",
			"30d",
		);
		const { code } = await parapet("code", "create", account, "--license", license, "--uses", "2");
		await writeFile(join(folder, "code"), code);
		const { key } = await parapet(
			"key",
			"create",
			"ci",
			"--scopes",
			"publish:big-rules,release:big-rules",
			"--expires",
			"1d",
		);
		await writeFile(join(folder, "key"), key);
		const release = await parapet("publish", join(folder, "big-rules-1.0.0.rules"), "--key-file", join(folder, "key"));
		expect(release).toMatchObject({ version: "1.0.0", sha256: SHA256 });
		const refused = await parapet("account", "list", "--key-file", join(folder, "key")).catch(
			(error: unknown) => error,
		);
		expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("request_id") });
	});

	it("lets a firewall activate with either kind of key", async () => {
		const first = await parapet("device", "activate", "--code-file", join(folder, "code"), "--home", home);
		const second = await parapet(
			"device",
			"activate",
			"--code-file",
			join(folder, "code"),
			"--home",
			`${home}-2`,
			"--algorithm",
			"Ed25519",
		);
		device = first.device;
		expect(second.device).not.toBe(first.device);
		const { devices } = await parapet("device", "list", account);
		expect(devices).toHaveLength(2);
	});

	describe.skipIf(!hasCurl())("with curl as the downloader (skipped where there is no curl)", () => {
		async function signedUrl(): Promise<string> {
			const session = createSession(openHome(home), worker.url, { nowMs: Date.now, sleep: (ms) => sleep(ms) });
			const { answer } = await checkForUpdates(session);
			const offer = answer.products[0]?.offer;
			if (offer == null) throw new Error(`nothing is offered: ${JSON.stringify(answer)}`);
			return (await askPermit(session, "big-rules", offer)).url;
		}

		it("downloads the package, whole", async () => {
			const target = join(folder, "whole");
			await run("curl", ["--fail", "--silent", "--show-error", "--output", target, await signedUrl()]);
			expect((await readFile(target)).equals(PACKAGE)).toBe(true);
		});

		it("resumes a download that stopped in the middle", async () => {
			const target = join(folder, "resumed");
			await writeFile(target, PACKAGE.subarray(0, 123_456));
			await run("curl", [
				"--fail",
				"--silent",
				"--show-error",
				"--continue-at",
				"-",
				"--output",
				target,
				await signedUrl(),
			]);
			expect((await readFile(target)).equals(PACKAGE)).toBe(true);
		});

		it("downloads a range", async () => {
			const url = await signedUrl();
			const format = "%{http_code} %header{content-range}";
			const target = join(folder, "range");
			const { stdout } = await run("curl", [
				"--silent",
				"--range",
				"100-199",
				"--output",
				target,
				"--write-out",
				format,
				url,
			]);
			expect(stdout.split(" ")[0]).toBe("206");
			expect((await readFile(target)).equals(PACKAGE.subarray(100, 200))).toBe(true);
		});

		it("is refused with a URL that was changed", async () => {
			const url = (await signedUrl()).replace(/s=.{4}/, "s=AAAA");
			const { stdout } = await run("curl", [
				"--silent",
				"--output",
				join(folder, "refused"),
				"--write-out",
				"%{http_code}",
				url,
			]);
			expect(stdout).toBe("403");
		});
	});

	it("updates a firewall, which then has nothing new", async () => {
		const { updates } = await parapet("device", "update", "--home", home);
		expect(updates).toMatchObject([{ ok: true, product: "big-rules", version: "1.0.0", sha256: SHA256 }]);
		expect((await readFile(updates[0].path)).equals(PACKAGE)).toBe(true);
		expect(await parapet("device", "update", "--home", home)).toMatchObject({
			updates: [],
			products: [{ status: "current" }],
		});
		expect(await parapet("device", "check", "--home", home)).toMatchObject({ unchanged: true });
	});

	it("knows what each firewall has, who is silent, and the fleet in numbers", async () => {
		const found = async (...filter: string[]) =>
			(await parapet("device", "list", account, ...filter)).devices.map((one: { device: string }) => one.device);
		// The state follows behind the answers.
		await expect
			.poll(() => found("--product", "big-rules", "--installed", "1.0.0"), { timeout: 60_000 })
			.toEqual([device]);
		await expect.poll(() => found("--outcome", "healthy"), { timeout: 60_000 }).toEqual([device]);
		expect(await parapet("device", "show", device)).toMatchObject({
			device,
			products: [{ product: "big-rules", installed: "1.0.0", outcome: "healthy", outcome_version: "1.0.0" }],
		});
		expect(await found("--silent-for", "30d")).toEqual([]);
		expect(await parapet("fleet", "rebuild")).toMatchObject({ not_told: [] });
		const fleet = await parapet("fleet");
		expect(fleet).toMatchObject({ devices: { active: 2 }, accounts: 1, as_of: expect.any(String) });
		expect(fleet.products).toMatchObject([
			{ product: "big-rules", versions: expect.arrayContaining([{ value: "1.0.0", devices: 1 }]) },
		]);
		expect(await parapet("fleet", "show", account)).toMatchObject({ products: fleet.products });
		expect(await parapet("fleet", "product", "big-rules")).toMatchObject({
			releases: [{ version: "1.0.0", devices: 1 }],
		});
	});

	it("explains to the operator and to the firewall itself why it gets what it gets", async () => {
		const ask = ["--product", "big-rules", "--at", "7d"];
		const itself = await parapet("device", "explain", "--home", home, ...ask);
		expect(itself).toMatchObject({
			device,
			installed: "1.0.0",
			license: { seats_taken: 2 },
			releases: [{ version: "1.0.0", verdict: "chosen", installed: true }],
			answer: { status: "current", reason: "up_to_date" },
			changes: [{ what: "license_ends" }, { what: "grace_ends" }],
			edge: { stores: [{ state: "current" }] },
		});
		const told = await parapet("device", "explain", device, "--installed", "1.0.0", ...ask);
		expect({ ...told, at: itself.at }).toEqual(itself);
	});

	it("tells a suspended firewall why it gets no token, and that it keeps what it has", async () => {
		await parapet("device", "suspend", device, "--reason", "test");
		const refused = await parapet("device", "token", "--home", home).catch((error: unknown) => error);
		expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("suspended") });
		await parapet("device", "reinstate", device);
		expect(await parapet("device", "check", "--home", home)).toMatchObject({ products: [{ status: "current" }] });
	});

	it("lets a license be suspended, reinstated, extended and read, and the firewall follows with its next check", async () => {
		const [{ license }] = (await parapet("license", "list", account)).licenses;
		const state = async () => (await parapet("device", "check", "--home", home)).products[0];
		await parapet("license", "suspend", account, license, "--reason", "test");
		expect(await state()).toMatchObject({ status: "refused", code: "license_suspended" });
		await parapet("license", "reinstate", account, license);
		expect(await state()).toMatchObject({ status: "current", code: "active" });
		const changed = await parapet("license", "change", account, license, "--seats", "3", "--ends", "60d");
		expect(changed).toMatchObject({ license, status: "active", seats: 3, published: true });
		expect(await state()).toMatchObject({ status: "current", code: "active" });
	});

	it("is found well by the doctor, with its key and without", async () => {
		const { well, findings, promises } = await parapet("doctor");
		expect([well, promises.revocation.bound_seconds]).toEqual([true, 60]);
		expect(findings).toContainEqual(expect.objectContaining({ what: "store kv", verdict: "good" }));
		const { stdout } = await start(["doctor"], { PARAPET_URL: worker.url });
		expect(stdout).toContain("refused everywhere 60 s after");
		const elsewhere = worker.url.replace("127.0.0.1", "localhost");
		const failure = await start(["doctor", "--url", elsewhere], operator).catch((error: unknown) => error);
		expect(failure).toMatchObject({ code: 1, stdout: expect.stringContaining("BAD") });
	});

	it("gives the customer an elastic license, and shows its lease", async () => {
		const terms = ["--products", "big-rules", "--seats", "3", "--ends", "30d", "--kind", "elastic"];
		const { license } = await parapet("license", "create", account, ...terms, "--lease-minutes", "5");
		expect(await parapet("license", "change", account, license, "--lease-minutes", "20")).toMatchObject({
			kind: "elastic",
			lease_minutes: 20,
		});
		const refused = await parapet(
			"license",
			"create",
			account,
			...terms,
			"--kind",
			"fixed",
			"--lease-minutes",
			"5",
		).catch((error: unknown) => error);
		expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("lease") });
	});

	it("makes an HA group of two firewalls on one seat, and replaces one of them", async () => {
		const customer = (await parapet("account", "create", "Pair")).account;
		const terms = ["--products", "big-rules", "--seats", "1", "--ends", "30d"];
		const { license } = await parapet("license", "create", customer, ...terms);
		const settings = ["--license", license, "--mode", "active-passive"];
		const { ha_group: group } = await parapet("ha", "create", customer, "pair", ...settings);
		const activate = async (name: string, { code }: { code: string }, ...more: string[]) => {
			await writeFile(join(folder, "pair-code"), code);
			const at = ["--home", join(folder, name), "--code-file", join(folder, "pair-code"), ...more];
			return (await parapet("device", "activate", ...at)).device;
		};
		const code = await parapet("code", "create", customer, "--ha-group", group, "--uses", "2");
		const first = await activate("first", code);
		const second = await activate("second", code);
		const refused = await parapet("ha", "remove", customer, group, first).catch((error: unknown) => error);
		expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("too few seats") });
		const fresh = await activate(
			"new",
			await parapet("device", "replace", first, "--serial", "NEW-1"),
			"--serial",
			"NEW-1",
		);
		expect(await parapet("device", "replace", first, "--serial", "NEW-1")).toMatchObject({ replaced_by: fresh });
		await parapet("license", "change", customer, license, "--seats", "2");
		await parapet("ha", "remove", customer, group, second);
		expect(await parapet("ha", "add", customer, group, second)).toMatchObject({ holds_seat: true, published: true });
		const { devices } = await parapet("ha", "show", customer, group);
		expect(devices.map((one: { device: string }) => one.device).sort()).toEqual([second, fresh].sort());
		expect((await parapet("ha", "list", customer)).ha_groups).toHaveLength(1);
		const ofDevice = ["--device", fresh, "--type", "device.new", "--json"];
		const { stdout } = await start(["account", "events", customer, ...ofDevice], operator);
		expect(stdout.trim().split("\n")).toHaveLength(2);
	});

	it("takes a seat back", async () => {
		expect(await parapet("device", "deactivate", "--home", home)).toMatchObject({ device, deactivated: true });
		const { licenses } = await parapet("license", "list", account);
		expect(licenses).toMatchObject([
			{ seats: 3, seats_taken: 1, kind: "fixed" },
			{ seats: 3, seats_taken: 0, kind: "elastic" },
		]);
	});
});

function hasCurl(): boolean {
	try {
		execFileSync("curl", ["--version"], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}
