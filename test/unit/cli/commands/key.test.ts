// `parapet key …`: API keys of publishers and operators.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

it("prints a new key alone on stdout, so that it can be piped", async () => {
	operator.reply({ status: 201, body: { key: "pk_1" } });
	const run = await operator.run("key", "create", "ci", "--scopes", "publish:crs, operate", "--expires", "90d");
	expect(run).toEqual({ exitCode: 0, stdout: "pk_1\n", stderr: "this key is shown once:\n" });
	expect(operator.asked()[0]?.[2]).toEqual({
		subject: "ci",
		scopes: ["publish:crs", "operate"],
		expires_at: "2027-02-18T12:00:00Z",
	});
});

it.each([["publish"], ["publish:CRS"], ["all"], [","]])("%j are no scopes", async (scopes) => {
	const run = await operator.run("key", "create", "ci", "--scopes", scopes);
	expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--scopes") });
	expect(operator.asked()).toEqual([]);
});

it("lists keys with the team for which their holders speak", async () => {
	const key = { id: "key-01234567", subject: "olivia", team: "detection", scopes: ["release:crs"], created_by: "ci" };
	operator.reply({ body: { keys: [key] } });
	const { stdout } = await operator.run("key", "list");
	expect(stdout).toMatch(/KEY +SUBJECT +TEAM +SCOPES.*\nkey-01234567 +olivia +detection +release:crs/);
});

it("says that a key is revoked only once it is", async () => {
	operator.reply(refuse(404, "not_found"), { status: 204 });
	expect(await operator.run("key", "revoke", "key-01234567")).toMatchObject({ exitCode: 1, stdout: "" });
	expect(await operator.run("key", "revoke", "key-01234567")).toMatchObject({
		exitCode: 0,
		stdout: "key-01234567 is revoked\n",
	});
	expect((await operator.run("key", "revoke", "../accounts")).exitCode).toBe(2);
});
