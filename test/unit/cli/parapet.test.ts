// The command line as a whole: exit codes, and how errors are said.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/command-groups.ts";
import type { Surroundings } from "../../../cli/terminal/output.ts";
import { version } from "../../../package.json" with { type: "json" };
import { runCli } from "./support/run-cli.ts";

const PARAPET = join(import.meta.dirname, "../../../bin/parapet.mjs");
const surroundings: Surroundings = {
	stdout: { write: () => {} },
	stderr: { write: () => {} },
	env: {},
	cwd: "/nonexistent",
	nowMs: () => 0,
	sleep: async () => {},
};
const CREATE_LICENSE = ["license", "create", "acct-0123456789", "--key", "k"];

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
		{ args: [...CREATE_LICENSE, "--products", "Bad!", "--seats", "1", "--ends", "1d"], exitCode: 2 },
		{ args: [...CREATE_LICENSE, "--products", "crs", "--seats", "one", "--ends", "1d"], exitCode: 2 },
		{ args: [...CREATE_LICENSE, "--products", "crs", "--seats", "1", "--ends", "soon"], exitCode: 2 },
		{ args: ["account", "list", "--url", "http://updates.example.com", "--key", "k"], exitCode: 2 },
		{ args: ["device", "check", "--home", "/nonexistent/firewall"], exitCode: 1 },
	])("ends $args with $exitCode", async ({ args, exitCode }) => {
		expect(await runCli(args)).toMatchObject({ exitCode });
	});

	it("names every required option that is missing at once", async () => {
		const { exitCode, stderr } = await runCli([...CREATE_LICENSE, "--seats", "1"]);
		expect(exitCode).toBe(2);
		expect(stderr).toContain("required and missing: --products <names>, --ends <when>\n");
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

it.each([
	[["key", "list", "--key-file", "/nonexistent"], 2, "cannot read /nonexistent: there is no such file or folder"],
	[["key", "list", "--key-file", "/"], 2, "cannot read /: it is a folder"],
	[["device", "activate", "--code-file", "/nonexistent"], 2, "cannot read /nonexistent: there is no such file"],
	[["secret", "generate", "--dir", PARAPET], 1, `cannot use ${PARAPET}: there is something of that name already`],
	[["demo", "--exit", "--package", "/nonexistent"], 1, "cannot read /nonexistent: there is no such file"],
])("a file that cannot be used is said in words: %j", async (args, exitCode, said) => {
	const run = await runCli(args);
	expect(run).toMatchObject({ exitCode, stdout: "", stderr: expect.stringContaining(said) });
	expect(run.stderr).not.toMatch(/\bE[A-Z]{4,}\b/);
});

describe("what is mistyped", () => {
	it.each([
		[["devcie"], "unknown command 'devcie'", "Did you mean device?"],
		[["device", "chekc"], "unknown command 'chekc'", "Did you mean check?"],
		[["help", "devcie"], "unknown command 'devcie'", "Did you mean device?"],
		[["help", "frobnicate"], "unknown command 'frobnicate'", "see parapet --help"],
		[["device", "help", "chekc"], "unknown command 'chekc'", "Did you mean check?"],
		[["license", "create", "acct-0", "--grace", "3"], "unknown option '--grace'", "Did you mean --grace-days?"],
		[["license", "create", "acct-0", "--expires", "3d"], "unknown option '--expires'", "Did you mean --ends?"],
		[["code", "create", "acct-0", "--ends", "3d"], "unknown option '--ends'", "Did you mean --expires?"],
		[["code", "create", "acct-0", "--frobnicate"], "unknown option '--frobnicate'", "see parapet code create --help"],
		[["account", "list", "--jsn"], "unknown option '--jsn'", "Did you mean --json?"],
		[["publihs", "x-1.0.bin"], "unknown command 'publihs'", "Did you mean publish?"],
	])("%j is answered with what was probably meant", async (args, error, hint) => {
		const run = await runCli(args);
		expect(run).toMatchObject({ exitCode: 2, stdout: "" });
		expect(run.stderr).toContain(error);
		expect(run.stderr).toContain(hint);
	});
});

describe("help", () => {
	it("lists every command of the first level, with its operands and what it is for", async () => {
		const { stdout } = await runCli(["--help"]);
		expect(stdout).toMatch(/^ {2}device {2,}what a firewall does; and, for operators, a/m);
		expect(stdout).toMatch(/^ {2}publish \[options\] <file\.\.\.> {2}upload packages and release them/m);
		expect(stdout).toMatch(/^ {2}events \[options\] {2,}what happened to the deployment/m);
		expect(stdout).toContain("Exit codes: 0 done, 1 refused or failed, 2 the command line is wrong.");
	});

	it("names every group of verbs by one noun in its singular", () => {
		const groups = COMMAND_GROUPS.filter(({ usage }) => usage === undefined).map(({ name }) => name);
		expect(groups.filter((name) => name.endsWith("s"))).toEqual([]);
	});

	it.each(COMMAND_GROUPS)("of $name says what each operand and option is", async ({ name, load }) => {
		const group = new Command(name);
		(await load())(group, surroundings);
		const verbs = [group, ...group.commands];
		const silent = verbs.flatMap((verb) => verb.options.filter(({ description }) => description === ""));
		expect(silent.map(({ flags }) => flags)).toEqual([]);
		expect(group.commands.filter((verb) => verb.description() === "").map((verb) => verb.name())).toEqual([]);
	});

	it("of a command is the same however it is asked for", async () => {
		for (const command of ["device", "publish"]) {
			const { stdout } = await runCli([command, "--help"]);
			expect((await runCli(["help", command])).stdout).toBe(stdout);
			expect((await runCli(["help", "--", command])).stdout).toBe(stdout);
		}
		expect((await runCli(["help", "device"])).stdout).toMatch(/^ {2}activate \[options\] \[code\]/m);
		expect((await runCli(["device", "help", "check"])).stdout).toContain("--ha-role <role>");
	});

	it("says of each option whether a command does without it, and what it is then", async () => {
		const { stdout } = await runCli(["message", "create", "--help"]);
		expect(stdout).toMatch(/--title <text> {2,}required: /);
		expect(stdout).toMatch(/--severity <level> .*\(default:\s+"info"\)/s);
		expect(stdout).toMatch(/--url <url> .*default\s+http:/s);
	});

	it("knows the command line's own version", async () => {
		expect(await runCli(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
		expect((await runCli(["-V"])).stdout).toBe(`${version}\n`);
	});

	it("goes to stderr, and the exit code is 2, when a verb is missing", async () => {
		const { stderr, ...run } = await runCli(["device"]);
		expect(run).toEqual({ exitCode: 2, stdout: "" });
		expect(stderr).toContain("  check [options]");
	});
});
