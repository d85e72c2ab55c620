// The `parapet` command line: puts the command groups together, runs one command, turns what ends it into an exit code.
import { Command, CommanderError } from "commander";
import { addAccountCommands } from "./commands/account.ts";
import { addCodeCommands } from "./commands/code.ts";
import { StepFailed } from "./commands/demo/steps.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addDeviceCommands } from "./commands/device.ts";
import { addDevicesCommands } from "./commands/devices.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEventsCommand } from "./commands/events.ts";
import { addHaCommands } from "./commands/ha.ts";
import { addInstanceCommands } from "./commands/instance.ts";
import { addKeyCommands } from "./commands/key.ts";
import { addKeysCommand } from "./commands/keys.ts";
import { addLicenseCommands } from "./commands/license.ts";
import { addMessageCommands } from "./commands/message.ts";
import { addProductCommands } from "./commands/product.ts";
import { addPublishCommand } from "./commands/publish.ts";
import { addRecordsCommands } from "./commands/records.ts";
import { addReleaseCommands } from "./commands/release.ts";
import { addWebhookCommands } from "./commands/webhook.ts";
import { CliError, EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from "./errors.ts";
import { type Surroundings, writeFailure } from "./terminal/output.ts";

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
