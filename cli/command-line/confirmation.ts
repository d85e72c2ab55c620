// What cannot be taken back is asked about first, where a person sits at a terminal. A script is never asked.
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { printable, type Surroundings } from "../terminal/output.ts";

/** Gives a command the option to go ahead without a question. */
export function addYesOption(command: Command): Command {
	return command.option("--yes", "do it without asking; only a terminal is asked");
}

/**
 * @param consequence what it means, as a sentence: "its devices lose their updates for good"
 * @throws CliError `not_confirmed` when the person at the terminal does not want it
 */
export async function confirm(command: Command, { ask }: Surroundings, consequence: string): Promise<void> {
	if (ask === undefined || command.opts()["yes"] === true) return;
	const answer = await ask(printable(`${consequence}. Go ahead? [y/N] `));
	if (/^\s*y(es)?\s*$/i.test(answer)) return;
	throw new CliError("nothing was done", { code: "not_confirmed", fix: "answer y, or give --yes" });
}
