// The `parapet` command line: finds the command that is asked for, runs it, turns what ends it into an exit code.
import { Command, CommanderError, Help } from "commander";
import { COMMAND_GROUPS } from "./command-groups.ts";
import { CliError, EXIT_FAILED, EXIT_OK, EXIT_USAGE, StepFailed, UsageError } from "./errors.ts";
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
		.addHelpText("after", HELP_END);
	// The word that names the command: the first one, or the one after `help`.
	const asked = args.find((word) => word !== "help" && word !== "--");
	for (const { name, usage = "", description, load } of COMMAND_GROUPS) {
		const command = program.command(`${name}${usage.replace("[options]", "")}`).description(description);
		if (name !== asked) continue;
		const define = await load();
		define(command, surroundings);
	}
	// Last, because a command takes over what its parent says of help when it is made.
	return program.configureHelp({ subcommandTerm: termOf });
}

/** How a command is written in the list of all. Of one that is not loaded commander knows no options. */
function termOf(command: Command): string {
	const group = COMMAND_GROUPS.find(({ name }) => name === command.name());
	return group === undefined ? new Help().subcommandTerm(command) : [group.name, group.usage ?? []].flat().join(" ");
}

/**
 * Runs one command line.
 * @param args without node and the script
 * @returns the exit code; never throws
 */
export async function runParapet(args: readonly string[], surroundings: Surroundings): Promise<number> {
	try {
		const program = await createProgram(args, surroundings);
		await program.parseAsync(args, { from: "user" });
		return EXIT_OK;
	} catch (error) {
		if (error instanceof CommanderError) {
			if (error.exitCode === 0) return EXIT_OK;
			// "(outputHelp)": the help that was written to stderr says it all
			if (error.code !== "commander.help") {
				const message = error.message.replace(/^error: /, "");
				writeFailure(surroundings.stderr, new UsageError(message, "see --help"), args.includes("--json"));
			}
			return EXIT_USAGE;
		}
		// A failed step of the demo has said so when it failed.
		if (error instanceof StepFailed) return EXIT_FAILED;
		writeFailure(surroundings.stderr, error, args.includes("--json"));
		return error instanceof CliError ? error.exitCode : EXIT_FAILED;
	}
}
