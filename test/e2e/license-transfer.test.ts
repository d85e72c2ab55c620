// An operator moves more devices than go over at once: the real command line waits for the last one, or is told how far it is.
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { operate } from "./support/fleet.ts";
import { type RunningService, startService } from "./support/service.ts";

const COUNT = 1_100;

let service: RunningService;
let folder: string;
beforeAll(async () => {
	service = await startService();
	await operate(service, "POST", "/v1/products", { product: "crs", plan: "immediate" });
	folder = await mkdtemp(join(tmpdir(), "parapet-transfer-"));
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true });
});

async function parapet(...args: string[]): Promise<string> {
	const env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
	const { exitCode, stdout, stderr } = await runCli(args, env, undefined, { sleep: (ms) => wait(ms) });
	if (exitCode !== 0) throw new Error(stderr);
	return stdout;
}

it("moves a large license's devices, all of them and each once, and back", { timeout: 300_000 }, async () => {
	const { account } = await operate<{ account: string }>(service, "POST", "/v1/accounts", { name: "Test account" });
	const terms = { products: ["crs"], seats: COUNT, ends_at: new Date(Date.now() + 86_400_000).toISOString() };
	const create = () =>
		operate<{ license: string }>(service, "POST", `/v1/accounts/${account}/licenses`, terms).then((one) => one.license);
	const [from, to] = [await create(), await create()];
	const lines = Array.from({ length: COUNT }, (_, number) => {
		const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
		return JSON.stringify({ serial: `FW-${number}`, model: "PA-440", license: from, dpop_bound: true, jwk });
	});
	await writeFile(join(folder, "fleet.jsonl"), `${lines.join("\n")}\n`);
	await parapet("device", "import", join(folder, "fleet.jsonl"), "--account", account);

	expect(await parapet("license", "transfer", account, from, to)).toBe(`1,100 seats of ${from} went to ${to}\n`);
	const show = async (license: string) => JSON.parse(await parapet("license", "show", account, license, "--json"));
	expect(await show(to)).toMatchObject({ seats_taken: COUNT, seats_promised: 0, transfer: null });
	expect(await show(from)).toMatchObject({ seats_taken: 0, transfer: { to, state: "done", moved: COUNT } });

	const begun = JSON.parse(await parapet("license", "transfer", account, to, from, "--no-wait", "--json"));
	expect(begun).toMatchObject({ from: to, to: from, state: "running", moved: 1_000, remaining: 100 });
	await expect.poll(() => show(to), { timeout: 200_000 }).toMatchObject({ transfer: { state: "done", moved: COUNT } });
	expect(await parapet("license", "show", account, to)).toContain(
		`transfer done: 1,100 seats of ${to} went to ${from}\n`,
	);
});
