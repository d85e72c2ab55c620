// Secrets for a Worker on this machine: made once, kept in a file of variables that only its owner can read. What is
// there is never replaced; what is missing is added, so that a new kind of secret does not need a new file.
import { chmod, open } from "node:fs/promises";
import { parseEnv } from "node:util";
import { sayUnknown } from "../../src/nearest-name.ts";
import { readIfPresent } from "../files/atomic-file.ts";
import { generateSecrets, SECRET_NAMES, type SecretName } from "./secrets.ts";

const PRIVATE_FILE = 0o600;
const HEADING = "# Random secrets for the Worker on this machine. Made by npm start; never commit or deploy them.\n";

export interface DevSecrets {
	/** which were missing and have been made */
	readonly added: readonly SecretName[];
	readonly values: Readonly<Record<string, string | undefined>>;
}

/**
 * @param values of a file of variables
 * @param configuration text of dev/wrangler.toml: wrangler passes on what its [vars] name, and the secrets, and nothing else
 * @returns a sentence for each name that nothing reads, with the name that was probably meant
 */
export function findUnread(values: DevSecrets["values"], configuration: string): string[] {
	const [, section = ""] = /^\[vars\]\n([^[]*)/m.exec(configuration) ?? [];
	const known = [...SECRET_NAMES, ...Array.from(section.matchAll(/^(\w+) *=/gm), ([, name = ""]) => name)];
	return Object.keys(values)
		.filter((name) => !known.includes(name))
		.map((name) => sayUnknown("setting", name, known));
}

/** @param path of the file, e.g. .dev.vars */
export async function ensureDevSecrets(path: string): Promise<DevSecrets> {
	const text = await readIfPresent(path);
	const present = parseEnv(text ?? "");
	const added = SECRET_NAMES.filter((name) => !present[name]);
	if (added.length > 0) {
		const secrets = generateSecrets(added, "local");
		// Single quotes: dotenv takes what is between them as it is, and none of these values has one.
		const lines = secrets.map(([name, value]) => `${name}='${value}'\n`).join("");
		const gap = text === null ? HEADING : text === "" || text.endsWith("\n") ? "" : "\n";
		const file = await open(path, "a", PRIVATE_FILE);
		try {
			await file.writeFile(gap + lines);
			await file.sync();
		} finally {
			await file.close();
		}
	}
	await chmod(path, PRIVATE_FILE);
	return { added, values: parseEnv((await readIfPresent(path)) ?? "") };
}
