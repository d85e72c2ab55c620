// What cannot be taken back is asked about at a terminal, and nowhere else.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";

const PARAPET = join(import.meta.dirname, "../../../../bin/parapet.mjs");
const NOWHERE = "http://127.0.0.1:1";
const ACCOUNT = "acct-0123456789abcdef";
const DEVICE = "dev-0123456789-0123456789abcdef";
const FINAL: readonly (readonly string[])[] = [
	["license", "revoke", ACCOUNT, "lic-01234567"],
	["release", "withdraw", "crs", "4.27.0", "--reason", "false positives"],
	["device", "revoke", DEVICE],
	["device", "replace", DEVICE, "--serial", "SN-2"],
	["code", "revoke", ACCOUNT, "code-01234567"],
	["key", "revoke", "key-01234567"],
	["webhook", "delete", ACCOUNT, "whk-01234567"],
	["ha", "delete", ACCOUNT, "hag-0123456789-01234567"],
	["message", "delete", "msg-01234567"],
	["account", "close", ACCOUNT],
];

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());
const changes = () => operator.asked().filter(([method]) => method !== "GET");

describe.each(FINAL)("parapet %s %s", (...args) => {
	it("asks once, with what is to end in the question, and goes on at y", async () => {
		const run = await operator.runAsked("y", ...args);
		expect(run).toMatchObject({ exitCode: 0, questions: [expect.stringMatching(/\. Go ahead\? \[y\/N\] $/)] });
		expect(changes()).toHaveLength(1);
	});

	it.each(["", "n", "yep", "no"])("does nothing at %j", async (answer) => {
		const run = await operator.runAsked(answer, ...args);
		expect(run).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("nothing was done") });
		expect(operator.asked()).toEqual([]);
	});

	it("asks nothing with --yes, and nothing of a script", async () => {
		expect(await operator.runAsked("n", ...args, "--yes")).toMatchObject({ exitCode: 0, questions: [] });
		expect(await operator.run(...args)).toMatchObject({ exitCode: 0 });
		expect(changes()).toHaveLength(2);
	});
});

it.each([
	["license", "suspend", ACCOUNT, "lic-01234567"],
	["device", "suspend", DEVICE],
])("what can be taken back is done at once: %s %s", async (...args) => {
	expect(await operator.runAsked("n", ...args)).toMatchObject({ exitCode: 0, questions: [] });
});

/** `script` of util-linux gives a program a terminal. */
it.runIf(existsSync("/usr/bin/script") && process.platform === "linux")(
	"a real terminal is asked, and --yes is not",
	() => {
		const atTerminal = (typed: string, ...more: string[]) => {
			const words = [
				process.execPath,
				PARAPET,
				"key",
				"revoke",
				"key-01234567",
				"--key",
				"k",
				"--url",
				NOWHERE,
				...more,
			];
			const run = spawnSync("/usr/bin/script", ["-qec", words.join(" "), "/dev/null"], {
				input: typed,
				encoding: "utf8",
			});
			return { exitCode: run.status, shown: run.stdout };
		};
		const refused = atTerminal("n\n");
		expect(refused).toEqual({ exitCode: 1, shown: expect.stringContaining("Go ahead? [y/N]") });
		expect(refused.shown).toContain("nothing was done");
		expect(atTerminal("y\n").shown).toContain(`no answer from ${NOWHERE}`);
		const sure = atTerminal("", "--yes").shown;
		expect(sure).toContain(`no answer from ${NOWHERE}`);
		expect(sure).not.toContain("Go ahead?");
	},
);
