// The `parapet` command line: puts the command groups together, runs one command, turns what ends it into an exit code.
import { Command, CommanderError } from "commander";
import { addAccountCommands } from "./account.ts";
import { addCodeCommands } from "./code.ts";
import { addDemoCommand } from "./demo/command.ts";
import { StepFailed } from "./demo/steps.ts";
import { addDeviceCommands } from "./device.ts";
import { addDevicesCommands } from "./devices/command.ts";
import { addDoctorCommand } from "./doctor.ts";
import { CliError, EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from "./errors.ts";
import { addEventsCommand } from "./events.ts";
import { addHaCommands } from "./ha.ts";
import { addInstanceCommands } from "./instance.ts";
import { addKeyCommands } from "./key.ts";
import { addKeysCommand } from "./keys.ts";
import { addLicenseCommands } from "./license.ts";
import { addMessageCommands } from "./message.ts";
import { type Surroundings, writeFailure } from "./output.ts";
import { addProductCommands } from "./product.ts";
import { addPublishCommand } from "./publish.ts";
import { addRecordsCommands } from "./records.ts";
import { addReleaseCommands } from "./release.ts";
import { addWebhookCommands } from "./webhook.ts";

const HELP_END = `
Exit codes: 0 done, 1 refused or failed, 2 the command line is wrong.
Environment: PARAPET_URL, PARAPET_KEY (API key), PARAPET_CODE (auth code of device activate).`;

function createProgram(surroundings: Surroundings): Command {
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
	addDeviceCommands(program, surroundings);
	addDevicesCommands(program, surroundings);
	addPublishCommand(program, surroundings);
	addReleaseCommands(program, surroundings);
	addProductCommands(program, surroundings);
	addAccountCommands(program, surroundings);
	addLicenseCommands(program, surroundings);
	addCodeCommands(program, surroundings);
	addHaCommands(program, surroundings);
	addInstanceCommands(program, surroundings);
	addWebhookCommands(program, surroundings);
	addEventsCommand(program, surroundings);
	addMessageCommands(program, surroundings);
	addKeyCommands(program, surroundings);
	addRecordsCommands(program, surroundings);
	addKeysCommand(program, surroundings);
	addDoctorCommand(program, surroundings);
	addDemoCommand(program, surroundings);
	return program;
}

/**
 * Runs one command line.
 * @param args without node and the script
 * @returns the exit code; never throws
 */
export async function runParapet(args: readonly string[], surroundings: Surroundings): Promise<number> {
	try {
		await createProgram(surroundings).parseAsync(args, { from: "user" });
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
