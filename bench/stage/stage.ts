// What every measurement of the running service begins with: secrets, things to offer, a fleet whose records are in the
// store, and the requests that it sends.
import { generateSecret } from "../../cli/worker/secrets.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import { showProgress } from "../progress.ts";
import type { SeedRecord } from "../workerd/probe-worker.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { awaitOffers, furnish, send } from "./operator.ts";
import { makeScenarios, OUTDATED, type Places, type Scenario } from "./scenarios.ts";

/** Fresh ones, of the kind that production accepts. */
export async function makeSecrets() {
	const make = (name: Parameters<typeof generateSecret>[0]) => generateSecret(name, "production");
	const [TOKEN_KEYS, MAC_KEYS, LOOKUP_KEY, BOOTSTRAP_KEY] = await Promise.all([
		make("TOKEN_KEYS"),
		make("MAC_KEYS"),
		make("LOOKUP_KEY"),
		make("BOOTSTRAP_KEY"),
	]);
	return { TOKEN_KEYS, MAC_KEYS, LOOKUP_KEY, BOOTSTRAP_KEY };
}

export type Secrets = Awaited<ReturnType<typeof makeSecrets>>;

export interface Stage {
	readonly places: Places;
	readonly fleet: Fleet;
	readonly scenarios: readonly Scenario[];
	/** of all devices, as they were put into KV */
	readonly records: readonly SeedRecord[];
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

/**
 * @param ports of the service and of the probe that takes records
 * @param devices how many always bring a DPoP proof; a quarter more of them need not
 * @throws Error when the service refuses anything
 */
export async function setStage(
	ports: { readonly parapet: number; readonly probe: number },
	load: LoadGenerator,
	secrets: Secrets,
	devices: number,
): Promise<Stage> {
	const port = ports.parapet;
	showProgress("publishing what is to be offered");
	const { account, sha256 } = await furnish(port, secrets.BOOTSTRAP_KEY);
	showProgress(`making ${devices} devices`);
	const fleet = await createFleet(secrets, account, nowSeconds());
	const bound = await fleet.makeDevices(devices, true);
	const unbound = await fleet.makeDevices(Math.ceil(devices / 4), false);
	const records = [...bound.records, ...unbound.records];
	const body = JSON.stringify(records);
	const seeded = await send({ port: ports.probe, method: "POST", path: "/bench/seed", body });
	if (seeded.status !== 200) throw new Error("the device records could not be written");
	await awaitOffers(port, OUTDATED, bound.devices[0]?.token ?? "");
	const places = { load, port };
	const cast = { devices: bound.devices, unbound: unbound.devices, sha256 };
	return { places, fleet, records, scenarios: await makeScenarios(places, cast, nowSeconds) };
}
