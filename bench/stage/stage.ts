// What every measurement of the running service begins with: secrets, things to offer, a fleet whose records are in the
// store, and the requests that it sends.
import { generateSecret } from "../../cli/worker/secrets.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import { showProgress } from "../progress.ts";
import type { SeedRecord } from "../workerd/probe-worker.ts";
import { type DeviceRequests, makeDeviceRequests, OUTDATED, type Places } from "./device-requests.ts";
import { createFleet, type Fleet, type FleetDevice } from "./fleet.ts";
import { awaitOffers, furnish, send } from "./operator.ts";

/** Fresh ones, of the kind that production accepts. */
export function makeSecrets() {
	const make = (name: Parameters<typeof generateSecret>[0]) => generateSecret(name, "production");
	return { MAC_KEYS: make("MAC_KEYS"), LOOKUP_KEY: make("LOOKUP_KEY"), BOOTSTRAP_KEY: make("BOOTSTRAP_KEY") };
}

export type Secrets = ReturnType<typeof makeSecrets>;

export interface Stage {
	readonly places: Places;
	readonly fleet: Fleet;
	/** devices that always bring a DPoP proof */
	readonly devices: readonly FleetDevice[];
	/** devices that need not, so that each of their assertions counts once */
	readonly unbound: readonly FleetDevice[];
	/** of `devices`, under bearer tokens */
	readonly requests: DeviceRequests;
	/** of all devices, as they were put into KV */
	readonly records: readonly SeedRecord[];
	/** SHA-256 of the 1 MB package that is offered, in hexadecimal */
	readonly sha256: string;
}

/** Records that go into the store with one request. */
const SEEDED_AT_ONCE = 5_000;

/**
 * @param ports of the service and of the probe that takes records
 * @param count how many devices always bring a DPoP proof; a quarter more of them need not
 * @throws Error when the service refuses anything
 */
export async function setStage(
	ports: { readonly parapet: number; readonly probe: number },
	load: LoadGenerator,
	secrets: Secrets,
	count: number,
): Promise<Stage> {
	const now = () => Math.floor(Date.now() / 1000);
	showProgress("publishing what is to be offered");
	const { account, sha256 } = await furnish(ports.parapet, secrets.BOOTSTRAP_KEY);
	showProgress(`making ${count} devices`);
	const fleet = await createFleet(secrets, account, now);
	const bound = await fleet.makeDevices(count, true);
	const unbound = await fleet.makeDevices(Math.ceil(count / 4), false);
	const records = [...bound.records, ...unbound.records];
	await seed(ports.probe, records);
	const profiles = bound.devices.map(({ profile }) => profile);
	const [token = ""] = (await fleet.signTokens(profiles.slice(0, 1))).value;
	await awaitOffers(ports.parapet, OUTDATED, token);
	const places = { load, port: ports.parapet, now };
	const requests = makeDeviceRequests(places, fleet, profiles);
	return { places, fleet, devices: bound.devices, unbound: unbound.devices, requests, records, sha256 };
}

async function seed(port: number, records: readonly SeedRecord[]): Promise<void> {
	for (let from = 0; from < records.length; from += SEEDED_AT_ONCE) {
		const body = JSON.stringify(records.slice(from, from + SEEDED_AT_ONCE));
		const { status } = await send({ port, method: "POST", path: "/bench/seed", body });
		if (status !== 200) throw new Error("the device records could not be written");
	}
}
