// Requests that are good once: each carries a proof or an assertion that a device has just signed. They are made right
// before they are sent, as many as one turn takes.
import { buildRequests, type RequestParts, type RequestSet } from "../load/requests.ts";
import { inBatches } from "./batches.ts";
import { CHECK_PATH, OUTDATED } from "./device-requests.ts";
import type { FleetDevice } from "./fleet.ts";
import type { Lasting } from "./perishable.ts";
import { makeProof, makeTokenForm, PROOF_SECONDS } from "./proofs.ts";

/** A machine so slow that this does not suffice sends fewer. */
const MAX_MAKING_MS = 20_000;

/** @param now unix seconds @returns token requests with assertion and DPoP proof, the devices in turn */
export function makeTokenRequests(
	devices: readonly FleetDevice[],
	count: number,
	now: number,
): Promise<Lasting<RequestSet>> {
	return makeOnce(devices, count, now, async (device) => {
		const dpop = await makeProof(device, { method: "POST", path: "/oauth2/token", token: null, now });
		const headers = { "content-type": "application/x-www-form-urlencoded", dpop };
		return { method: "POST", target: "/oauth2/token", headers, body: await makeTokenForm(device, now) };
	});
}

/** @param tokens bound ones, one for each device @returns checks that are answered with offers, each with a DPoP proof */
export function makeProvenChecks(
	devices: readonly FleetDevice[],
	tokens: readonly string[],
	count: number,
	now: number,
): Promise<Lasting<RequestSet>> {
	return makeOnce(devices, count, now, async (device, index) => {
		const token = tokens[index] ?? "";
		const dpop = await makeProof(device, { method: "GET", path: CHECK_PATH, token, now });
		return { method: "GET", target: OUTDATED, headers: { authorization: `DPoP ${token}`, dpop } };
	});
}

async function makeOnce(
	devices: readonly FleetDevice[],
	count: number,
	now: number,
	make: (device: FleetDevice, index: number) => Promise<RequestParts>,
): Promise<Lasting<RequestSet>> {
	const untilMs = performance.now() + MAX_MAKING_MS;
	const makeAt = async (number: number): Promise<RequestParts> => {
		const index = number % devices.length;
		const device = devices[index];
		if (device === undefined) throw new RangeError("a fleet without devices");
		return make(device, index);
	};
	const parts = await inBatches(Array(count).keys(), makeAt, untilMs);
	return { value: buildRequests(parts), endsAt: now + PROOF_SECONDS };
}
