// Where the passphrase of key files comes from: never from the command line, which shows in the process list.
import type { Command } from "commander";
import { z } from "zod";
import { CliError, systemFault, UsageError } from "../errors.ts";
import { readIfPresent } from "../files/atomic-file.ts";
import type { Surroundings } from "../terminal/output.ts";

const QUESTION = "Passphrase of the key files: ";

export const passphraseShape = { passphraseFile: z.string().optional() };

export function addPassphraseOption(command: Command): Command {
	return command.option(
		"--passphrase-file <file>",
		"passphrase of the key files (or env PARAPET_KEY_PASSPHRASE; a terminal is asked)",
	);
}

/** @throws UsageError when there is none, CliError when its file cannot be read */
export async function readPassphrase(file: string | undefined, surroundings: Surroundings): Promise<string> {
	return expectGiven((await findPassphrase(file, surroundings)) ?? (await surroundings.ask?.(QUESTION, true)));
}

/** As `readPassphrase`, for a key that is made now: whoever types it types it twice. */
export async function readNewPassphrase(file: string | undefined, surroundings: Surroundings): Promise<string> {
	const found = await findPassphrase(file, surroundings);
	const { ask } = surroundings;
	if (found !== undefined || ask === undefined) return expectGiven(found);
	const typed = expectGiven(await ask(QUESTION, true));
	if ((await ask("The same again: ", true)) === typed) return typed;
	throw new UsageError("the two passphrases differ", "type the same one twice");
}

async function findPassphrase(file: string | undefined, { env }: Surroundings): Promise<string | undefined> {
	return file === undefined ? env["PARAPET_KEY_PASSPHRASE"] : readFirstLine(file);
}

function expectGiven(text: string | undefined): string {
	if (text === undefined || text === "") {
		throw new UsageError(
			"no passphrase for the key files",
			"set PARAPET_KEY_PASSPHRASE, or give --passphrase-file FILE",
		);
	}
	return text;
}

async function readFirstLine(file: string): Promise<string> {
	const text = await readIfPresent(file).catch((cause: unknown) => {
		throw new CliError(`cannot read ${file}: ${systemFault(cause)}`, { code: "unreadable", cause });
	});
	if (text === null) throw new UsageError(`there is no file ${file}`);
	return text.split(/\r?\n/, 1)[0] ?? "";
}
