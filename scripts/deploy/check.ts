// Says nothing when wrangler.toml can be deployed; otherwise names each value that is not set, and ends with 1. Wrangler runs it
// before it builds, so that nothing is deployed past it ([build] in wrangler.toml).
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { findFaults } from "./settings.ts";

const file = join(import.meta.dirname, "../../wrangler.toml");
const faults = findFaults(readConfig({ config: file }, { hideWarnings: true }));
if (faults.length > 0) {
	console.error("error: wrangler.toml is not ready to be deployed");
	for (const { value, problem, fix } of faults) console.error(`  ${value}: ${problem}\n    fix: ${fix}`);
	console.error("  for the service on this machine: npm start");
	process.exitCode = 1;
}
