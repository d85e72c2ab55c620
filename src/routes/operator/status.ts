// What a deployment promises (for anybody) and how it is right now (for operators; `parapet doctor` reads both).
import { createRoute, z } from "@hono/zod-openapi";
import { keyEnding } from "../../entitlement/keys/key-expiry.ts";
import type { Credential } from "../../objects/directory/directory-tables.ts";
import type { ProbeState } from "../../probe/probe-state.ts";
import { systemClock } from "../../storage/clock.ts";
import { probeStores } from "../../storage/probes/probe-stores.ts";
import { revocationBound } from "../../storage/revocation-bound.ts";
import { settlesWithin } from "../../storage/time-limit.ts";
import { readAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestamp } from "../http/openapi.ts";
import { pulseLink, pulseLinks } from "../http/pulse-links.ts";
import { networkBody, networkFacts } from "./network-facts.ts";

const seconds = z.int().openapi({ description: "seconds" });

const promises = createRoute({
	method: "get",
	path: "/.well-known/parapet",
	operationId: "getPromises",
	tags: ["Discovery"],
	summary:
		"What this deployment promises: how fast a revocation takes effect, how long things live, which hosts a firewall speaks with",
	responses: {
		200: jsonAnswer(
			z
				.object({
					issuer: z.string(),
					time: timestamp.openapi({ description: "The service's clock" }),
					revocation: z.object({
						bound_seconds: seconds.openapi({
							description:
								"Seconds from the answer `published: true` until no edge serves the device any more, or more: stores are taken as their makers state them, who give no upper bound. Download URLs that are out live on for `url_ttl_seconds`",
						}),
						isolate_seconds: seconds,
						location_seconds: seconds,
						stores: z.array(z.object({ store: z.string(), propagation_seconds: seconds, bound_seconds: seconds })),
					}),
					token_ttl_seconds: seconds,
					url_ttl_seconds: seconds,
					check_interval_seconds: seconds,
					last_good_seconds: seconds.openapi({
						description: "How long a known device is answered from old copies while no record can be read",
					}),
					max_package_bytes: z.int().openapi({
						description: "Largest package that the service takes",
					}),
					max_body_bytes: z.int().openapi({
						description:
							"Most of it that comes in one request; a larger package comes in parts. The platform takes no body above 100 MB on Free and Pro zones, 200 MB on Business, 500 MB on Enterprise, whatever stands here",
					}),
					network: networkBody,
				})
				.openapi("Promises"),
			"Computed from the configuration",
		),
	},
});

const probeBody = {
	state: z.enum(["current", "incomplete", "behind", "ahead", "empty", "unreadable", "unreachable", "unknown"]),
	latency_ms: z.int(),
	heads: z.int().nullable().openapi({ description: "Version of `heads` there" }),
	broken: z.array(z.string()).openapi({
		description: "Keys of the messages and the deny list that `heads` names and that are missing or unreadable there",
	}),
};

const status = createRoute({
	method: "get",
	path: "/v1/status",
	operationId: "getStatus",
	tags: ["Operator"],
	summary: "How stores, objects and packages are right now, as seen from this location",
	...readAccess,
	responses: {
		200: jsonAnswer(
			z
				.object({
					stores: z.array(z.object({ store: z.string(), ...probeBody })),
					directory: z.object({
						state: z.enum(["reachable", "unreachable"]),
						latency_ms: z.int(),
						heads: z.int().nullable(),
						settled: z.boolean().nullable().openapi({ description: "Whether every store has all it published" }),
						owners_behind: z.int().nullable().openapi({
							description:
								"Accounts and products whose records a store did not take, as the last daily round found them",
						}),
						some_behind: z.array(z.string()).openapi({ description: "The first few of these" }),
					}),
					packages: z.object({ state: z.enum(["reachable", "unreachable"]), latency_ms: z.int() }),
					keys: z.object({
						bootstrap: z.enum(["on", "off"]).openapi({ description: "Whether the bootstrap key is accepted" }),
						operate: z.int().nullable().openapi({
							description:
								"How many other API keys of scope `operate` are good now; null where the directory does not answer",
						}),
					}),
					pulse: pulseLink.nullable().openapi({
						description:
							"The pulse of the messages: what stands at the URL says this value; null = devices are told of none",
					}),
					probe: z
						.object({
							state: z.enum(["well", "failing"]).openapi({ description: "By several of the last ones" }),
							at: timestamp,
							failed: z
								.enum(["token", "stranger", "check", "download"])
								.nullable()
								.openapi({ description: "Step at which the last one failed; null = at none" }),
							code: z.string().nullable().openapi({ description: "Why" }),
							ms: z.int().nonnegative(),
						})
						.nullable()
						.openapi({
							description:
								"What came of the service's own probe, which asks it as a firewall does with each run of the cron trigger; null = there was none yet, or no PROBE_DEVICE",
						}),
					downloads: z
						.object({
							origin: z.string().openapi({
								description: "It must answer 403 to a request for a package whose URL carries no MAC",
							}),
						})
						.nullable()
						.openapi({ description: "The CDN that devices download from; null = they download from no CDN" }),
				})
				.openapi("Status"),
			"One probe of each",
		),
		...problems("unauthenticated", "insufficient_scope", "rate_limited"),
	},
});

/** Of no package: asking for it costs the storage one look. */
const NO_PACKAGE = "0".repeat(64);
/** Longer than the Directory waits for its own deliveries. */
const PROBE_TIMEOUT_MS = 4_000;

export const deploymentStatus = createRouter()
	.openapi(promises, (c) => {
		const { config } = c.env.services;
		const bound = revocationBound(config.recordStores, config.headsFreshSeconds);
		return c.json(
			{
				issuer: config.issuer,
				time: toTimestamp(c.env.now),
				revocation: {
					bound_seconds: bound.seconds,
					isolate_seconds: bound.isolateSeconds,
					location_seconds: bound.locationSeconds,
					stores: bound.stores.map((store) => ({
						store: store.name,
						propagation_seconds: store.propagationSeconds,
						bound_seconds: store.seconds,
					})),
				},
				token_ttl_seconds: config.tokenTtlSeconds,
				url_ttl_seconds: config.urlTtlSeconds,
				check_interval_seconds: config.checkIntervalSeconds,
				last_good_seconds: config.lastGoodSeconds,
				max_package_bytes: config.maxPackageBytes,
				max_body_bytes: config.maxBodyBytes,
				network: networkFacts(config),
			},
			200,
			// It tells the time.
			{ "cache-control": "no-store" },
		);
	})
	.openapi(status, async (c) => {
		const { config, objects, packages, stores, bootstrapKeyHash } = c.env.services;
		const [directory, credentials, storage, links] = await Promise.all([
			timed(() => objects.directory().status()),
			timed(() => objects.directory().listCredentials()),
			timed(() => packages.has(NO_PACKAGE)),
			timed(async () => pulseLinks(c.env, [], await c.env.services.records.current(c.env))),
		]);
		const probes = await probeStores(stores, directory.value?.heads ?? null, systemClock);
		return c.json(
			{
				stores: probes.map(({ name, state, latencyMs, headsVersion, broken }) => ({
					store: name,
					state,
					latency_ms: latencyMs,
					heads: headsVersion,
					broken: [...broken],
				})),
				directory: {
					state: stateOf(directory),
					latency_ms: directory.latencyMs,
					heads: directory.value?.heads ?? null,
					settled: directory.value?.settled ?? null,
					owners_behind: directory.value?.behind.count ?? null,
					some_behind: directory.value?.behind.first ?? [],
				},
				packages: { state: stateOf(storage), latency_ms: storage.latencyMs },
				keys: {
					bootstrap: bootstrapKeyHash === null ? ("off" as const) : ("on" as const),
					operate: credentials.value?.filter((one) => mayOperate(one, c.env.now)).length ?? null,
				},
				pulse: links.value?.[0] ?? null,
				probe: describeProbe(directory.value?.probe ?? null),
				// Never the key beside it.
				downloads: config.downloadCdn === null ? null : { origin: config.downloadCdn.origin },
			},
			200,
			{ "cache-control": "no-store" },
		);
	});

function mayOperate(credential: Credential, now: number): boolean {
	return keyEnding(credential, now) === null && credential.scopes.includes("operate");
}

function describeProbe(state: ProbeState | null) {
	if (state === null) return null;
	const { isFailing, at, last } = state;
	return { state: isFailing ? ("failing" as const) : ("well" as const), at: toTimestamp(at), ...last };
}

interface Timed<T> {
	/** undefined = it failed */
	readonly value: T | undefined;
	readonly failed: boolean;
	readonly latencyMs: number;
}

async function timed<T>(call: () => Promise<T>): Promise<Timed<T>> {
	const startedMs = systemClock.nowMs();
	try {
		const calling = call();
		if (!(await settlesWithin(systemClock, PROBE_TIMEOUT_MS, calling))) throw new Error("no answer in time");
		const value = await calling;
		return { value, failed: false, latencyMs: systemClock.nowMs() - startedMs };
	} catch {
		return { value: undefined, failed: true, latencyMs: systemClock.nowMs() - startedMs };
	}
}

function stateOf({ failed }: Timed<unknown>): "reachable" | "unreachable" {
	return failed ? "unreachable" : "reachable";
}
