// What a release says of itself, by the real command line against a Worker on this machine: a bundle for every registered firewall, a
// release that is too large for one, and classes by which a customer waits.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openHome } from "../../cli/firewall/home/state.ts";
import { ensureDevSecrets } from "../../cli/worker/dev-secrets.ts";
import type { LocalWorker } from "../../cli/worker/local-worker.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { startOnFreePort } from "./support/local-worker.ts";

/** A new record has reached an edge, and a token from before has ended. */
const SETTLED = { timeout: 30_000, interval: 1_000 };

let folder: string;
let worker: LocalWorker;
let operator: { readonly PARAPET_URL: string; readonly PARAPET_KEY: string };
let home: string;
let account: string;
let license: string;
let device: string;

/** @throws what it said, where it did not end with 0 */
async function parapet(...args: string[]) {
	const realTime = { sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }) };
	const { exitCode, stdout, stderr } = await runCli([...args, "--json"], operator, folder, realTime);
	if (exitCode !== 0) throw new Error(`${args.join(" ")}: ${exitCode} ${stderr}`);
	return JSON.parse(stdout);
}

async function publish(product: string, version: string, ...said: string[]) {
	const file = join(folder, `${product}-${version}.rules`);
	await writeFile(file, `rules of ${product} ${version}\n`.repeat(100));
	return parapet("publish", file, ...said);
}

const update = () => parapet("device", "update", "--home", home);
const installedOf = async (product: string) => (await openHome(home).load("installed"))?.[product]?.version;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-e2e-"));
	home = join(folder, "firewall");
	const secretsFile = join(folder, "secrets.env");
	const { values } = await ensureDevSecrets(secretsFile);
	const [stateFolder, logFile] = [join(folder, "state"), join(folder, "worker.log")];
	worker = await startOnFreePort({ stateFolder, secretsFile, logFile });
	operator = { PARAPET_URL: worker.url, PARAPET_KEY: values["BOOTSTRAP_KEY"] ?? "" };
	account = (await parapet("account", "create", "Example")).account;
	await parapet("product", "create", "crs", "--plan", "immediate");
	await parapet("product", "create", "ca-bundle", "--plan", "immediate", "--entitled", "registered");
	await publish("crs", "1.0.0");
	await publish("ca-bundle", "2026.1");
	({ license } = await parapet("license", "create", account, "--products", "crs", "--seats", "2", "--ends", "30d"));
	const { code } = await parapet("code", "create", account, "--license", license);
	await writeFile(join(folder, "code"), code);
	({ device } = await parapet("device", "activate", "--code-file", join(folder, "code"), "--home", home));
});
afterAll(async () => {
	await worker?.stop();
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

it("a firewall has the bundle for every registered one beside the product of its license", async () => {
	await update();
	expect([await installedOf("crs"), await installedOf("ca-bundle")]).toEqual(["1.0.0", "2026.1"]);
	const { products } = await parapet("device", "entitlements", "--home", home);
	expect(products).toMatchObject([
		{ product: "crs", code: "active" },
		{ product: "ca-bundle", code: "registered", until: null },
	]);
});

it("a release that takes more than a firewall has is told with the numbers of both, and the one before is for it", async () => {
	await publish("crs", "1.1.0", "--disk", "60MB", "--impact", "restart", "--classes", "threat");
	const args = ["device", "explain", device, "--product", "crs", "--installed", "1.0.0"];
	await vi.waitFor(async () => {
		const told = await parapet(...args, "--disk-free", "1MB");
		expect(told).toMatchObject({ answer: { status: "current", reason: "newer_too_large" }, disk_free: 1_000_000 });
		expect(told.releases[0]).toMatchObject({ verdict: "too_large_for_device", footprint: { disk: 60_000_000 } });
	}, SETTLED);
	expect(await parapet(...args, "--disk-free", "60MB")).toMatchObject({ answer: { version: "1.1.0" } });
});

it("a customer who waits for what changes behaviour has a threat at once", async () => {
	await parapet("policy", "min-age", account, "24", "--class", "behaviour");
	await publish("crs", "1.2.0", "--classes", "threat,behaviour");
	await vi.waitFor(async () => {
		await update();
		expect(await installedOf("crs")).toBe("1.1.0");
		const { releases } = await parapet("device", "explain", device, "--product", "crs");
		expect(releases[0]).toMatchObject({ version: "1.2.0", verdict: "too_young", classes: ["threat", "behaviour"] });
	}, SETTLED);
});

it("with its license suspended a firewall still gets the bundle, and nothing else", async () => {
	await parapet("license", "suspend", account, license, "--reason", "unpaid");
	await publish("ca-bundle", "2026.2", "--classes", "threat");
	await publish("crs", "1.3.0", "--classes", "threat");
	await vi.waitFor(async () => {
		await update();
		expect([await installedOf("crs"), await installedOf("ca-bundle")]).toEqual(["1.1.0", "2026.2"]);
	}, SETTLED);
	await parapet("device", "revoke", device, "--reason", "stolen");
	await vi.waitFor(() => expect(update()).rejects.toThrow(), SETTLED);
});
