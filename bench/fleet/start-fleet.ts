// Starts the Worker of fleet-worker.ts, with the objects that keep the state of a fleet.
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { buildProbe } from "../workerd/bundle.ts";
import { startWorkers } from "../workerd/workers.ts";

/** @param root of the project @param folder for what is built @returns where it listens, and how it ends */
export async function startFleet(
	root: string,
	folder: string,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
	const production = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	const { compatibility_date: compatibilityDate = "", compatibility_flags: compatibilityFlags, vars } = production;
	const script = await buildProbe(root, `${import.meta.dirname}/fleet-worker.ts`, folder, compatibilityDate);
	const classes = { ACCOUNT: "Account", DIRECTORY: "Directory", CENSUS: "Census" };
	const workers = await startWorkers([
		{
			name: "fleet",
			...{ compatibilityDate, compatibilityFlags, modules: true, script },
			bindings: { ...vars, RECORD_STORE: "kv", MAC_KEYS: `bench:${"0".repeat(43)}` },
			durableObjects: Object.fromEntries(
				Object.entries(classes).map(([name, className]) => [name, { className, useSQLite: true }]),
			),
		},
	]);
	return { port: workers.ports.get("fleet") ?? 0, stop: () => workers.stop() };
}
