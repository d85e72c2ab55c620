// How a firewall waits between two checks. Where its last answer named pulses, it reads those instead of checking, until one
// says something else or the answer's time is over. Reading them needs no token; what they say decides nothing but when the
// firewall checks, so a pulse that lies costs it one check, or a wait that ends at the answer's `until`.
import { lateBy } from "../../../src/content/check/next-check.ts";
import { newsDelay } from "../../../src/content/check/pulse.ts";
import { placeInFleet } from "../../../src/place-in-fleet.ts";
import { exchange } from "../../http/exchange.ts";
import { parseJson } from "../../json.ts";
import { pulseAnswer } from "../answers.ts";
import type { CheckAnswer } from "../wire-types.ts";

/** How often pulses are read. With 15 seconds in a cache, a change is seen within a minute. */
const READ_EVERY_SECONDS = 45;
/** Where the server names no time. */
const DEFAULT_CHECK_SECONDS = 300;

export interface WaitingClock {
	readonly nowMs: () => number;
	/** rejects when the wait is called off */
	readonly sleep: (ms: number) => Promise<void>;
}

/** What a pulse says, as far as a firewall reads it. */
export interface PulseNews {
	readonly value: string;
	/** seconds */
	readonly spread: number;
}

/** @returns what the pulse at a URL says now; null = it could not be read */
export type PulseReader = (url: string) => Promise<PulseNews | null>;

/** Why a firewall checks again. */
export type WakeUp = "interval" | "news" | "until";

/** What a firewall remembers of pulses from one wait to the next. */
export interface HeardPulses {
	/** by URL the value that was last checked about: news that the service had not heard of itself is no news twice */
	readonly values: Map<string, string>;
	/** when news last made it check, unix ms: two such checks are an interval apart, however often pulses change */
	newsMs: number;
}

export function hearNothing(): HeardPulses {
	return { values: new Map(), newsMs: Number.NEGATIVE_INFINITY };
}

/**
 * Waits until the firewall should check again.
 * @param answer of its last check
 * @param server that it talks to; URLs of pulses may be relative to it
 * @param heard kept from one wait to the next
 * @param read over HTTP, unless something else is given
 * @throws what `sleep` rejects with
 */
export async function waitForNews(
	answer: CheckAnswer,
	server: string,
	heard: HeardPulses,
	{ nowMs, sleep }: WaitingClock,
	read: PulseReader = readPulse,
): Promise<WakeUp> {
	const checkedMs = nowMs();
	const interval = answer.next_check_in ?? DEFAULT_CHECK_SECONDS;
	const { pulse, until } = answer;
	if (pulse == null || pulse.length === 0 || until == null) {
		await sleep(interval * 1000);
		return "interval";
	}
	const place = placeInFleet(answer.device);
	const toldMs = quietUntilMs(until, answer.as_of ?? undefined, checkedMs);
	// Others may have been told the same time.
	const untilMs = toldMs + Math.floor(lateBy(interval, place) * 1000);
	if (toldMs <= checkedMs) {
		// The answer is an old one, or the clock is ahead: asking at once would be asking for ever.
		await sleep(interval * 1000);
		return "interval";
	}
	let lastMs = checkedMs;
	for (;;) {
		await sleep(Math.min(READ_EVERY_SECONDS * 1000, untilMs - nowMs()));
		if (nowMs() >= untilMs) return "until";
		// Times from before the clock was set back may lie years ahead of it.
		if (nowMs() < lastMs) {
			heard.newsMs = Number.NEGATIVE_INFINITY;
			return "interval";
		}
		lastMs = nowMs();
		const found = await readPulses(pulse, server, interval, read);
		const news = found.filter(({ url, value }) => value === null || heard.values.get(url) !== value);
		for (const { url, value } of found) if (value !== null) heard.values.set(url, value);
		if (news.length > 0) {
			const placeMs = Math.floor(Math.min(...news.map(({ spread }) => newsDelay(place, spread))) * 1000);
			const isTold = news.some(({ value }) => value !== null);
			// Pulses that change all the time, or cannot be read, make it ask no more often than a firewall without them.
			const earliestMs = (isTold ? heard.newsMs : checkedMs) + interval * 1000;
			// No longer than an interval, even where the clock was set back in between.
			const earliestInMs = Math.min(earliestMs - nowMs(), interval * 1000);
			await sleep(Math.max(0, Math.min(Math.max(placeMs, earliestInMs), untilMs - nowMs())));
			if (isTold) heard.newsMs = nowMs();
			return isTold ? "news" : "interval";
		}
		if (found.length > 0 && nowMs() - checkedMs >= interval * 1000) return "interval";
	}
}

interface ChangedPulse {
	readonly url: string;
	/** null = it could not be read */
	readonly value: string | null;
	/** seconds */
	readonly spread: number;
}

/** @returns those that do not say what the answer said */
async function readPulses(
	links: readonly { readonly url: string; readonly value: string }[],
	server: string,
	interval: number,
	read: PulseReader,
): Promise<readonly ChangedPulse[]> {
	const changed: ChangedPulse[] = [];
	for (const { url, value: expected } of links) {
		const pulse = await read(new URL(url, server).href);
		if (pulse === null) changed.push({ url, value: null, spread: interval });
		else if (pulse.value !== expected) changed.push({ url, ...pulse });
	}
	return changed;
}

async function readPulse(url: string): Promise<PulseNews | null> {
	try {
		const answer = await exchange({ method: "GET", url, headers: { accept: "application/json" } });
		return answer.status === 200 ? pulseAnswer.parse(parseJson(answer.text)) : null;
	} catch {
		return null;
	}
}

/** By the firewall's clock, but no longer than the answer meant, should that clock be behind. */
function quietUntilMs(until: string, asOf: string | undefined, nowMs: number): number {
	const untilMs = Date.parse(until);
	return asOf === undefined ? untilMs : Math.min(untilMs, nowMs + untilMs - Date.parse(asOf));
}
