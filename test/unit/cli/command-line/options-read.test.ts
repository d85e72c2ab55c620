// Every option that a command defines is read, and every one that it reads is defined: an option of one kind alone does nothing.
import { Command } from "commander";
import { expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../../cli/command-groups.ts";
import { firewallOptions, operatorOptions, shapeOf } from "../../../../cli/command-line/run-as.ts";
import type { Surroundings } from "../../../../cli/terminal/output.ts";

/** `yes` is read by `confirm`. */
const SHARED = ["yes", ...Object.keys(operatorOptions.shape), ...Object.keys(firewallOptions.shape)];
const surroundings: Surroundings = {
	stdout: { write: () => {} },
	stderr: { write: () => {} },
	env: {},
	cwd: "/nonexistent",
	nowMs: () => 0,
	sleep: async () => {},
};

/** A command and those below it, by what is typed. */
function commandsOf(command: Command, path: string): [string, Command][] {
	return [[path, command], ...command.commands.flatMap((one) => commandsOf(one, `${path} ${one.name()}`))];
}

async function loadCommands({ name, load }: (typeof COMMAND_GROUPS)[number]): Promise<[string, Command][]> {
	const group = new Command(name);
	(await load())(group, surroundings);
	return commandsOf(group, name);
}

const commands = (await Promise.all(COMMAND_GROUPS.map(loadCommands))).flat();
const shapes = await Promise.all(
	commands.map(async ([path, command]) => ({ path, command, shape: await shapeOf(command) })),
);

it.each(shapes.filter(({ shape }) => shape !== null))(
	"$path reads the options that it defines",
	({ command, shape }) => {
		const own = command.options.map((option) => option.attributeName()).filter((name) => !SHARED.includes(name));
		expect(Object.keys(shape ?? {}).toSorted()).toEqual([...new Set(own)].toSorted());
	},
);
