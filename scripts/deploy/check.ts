// Says nothing when wrangler.toml can be deployed on every plan; otherwise names each value that is not set or is another deployment's, and
// ends with 1. Wrangler runs it before it builds, so that nothing is deployed past it ([build] in wrangler.toml). `--env NAME` looks at an environment of the file.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig, type Unstable_Config } from "wrangler";
import { findSharedNames, type Other, type OwnNames } from "./own-stores.ts";
import { findFaults, findNotes } from "./settings.ts";

const CONFIG = join(import.meta.dirname, "../../wrangler.toml");

/** Wrangler's own reading of one deployment of wrangler.toml. @param env "" = production, also where CLOUDFLARE_ENV names another */
function readDeployment(env: string): Unstable_Config {
	return readConfig({ config: CONFIG, env }, { hideWarnings: true });
}

/**
 * @param environment of wrangler.toml; null = its top level, which is production
 * @returns wrangler.toml as it would be deployed; null = there is no such environment, which is said on stderr
 */
export function readSettings(environment: string | null): Unstable_Config | null {
	const production = readDeployment("");
	if (environment === null) return production;
	const known = production.definedEnvironments ?? [];
	if (known.includes(environment)) return readDeployment(environment);
	console.error(`error: wrangler.toml has no environment "${environment}"`);
	console.error(`  fix: --env ${known.join(" or --env ")}; production has none: leave --env out`);
	return null;
}

/** @param environment as `readSettings` takes it @returns the other deployments of wrangler.toml */
export function readOthers(environment: string | null): Other[] {
	const production = readDeployment("");
	const names = (production.definedEnvironments ?? []).filter((name) => name !== environment);
	const others = names.map((name) => ({ name, settings: readDeployment(name) }));
	return environment === null ? others : [{ name: "production", settings: production }, ...others];
}

/**
 * Names on stderr what is not set yet, what belongs to another deployment, and what not every plan of the platform takes.
 * @returns whether the settings can be deployed
 */
export function tellFaults(settings: OwnNames, others: readonly Other[]): boolean {
	const faults = [...findFaults(settings), ...findSharedNames(settings, others)];
	for (const note of findNotes(settings)) console.error(`note: ${note}`);
	if (faults.length === 0) return true;
	console.error("error: wrangler.toml is not ready to be deployed");
	for (const { value, problem, fix } of faults) console.error(`  ${value}: ${problem}\n    fix: ${fix}`);
	console.error("  for the service on this machine: npm start");
	return false;
}

if (import.meta.main) {
	const { env } = parseArgs({ options: { env: { type: "string" } } }).values;
	const settings = readSettings(env ?? null);
	if (settings === null || !tellFaults(settings, readOthers(env ?? null))) process.exitCode = 1;
}
