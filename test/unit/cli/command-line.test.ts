import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseMoment } from "../../../cli/command-line/moment.ts";
import { planTargets } from "../../../cli/commands/publish.ts";
import { parsePackageName } from "../../../cli/files/package-file.ts";
import { printable } from "../../../cli/terminal/output.ts";
import { API_KEY, type ContractServer, startContractServer } from "./support/contract-server.ts";
import { runCli } from "./support/run-cli.ts";

const PARAPET = join(import.meta.dirname, "../../../bin/parapet.mjs");

it.runIf(existsSync("/dev/full"))("an answer for which there is no room is an error, said in one line", () => {
	const full = openSync("/dev/full", "w");
	const { status, stderr } = spawnSync(process.execPath, [PARAPET, "--help"], { stdio: ["ignore", full, "pipe"] });
	closeSync(full);
	expect(status).toBe(1);
	expect(String(stderr)).toMatch(/^error: cannot write the answer: ENOSPC.*\n$/);
});

describe("exit codes", () => {
	it.each([
		{ args: ["--help"], exitCode: 0 },
		{ args: ["device", "update", "--help"], exitCode: 0 },
		{ args: ["frobnicate"], exitCode: 2 },
		{ args: ["device"], exitCode: 2 },
		{ args: ["device", "check", "--frobnicate"], exitCode: 2 },
		{ args: ["account", "create"], exitCode: 2 },
		{ args: ["account", "list"], exitCode: 2 },
		{
			args: [
				"license",
				"create",
				"acct-0123456789",
				"--products",
				"Bad!",
				"--seats",
				"1",
				"--ends",
				"1d",
				"--key",
				"k",
			],
			exitCode: 2,
		},
		{
			args: [
				"license",
				"create",
				"acct-0123456789",
				"--products",
				"crs",
				"--seats",
				"one",
				"--ends",
				"1d",
				"--key",
				"k",
			],
			exitCode: 2,
		},
		{
			args: [
				"license",
				"create",
				"acct-0123456789",
				"--products",
				"crs",
				"--seats",
				"1",
				"--ends",
				"soon",
				"--key",
				"k",
			],
			exitCode: 2,
		},
		{ args: ["account", "list", "--url", "http://updates.example.com", "--key", "k"], exitCode: 2 },
		{ args: ["device", "check", "--home", "/nonexistent/firewall"], exitCode: 1 },
	])("ends $args with $exitCode", async ({ args, exitCode }) => {
		expect(await runCli(args)).toMatchObject({ exitCode });
	});

	it("says what is wrong with an option, on stderr", async () => {
		const { stderr, stdout } = await runCli(["publish", "x-1.0.bin", "--urgency", "now", "--key", "k"]);
		expect(stderr).toContain("--urgency");
		expect(stdout).toBe("");
	});

	it("writes errors as one JSON object with --json", async () => {
		const { stderr, stdout } = await runCli(["device", "check", "--json", "--home", "/nonexistent/firewall"]);
		expect(JSON.parse(stderr)).toMatchObject({ error: { code: "not_activated", fix: expect.any(String) } });
		expect(stdout).toBe("");
	});
});

describe("operator commands", () => {
	let server: ContractServer;
	beforeEach(async () => {
		server = await startContractServer();
	});
	afterEach(() => server.close());

	it("takes the key from the environment and prints the answer as JSON", async () => {
		const run = await runCli(["account", "create", "Example", "--json", "--url", server.url], { PARAPET_KEY: API_KEY });
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(JSON.parse(run.stdout)).toMatchObject({ account: "acct-0000000000", name: "Example" });
	});

	it("uses the local secrets of the folder for a local server", async () => {
		const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		await writeFile(join(folder, ".dev.vars"), `TOKEN_KEYS='{"keys":[]}'\nBOOTSTRAP_KEY='${API_KEY}'\n`);
		const run = await runCli(["account", "create", "Example"], { PARAPET_URL: server.url }, folder);
		await rm(folder, { recursive: true });
		expect(run).toMatchObject({ exitCode: 0, stdout: "account acct-0000000000: Example\n" });
	});

	it("shows the server's fix and request id when it refuses", async () => {
		const run = await runCli(["account", "create", "Example", "--url", server.url, "--key", "wrong"]);
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain("do it right");
		expect(run.stderr).toContain("req-1");
		expect(run.stderr).not.toContain("wrong");
	});

	it("uploads the unpacked payload of a gzipped package under its own name", async () => {
		const { gzipSync } = await import("node:zlib");
		const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		const file = join(folder, "crs-4.27.0.tar.gz");
		await writeFile(file, gzipSync("the rules"));
		const run = await runCli([
			"publish",
			file,
			"--json",
			"--url",
			server.url,
			"--key",
			API_KEY,
			"--urgency",
			"important",
		]);
		await rm(folder, { recursive: true });
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		const [upload, release] = server.seen;
		expect(upload).toMatchObject({
			path: "/v1/products/crs/releases/4.27.0/package?name=crs-4.27.0.tar",
			body: "the rules",
		});
		expect(upload?.headers["content-length"]).toBe("9");
		expect(JSON.parse(release?.body ?? "")).toEqual({ urgency: "important" });
	});

	it("refuses a damaged package before anything is sent", async () => {
		const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		const file = join(folder, "crs-4.27.0.tar.zst");
		await writeFile(file, "not zstd");
		const run = await runCli(["publish", file, "--url", server.url, "--key", API_KEY]);
		await rm(folder, { recursive: true });
		expect(run.exitCode).toBe(1);
		expect(server.seen).toEqual([]);
	});
});

describe("keys generate", () => {
	it("prints every secret, none of them marked local", async () => {
		const { stdout } = await runCli(["keys", "generate", "--json"]);
		const secrets = JSON.parse(stdout);
		expect(Object.keys(secrets)).toEqual(["TOKEN_KEYS", "MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"]);
		expect(JSON.parse(secrets.TOKEN_KEYS)).toMatchObject({
			keys: [{ kty: "EC", alg: "ES256", d: expect.any(String) }],
		});
		expect(stdout).not.toContain("local");
	});

	it("writes files that only their owner can read, and never replaces one", async () => {
		const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		const dir = join(folder, "secrets");
		expect((await runCli(["keys", "generate", "--dir", dir])).exitCode).toBe(0);
		const before = await readFile(join(dir, "LOOKUP_KEY"), "utf8");
		expect((await stat(join(dir, "LOOKUP_KEY"))).mode & 0o777).toBe(0o600);
		expect((await runCli(["keys", "generate", "--dir", dir])).exitCode).toBe(1);
		expect(await readFile(join(dir, "LOOKUP_KEY"), "utf8")).toBe(before);
		await rm(folder, { recursive: true });
	});
});

describe("package names", () => {
	it.each([
		["crs-4.27.0.tar.gz", "crs", "4.27.0", "crs-4.27.0.tar", "gzip"],
		["/a/b/crs-4.28.0.tgz", "crs", "4.28.0", "crs-4.28.0.tar", "gzip"],
		["sample-rules-1.1.0.rules", "sample-rules", "1.1.0", "sample-rules-1.1.0.rules", "none"],
		["threats-8890.bin.zst", "threats", "8890", "threats-8890.bin", "zstd"],
		["url-db_v2026.11-rc1", "url-db", "2026.11-rc1", "url-db_v2026.11-rc1", "none"],
		["rules.tar", undefined, undefined, "rules.tar", "none"],
	])("reads %s", (file, product, version, payloadName, packing) => {
		expect(parsePackageName(file)).toEqual({ product, version, payloadName, packing });
	});

	it("asks for what a name does not say", () => {
		expect(() => planTargets(["rules.tar"], {})).toThrow(/no product/);
		expect(planTargets(["rules.tar"], { product: "crs", version: "1" })).toEqual([
			{ file: "rules.tar", product: "crs", version: "1", name: "rules.tar" },
		]);
	});
});

describe("points in time", () => {
	const NOW_MS = Date.parse("2026-11-20T12:00:00Z");
	it.each([
		["30d", "2026-12-20T12:00:00Z"],
		["+90m", "2026-11-20T13:30:00Z"],
		["2027-01-31", "2027-01-31T00:00:00Z"],
		["2027-01-31T10:00:00+01:00", "2027-01-31T09:00:00Z"],
		["2028-02-29T12:00:00Z", "2028-02-29T12:00:00Z"],
		["2027-02-28T12:00+02:00", undefined],
		["2027-02-31", undefined],
		["2027-02-29", undefined],
		["2027-02-31T00:00:00Z", undefined],
		["2027-02-30T12:00+02:00", undefined],
		["2027-04-31T00:00:00+01:00", undefined],
		["2027-01-01T24:00:00Z", undefined],
		["2027-01-01T10:60:00Z", undefined],
		["2027-13-01", undefined],
		["2027-01-01T10:00:00", undefined],
		["tomorrow", undefined],
	])("reads %s as %s", (text, expected) => {
		expect(parseMoment(text, NOW_MS)).toBe(expected);
	});
});

it("shows a server's text without what could drive a terminal", () => {
	expect(printable("a\u001b[31mb\r\u202ec\nd")).toBe("a?[31mb??c\nd");
});
