// What one request carries through the code: its clock, its services and what is to be told of it. Handlers find it as
// `c.env`; nothing of it outlives the request.
import { type Network, networkOf } from "./fleet/network.ts";
import type { Services } from "./services.ts";
import type { ReadScope } from "./storage/record-kind.ts";
import { newRequestEvent, type RequestEvent } from "./telemetry/request-event.ts";

export interface RequestScope extends ReadScope {
	readonly services: Services;
	/** unix seconds: when the request came, or its body, where it has one that is waited for */
	readonly now: number;
	/** ISO 3166-1 alpha-2, as the edge sees the caller; null where the platform does not say (local service, tests) */
	readonly country: string | null;
	/** null likewise; read when it is asked for, as most requests never do */
	network(): Network | null;
	readonly event: RequestEvent;
	/** keyed hash of the API key with which somebody signed in to the console; only in the calls that the console makes for them */
	readonly signedIn?: string;
	/**
	 * What this request knows is as old as this, unix seconds, because records could not be read; null while all is well.
	 * To be asked after the reads it is about.
	 */
	degradedAsOf(): number | null;
	/**
	 * To be called when the body is there. Its sender may have held it back for hours, in which a key was revoked and a code
	 * ended: what is decided from here on is decided by the time that it is now.
	 * @param nowMs unix ms
	 */
	bodyArrived(nowMs: number): void;
	/** Names this request in logs and problems; made when first asked for, since most requests never need it. */
	requestId(): string;
}

export function openScope(
	services: Services,
	request: Request,
	context: ExecutionContext,
	startedMs: number,
): RequestScope {
	let nowMs = startedMs;
	let requestId: string | undefined;
	// Read once: each access crosses from the platform into the script.
	const { cf } = request;
	// No edge says it on one machine; there a caller may say it, as the edge would.
	const told = services.config.isLocal ? localCountry(request) : null;
	const country = told ?? textOrNull(cf?.["country"]);
	const asn = cf?.["asn"];
	let network: Network | null = null;
	let oldestReadMs: number | null = null;
	return {
		services,
		get nowMs() {
			return nowMs;
		},
		get now() {
			return Math.floor(nowMs / 1000);
		},
		country,
		network: () => (network ??= networkOf(cf)),
		event: newRequestEvent(
			request.method,
			country,
			textOrNull(cf?.["colo"]),
			Number.isSafeInteger(asn) ? Number(asn) : null,
		),
		waitUntil: (work) => context.waitUntil(work),
		noteLastGood: (readMs) => {
			oldestReadMs = Math.min(oldestReadMs ?? readMs, readMs);
		},
		degradedAsOf: () => (oldestReadMs === null ? null : Math.floor(oldestReadMs / 1000)),
		bodyArrived: (arrivedMs) => {
			nowMs = arrivedMs;
		},
		requestId: () => (requestId ??= crypto.randomUUID()),
	};
}

function localCountry(request: Request): string | null {
	const said = request.headers.get("cf-ipcountry");
	return said !== null && /^[A-Z]{2}$/.test(said) ? said : null;
}

function textOrNull(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}
