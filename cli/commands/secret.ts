// `parapet secret generate`: every secret a deployment needs, fresh. Prints or writes them; sends and stores nothing.

import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { readOptions } from "../command-line/read-options.ts";
import { addSharedOptions } from "../command-line/run-as.ts";
import { CliError, systemFault } from "../errors.ts";
import { createOutput, type Surroundings } from "../terminal/output.ts";
import { DEPLOYED_SECRET_NAMES, generateSecrets, type SecretName } from "../worker/secrets.ts";

const options = z.object({ json: z.boolean().default(false), dir: z.string().optional() });

const HOW_TO_SET = [
	"to give them to the deployed Worker:",
	"  (umask 077; node bin/parapet.mjs secret generate --json > secrets.json)",
	"  npm run deploy -- --secrets-file secrets.json",
	"then move secrets.json into a password store: BOOTSTRAP_KEY is the first operator's API key, and none can be read back",
	"DOWNLOAD_KEY is for downloads from a CDN (DOWNLOAD_ORIGIN), and changes nothing without",
].join("\n");

export function defineSecret(secret: Command, surroundings: Surroundings): void {
	const generate = secret
		.command("generate")
		.description("make every secret that a deployment needs")
		.option("--dir <dir>", "write one file per secret, readable by you only, instead of printing")
		.addHelpText("after", `\n${HOW_TO_SET}`);
	addSharedOptions(generate).action(async () => {
		const { json, dir } = readOptions(generate, options);
		const output = createOutput(surroundings, json);
		const secrets = generateSecrets(DEPLOYED_SECRET_NAMES, "production");
		if (dir === undefined) {
			const lines = secrets.map(([name, value]) => `${name}=${value}`);
			output.answer(Object.fromEntries(secrets), lines);
			output.note(HOW_TO_SET);
			return;
		}
		const files = await writeSecretFiles(dir, secrets);
		output.answer(
			{ files },
			files.map((file) => `wrote ${file}`),
		);
		output.note(`to set one: npx wrangler secret put NAME --env= < ${join(dir, "NAME")} (staging: --env=staging)`);
	});
}

/** One file per secret; never replaces one, because a replaced key locks everybody out. */
async function writeSecretFiles(dir: string, secrets: readonly (readonly [SecretName, string])[]): Promise<string[]> {
	await mkdir(dir, { recursive: true, mode: 0o700 });
	const written: string[] = [];
	for (const [name, value] of secrets) {
		const path = join(dir, name);
		try {
			const file = await open(path, "wx", 0o600);
			await file.writeFile(value);
			await file.close();
		} catch (cause) {
			throw new CliError(`cannot write ${path}: ${systemFault(cause)}`, {
				code: "unwritable",
				fix: "give --dir an empty folder",
				cause,
			});
		}
		written.push(path);
	}
	return written;
}
