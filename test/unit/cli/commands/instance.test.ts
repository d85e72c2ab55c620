// `parapet instance …`: what a cloud's hook would tell, by hand.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";
const LICENSE = "lic-01234567";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

describe("parapet instance launch", () => {
	const launch = (...more: string[]) =>
		operator.run("instance", "launch", ACCOUNT, "i-1", "--license", LICENSE, ...more);

	it("prints the code of the launch alone on stdout", async () => {
		operator.reply({ body: { state: "open", code: "0123-4567" } });
		expect(await launch("--token", "t-1")).toMatchObject({ exitCode: 0, stdout: "0123-4567\n" });
		const path = `/v1/hooks/lifecycle?account=${ACCOUNT}&license=${LICENSE}`;
		expect(operator.asked()).toEqual([["POST", path, { event: "launch", instance: "i-1", token: "t-1" }]]);
	});

	it("makes a new launch each time that none is named", async () => {
		operator.reply({ body: { state: "open", code: "0123-4567" } });
		await launch();
		await launch();
		const tokens = operator.asked().map(([, , body]) => (body as { token: string }).token);
		expect(new Set(tokens).size).toBe(2);
	});

	it.each(["used", "revoked"])("says that there is no code where the launch's is %s", async (state) => {
		operator.reply({ body: { state } });
		expect(await launch()).toEqual({ exitCode: 0, stdout: `no code: the launch's is ${state}\n`, stderr: "" });
	});
});

describe("parapet instance terminate", () => {
	it.each([
		[{ deactivated: ["dev-1", "dev-2"] }, "deactivated: dev-1 dev-2\n"],
		[{ deactivated: [] }, "i-1 has no seat\n"],
		[{}, "i-1 has no seat\n"],
	])("says of %j whose seats are free now", async (body, stdout) => {
		operator.reply({ body });
		expect(await operator.run("instance", "terminate", ACCOUNT, "i-1")).toMatchObject({ exitCode: 0, stdout });
		expect(operator.asked()[0]?.[2]).toEqual({ event: "terminate", instance: "i-1" });
	});
});
