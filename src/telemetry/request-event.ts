// What is told of one request: an allow-list. A handler fills in what it learns; nothing else can reach a log or a
// metric, so no token, code, signature or query can either.

/** Fields longer than this are cut: a log line is not a place to store what a client sent. */
const MAX_FIELD_LENGTH = 128;

export interface RequestEvent {
	/** path template, `/v1/check`; never the path itself */
	route: string;
	method: string;
	status: number;
	/** code of the catalogue of problems, RFC 6749 error, or null */
	problem: string | null;
	/** why, in the words of the check that failed: for operators, never for the caller */
	reason: string | null;
	/** keyed hash of the device id that changes each month */
	device: string | null;
	/** the account by the ten characters that its id, its devices' ids and its codes share */
	account: string | null;
	/** who acted on the publisher or operator plane */
	subject: string | null;
	/** id of the API key, or `bootstrap`; never the key itself */
	key: string | null;
	product: string | null;
	fromVersion: string | null;
	toVersion: string | null;
	/** name of the rollout's step that a permit was given in; null = everybody may have the release */
	step: string | null;
	/** what the answer was: offered, current, installed, failed, … */
	outcome: string | null;
	/** a reporting device's own word for why */
	detail: string | null;
	/** where the caller is, and the data centre that answers it (IATA code) */
	country: string | null;
	colo: string | null;
	/** number of the network that the caller came from */
	asn: number | null;
	/** bytes of a package in the answer */
	bytes: number;
	/** age in seconds of the oldest record in the answer, where records could not be read; else 0 */
	degradedSeconds: number;
	/** wall time in ms; the platform's clock stands still while code computes */
	durationMs: number;
}

export function newRequestEvent(
	method: string,
	country: string | null,
	colo: string | null,
	asn: number | null = null,
): RequestEvent {
	return {
		route: "unmatched",
		method,
		status: 0,
		problem: null,
		reason: null,
		device: null,
		account: null,
		subject: null,
		key: null,
		product: null,
		fromVersion: null,
		toVersion: null,
		step: null,
		outcome: null,
		detail: null,
		country,
		colo,
		asn,
		bytes: 0,
		degradedSeconds: 0,
		durationMs: 0,
	};
}

/** One JSON line: time, request id and every field that is set. JSON escapes what could forge a second line. */
export function formatLogLine(event: RequestEvent, requestId: string, version: string, nowMs: number): string {
	const line: Record<string, string | number> = { time: new Date(nowMs).toISOString(), request_id: requestId, version };
	for (const [name, value] of Object.entries(event)) {
		if (value === null || value === 0) continue;
		const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
		line[key] = typeof value === "string" ? value.slice(0, MAX_FIELD_LENGTH) : value;
	}
	return JSON.stringify(line);
}
