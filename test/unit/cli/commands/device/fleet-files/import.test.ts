// `parapet device import` against a server that takes devices, on a clock that moves only while the command sleeps.
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decideImport, type ImportFacts } from "../../../../../../src/entitlement/devices/import-decision.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../../support/runs.ts";
import { ACCOUNT, type DevicesServer, type Misbehaviour, startDevicesServer } from "../../../support/devices-server.ts";
import { runCli } from "../../../support/run-cli.ts";

const KEYS = Array.from({ length: 260 }, () => generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }));
const LICENSE = "lic-00000000";
const PARAPET = join(import.meta.dirname, "../../../../../../bin/parapet.mjs");

let server: DevicesServer;
let folder: string;
let clockMs: number;
let slept: number[];
beforeEach(async () => {
	server = await startDevicesServer();
	folder = await mkdtemp(join(tmpdir(), "parapet-devices-"));
	clockMs = 1_800_000_000_000;
	slept = [];
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

const device = (number: number, more: Record<string, unknown> = {}) => ({
	...{ serial: `FW-${number}`, model: "PA-440", jwk: KEYS[number], license: LICENSE },
	...more,
});
const devices = (count: number) => Array.from({ length: count }, (_, number) => device(number));

async function write(lines: readonly unknown[], name = "fleet.jsonl"): Promise<string> {
	const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
	await writeFile(join(folder, name), text);
	return name;
}
const read = (name: string) => readFile(join(folder, name), "utf8").catch(() => null);
const rejects = async (name = "fleet.jsonl.rejects.jsonl") =>
	((await read(name)) ?? "").split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));

function run(...args: string[]) {
	return runCli(
		["device", "import", ...args, "--account", ACCOUNT, "--url", server.url, "--key", "a-key"],
		{},
		folder,
		{
			nowMs: () => clockMs,
			sleep: async (ms, signal) => {
				signal?.throwIfAborted();
				slept.push(ms);
				clockMs += ms;
			},
		},
	);
}

describe("parapet device import", () => {
	it("sends every device once, in batches that a request can carry, and leaves nothing behind", async () => {
		const file = await write(devices(260));
		expect(await run(file)).toMatchObject({ exitCode: 0, stdout: "260 created\n", stderr: "" });
		expect(server.bodies.map((body) => JSON.parse(body).devices.length)).toEqual([100, 100, 60]);
		expect([...server.devices.values()].map(({ serial }) => serial)).toEqual(devices(260).map(({ serial }) => serial));
		expect(await readdir(folder)).toEqual([file]);
		expect(await run(file)).toMatchObject({ exitCode: 0, stdout: "260 same\n" });
	});

	it("never sends more bytes than the service takes", async () => {
		const labels = Object.fromEntries(Array.from("abcdefgh", (key) => [key.repeat(32), "x".repeat(48)]));
		const file = await write(Array.from({ length: 200 }, (_, number) => device(number, { labels })));
		expect(await run(file)).toMatchObject({ exitCode: 0 });
		expect(server.devices.size).toBe(200);
		for (const body of server.bodies) expect(Buffer.byteLength(body)).toBeLessThan(65_536);
		expect(server.bodies.length).toBeLessThan(6);
	});

	it("names each line that is refused, here or there, and ends with 1", async () => {
		server.refusals = { "FW-2": "no_seat_left", "FW-4": "something_new" };
		const lines = [device(0), "{nonsense", device(2), "", device(3, { model: 5 }), device(4), "[]", "x".repeat(20_000)];
		const file = await write(lines);
		const { exitCode, stdout, stderr } = await run(file);
		expect(exitCode).toBe(1);
		expect(stdout).toBe("1 created, 6 refused\n");
		expect(stderr).toContain("6 lines were refused");
		expect(stderr).toContain(join(folder, "fleet.jsonl.rejects.jsonl"));
		expect((await rejects()).map(({ line, serial, code }) => [line, serial, code])).toEqual([
			[2, undefined, "not_json"],
			[3, "FW-2", "no_seat_left"],
			[5, "FW-3", "malformed"],
			[6, "FW-4", "something_new"],
			[7, undefined, "malformed"],
			[8, undefined, "line_too_long"],
		]);
		expect((await rejects())[1].why).toContain("give it more");
		expect((await rejects())[2].why).toMatch(/^model: /);
		// Corrected, nothing is left of it.
		server.refusals = {};
		await write([device(0), device(1), device(2), device(3), device(4)]);
		expect(await run(file)).toMatchObject({ exitCode: 0, stdout: "4 created, 1 same\n" });
		expect(await readdir(folder)).toEqual([file]);
	});

	it("refuses a line in which a field comes twice, or one that would be dropped without a word", async () => {
		const twice = JSON.stringify(device(1)).replace("{", '{"serial":"FW-9",');
		const dropped = JSON.stringify(device(2, { labels: { site: "lab" } })).replace('"site"', '"__proto__":"x","site"');
		const file = await write([device(0), twice, dropped]);
		expect(await run(file)).toMatchObject({ exitCode: 1, stdout: "1 created, 2 refused\n" });
		expect((await rejects()).map(({ line, code }) => [line, code])).toEqual([
			[2, "ambiguous"],
			[3, "ambiguous"],
		]);
		expect([...server.devices.values()].map(({ serial }) => serial)).toEqual(["FW-0"]);
	});

	it("never sends, keeps or repeats a private key, and says so loudly", async () => {
		const secret = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
		const broken = JSON.stringify(device(1, { jwk: secret })).slice(0, -1);
		const file = await write([device(0), device(1, { jwk: secret }), broken, device(2, { label: {}, jwk: secret })]);
		const { exitCode, stdout, stderr } = await run(file);
		expect(exitCode).toBe(1);
		expect(stderr).toContain("BEWARE: 2 lines hold a private key");
		expect((await rejects()).map(({ code }) => code)).toEqual(["private_key", "not_json", "private_key"]);
		const everything = [stdout, stderr, await read("fleet.jsonl.rejects.jsonl"), ...server.bodies].join("\n");
		expect(everything).not.toContain(secret.d);
		const json = await run(file, "--json");
		expect(JSON.parse(json.stdout)).toMatchObject({ private_keys: 2, refused: 3, same: 1 });
	});

	it("gives lines the license that they lack, and names of this account instead of theirs", async () => {
		const own = "hag-f5any44xnh-00000000";
		const pair = { license: undefined, ha_group: "pair 7" };
		const file = await write([device(0, pair), device(1, { license: "L-77" }), device(2)]);
		const licenses = `L-77=lic-22222222,${LICENSE}=lic-33333333`;
		const args = ["--license", "lic-11111111", "--map-license", licenses, "--map-ha-group", `pair 7=${own}`];
		expect(await run(file, ...args)).toMatchObject({ exitCode: 0 });
		const taken = [...server.devices.values()];
		expect(taken.map(({ license }) => license)).toEqual(["lic-11111111", "lic-22222222", "lic-33333333"]);
		expect(taken.map(({ ha_group }) => ha_group)).toEqual([own, null, null]);
	});

	it.each([429, 503])("waits when the server answers %i, as long as it says", async (status) => {
		const file = await write(devices(150));
		server.misbehave = (call) => (call > 1 && call < 12 ? { status, retryAfter: 7 } : null);
		expect(await run(file)).toMatchObject({ exitCode: 0, stdout: "150 created\n" });
		expect(slept.filter((ms) => ms === 7_000)).toHaveLength(10);
	});

	it("tries again after a lost answer, and the lines that had arrived are the same", async () => {
		const file = await write(devices(260));
		server.misbehave = (call) => (call === 2 ? "lost after" : call === 3 ? "lost before" : null);
		expect(await run(file)).toMatchObject({ exitCode: 0, stdout: "160 created, 100 same\n" });
	});

	it("fails at once where nobody has ever answered", async () => {
		const file = await write(devices(1));
		server.misbehave = () => "lost before";
		const { exitCode, stderr } = await run(file);
		expect(exitCode).toBe(1);
		expect(stderr).toContain("the import stopped after line 0");
		expect(slept).toEqual([]);
	});

	it("gives up after ten minutes of waiting for one batch, and goes on there with the same command", async () => {
		const file = await write(devices(260));
		server.misbehave = (call) => (call > 1 ? { status: 503, retryAfter: 60 } : null);
		const { exitCode, stderr } = await run(file);
		expect(exitCode).toBe(1);
		expect(stderr).toContain("the import stopped after line 100 (100 devices)");
		expect(stderr).toContain("the same command goes on there");
		expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(700_000);
		server.misbehave = () => null;
		server.bodies.length = 0;
		const again = await run(file);
		expect(again).toMatchObject({ exitCode: 0, stdout: "260 created\n" });
		expect(again.stderr).toContain("going on after line 100");
		expect(server.bodies).toHaveLength(2);
	});

	it("begins anew with a file that was edited since, though it is as long as before", async () => {
		const labels = Object.fromEntries(Array.from("abcdefgh", (key) => [key.repeat(32), "x".repeat(48)]));
		const lines = Array.from({ length: 200 }, (_, number) => device(number, { labels }));
		const file = await write(lines);
		server.misbehave = (call) => (call > 2 ? { status: 403 } : null);
		expect(await run(file)).toMatchObject({ exitCode: 1 });
		const before = server.devices.size;
		server.misbehave = () => null;
		await write(lines.with(before - 1, { ...device(before - 1, { labels }), model: "PA-441" }));
		const done = await run(file);
		expect(done).toMatchObject({ exitCode: 0, stdout: `${200 - before} created, 1 changed, ${before - 1} same\n` });
		expect(await readdir(folder)).toEqual([file]);
	});

	it("begins where it is told to, and keeps what was refused before that", async () => {
		const file = await write(["{", ...devices(18), "["]);
		expect(await run(file)).toMatchObject({ exitCode: 1, stdout: "18 created, 2 refused\n" });
		expect(await run(file, "--from-line", "16")).toMatchObject({ exitCode: 1, stdout: "4 same, 1 refused\n" });
		expect((await rejects()).map(({ line }) => line)).toEqual([1, 20]);
		expect(await run(file, "--from-line", "1")).toMatchObject({ exitCode: 1, stdout: "18 same, 2 refused\n" });
		expect((await rejects()).map(({ line }) => line)).toEqual([1, 20]);
	});

	it("leaves calls to others", async () => {
		const file = await write(Array.from({ length: 2_000 }, (_, line) => device(line % 260)));
		const startMs = clockMs;
		expect(await run(file)).toMatchObject({ exitCode: 0 });
		expect(((server.bodies.length - 1) * 60_000) / (clockMs - startMs)).toBeLessThanOrEqual(500);
	});

	it.each([
		[["missing.jsonl"], "there is no file"],
		[["fleet.jsonl", "--from-line", "0"], "--from-line"],
		[["fleet.jsonl", "--map-license", "a=b"], "--map-license"],
		[["fleet.jsonl", "--rejects", "fleet.jsonl"], "--rejects"],
		[["fleet.jsonl", "--rejects", "device"], "--rejects"],
	])("is a mistake on the command line: %j", async (args, said) => {
		await write(devices(1));
		await symlink("/dev/null", join(folder, "device"));
		const { exitCode, stderr } = await run(...args);
		expect(exitCode).toBe(2);
		expect(stderr).toContain(said);
		expect(server.bodies).toEqual([]);
	});
});

describe("parapet device import --dry-run", () => {
	it("finds what is wrong with lines, and what is there twice, without a server or a key", async () => {
		const file = await write([
			...[device(0), device(1, { serial: "FW-0" }), device(0, { serial: "FW-9" }), device(2), "{", device(0)],
		]);
		const { exitCode, stdout, stderr } = await runCli(
			["device", "import", file, "--account", ACCOUNT, "--dry-run"],
			{},
			folder,
		);
		expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "3 valid, 3 refused; nothing was sent\n" });
		expect(stderr).toContain("error: 3 lines would be refused\n");
		const found = await rejects("fleet.jsonl.dry-run.rejects.jsonl");
		expect(found.map(({ line, code, why }) => [line, code, why])).toEqual([
			[2, "serial_taken", expect.stringMatching(/^line 1 has the serial number with another key: /)],
			[3, "serial_changed", expect.stringMatching(/^line 1 has the key under another serial number: /)],
			[5, "not_json", "is not JSON"],
		]);
		await write(devices(260));
		const good = await runCli(["device", "import", file, "--account", ACCOUNT, "--dry-run", "--json"], {}, folder);
		expect(JSON.parse(good.stdout)).toEqual({ valid: 260, refused: 0, rejects: null });
		expect(await readdir(folder)).toEqual([file]);
		await write(["{"]);
		const one = await runCli(["device", "import", file, "--account", ACCOUNT, "--dry-run"], {}, folder);
		expect(one.stderr).toContain("error: 1 line would be refused\n");
	});
});

describe("Ctrl-C", () => {
	it("ends a command that waits for more on stdin", async () => {
		const rejectsPath = join(folder, "rejects.jsonl");
		const args = ["device", "import", "-", "--dry-run", "--account", ACCOUNT, "--rejects", rejectsPath];
		const child = spawn(process.execPath, [PARAPET, ...args], { stdio: ["pipe", "ignore", "pipe"] });
		let stderr = "";
		child.stderr.on("data", (bytes) => {
			stderr += String(bytes);
		});
		const ended = new Promise((resolve) => child.once("close", resolve));
		try {
			// More than are checked at once, so that those were written down when it waits.
			child.stdin.write("{\n".repeat(1_500));
			await expect.poll(() => existsSync(rejectsPath), { timeout: 20_000, interval: 20 }).toBe(true);
			child.kill("SIGINT");
			expect(await ended).toBe(1);
			expect(stderr).toContain("interrupted");
		} finally {
			child.kill("SIGKILL");
		}
	}, 30_000);
});

describe("laws of parapet device import", () => {
	const ends: readonly Misbehaviour[] = ["lost before", "lost after", { status: 500 }, { status: 403 }];
	const anyEnd = fc.constantFrom(...ends);

	it(
		"--dry-run refuses the lines that an account with nothing but the lines before them refuses",
		async () => {
			const line = fc.record({ key: fc.nat(3), serial: fc.nat(3), model: fc.constantFrom("PA-440", "PA-450") });
			await fc.assert(
				fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), async (lines) => {
					const file = await write(
						lines.map(({ key, serial, model }) => device(key, { serial: `FW-${serial}`, model })),
					);
					await runCli(["device", "import", file, "--account", ACCOUNT, "--dry-run"], {}, folder);
					const found = await rejects("fleet.jsonl.dry-run.rejects.jsonl");
					expect(found.map((one) => [one.line, one.code])).toEqual(refusalsOf(lines));
				}),
				{ numRuns: runs(30, 500) },
			);
		},
		RUNS_TIMEOUT_MS,
	);

	it(
		"ended anywhere, any number of times, and run again, it comes to what it comes to in one go",
		async () => {
			// The longest there are: four batches.
			const labels = Object.fromEntries(Array.from("abcdefgh", (key) => [key.repeat(32), "x".repeat(48)]));
			const good = Array.from({ length: 260 }, (_, number) => device(number, { labels }));
			server.refusals = { "FW-3": "no_seat_left", "FW-170": "serial_taken", "FW-259": "no_seat_left" };
			const file = await write(good.flatMap((line, index) => (index % 70 === 0 ? [line, "{"] : [line])));
			expect((await run(file)).exitCode).toBe(1);
			expect(server.bodies).toHaveLength(4);
			const whole = { devices: [...server.devices], rejects: await rejects() };
			await fc.assert(
				fc.asyncProperty(fc.array(fc.tuple(fc.nat(4), anyEnd), { maxLength: 5 }), async (endings) => {
					server.devices.clear();
					for (const [calls, end] of endings) {
						let count = 0;
						// Until the command ends: what is lost is lost for long.
						server.misbehave = () => (count++ < calls ? null : end);
						expect((await run(file)).exitCode).toBe(1);
					}
					server.misbehave = () => null;
					await run(file);
					expect({ devices: [...server.devices], rejects: await rejects() }).toEqual(whole);
					expect((await readdir(folder)).toSorted()).toEqual([file, `${file}.rejects.jsonl`]);
				}),
				{ numRuns: runs(5, 100) },
			);
		},
		RUNS_TIMEOUT_MS,
	);
});

/** Line and code of what the rule of the service refuses in an empty account with room for all. */
function refusalsOf(lines: readonly { readonly key: number; readonly serial: number; readonly model: string }[]) {
	const known = new Map<number, ImportFacts["deviceWithSameKey"] & object>();
	return lines.flatMap(({ key, serial: number, model }, index) => {
		const serial = `FW-${number}`;
		const decision = decideImport({
			license: {
				id: LICENSE,
				status: "active",
				endsAt: 2,
				seats: 99,
				overage: "refuse",
			},
			serial,
			deviceWithSameKey: known.get(key) ?? null,
			serialHeldByOther: [...known].some(([other, device]) => other !== key && device.serial === serial),
			...{ group: null, bringsSeat: false, takesOver: false, seatsTaken: known.size, now: 1 },
			given: { model, labels: undefined, dpopBound: undefined, status: undefined },
		});
		if (!decision.ok) return [[index + 1, decision.reason]];
		known.set(key, { ...decision.device, serial, license: LICENSE, haGroup: null });
		return [];
	});
}
