// What is said of a command line that commander does not take: which word, what was probably meant, and where to read on.
import type { Command, CommanderError } from "commander";
import { UsageError } from "../errors.ts";
import { closestWord } from "./did-you-mean.ts";

/** @returns the error to show for one of commander's */
export function usageFault(error: CommanderError, program: Command, args: readonly string[]): UsageError {
	const command = commandOf(program, args);
	const message = error.message.replace(/^error: /, "");
	return new UsageError(messageOf(error.code, message, command, args), seeHelp(command));
}

/** @returns the error of `help` for a command that there is not; undefined when there is one, or none was asked for */
export function unknownHelpTopic(program: Command, args: readonly string[]): UsageError | undefined {
	const words = args.filter((word) => !word.startsWith("-"));
	const at = words.indexOf("help");
	const name = words[at + 1];
	if (at < 0 || name === undefined) return undefined;
	const parent = commandOf(program, words.slice(0, at));
	const known = parent.commands.map((one) => one.name());
	// Below a command without verbs, or behind a verb, `help` is an operand.
	if (known.length === 0 || known.includes(name) || name === "help") return undefined;
	return new UsageError(`unknown command '${name}'${hint(closestWord(name, known))}`, seeHelp(parent));
}

/** @returns the command that the words name, as far as they name one */
export function commandOf(program: Command, args: readonly string[]): Command {
	let at = program;
	for (const word of args) {
		const next = at.commands.find((one) => one.name() === word);
		if (next !== undefined) at = next;
		else if (!word.startsWith("-")) break;
	}
	return at;
}

/** @returns a command's whole name, e.g. "parapet license create" */
export function pathOf(command: Command): string {
	const names: string[] = [];
	for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
	return names.join(" ");
}

export function seeHelp(command: Command): string {
	return `see ${pathOf(command)} --help`;
}

function messageOf(code: string, message: string, command: Command, args: readonly string[]): string {
	const known = command.options.flatMap(({ long }) => (long == null ? [] : [long.slice(2)]));
	if (code === "commander.missingMandatoryOptionValue") {
		// A mistyped option is often the one that is missing.
		const mistyped = args.find((word) => /^--[^=]/.test(word) && !known.includes(word.slice(2).split("=")[0] ?? ""));
		if (mistyped !== undefined) return unknownOption(mistyped, known);
		const missing = command.options.filter(
			(one) => one.mandatory && command.getOptionValue(one.attributeName()) === undefined,
		);
		return `required and missing: ${missing.map(({ flags }) => flags).join(", ")}`;
	}
	const unknown = /^unknown option '(--[^'=]+)/.exec(message)?.[1];
	return unknown === undefined ? message : unknownOption(unknown, known);
}

function unknownOption(given: string, known: readonly string[]): string {
	const name = given.split("=")[0] ?? given;
	const meant = closestWord(name.slice(2), known);
	return `unknown option '${name}'${hint(meant && `--${meant}`)}`;
}

function hint(meant: string | undefined): string {
	return meant === undefined ? "" : `\n(Did you mean ${meant}?)`;
}
