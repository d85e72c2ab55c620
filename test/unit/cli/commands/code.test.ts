// `parapet code …`: what an auth code is for, and what is shown of those that there are.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

const ACCOUNT = "acct-0123456789abcdef";
const LICENSE = "lic-01234567";
const GROUP = "hag-0123456789-01234567";
const PATH = `/v1/accounts/${ACCOUNT}/codes`;

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

describe("parapet code create", () => {
	it("needs to know what the code is for, before anything is asked", async () => {
		const run = await operator.run("code", "create", ACCOUNT, "--uses", "1");
		expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("give --license or --ha-group") });
		expect(operator.asked()).toEqual([]);
	});

	it.each([
		[["--license", LICENSE], { license: LICENSE }],
		[["--ha-group", GROUP], { ha_group: GROUP }],
		[
			[
				"--license",
				LICENSE,
				"--uses",
				"3",
				"--expires",
				"1d",
				"--serial",
				"FW-1",
				"--model",
				"PA-440",
				"--instance",
				"i-1",
			],
			{
				...{ license: LICENSE, uses: 3, expires_at: "2026-11-21T12:00:00Z" },
				...{ serial: "FW-1", model: "PA-440", instance: "i-1" },
			},
		],
	])("%j prints the code alone on stdout", async (options, body) => {
		operator.reply({ status: 201, body: { code: "0123-4567" } });
		const run = await operator.run("code", "create", ACCOUNT, ...options);
		expect(run).toEqual({ exitCode: 0, stdout: "0123-4567\n", stderr: "this auth code is shown once:\n" });
		expect(operator.asked()).toEqual([["POST", PATH, body]]);
	});
});

describe("parapet code list", () => {
	it("reads every page, and shows which are used up, revoked or for one appliance", async () => {
		const code = { license: LICENSE, used: 0, uses: null, revoked: false, expires_at: null };
		operator.reply(
			{ body: { codes: [{ ...code, id: "code-1", used: 2, uses: 2, serial: "FW-1" }], next: "code&1" } },
			{
				body: {
					codes: [{ ...code, id: "code-2", revoked: true, expires_at: "2027-01-01T00:00:00Z", ha_group: GROUP }],
				},
			},
		);
		const run = await operator.run("code", "list", ACCOUNT);
		expect(run.stdout.trim().split("\n").slice(1)).toEqual([
			"code-1  lic-01234567  2/2   -        FW-1      -",
			`code-2  lic-01234567  0/∞   revoked  -         ${GROUP}`,
		]);
		expect(operator.asked()).toEqual([
			["GET", PATH],
			["GET", `${PATH}?after=code%261`],
		]);
	});

	it("shows nothing when a later page is refused: half a list would look like a whole one", async () => {
		operator.reply({ body: { codes: [], next: "code-1" } }, refuse(500, "internal"));
		expect(await operator.run("code", "list", ACCOUNT)).toMatchObject({ exitCode: 1, stdout: "" });
	});

	it.each([[{}], [{ codes: "none" }], ["no JSON"]])("does not take %j for a list", async (body) => {
		operator.reply({ body });
		const run = await operator.run("code", "list", ACCOUNT, "--json");
		expect(run).toMatchObject({ exitCode: 1, stdout: "" });
		expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: "unexpected_answer" } });
	});
});
