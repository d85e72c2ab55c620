// Moving a fleet as an operator does it: the real command line, the real service, files and pipes.
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RUNS_TIMEOUT_MS, runs } from "../support/runs.ts";
import { operate } from "./support/fleet.ts";
import { type RunningService, startService } from "./support/service.ts";

const PARAPET = join(import.meta.dirname, "../../bin/parapet.mjs");
const COUNT = runs(500, 2_000);
const COUNTED = COUNT.toLocaleString("en");

let service: RunningService;
let folder: string;
beforeAll(async () => {
	service = await startService();
	await operate(service, "POST", "/v1/products", { product: "crs", plan: "immediate" });
	folder = await mkdtemp(join(tmpdir(), "parapet-fleet-"));
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true });
});

interface Run {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** @param until interrupts the command once this holds */
async function parapet(args: readonly string[], until?: () => boolean, stdin = ""): Promise<Run> {
	const child = spawn(process.execPath, [PARAPET, "device", ...args], {
		env: { ...process.env, PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey },
		cwd: folder,
		stdio: ["pipe", "pipe", "pipe"],
	});
	const written = { stdout: "", stderr: "" };
	child.stdout.on("data", (bytes) => {
		written.stdout += String(bytes);
	});
	child.stderr.on("data", (bytes) => {
		written.stderr += String(bytes);
	});
	child.stdin.end(stdin);
	const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
	if (until !== undefined) {
		await expect.poll(until, { timeout: 60_000, interval: 10 }).toBe(true);
		child.kill("SIGINT");
	}
	return { code: await ended, ...written };
}

async function createAccount(): Promise<{ account: string; license: string }> {
	const { account } = await operate<{ account: string }>(service, "POST", "/v1/accounts", {
		name: "Test account",
		same_name: true,
	});
	const terms = { products: ["crs"], seats: COUNT, ends_at: new Date(Date.now() + 86_400_000).toISOString() };
	const { license } = await operate<{ license: string }>(service, "POST", `/v1/accounts/${account}/licenses`, terms);
	return { account, license };
}

const devicesIn = (text: string) =>
	text
		.trimEnd()
		.split("\n")
		.map((line) => {
			const { serial, model, jwk, labels, dpop_bound, status } = JSON.parse(line) as Record<string, { x: string }>;
			return JSON.stringify({ serial, model, key: jwk?.x, labels, dpop_bound, status });
		})
		.toSorted();

it(
	"a fleet goes in with an interruption, comes out, and goes into another account as the same fleet",
	async () => {
		const [here, there] = [await createAccount(), await createAccount()];
		const lines = Array.from({ length: COUNT }, (_, number) =>
			JSON.stringify({
				...{ serial: `FW-${number}`, model: "PA-440", license: here.license, dpop_bound: number % 2 === 0 },
				...{ labels: { site: `site-${number % 7}` }, status: number % 10 === 0 ? "suspended" : "active" },
				jwk: generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }),
			}),
		);
		await writeFile(join(folder, "fleet.jsonl"), `${lines.join("\n")}\n`);
		const batches = () => service.logs().filter((line) => line.includes('"/v1/accounts/:account/devices"')).length;
		const into = ["--account", here.account];
		const stopped = await parapet(["import", "fleet.jsonl", ...into], () => batches() > 1);
		expect(stopped.code).toBe(1);
		expect(stopped.stderr).toMatch(/the import stopped after line \d{3} \(\d{3} devices\): interrupted/);
		expect((await readdir(folder)).toSorted()).toEqual(["fleet.jsonl", "fleet.jsonl.import"]);

		const done = await parapet(["import", "fleet.jsonl", ...into, "--json"]);
		expect(done).toMatchObject({ code: 0, stderr: "" });
		const { created, same, refused } = JSON.parse(done.stdout);
		// What had arrived when it was interrupted may have come twice.
		expect({ devices: created + same, refused }).toEqual({ devices: COUNT, refused: 0 });
		expect(same).toBeLessThanOrEqual(100);
		expect(batches()).toBeLessThanOrEqual(COUNT / 100 + 1);
		expect(await readdir(folder)).toEqual(["fleet.jsonl"]);

		expect(await parapet(["export", "--account", here.account, "--out", "out.jsonl"])).toMatchObject({ code: 0 });
		const exported = await readFile(join(folder, "out.jsonl"), "utf8");
		expect(devicesIn(exported)).toEqual(devicesIn(lines.join("\n")));

		const map = ["--map-license", `${here.license}=${there.license}`];
		const moved = await parapet(["import", "-", "--account", there.account, ...map], undefined, exported);
		expect(moved).toMatchObject({ code: 0, stdout: `${COUNTED} created\n` });
		const again = await parapet(["export", "--account", there.account]);
		expect(devicesIn(again.stdout)).toEqual(devicesIn(exported));
		expect(again.stderr).toBe(`${COUNTED} devices\n`);
		const licenses = await operate<{ licenses: { seats_taken: number }[] }>(
			service,
			"GET",
			`/v1/accounts/${there.account}/licenses`,
		);
		expect(licenses.licenses.map(({ seats_taken }) => seats_taken)).toEqual([COUNT]);
	},
	RUNS_TIMEOUT_MS,
);
