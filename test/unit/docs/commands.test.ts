// Each `parapet …` that a document shows is one that the command line has: its verbs, and its options.
import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/command-groups.ts";
import { type CommandNode, readTree } from "../../../cli/commands/completion/command-tree.ts";
import type { Surroundings } from "../../../cli/terminal/output.ts";

const nodes = new Map((await readTree(COMMAND_GROUPS, {} as Surroundings)).map((node) => [node.path, node]));
const PROGRAM = "(?:parapet|node bin/parapet\\.mjs)";

/** @returns what follows the program's name, of each command in a text: in code within a line, and in blocks for a shell */
function commandsIn(text: string): string[] {
	const blocks = Array.from(text.matchAll(/^ *```sh\n(.*?)^ *```/gms), ([, block = ""]) => block);
	const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, " ").split("\n"));
	const inBlocks = lines.flatMap((line) =>
		Array.from(
			line.replace(/(^|\s)#.*/, "").matchAll(new RegExp(`(?:^|[\\s(;])${PROGRAM} ([^;&|>)]*)`, "g")),
			([, rest = ""]) => rest,
		),
	);
	const inText = text.replaceAll(/^ *```.*?^ *```/gms, "");
	const inLines = Array.from(inText.matchAll(new RegExp(`\`${PROGRAM} ([^\`>]*)`, "g")), ([, rest = ""]) => rest);
	return [...inBlocks, ...inLines];
}

/** @returns what the command line does not have of it; none = all is there */
function faultsOf(command: string): string[] {
	const words = command
		.replaceAll(/"[^"]*"|'[^']*'/g, "TEXT")
		.split(/\s+/)
		.filter((word) => word !== "" && word !== "…");
	const options = words.flatMap((word) => /^\[?(--[a-z][a-z0-9-]*)/.exec(word)?.[1] ?? []);
	let found: CommandNode[] = [nodes.get("parapet") as CommandNode];
	for (const word of words) {
		const verbs = word.split("|");
		const next = found.flatMap(({ path }) => verbs.flatMap((verb) => nodes.get(`${path} ${verb}`) ?? []));
		if (next.length === verbs.length) found = next;
		else if (/^[a-z][a-z-]*$/.test(word) && found.some((node) => node.verbs.length > 0)) return [`no verb ${word}`];
		else break;
	}
	return options.flatMap((option) =>
		found.some((node) => node.options.some(({ text }) => text === option)) ? [] : [`no option ${option}`],
	);
}

it.each(globSync("{README.md,docs/**/*.md,infra/**/*.md,scripts/**/*.md,examples/*.md}"))("%s", (path) => {
	const commands = commandsIn(readFileSync(path, "utf8"));
	const faults = commands.flatMap((command) => faultsOf(command).map((fault) => `parapet ${command.trim()}: ${fault}`));
	expect(faults).toEqual([]);
});

it("finds the commands of operations.md, and what is wrong with one", () => {
	expect(commandsIn(readFileSync("docs/operations.md", "utf8")).length).toBeGreaterThan(150);
	expect(commandsIn("```sh\nX=1 parapet device \\\n  list   # all\n```\n`parapet fleet`")).toEqual([
		"device  list  ",
		"fleet",
	]);
	expect(faultsOf("device explain dev-1 --product crs")).toEqual([]);
	expect(faultsOf("device update|run --health 'x --y'")).toEqual([]);
	expect(faultsOf("device expalin dev-1")).toEqual(["no verb expalin"]);
	expect(faultsOf("device explain dev-1 --prodcut crs")).toEqual(["no option --prodcut"]);
});
