// What can be written at a command line, as the commands themselves declare it.
import { Command } from "commander";
import type { Surroundings } from "../../terminal/output.ts";

export interface Word {
	/** of a verb its name, of an option `--long` or `-s` */
	readonly text: string;
	/** one line; its first clause is enough for a list */
	readonly description: string;
}

export interface OptionWord extends Word {
	/** whether a value follows it */
	readonly takesValue: boolean;
}

export interface CommandNode {
	/** from `parapet` on: `parapet device explain` */
	readonly path: string;
	readonly verbs: readonly Word[];
	readonly options: readonly OptionWord[];
}

const HELP: OptionWord = { text: "--help", description: "display help for command", takesValue: false };

/** A command of the first level, as the list of them has it. */
export interface Group {
	readonly name: string;
	readonly description: string;
	readonly load: () => Promise<(command: Command, surroundings: Surroundings) => void>;
}

/** Defines all commands and runs none. @returns a node for each that can be written, the program first */
export async function readTree(groups: readonly Group[], surroundings: Surroundings): Promise<CommandNode[]> {
	const program = new Command("parapet").option("-V, --version", "this command line's version");
	for (const { name, description, load } of groups) {
		const define = await load();
		define(program.command(name).description(description), surroundings);
	}
	return nodesOf(program, program.name());
}

function nodesOf(command: Command, path: string): CommandNode[] {
	// commander keeps the verb that is meant where none is written to itself.
	const meant = command.commands.find((verb) => verb.name() === Reflect.get(command, "_defaultCommandName"));
	const options = [...command.options, ...(meant?.options ?? [])].flatMap(
		({ long, short, description, required, optional }) =>
			[long, short].flatMap((text) => (text == null ? [] : [{ text, description, takesValue: required || optional }])),
	);
	const verbs = command.commands.map((verb) => ({ text: verb.name(), description: verb.description() }));
	return [
		{ path, verbs, options: [...options, HELP] },
		...command.commands.flatMap((verb) => nodesOf(verb, `${path} ${verb.name()}`)),
	];
}
