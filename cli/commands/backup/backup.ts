// `parapet backup …`: a whole deployment into a folder, and out of it into an empty one. Ctrl-C ends any of it in good order.
import { resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { addYesOption } from "../../command-line/confirmation.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { type CommandContext, runAsOperator, runAsReader } from "../../command-line/run-as.ts";
import { unlessInterrupted } from "../../terminal/interruption.ts";
import type { Surroundings } from "../../terminal/output.ts";

const folderName = z.string().min(1, "a folder is expected");

function folderOf({ operands, surroundings }: Pick<CommandContext<unknown>, "operands" | "surroundings">): string {
	return resolve(surroundings.cwd, readOperand(operands, 0, "folder", folderName));
}

export function defineBackup(backup: Command, surroundings: Surroundings): void {
	const make = backup
		.command("export <folder>")
		.description("every account, product and rollout, keys and trust into a folder; what was interrupted goes on");
	runAsOperator(make, surroundings, {}, (context) =>
		unlessInterrupted(async (signal) => (await import("./export.ts")).runExport(context, folderOf(context), signal)),
	);

	const verify = backup
		.command("verify <folder>")
		.description("whether a backup is what it was, and what the deployment has; ends with 1 when they differ")
		.option("--offline", "look at the files only");
	runAsReader(verify, surroundings, { offline: z.boolean().optional() }, (context) =>
		unlessInterrupted(async (signal) => (await import("./verify.ts")).runVerify(context, folderOf(context), signal)),
	);

	const restore = backup
		.command("restore <folder>")
		.description("a backup into a deployment that nobody has used; what was interrupted goes on")
		.option("--dry-run", "only look whether it can be");
	addYesOption(restore);
	runAsOperator(restore, surroundings, { dryRun: z.boolean().optional() }, (context) =>
		unlessInterrupted(async (signal) => (await import("./restore.ts")).runRestore(context, folderOf(context), signal)),
	);
}
