// `parapet device export` from a server that has devices: what it writes, and how it goes on.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT, type DevicesServer, startDevicesServer, type TakenDevice } from "../../../support/devices-server.ts";
import { runCli } from "../../../support/run-cli.ts";

let server: DevicesServer;
let folder: string;
let clockMs: number;
beforeEach(async () => {
	server = await startDevicesServer();
	folder = await mkdtemp(join(tmpdir(), "parapet-devices-"));
	clockMs = 1_800_000_000_000;
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

const idOf = (number: number) => `dev-f5any44xnh-${String(number).padStart(16, "0")}`;
function fill(count: number, statusOf: (number: number) => string = () => "active"): void {
	for (let number = 0; number < count; number++) {
		const device: TakenDevice = {
			...{ device: idOf(number), serial: `FW-${number}`, model: "PA-440", license: "lic-00000000" },
			...{
				jwk: { kty: "OKP", crv: "Ed25519", x: `x-${number}` },
				jkt: "t",
				labels: { site: "berlin" },
				ha_group: null,
			},
			...{ dpop_bound: true, status: statusOf(number), activated_at: "2026-11-21T00:00:00Z", pseudonym: "p" },
		};
		server.devices.set(`x-${number}`, device);
	}
}

function run(...args: string[]) {
	return runCli(
		["device", "export", "--account", ACCOUNT, "--url", server.url, "--key", "a-key", ...args],
		{},
		folder,
		{
			nowMs: () => clockMs,
			sleep: async (ms) => {
				clockMs += ms;
			},
		},
	);
}
const serialsIn = (text: string) =>
	text.split("\n").flatMap((line) => (line === "" ? [] : [String(JSON.parse(line).serial)]));
const read = (name: string) => readFile(join(folder, name), "utf8");
const serials = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `FW-${from + index}`);

describe("parapet device export", () => {
	it("writes lines that an import takes, to stdout", async () => {
		fill(1);
		const { exitCode, stdout, stderr } = await run();
		expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "1 devices\n" });
		expect(JSON.parse(stdout)).toEqual({
			...{ serial: "FW-0", model: "PA-440", license: "lic-00000000", labels: { site: "berlin" } },
			...{ jwk: { kty: "OKP", crv: "Ed25519", x: "x-0" }, dpop_bound: true, status: "active" },
			...{ id: idOf(0), activated_at: "2026-11-21T00:00:00Z" },
		});
	});

	it("names the HA group of a device that is in one", async () => {
		fill(1);
		server.devices.set("x-0", { ...(server.devices.get("x-0") as TakenDevice), ha_group: "hag-f5any44xnh-00000000" });
		expect(JSON.parse((await run()).stdout)).toMatchObject({ ha_group: "hag-f5any44xnh-00000000" });
	});

	it("gives a file its name when all devices are in it", async () => {
		fill(1_200);
		expect(await run("--out", "fleet.jsonl")).toMatchObject({ exitCode: 0, stderr: "" });
		expect(await readdir(folder)).toEqual(["fleet.jsonl"]);
		expect(serialsIn(await read("fleet.jsonl"))).toEqual(serials(0, 1_200));
		expect(server.queries).toEqual(["limit=500", `limit=500&after=${idOf(499)}`, `limit=500&after=${idOf(999)}`]);
	});

	it("leaves out whom an import must not bring back, and says how many", async () => {
		fill(600, (number) => ["active", "suspended", "revoked", "deactivated"][number % 4] ?? "");
		const { stdout } = await run("--out", "fleet.jsonl", "--json");
		expect(JSON.parse(stdout)).toEqual({
			...{ account: ACCOUNT, devices: 300, left_out: 300, file: join(folder, "fleet.jsonl") },
		});
		const statuses = (await read("fleet.jsonl")).split("\n").slice(0, 4);
		expect(statuses.map((line) => JSON.parse(line).status)).toEqual(["active", "suspended", "active", "suspended"]);
	});

	it("that was ended leaves no file of that name, and goes on in the same command", async () => {
		fill(1_200);
		server.misbehave = (call) => (call > 2 ? { status: 403 } : null);
		const { exitCode, stderr } = await run("--out", "fleet.jsonl");
		expect(exitCode).toBe(1);
		expect(stderr).toContain("the export stopped after 1,000 devices");
		expect(await readdir(folder)).toEqual(["fleet.jsonl.part"]);
		server.misbehave = () => null;
		server.queries.length = 0;
		const again = await run("--out", "fleet.jsonl");
		expect(again.stderr).toContain("going on after 1,000 devices");
		expect(server.queries).toEqual([`limit=500&after=${idOf(999)}`]);
		expect(serialsIn(await read("fleet.jsonl"))).toEqual(serials(0, 1_200));
	});

	it("goes on after whatever a crash has left of the file, and no device is missing or there twice", async () => {
		fill(20);
		await run("--out", "whole.jsonl");
		const whole = await readFile(join(folder, "whole.jsonl"));
		await fc.assert(
			fc.asyncProperty(fc.nat(whole.length), async (bytes) => {
				await writeFile(join(folder, "cut.jsonl.part"), whole.subarray(0, bytes));
				expect(await run("--out", "cut.jsonl")).toMatchObject({ exitCode: 0 });
				expect(await readFile(join(folder, "cut.jsonl"))).toEqual(whole);
			}),
			{ numRuns: 40, examples: [[whole.length - 1], [whole.length], [0]] },
		);
	}, 60_000);

	it("says after which device it was ended, where it writes to stdout", async () => {
		fill(1_200);
		server.misbehave = (call) => (call > 1 ? { status: 403 } : null);
		const { stdout, stderr } = await run();
		expect(serialsIn(stdout)).toEqual(serials(0, 500));
		expect(stderr).toContain(`--after ${idOf(499)}`);
		server.misbehave = () => null;
		expect(serialsIn((await run("--after", idOf(499))).stdout)).toEqual(serials(500, 1_200));
	});

	it("comes back when the server asks for it, or answers no more", async () => {
		fill(1_200);
		server.misbehave = (call) => (call === 1 ? { status: 429, retryAfter: 30 } : call === 3 ? "lost before" : null);
		expect(serialsIn((await run()).stdout)).toEqual(serials(0, 1_200));
	});

	it("does not go on in a file of another account", async () => {
		await writeFile(
			join(folder, "fleet.jsonl.part"),
			`${JSON.stringify({ id: `dev-0000000000-${"0".repeat(16)}` })}\n`,
		);
		const { exitCode, stderr } = await run("--out", "fleet.jsonl");
		expect(exitCode).toBe(1);
		expect(stderr).toContain("is of another account");
		expect(server.queries).toEqual([]);
	});

	it("keeps stdout for the export: --json needs a file", async () => {
		expect(await run("--json")).toMatchObject({ exitCode: 2, stdout: "" });
	});
});
