// The requests of each scenario of design.md §11, made from real answers of the service: an ETag comes from a check, an
// offer from a check, a download URL from a permit.

import type { LoadGenerator } from "../load/load-generator.ts";
import { buildRequests, type RequestParts, type RequestSet } from "../load/requests.ts";
import type { Target } from "../workerd/service.ts";
import { type FleetDevice, ISSUER, inBatches, makeProof, makeTokenForm } from "./fleet.ts";
import { VERSIONS } from "./operator.ts";

export type ScenarioName =
	| "bare"
	| "bare_check"
	| "bare_verify"
	| "bare_permit"
	| "check_unchanged"
	| "check_offers"
	| "check_offers_dpop"
	| "permit"
	| "token"
	| "token_once"
	| "stream_cache"
	| "stream_memory"
	| "download";

export interface Scenario {
	readonly name: ScenarioName;
	readonly target: Target;
	readonly statuses: readonly [number, ...number[]];
	/** proofs and assertions are for one use: such requests are made for each run */
	readonly once: boolean;
	readonly connections?: number;
	/** @param seconds that they must last for, if they are for one use; at least one for each device */
	requests(seconds: number): Promise<RequestSet>;
}

const installed = (which: 0 | 1) =>
	Object.entries(VERSIONS)
		.map(([product, versions]) => `${product}@${versions[which]}`)
		.join(",");
const ENGINE = "11.1.4-h7";
export const CHECK_PATH = "/v1/check";
export const OUTDATED = `${CHECK_PATH}?installed=${installed(0)}&engine=${ENGINE}&seen=1`;
export const CURRENT = `${CHECK_PATH}?installed=${installed(1)}&engine=${ENGINE}&seen=1`;
/** More than the service answers, so that a run does not end early; both are made at about this rate, too. */
const ONE_USE_PER_SECOND = 3500;
/** Few connections with large answers: the bytes are what costs. */
const STREAM_CONNECTIONS = 8;
/** Distinct URLs; a pass over them is the warm-up, and each is a megabyte. */
const DOWNLOADS = 64;
const BARE_REQUESTS = 1000;

export interface Places {
	readonly load: LoadGenerator;
	readonly port: number;
}

/** Sends each request once and hands back the answers. */
export async function ask(
	{ load, port }: Places,
	parts: readonly RequestParts[],
	status: number,
): Promise<readonly string[]> {
	const requests = buildRequests(parts);
	const { answers } = await load.run({ port, requests, statuses: [status], seconds: 600, once: true, capture: true });
	return answers;
}

function deviceAt(devices: readonly FleetDevice[], index: number): FleetDevice {
	const device = devices[index % devices.length];
	if (device === undefined) throw new RangeError("a fleet without devices");
	return device;
}

/** @throws Error when the answer has not what is looked for */
function match(answer: string | undefined, pattern: RegExp): string {
	const found = pattern.exec(answer ?? "")?.[1];
	if (found === undefined) throw new Error(`no ${pattern.source} in: ${answer?.slice(0, 600)}`);
	return found;
}

function checkBy(token: string, target: string, headers: Readonly<Record<string, string>> = {}): RequestParts {
	return { method: "GET", target, headers: { authorization: `Bearer ${token}`, ...headers } };
}

/** @returns checks whose answer is that nothing has changed, one per token, each with its own ETag */
export async function makeUnchangedChecks(places: Places, tokens: readonly string[]): Promise<RequestSet> {
	const answers = await ask(
		places,
		tokens.map((token) => checkBy(token, CURRENT)),
		200,
	);
	return buildRequests(
		tokens.map((token, index) =>
			checkBy(token, CURRENT, { "if-none-match": match(answers[index], /\r\netag: (\S+)/i) }),
		),
	);
}

/** Who and what the scenarios are about. */
export interface Cast {
	/** devices that always bring a DPoP proof */
	readonly devices: readonly FleetDevice[];
	/** devices that need not, so that each of their assertions counts once */
	readonly unbound: readonly FleetDevice[];
	/** of the package that is downloaded */
	readonly sha256: string;
}

export async function makeScenarios(
	places: Places,
	{ devices, unbound, sha256 }: Cast,
	now: () => number,
): Promise<readonly Scenario[]> {
	const tokens = devices.map(({ token }) => token);
	const unchanged = await makeUnchangedChecks(places, tokens);
	const outdated = tokens.map((token) => checkBy(token, OUTDATED));
	const offers = (await ask(places, outdated, 200)).map((answer) => match(answer, /"capability":"([^"]+)"/));
	const permits = tokens.map((token, index): RequestParts => {
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		return { method: "POST", target: "/v1/permits", headers, body: JSON.stringify({ offer: offers[index] }) };
	});
	const urls = (await ask(places, permits, 201)).map((answer) => match(answer, /"url":"([^"]+)"/).slice(ISSUER.length));
	const checkOffers = buildRequests(outdated);
	const permit = buildRequests(permits);
	const download = buildRequests(urls.slice(0, DOWNLOADS).map((target) => ({ method: "GET", target })));
	// As many as there can be connections: each takes requests of its own.
	const bare = buildRequests(Array.from({ length: BARE_REQUESTS }, () => ({ method: "GET", target: "/" })));
	const key = encodeURIComponent(`${ISSUER}/d/${sha256}`);
	const streamCache = buildRequests(
		Array.from({ length: STREAM_CONNECTIONS }, () => ({ method: "GET", target: `/?key=${key}` })),
	);
	const makeTokens = async (from: readonly FleetDevice[], seconds: number): Promise<RequestSet> => {
		const at = now();
		const parts = await inBatches(count(seconds), async (index): Promise<RequestParts> => {
			const device = deviceAt(from, index);
			const dpop = await makeProof(device, { method: "POST", path: "/oauth2/token", token: null, now: at });
			const headers = { "content-type": "application/x-www-form-urlencoded", dpop };
			return { method: "POST", target: "/oauth2/token", headers, body: await makeTokenForm(device, at) };
		});
		return buildRequests(parts);
	};
	const count = (seconds: number) => Math.max(devices.length, Math.ceil(seconds * ONE_USE_PER_SECOND));
	const bareWorker = { target: "bare", statuses: [200], once: false } as const;
	const parapet = { target: "parapet", once: false } as const;
	// For its rate limits in memory.
	const throughProbe = { target: "probe", statuses: [200], once: true } as const;
	const streaming = { once: false, connections: STREAM_CONNECTIONS } as const;
	return [
		{ ...bareWorker, name: "bare", requests: async () => bare },
		{ ...bareWorker, name: "bare_check", requests: async () => unchanged },
		{ target: "verify", statuses: [200], once: false, name: "bare_verify", requests: async () => checkOffers },
		{ ...parapet, name: "check_unchanged", statuses: [304, 200], requests: async () => unchanged },
		{ ...parapet, name: "check_offers", statuses: [200], requests: async () => checkOffers },
		{
			...parapet,
			name: "check_offers_dpop",
			statuses: [200],
			once: true,
			async requests(seconds) {
				const at = now();
				return buildRequests(
					await inBatches(count(seconds), async (index): Promise<RequestParts> => {
						const device = deviceAt(devices, index);
						const token = device.boundToken;
						const dpop = await makeProof(device, { method: "GET", path: CHECK_PATH, token, now: at });
						return { method: "GET", target: OUTDATED, headers: { authorization: `DPoP ${token}`, dpop } };
					}),
				);
			},
		},
		{ ...bareWorker, name: "bare_permit", requests: async () => permit },
		{ ...parapet, name: "permit", statuses: [201], requests: async () => permit },
		{ ...parapet, ...throughProbe, name: "token", requests: (seconds) => makeTokens(devices, seconds) },
		{ ...parapet, ...throughProbe, name: "token_once", requests: (seconds) => makeTokens(unbound, seconds) },
		{ ...streaming, name: "stream_memory", target: "stream", statuses: [200], requests: async () => bare },
		{ ...streaming, name: "download", target: "parapet", statuses: [200], requests: async () => download },
		// After the download, which brings the package into the cache.
		{ ...streaming, name: "stream_cache", target: "stream", statuses: [200], requests: async () => streamCache },
	];
}
