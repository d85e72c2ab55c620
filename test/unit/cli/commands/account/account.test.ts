// `parapet account …`, and what every operator's command has in common with it: its key, its answer, its refusal.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { API_KEY, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { runCli } from "../../support/run-cli.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

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
	await writeFile(join(folder, ".dev.vars"), `MAC_KEYS='k1:x'\nBOOTSTRAP_KEY='${API_KEY}'\n`);
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

it("says how to go on where a list has more than a page", async () => {
	const accounts = [{ account: "acct-0000000000", name: "Example", created_at: "then" }];
	server.faults.instead = ({ path }) =>
		path.startsWith("/v1/accounts")
			? { body: { accounts, next: path.includes("after=") ? null : "acct-0123456789abcdef" } }
			: null;
	const list = (...more: string[]) => runCli(["account", "list", "--url", server.url, "--key", API_KEY, ...more]);
	expect((await list()).stdout).toMatch(/\nmore: --after acct-0123456789abcdef\n$/);
	expect((await list("--after", "acct-0123456789abcdef")).stdout).not.toContain("more:");
	expect(server.seen.at(-1)?.path).toBe("/v1/accounts?after=acct-0123456789abcdef");
});

describe("with an answer of the service", () => {
	const ACCOUNT = "acct-0123456789abcdef";
	let operator: ScriptedOperator;
	beforeEach(async () => {
		operator = await startScriptedOperator();
	});
	afterEach(() => operator.close());

	it("a name that another customer has is refused with that one, unless two are meant", async () => {
		const body = {
			title: "taken",
			status: 409,
			code: "already_exists",
			account: ACCOUNT,
			detail: `${ACCOUNT} has that name`,
		};
		operator.reply({ status: 409, body }, { status: 201, body: { account: ACCOUNT, name: "Example" } });
		const refused = await operator.run("account", "create", "Example");
		expect(refused).toMatchObject({
			exitCode: 1,
			stderr: expect.stringContaining(`use ${ACCOUNT}, or give --same-name`),
		});
		expect((await operator.run("account", "create", "Example", "--same-name")).exitCode).toBe(0);
		expect(operator.asked()).toEqual([
			["POST", "/v1/accounts", { name: "Example" }],
			["POST", "/v1/accounts", { name: "Example", same_name: true }],
		]);
	});

	it("a customer lives in a place that the platform has", async () => {
		operator.reply({ status: 201, body: { account: ACCOUNT, name: "Example", place: "eu" } });
		expect((await operator.run("account", "create", "Example", "--place", "eu")).exitCode).toBe(0);
		const refused = await operator.run("account", "create", "Example", "--place", "mars");
		expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--place") });
		expect(operator.asked()).toEqual([["POST", "/v1/accounts", { name: "Example", place: "eu" }]]);
	});

	it("a customer gets another name, and is closed with a reason", async () => {
		operator.reply({ body: { account: ACCOUNT, name: "Example Ltd" } });
		expect((await operator.run("account", "rename", ACCOUNT, "Example Ltd")).stdout).toBe(
			`account ${ACCOUNT} is called Example Ltd now\n`,
		);
		expect((await operator.run("account", "close", ACCOUNT, "--reason", "moved")).stdout).toBe(
			`account ${ACCOUNT} (Example Ltd) is closed\n`,
		);
		expect(operator.asked()).toEqual([
			["PATCH", `/v1/accounts/${ACCOUNT}`, { name: "Example Ltd" }],
			["POST", `/v1/accounts/${ACCOUNT}/close`, { reason: "moved" }],
		]);
	});

	it("the tripwire of a customer is read, or set to what there is", async () => {
		operator.reply({ body: { suspends: "off" } }, { body: { suspends: "travel", changed: true } });
		const read = await operator.run("account", "tripwire", ACCOUNT);
		expect(read).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^off: no device is suspended/) });
		expect(read.stderr).toContain(`parapet account events ${ACCOUNT} --type device.tripwire`);
		expect((await operator.run("account", "tripwire", ACCOUNT, "--suspend", "travel")).stdout).toMatch(/^travel: /);
		const refused = await operator.run("account", "tripwire", ACCOUNT, "--suspend", "all");
		expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--suspend") });
		expect(operator.asked()).toEqual([
			["GET", `/v1/accounts/${ACCOUNT}/tripwire`],
			["PUT", `/v1/accounts/${ACCOUNT}/tripwire`, { suspends: "travel" }],
		]);
	});
});
