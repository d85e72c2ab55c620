// Entry point on the edge: one request in, one answer out, one line about it. No decisions: those are in the routes.
import { ConfigError } from "./config.ts";
import { goRound } from "./daily-round.ts";
import { dispatch, protect } from "./dispatch.ts";
import { fleetRetryAfter } from "./failure.ts";
import { runProbe } from "./probe/run-probe.ts";
import { ProblemError, problemResponse } from "./problem.ts";
import { openScope, type RequestScope } from "./request-scope.ts";
import { tellEnding } from "./routes/http/endings.ts";
import { knownServices, type Services, servicesFor } from "./services.ts";
import type { HistoryFiles } from "./storage/r2-history-files.ts";
import { formatLogLine, newRequestEvent } from "./telemetry/request-event.ts";

export { Account } from "./objects/account/account.ts";
export { Census } from "./objects/census/census.ts";
export { Directory } from "./objects/directory/directory.ts";
export { Product } from "./objects/product/product.ts";
export { RecordWriter } from "./objects/record-writer/record-writer.ts";
export { ReplayGuard } from "./objects/replay/replay-guard.ts";
export { SerialIndex } from "./objects/serials/serial-index.ts";
export { Trust } from "./objects/trust/trust.ts";

export default {
	fetch: answer,

	/** The cron trigger of wrangler.toml. */
	async scheduled(_, env, context) {
		const services = await servicesFor(env);
		const { objects, historyFiles, config } = services;
		// First, and never failing: where a part is down it says so.
		await probe(services, (request) => answer(request, env, context));
		await objects.directory().renewHeads();
		await pruneHistory(historyFiles, config.historyDays);
		await goRound(objects, Math.floor(Date.now() / 1_000), (line) => console.warn(line));
	},
} satisfies ExportedHandler<Env>;

async function answer(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
	const startedMs = Date.now();
	let services: Services;
	try {
		services = knownServices(env) ?? (await servicesFor(env));
	} catch (error) {
		return protect(refuseMisconfigured(error));
	}
	const scope = openScope(services, request, context, startedMs);
	const response = await dispatch(request, scope, context);
	markLastGood(response, scope);
	tellEnding(response.headers, scope.event.method, scope.event.route);
	report(response, scope, startedMs);
	return response;
}

/** The service asks itself as a firewall, and tells what came of it: the log, telemetry, and the Directory, whose trail calls somebody. */
async function probe(
	{ config, objects, telemetry }: Services,
	ask: (request: Request) => Promise<Response>,
): Promise<void> {
	const { probeDevice: device, issuer } = config;
	if (device === null) return;
	const result =
		device === "malformed"
			? ({ failed: "token", code: "misconfigured", ms: 0 } as const)
			: await runProbe({ device, issuer, ask, fetch: (url) => fetch(url), nowMs: () => Date.now() });
	console.log(JSON.stringify({ type: "probe", ...result }));
	telemetry.record({
		...newRequestEvent("PROBE", null, null),
		...{
			route: "probe",
			status: result.failed === null ? 200 : 503,
			problem: result.code,
			product: device === "malformed" ? null : device.product,
		},
		...{ outcome: result.failed ?? "well", durationMs: result.ms },
	});
	await objects
		.directory()
		.noteProbe(result)
		.catch((error: unknown) => console.warn(`probe: not noted: ${error instanceof Error ? error.name : "unknown"}`));
}

/** The service works without its history: a bucket that does not answer is said, and asked again at the next run. */
async function pruneHistory(files: HistoryFiles, days: number): Promise<void> {
	try {
		await files.prune(days, Math.floor(Date.now() / 1_000));
	} catch (error) {
		console.warn(`history: past hours are still there: ${error instanceof Error ? error.name : "unknown"}`);
	}
}

/** Cache-Status (RFC 9211) of an answer from last good copies. No answer of ours is fresh for any time, so ttl is their age. */
function markLastGood(response: Response, scope: RequestScope): void {
	const asOf = scope.degradedAsOf();
	if (asOf === null || !response.ok) return;
	response.headers.set("cache-status", `parapet; hit; ttl=${asOf - scope.now}; detail=last-good`);
}

/** Tells telemetry, and the log: of devices a sample of what went well, and all that did not and all that has an API key. Never fails the request. */
function report(response: Response, scope: RequestScope, startedMs: number): void {
	const { event, services, requestId } = scope;
	try {
		event.status = response.status;
		event.degradedSeconds = scope.now - (scope.degradedAsOf() ?? scope.now);
		event.durationMs = Date.now() - startedMs;
		services.history.record(event, startedMs, scope.waitUntil);
		services.telemetry.record(event);
		if (event.problem !== null || event.key !== null || Math.random() < services.config.logSampleRate) {
			console.log(formatLogLine(event, requestId(), services.version, startedMs));
		}
	} catch (error) {
		console.error(`telemetry failed: ${error instanceof Error ? error.name : "unknown"}`);
	}
}

function refuseMisconfigured(error: unknown): Response {
	// A key that cannot be imported is a fault of configuration too; its message names the setting, never the value.
	const faults =
		error instanceof ConfigError ? error.faults : [error instanceof Error ? error.message : "unknown fault"];
	const requestId = crypto.randomUUID();
	for (const fault of faults) console.error(`not configured: ${fault} (request ${requestId})`);
	const headers = { "retry-after": String(fleetRetryAfter()), "x-request-id": requestId };
	return problemResponse(new ProblemError("misconfigured", { headers }), requestId);
}
