// The smoke test against the real service: it passes, leaves nothing that serves or sends, and what a killed run leaves the next one clears away.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/command-groups.ts";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { operate } from "../support/fleet.ts";
import { type RunningService, startService } from "../support/service.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const PARAPET = join(PROJECT, "bin/parapet.mjs");
const PRODUCT = "parapet-smoke";
const STEPS = [
	...["product", "account", "activate", "refuse", "install", "publish", "update", "unchanged", "message"],
	...["withdraw", "deactivate", "clean_up"],
];
const realTime = { sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, { signal }) };

let service: RunningService;
beforeAll(async () => {
	service = await startService();
});
afterAll(async () => {
	await service?.close();
});

const settings = () => ({ PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey });
const smoke = (...args: string[]) => runCli(["smoke", ...args], settings(), "/nonexistent", realTime);

/** A run in a process of its own, to which a signal is sent once a step has passed. @returns its exit code and output */
async function smokeUntil(step: string, signal: NodeJS.Signals): Promise<{ exitCode: number | null; stdout: string }> {
	const child = spawn(process.execPath, [PARAPET, "smoke"], { env: { ...process.env, ...settings() } });
	let stdout = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		const before = stdout.includes(`✓ ${step}`);
		stdout += text;
		if (!before && stdout.includes(`✓ ${step}`)) child.kill(signal);
	});
	const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
	return { exitCode, stdout };
}

interface Left {
	readonly open: readonly string[];
	readonly closed: readonly string[];
	readonly released: readonly string[];
	readonly messages: number;
}

/** What stands in the service of all runs. */
async function whatIsLeft(): Promise<Left> {
	type Accounts = { accounts: { account: string; name: string; closed_at: string | null }[] };
	const { accounts } = await operate<Accounts>(service, "GET", "/v1/accounts?limit=1000");
	const own = accounts.filter(({ name }) => name.startsWith("Parapet smoke test"));
	type Releases = { releases: { version: string; status: string }[] };
	const { releases } = await operate<Releases>(service, "GET", `/v1/products/${PRODUCT}/releases`);
	const { messages } = await operate<{ messages: unknown[] }>(service, "GET", "/v1/messages/all");
	return {
		open: own.filter((one) => one.closed_at === null).map(({ account }) => account),
		closed: own.filter((one) => one.closed_at !== null).map(({ account }) => account),
		released: releases
			.filter(({ status }) => status !== "withdrawn" && status !== "uploaded")
			.map((one) => one.version),
		messages: messages.length,
	};
}

it("passes step by step, and leaves one release that stays and a closed account", async () => {
	const { exitCode, stdout, stderr } = await smoke("--json");
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	const told = JSON.parse(stdout);
	expect(told).toMatchObject({ ok: true, server: service.url });
	expect(told.steps.map(({ step, ok }: { step: string; ok: boolean }) => [step, ok])).toEqual(
		STEPS.map((step) => [step, true]),
	);
	expect(told.steps.find(({ step }: { step: string }) => step === "refuse").codes).toEqual([
		"access_denied",
		"invalid_client",
	]);
	const left = await whatIsLeft();
	expect(left).toMatchObject({ open: [], released: ["1.0.0"], messages: 0 });
	expect(left.closed).toHaveLength(1);
});

it("called off with Ctrl-C, it takes back what it has begun and says so", async () => {
	const { exitCode, stdout } = await smokeUntil("publish", "SIGINT");
	expect(exitCode).toBe(1);
	expect(stdout).toContain("interrupted");
	expect(stdout).toMatch(/✓ clean_up .* is closed/);
	expect(await whatIsLeft()).toMatchObject({ open: [], released: ["1.0.0"], messages: 0 });
});

it("killed, it leaves an account and a release; a run beside it takes another name, and one that knows it is dead clears it away", async () => {
	await smokeUntil("publish", "SIGKILL");
	const before = await whatIsLeft();
	expect(before.open).toHaveLength(1);
	expect(before.released).toHaveLength(2);
	expect((await smoke()).exitCode).toBe(0);
	expect((await whatIsLeft()).open).toEqual(before.open);
	const ofDrill = await mkdtemp(join(tmpdir(), "parapet-synthetic-parapet-drill."));
	const { exitCode, stdout } = await smoke("--killed-after", "0", "--json");
	expect(exitCode).toBe(0);
	// Keys of a drill that runs meanwhile are none of its leftovers.
	await rmdir(ofDrill);
	expect(JSON.parse(stdout).steps[1].cleared).toEqual(before.open);
	expect(await whatIsLeft()).toMatchObject({ open: [], released: ["1.0.0"], messages: 0 });
});

it("says which step failed and why, and clears away all the same", async () => {
	const { exitCode, stdout, stderr } = await smoke("--step-limit", "1", "--json", "--url", "http://127.0.0.1:1");
	expect(exitCode).toBe(1);
	expect(JSON.parse(stdout)).toMatchObject({
		ok: false,
		steps: [{ step: "product", ok: false }, { step: "clean_up" }],
	});
	expect(JSON.parse(stderr).error.message).toBe("failed: product");
	const wrongKey = await runCli(["smoke"], { ...settings(), PARAPET_KEY: "wrong" }, "/nonexistent", realTime);
	expect(wrongKey.exitCode).toBe(1);
	expect(wrongKey.stdout).toContain("✗ product");
});

describe("the command line as a package", () => {
	const run = promisify(execFile);
	/** The Node that runs npm: 20 where the gate has nothing newer. */
	const node = process.env["npm_node_execpath"] ?? process.execPath;
	let folder: string;
	let program: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-packed-"));
		const pack = join(PROJECT, "scripts/pack/main.ts");
		const { stdout } = await run(process.execPath, [pack, "--out", folder], { cwd: PROJECT });
		const [, file = ""] = /^(\S+\.tgz): \d+ KiB\n$/.exec(stdout) ?? [];
		await run("tar", ["xzf", file, "-C", folder]);
		program = join(folder, "package/bin/parapet.cjs");
	});
	afterAll(() => rm(folder, { recursive: true, force: true }));

	/** @returns major and minor, as a number with two decimals */
	async function versionOf(program: string): Promise<number> {
		const [major, minor] = (await run(program, ["-p", "process.versions.node"])).stdout.split(".").map(Number);
		return (major ?? 0) + (minor ?? 0) / 100;
	}

	it("goes through the smoke test, as operator, publisher and firewall, with nothing installed beside it", async () => {
		const env = { ...process.env, ...settings() };
		const { stdout } = await run(process.execPath, [program, "smoke", "--json"], { cwd: folder, env });
		expect(JSON.parse(stdout)).toMatchObject({ ok: true, steps: STEPS.map((step) => ({ step, ok: true })) });
	});

	it("serves operators under the oldest Node, where a firewall is told which one it needs", async () => {
		const env = { ...process.env, ...settings() };
		const { stdout } = await run(node, [program, "account", "list", "--json"], { env });
		expect(JSON.parse(stdout)).toHaveProperty("accounts");
		if ((await versionOf(node)) >= 22.13) return;
		const { stdout: smoked } = await run(node, [program, "smoke", "--json"], { env }).catch(
			(error: { stdout: string }) => error,
		);
		expect(JSON.parse(smoked).steps.find(({ ok }: { ok: boolean }) => !ok)).toMatchObject({
			step: "install",
			error: { code: "old_node", message: expect.stringContaining("Node 22.13 can") },
		});
	});

	it("has every command, and says of the demo where it is", async () => {
		const { stdout } = await run(node, [program, "--help"]);
		for (const { name } of COMMAND_GROUPS) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
		const helps = COMMAND_GROUPS.filter(({ name }) => name !== "demo").map(({ name }) =>
			run(node, [program, name, "--help"]),
		);
		for (const help of await Promise.all(helps)) expect(help.stdout).toContain("Usage: parapet");
		await expect(run(node, [program, "demo"])).rejects.toMatchObject({
			code: 1,
			stderr: expect.stringContaining("npm start"),
		});
	});

	it("has the reports of the history, and says of DuckDB that it is not in it", async () => {
		await expect(run(node, [program, "history", "report", "traffic", "--dir", folder])).rejects.toMatchObject({
			code: 1,
			stderr: expect.stringContaining("@duckdb/node-api"),
		});
	});

	it("publishes a .zst, or says which Node can", async () => {
		const file = join(folder, "rules.zst");
		// An empty frame of zstd (RFC 8878 §3.1.1).
		await writeFile(file, Buffer.from("28b52ffd2000010000", "hex"));
		const args = [program, "publish", file, "--product", "none", "--version", "1", "--url", service.url];
		const { stderr } = await run(node, args, { env: { ...process.env, ...settings() } }).catch(
			(error: { stderr: string }) => error,
		);
		expect(stderr).toMatch((await versionOf(node)) >= 22.15 ? /it holds nothing/ : /zstd needs Node 22\.15/);
	});
});
