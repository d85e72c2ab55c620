// `parapet console …`: getting into the pages for people.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

const LINK = {
	url: "https://updates.test/console/link?ticket=t",
	subject: "olivia",
	expires_at: "2027-02-18T12:00:00Z",
};

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

it("prints the link alone on stdout, and beside it for whom it is, and until when", async () => {
	operator.reply({ status: 201, body: LINK });
	const run = await operator.run("console", "link");
	expect(run).toEqual({
		exitCode: 0,
		stdout: `${LINK.url}\n`,
		stderr: "it signs in as olivia, once, until 2027-02-18T12:00:00Z; whoever has it may use it:\n",
	});
	expect(operator.asked()).toEqual([["POST", "/console/links"]]);
});

it("prints all of it with --json", async () => {
	operator.reply({ status: 201, body: LINK });
	expect(JSON.parse((await operator.run("console", "link", "--json")).stdout)).toEqual(LINK);
});

it("says that the key is not good", async () => {
	operator.reply(refuse(401, "unauthenticated"));
	const run = await operator.run("console", "link");
	expect(run).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("could not make a link") });
});
