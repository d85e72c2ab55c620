// Options of what runs on synthetic firewalls.
import type { Command } from "commander";
import { z } from "zod";
import { wholeNumber } from "./values.ts";

const STEP_LIMIT_SECONDS = 150;
const KILLED_AFTER_MINUTES = 30;

export const syntheticShape = {
	stepLimit: wholeNumber.pipe(z.int().min(1).max(3_600)).default(STEP_LIMIT_SECONDS),
	killedAfter: wholeNumber.pipe(z.int().max(1_440)).default(KILLED_AFTER_MINUTES),
};

export function addSyntheticOptions(command: Command): Command {
	return command
		.option("--step-limit <seconds>", `that a step may take (default ${STEP_LIMIT_SECONDS})`)
		.option(
			"--killed-after <minutes>",
			`a run that began so long ago was killed: its leftovers are cleared away (default ${KILLED_AFTER_MINUTES})`,
		);
}
