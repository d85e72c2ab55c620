// What is wrong with the secrets that a deployment is given by --secrets-file, found before anything is sent. Pure; no message
// shows a value. The rules are the Worker's own (src/config.ts).
import { generateSecrets, SECRET_NAMES } from "../../cli/worker/secrets.ts";
import { ConfigError, parseConfig } from "../../src/config.ts";

export interface SecretFindings {
	/** what the Worker would refuse to run with */
	readonly faults: readonly string[];
	/** names that the file leaves out: the deployed Worker keeps those that it has, and a first deployment is refused */
	readonly missing: readonly string[];
}

/**
 * @param text of the file
 * @param vars of wrangler.toml, beside which the secrets will be read
 * @param required names that wrangler.toml has among `[secrets] required`
 * @returns what is to be said of the file; two empty lists = nothing
 */
export function examineSecrets(
	text: string,
	vars: Readonly<Record<string, unknown>>,
	required: readonly string[] = [],
): SecretFindings {
	const given = readObject(text);
	if (given === null) return { faults: ["it is no JSON object of names and values"], missing: [] };
	const empty = Object.keys(given).filter((name) => typeof given[name] !== "string" || given[name] === "");
	const expected = new Set<string>([...SECRET_NAMES, ...required]);
	// Named by itself: the Worker's own rule for it is not asked where another setting is malformed.
	if (typeof vars["DOWNLOAD_ORIGIN"] === "string" && vars["DOWNLOAD_ORIGIN"] !== "") expected.add("DOWNLOAD_KEY");
	const noted = new Set([...expected].filter((name) => !Object.hasOwn(given, name)));
	const faults = empty.map((name) => `${name}: a text is expected`);
	// Fresh values stand in for what the file does not have, so that only what it has is judged.
	const standIns = Object.fromEntries(generateSecrets(SECRET_NAMES, "production"));
	const texts = Object.fromEntries(Object.entries(given).filter(([name]) => !empty.includes(name)));
	for (const fault of faultsOf({ ...vars, ...standIns, ...texts })) {
		const [, name] = /^(\w+) is missing/.exec(fault) ?? [];
		if (name === undefined) faults.push(fault);
		else if (!empty.includes(name)) noted.add(name);
	}
	return { faults, missing: [...noted] };
}

function readObject(text: string): Record<string, unknown> | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
	} catch {
		return null;
	}
}

function faultsOf(env: Readonly<Record<string, unknown>>): readonly string[] {
	try {
		parseConfig(env);
		return [];
	} catch (error) {
		if (error instanceof ConfigError) return error.faults;
		throw error;
	}
}
