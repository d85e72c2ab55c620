// Where the passphrase of key files comes from: never from the command line, which shows in the process list.
import type { Command } from "commander";
import { z } from "zod";
import { CliError, systemFault, UsageError } from "../errors.ts";
import { readIfPresent } from "../files/atomic-file.ts";
import type { Surroundings } from "../terminal/output.ts";

export const passphraseShape = { passphraseFile: z.string().optional() };

export function addPassphraseOption(command: Command): Command {
	return command.option("--passphrase-file <file>", "passphrase of the key files (or env PARAPET_KEY_PASSPHRASE)");
}

/** @throws UsageError when there is none, CliError when its file cannot be read */
export async function readPassphrase(file: string | undefined, { env }: Surroundings): Promise<string> {
	const text = file === undefined ? env["PARAPET_KEY_PASSPHRASE"] : await readFirstLine(file);
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
