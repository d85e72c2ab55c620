// Says nothing when wrangler.toml can be deployed on every plan; otherwise names each value that is not set, and ends with 1. Wrangler runs it
// before it builds, so that nothing is deployed past it ([build] in wrangler.toml).
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { type DeployedSettings, findFaults, findNotes } from "./settings.ts";

/** @returns wrangler.toml as it would be deployed */
export function readSettings(): DeployedSettings {
	return readConfig({ config: join(import.meta.dirname, "../../wrangler.toml") }, { hideWarnings: true });
}

/** Names on stderr what is not set yet, and what not every plan of the platform takes. @returns whether the settings can be deployed */
export function tellFaults(settings: DeployedSettings): boolean {
	const faults = findFaults(settings);
	for (const note of findNotes(settings)) console.error(`note: ${note}`);
	if (faults.length === 0) return true;
	console.error("error: wrangler.toml is not ready to be deployed");
	for (const { value, problem, fix } of faults) console.error(`  ${value}: ${problem}\n    fix: ${fix}`);
	console.error("  for the service on this machine: npm start");
	return false;
}

if (import.meta.main && !tellFaults(readSettings())) process.exitCode = 1;
