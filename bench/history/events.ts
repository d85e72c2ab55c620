// A week of a fleet's requests, as the Worker tells of them: tokens each six hours, checks (one in a hundred is written), permits,
// downloads, reports and refusals, from fifty countries. The same numbers give the same events.
import { createHash } from "node:crypto";
import { newRequestEvent, type RequestEvent } from "../../src/telemetry/request-event.ts";

export const DAYS = 7;
const COUNTRIES = 50;
const VERSIONS = 12;
const TWIN_LATER_MS = 20 * 60_000;
const PRODUCTS = ["crs", "malware", "geo"];
const OUTCOMES = ["healthy", "healthy", "healthy", "healthy", "healthy", "failed", "rolled_back"];
const WORDS = ["digest_mismatch", "disk", "memory", "compile_failed"];
/** Of a hundred requests. */
const MIX = [
	[60, "POST", "/oauth2/token"],
	[10, "GET", "/v1/check"],
	[10, "POST", "/v1/permits"],
	[10, "GET", "/d/:sha256/:name"],
	[10, "POST", "/v1/reports"],
] as const;

export interface TimedEvent {
	/** unix ms */
	readonly atMs: number;
	readonly event: RequestEvent;
}

/** @param count of rows that are to be written @param startMs unix ms of the first */
export function* weekOfEvents(count: number, devices: number, startMs: number): Generator<TimedEvent> {
	const random = numbers(1);
	const stepMs = (DAYS * 86_400_000) / count;
	for (let at = 0; at < count; at++) {
		const atMs = Math.floor(startMs + at * stepMs);
		const device = Math.floor(random() * devices);
		yield { atMs, event: oneEvent(random, device, 0) };
		// One device in a thousand has a key that somebody else uses too, elsewhere and at the same time.
		if (device % 1_000 !== 0 || at + 1 === count) continue;
		at += 1;
		yield { atMs: atMs + TWIN_LATER_MS, event: oneEvent(random, device, 7) };
	}
}

/** @param away how far from its own country the device is used */
function oneEvent(random: () => number, device: number, away: number): RequestEvent {
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	const [method, route] = byShare(random() * 100);
	const place = (device + away) % COUNTRIES;
	const country = String.fromCharCode(65 + Math.floor(place / 26), 65 + (place % 26));
	const base = newRequestEvent(method, country, `D${place}`, 64_000 + place * 4 + (device % 4));
	const isRefused = random() < 0.03;
	const event = {
		...base,
		...{
			route,
			device: pseudonym(device),
			account: pseudonym(device % 500).slice(0, 10),
			durationMs: 1 + random() * 40,
		},
		...{
			status: isRefused ? 403 : 200,
			problem: isRefused ? pick(["exposure_limited", "not_entitled", "rate_limited"]) : null,
		},
	};
	if (route === "/d/:sha256/:name")
		return { ...event, device: event.device.slice(0, 8), account: null, bytes: 960_000 };
	if (route === "/oauth2/token" || route === "/v1/check") return event;
	const version = Math.floor(random() * VERSIONS);
	const versions = { product: pick(PRODUCTS), fromVersion: `4.${version}.0`, toVersion: `4.${version + 1}.0` };
	const outcome = route === "/v1/reports" ? pick(OUTCOMES) : "permitted";
	return {
		...event,
		...versions,
		outcome,
		detail: outcome === "failed" ? pick(WORDS) : null,
		step: random() < 0.2 ? "canary" : null,
	};
}

function byShare(hundredth: number): readonly [string, string] {
	let sum = 0;
	for (const [share, method, route] of MIX) {
		sum += share;
		if (hundredth < sum) return [method, route];
	}
	return ["POST", "/oauth2/token"];
}

/** Of as little order as real ones, or files would be smaller than they are. */
function pseudonym(number: number): string {
	return createHash("sha256").update(String(number)).digest("base64url").slice(0, 16);
}

/** mulberry32: 0 ≤ x < 1, the same for the same seed. */
function numbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
