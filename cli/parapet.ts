// The `parapet` command line: finds the command that is asked for, runs it, turns what ends it into an exit code.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Help, type Option } from "commander";
import { COMMAND_GROUPS } from "./command-groups.ts";
import { CliError, EXIT_FAILED, EXIT_OK, EXIT_USAGE, ServerRefusal, StepFailed, UsageError } from "./errors.ts";
import { type Surroundings, writeFailure } from "./terminal/output.ts";

const HELP_END = `
Exit codes: 0 done, 1 refused or failed, 2 the command line is wrong.
Environment: PARAPET_URL, PARAPET_KEY (API key), PARAPET_CODE (auth code of device activate).`;

async function createProgram(args: readonly string[], surroundings: Surroundings): Promise<Command> {
	const program = new Command("parapet")
		.description("Parapet, an update service for fleets of firewalls")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => void surroundings.stdout.write(text),
			// Help for a command that was called without its verb; errors themselves are written by runParapet.
			writeErr: (text) => void surroundings.stderr.write(text),
			outputError: () => {},
		})
		.showHelpAfterError(false)
		.addHelpText("after", HELP_END)
		.configureHelp({ optionDescription: describeOption });
	// The word that names the command: the first one, or the one after `help`.
	const asked = args.find((word) => word !== "help" && word !== "--");
	// Behind a command --version is that command's own: `publish --version 4.27.0`.
	if (!COMMAND_GROUPS.some(({ name }) => name === asked)) {
		program.version(isVersionAsked(args) ? readVersion() : "", "-V, --version", "this command line's version");
	}
	for (const { name, usage = "", description, load } of COMMAND_GROUPS) {
		const command = program.command(`${name}${usage.replace("[options]", "")}`).description(description);
		if (name !== asked) continue;
		const define = await load();
		define(command, surroundings);
	}
	// Last, because a command takes over what its parent says of help when it is made.
	return program.configureHelp({ optionDescription: describeOption, subcommandTerm: termOf });
}

/** How a command is written in the list of all. Of one that is not loaded commander knows no options. */
function termOf(command: Command): string {
	const group = COMMAND_GROUPS.find(({ name }) => name === command.name());
	return group === undefined ? new Help().subcommandTerm(command) : [group.name, group.usage ?? []].flat().join(" ");
}

/** What the help says of an option: also whether a command does without. */
function describeOption(option: Option): string {
	const described = new Help().optionDescription(option);
	return option.mandatory && option.defaultValue === undefined ? `required: ${described}` : described;
}

function isVersionAsked([first]: readonly string[]): boolean {
	return first === "--version" || first === "-V";
}

function readVersion(): string {
	const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
	return String(version);
}

/**
 * Runs one command line.
 * @param args without node and the script
 * @returns the exit code; never throws
 */
export async function runParapet(args: readonly string[], surroundings: Surroundings): Promise<number> {
	const isJson = args.includes("--json");
	let program: Command | undefined;
	try {
		program = await createProgram(args, surroundings);
		if (args.includes("help")) {
			const { unknownHelpTopic } = await import("./command-line/usage-faults.ts");
			const fault = unknownHelpTopic(program, args);
			if (fault !== undefined) throw fault;
		}
		await program.parseAsync(args, { from: "user" });
		return EXIT_OK;
	} catch (error) {
		if (error instanceof CommanderError) {
			if (error.exitCode === 0) return EXIT_OK;
			// "(outputHelp)": the help that was written to stderr says it all
			if (error.code !== "commander.help" && program !== undefined) {
				const { usageFault } = await import("./command-line/usage-faults.ts");
				writeFailure(surroundings.stderr, usageFault(error, program, args), isJson);
			}
			return EXIT_USAGE;
		}
		// A failed step of the demo has said so when it failed.
		if (error instanceof StepFailed) return EXIT_FAILED;
		const said = program === undefined ? error : await inWordsOfCommand(error, program, args);
		writeFailure(surroundings.stderr, said, isJson);
		return error instanceof CliError ? error.exitCode : EXIT_FAILED;
	}
}

/** What the server says is meant for whoever writes requests; at a command line it names options and commands. */
async function inWordsOfCommand(error: unknown, program: Command, args: readonly string[]): Promise<unknown> {
	const isBare = error instanceof UsageError && error.fix === undefined && error.faults.length === 0;
	if (!(error instanceof ServerRefusal || isBare)) return error;
	const { commandOf, seeHelp } = await import("./command-line/usage-faults.ts");
	const command = commandOf(program, args);
	if (error instanceof UsageError) return new UsageError(error.message, seeHelp(command));
	const { wordForCommand } = await import("./command-line/refusal-words.ts");
	return wordForCommand(error, command);
}
