// From what is told of a request to its row of the history, or to none. Nothing is computed here that the request has not found out
// already; the device is its pseudonym (pseudonymOf, signing/keys/lookup-keys.ts).
import { type AskedKind, boundText, type HistoryRow, kindOfRefusal, SCHEMA_VERSION } from "../history/fields.ts";
import type { WeighCheck } from "./check-sample.ts";
import type { RequestEvent } from "./request-event.ts";

/** What devices ask for, by method and route. */
const ASKED: ReadonlyMap<string, AskedKind> = new Map([
	["GET /v1/check", "check"],
	["POST /oauth2/token", "token"],
	["POST /v1/permits", "permit"],
	["GET /d/:sha256/:name", "download"],
	["POST /v1/reports", "report"],
	["POST /oauth2/register", "activation"],
	["DELETE /oauth2/register/:client_id", "deactivation"],
]);

export interface RowOrigin {
	/** of the row */
	readonly id: () => string;
	/** of the Worker */
	readonly version: string;
	/** of checks that were answered */
	readonly weighCheck: WeighCheck;
}

/**
 * @param nowMs unix ms at which the request came
 * @returns null for what the history does not tell of: other routes, and most checks
 */
export function historyRow(
	event: RequestEvent,
	nowMs: number,
	{ id, version, weighCheck }: RowOrigin,
): HistoryRow | null {
	const asked = ASKED.get(`${event.method} ${event.route}`);
	if (asked === undefined) return null;
	const isRefused = event.status >= 400;
	const weight = asked === "check" && !isRefused ? weighCheck(nowMs) : 1;
	if (weight === 0) return null;
	return {
		...emptyRow(id(), nowMs, version),
		kind: isRefused ? kindOfRefusal(event.problem) : asked,
		asked: isRefused ? asked : null,
		weight,
		status: event.status,
		problem: textOf(event.problem, "problem"),
		reason: textOf(event.reason, "reason"),
		device: textOf(event.device, "device"),
		account: textOf(event.account, "account"),
		product: textOf(event.product, "product"),
		from_version: textOf(event.fromVersion, "from_version"),
		to_version: textOf(event.toVersion, "to_version"),
		step: textOf(event.step, "step"),
		outcome: textOf(event.outcome, "outcome"),
		detail: textOf(event.detail, "detail"),
		country: textOf(event.country, "country"),
		asn: event.asn,
		colo: textOf(event.colo, "colo"),
		duration_ms: wholeOf(event.durationMs),
		bytes: wholeOf(event.bytes),
		degraded_seconds: wholeOf(event.degradedSeconds),
	};
}

/** @returns the row that says how many events had to be dropped */
export function lostRow(count: number, nowMs: number, { id, version }: Pick<RowOrigin, "id" | "version">): HistoryRow {
	return { ...emptyRow(id(), nowMs, version), kind: "lost", weight: count };
}

function emptyRow(id: string, nowMs: number, version: string): HistoryRow {
	return {
		schema_version: SCHEMA_VERSION,
		id,
		time: new Date(nowMs).toISOString(),
		...{ kind: "", asked: null, weight: 1, status: 0, problem: null, reason: null, device: null, account: null },
		...{ product: null, from_version: null, to_version: null, step: null, outcome: null, detail: null },
		...{ country: null, asn: null, colo: null },
		worker_version: boundText(version, "worker_version"),
		...{ duration_ms: 0, bytes: 0, degraded_seconds: 0 },
	};
}

function textOf(value: string | null, name: Parameters<typeof boundText>[1]): string | null {
	return value === null ? null : boundText(value, name);
}

/** A clock that was set back must not make a row that a stream would drop. */
function wholeOf(value: number): number {
	return Math.max(0, Math.round(value)) || 0;
}
