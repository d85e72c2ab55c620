// The scenarios of a run in this process' workerd: for each row where its requests go, which they are and what warms up.
import { buildRequests, type RequestSet } from "../load/requests.ts";
import { checkBy, makeDeviceRequests, makeUnchangedChecks, OUTDATED } from "../stage/device-requests.ts";
import { ISSUER } from "../stage/fleet.ts";
import type { JwtIssuer } from "../stage/jwt-issuer.ts";
import { earliest, type Lasting, type Perishable, perishable } from "../stage/perishable.ts";
import type { Stage } from "../stage/stage.ts";
import { makeProvenChecks, makeTokenRequests } from "../stage/token-requests.ts";
import type { Service, Target } from "../workerd/service.ts";
import type { WorkerdRow } from "./rows.ts";
import type { Prepared, Scenario } from "./turn.ts";

/** Few connections with large answers: the bytes are what costs. */
const STREAM_CONNECTIONS = 8;
/** As many as there can be connections, and more: each takes requests of its own. */
const BARE_REQUESTS = 1000;
/** Nothing about single devices is remembered for these; they only find the shared records fresh and connections open. */
const WARM_UP = 300;
/** A pass over the URLs, each a megabyte. */
const WARM_UP_DOWNLOADS = 64;

export interface Fleets {
	readonly small: number;
	readonly large: number;
}

/**
 * What a row does. Nothing is made before its first turn, so a row that is not measured costs nothing.
 * @param issuer of the tokens that the Worker "verify" takes
 */
export function makeScenarios(
	{ ports, pids }: Service,
	stage: Stage,
	issuer: JwtIssuer,
	fleets: Fleets,
): Readonly<Record<WorkerdRow, Scenario>> {
	const { places, fleet, devices, requests, sha256 } = stage;
	const { now } = places;
	const smallest = perishable(async () => lasting(repeat("/", BARE_REQUESTS)), now);
	const key = encodeURIComponent(`${ISSUER}/d/${sha256}`);
	const cached = repeat(`/?key=${key}`, STREAM_CONNECTIONS);
	const signed = perishable(async () => {
		const ids = devices.map(({ profile }) => profile.id);
		const { value, endsAt } = await issuer.issue("ES256", ids, now());
		return { value: buildRequests(value.map((token) => checkBy(token, OUTDATED))), endsAt };
	}, now);
	const boundTokens = perishable(() => fleet.signBoundTokens(devices), now);
	/** The small fleet is a part of the large one. */
	const profiles = perishable(async () => lasting(await fleet.makeProfiles(fleets.large)), now);
	const checksOf = (count: number) => {
		const tokens = perishable(async () => fleet.signTokens((await profiles.get()).value.slice(0, count)), now);
		return makeUnchangedChecks(places, tokens);
	};
	const few = checksOf(fleets.small);
	const many = checksOf(fleets.large);
	const unboundRequests = makeDeviceRequests(
		places,
		fleet,
		stage.unbound.map(({ profile }) => profile),
	);

	const scenario = (target: Target, statuses: Scenario["statuses"]) => ({ port: ports[target], pids, statuses });
	const ok = (target: Target) => scenario(target, [200]);
	const often = (set: Perishable<RequestSet>, warmUpRequests = WARM_UP) => ({
		warmUpRequests,
		prepare: async () => reusable(await set.get()),
	});
	const stream = { connections: STREAM_CONNECTIONS };
	const unchanged = scenario("parapet", [304, 200]);
	/** A device's record comes into memory with a permit. */
	const tokens = (from: Stage["devices"], permits: Perishable<RequestSet>) => ({
		warmUpRequests: from.length,
		async prepare(count: number) {
			const made = await makeTokenRequests(from, count, now());
			const { value, endsAt } = await permits.get();
			const warmUp = { port: ports.parapet, requests: value, statuses: [201] } as const;
			return forOneUse(made.value, warmUp, earliest([made.endsAt, endsAt]));
		},
	});
	return {
		bare: { name: "bare", ...ok("bare"), ...often(smallest) },
		"bare-check": { name: "bare-check", ...ok("bare"), ...often(requests.unchanged) },
		"bare-permit": { name: "bare-permit", ...ok("bare"), ...often(requests.permits) },
		verify: { name: "verify", ...ok("verify"), ...often(signed) },
		check: { name: "check", ...unchanged, ...often(requests.unchanged) },
		offers: { name: "offers", ...ok("parapet"), ...often(requests.offers) },
		"offers-dpop": {
			...{ name: "offers-dpop", ...ok("parapet"), warmUpRequests: WARM_UP },
			async prepare(count) {
				const { value, endsAt } = await boundTokens.get();
				const made = await makeProvenChecks(devices, value, count, now());
				const plain = await requests.offers.get();
				const warmUp = { port: ports.parapet, requests: plain.value, statuses: [200] } as const;
				return forOneUse(made.value, warmUp, earliest([made.endsAt, endsAt, plain.endsAt]));
			},
		},
		permit: { name: "permit", ...scenario("parapet", [201]), ...often(requests.permits, devices.length) },
		token: { name: "token", ...ok("parapet"), ...tokens(devices, requests.permits) },
		"token-once": { name: "token-once", ...ok("parapet"), ...tokens(stage.unbound, unboundRequests.permits) },
		"stream-memory": { name: "stream-memory", ...ok("stream"), ...stream, ...often(smallest, WARM_UP_DOWNLOADS) },
		stream: {
			...{ name: "stream", ...ok("stream"), ...stream, warmUpRequests: WARM_UP_DOWNLOADS },
			async prepare() {
				// A download brings the package into the cache, from where both take it.
				const { value, endsAt } = await requests.downloads.get();
				const warmUp = { port: ports.parapet, requests: value, statuses: [200] } as const;
				return { requests: cached, isForOneUse: false, warmUp, endsAt };
			},
		},
		download: { name: "download", ...ok("parapet"), ...stream, ...often(requests.downloads, WARM_UP_DOWNLOADS) },
		"few-devices": { name: "few-devices", ...unchanged, ...often(few, fleets.small) },
		growth: { name: "growth", ...unchanged, ...often(many, fleets.small) },
		"bare-few": { name: "bare-few", ...ok("bare"), ...often(few, fleets.small) },
		"bare-growth": { name: "bare-growth", ...ok("bare"), ...often(many, fleets.small) },
	};
}

function repeat(target: string, count: number): RequestSet {
	return buildRequests(Array.from({ length: count }, () => ({ method: "GET", target })));
}

function lasting<T>(value: T): Lasting<T> {
	return { value, endsAt: Number.POSITIVE_INFINITY };
}

function reusable({ value, endsAt }: Lasting<RequestSet>): Prepared {
	return { requests: value, isForOneUse: false, warmUp: null, endsAt };
}

function forOneUse(requests: RequestSet, warmUp: Prepared["warmUp"], endsAt: number): Prepared {
	return { requests, isForOneUse: true, warmUp, endsAt };
}
