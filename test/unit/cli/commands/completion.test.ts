// `parapet completion`: the scripts are given to the shells themselves; bash, which every machine of ours has, is asked what it offers.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../../cli/command-groups.ts";
import { readTree } from "../../../../cli/commands/completion/command-tree.ts";
import { quoted } from "../../../../cli/commands/completion/shell-words.ts";
import type { Surroundings } from "../../../../cli/terminal/output.ts";
import { runCli } from "../support/run-cli.ts";

const scriptFor = async (shell: string) => (await runCli(["completion", shell])).stdout;
const bashScript = await scriptFor("bash");
const has = (shell: string) => process.platform !== "win32" && spawnSync(shell, ["--version"]).error === undefined;

/** @returns what bash would offer for each line, whose last word is the one at the cursor */
function offeredByBash(lines: readonly (readonly string[])[]): string[][] {
	const asked = lines.map(
		(words) =>
			`COMP_WORDS=(${words.map(quoted).join(" ")}); COMP_CWORD=${words.length - 1}; _parapet; echo "\${COMPREPLY[*]}"`,
	);
	const { stdout, stderr, status } = spawnSync("bash", ["--norc"], {
		input: [bashScript, ...asked].join("\n"),
		encoding: "utf8",
	});
	expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
	return stdout.split("\n").map((line) => line.split(" ").filter((word) => word !== ""));
}

describe.skipIf(!has("bash"))("bash offers", () => {
	it.each<[string, string[], string[]]>([
		["a command that begins so", ["parapet", "dev"], ["device"]],
		["verbs of a command", ["parapet", "device", "ex"], ["explain", "export"]],
		["verbs of verbs", ["parapet", "ha", "cre"], ["create"]],
		["options", ["parapet", "device", "explain", "--js"], ["--json"]],
		["options of the verb that is meant where none is written", ["parapet", "drill", "--b"], ["--by"]],
		["options behind an operand", ["parapet", "device", "explain", "dev-1", "--js"], ["--json"]],
		["options behind one with a value", ["parapet", "device", "list", "--url", "x", "--js"], ["--json"]],
		["nothing of its own, and so files, where a value is due", ["parapet", "publish", "--notes", ""], []],
		["the same behind =", ["parapet", "publish", "--notes", "=", "x"], []],
		["nothing that is no option", ["parapet", "device", "list", "--frob"], []],
		["the shells", ["parapet", "completion", ""], ["bash", "zsh", "fish", "--help"]],
	])("%s", (_, line, offered) => {
		expect(offeredByBash([line])[0]).toEqual(offered);
	});

	it("every verb and option of every command, and no other", async () => {
		const nodes = await readTree(COMMAND_GROUPS, {} as Surroundings);
		expect(nodes.length).toBeGreaterThan(100);
		const lines = nodes.map(({ path }) => [...path.split(" "), ""]);
		const offered = offeredByBash(lines).slice(0, nodes.length);
		expect(offered).toEqual(nodes.map(({ verbs, options }) => [...verbs, ...options].map(({ text }) => text)));
	});
});

it.each(["zsh", "fish"])("%s takes its script, where there is one", async (shell) => {
	const script = await scriptFor(shell);
	expect(script).toContain("parapet device explain");
	if (!has(shell)) return;
	// fish reads no script from a pipe.
	const folder = await mkdtemp(join(tmpdir(), "parapet-completion-"));
	const file = join(folder, shell);
	await writeFile(file, script);
	const { stderr, status } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
	await rm(folder, { recursive: true });
	expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
});

it("a shell that it does not know is refused with those that it does", async () => {
	const { stderr, exitCode } = await runCli(["completion", "tcsh"]);
	expect(exitCode).toBe(2);
	expect(stderr).toMatch(/bash, fish, zsh/);
});
