// `parapet package …`: the stored bytes of packages.
import type { Command } from "commander";
import { z } from "zod";
import { addYesOption } from "../../command-line/confirmation.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { unlessInterrupted } from "../../terminal/interruption.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { runCollect } from "./collect.ts";

export function definePackage(command: Command, surroundings: Surroundings): void {
	const collect = command
		.command("collect")
		.description("show the stored packages that no version of any product has, a day after their upload")
		.option("--remove", "remove them, for good");
	addYesOption(collect);
	runAsOperator(collect, surroundings, { remove: z.boolean().default(false) }, (context) =>
		unlessInterrupted((signal) => runCollect(context, signal)),
	);
}
