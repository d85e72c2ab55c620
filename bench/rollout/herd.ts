// How evenly a fleet asks, second by second: as ever, and after an outage of half an hour, by the service's own words on when to come
// back. In virtual time; a device is a number here. How it asks about a release: `npm run bench:pulses`.
import { type FailedTries, pauseAfter } from "../../cli/firewall/check/retry.ts";
import { nextCheckIn } from "../../src/content/check/next-check.ts";
import { fleetRetryAfter } from "../../src/failure.ts";
import { placeInFleet } from "../../src/place-in-fleet.ts";
import type { Random } from "../../test/simulation/random.ts";

export interface HerdFigures {
	readonly devices: number;
	/** checks in the busiest second ÷ the mean, while all is well */
	readonly steady: number;
	/** the same within ten minutes after an outage in which the service answered 503 and said when to come back */
	readonly afterRefusals: number;
	/** and after one in which nobody could connect, and the command line said when to try again */
	readonly afterSilence: number;
}

const INTERVAL = 600;
/** Long enough that each device has asked a few times. */
const CALM_SECONDS = 3_000;
const OUTAGE_SECONDS = 1_800;
const RECOVERY_SECONDS = 600;

export function herdOf(devices: number, random: Random): HerdFigures {
	const real = Math.random;
	// The service's words are random by the platform's.
	Math.random = random.next;
	try {
		const calm = checksOf(devices, random, null);
		const mean = sumOf(calm, INTERVAL, CALM_SECONDS) / (CALM_SECONDS - INTERVAL);
		const end = CALM_SECONDS + OUTAGE_SECONDS;
		const after = (retry: Retry) => peakOf(checksOf(devices, random, retry), end, end + RECOVERY_SECONDS) / mean;
		return {
			devices,
			steady: peakOf(calm, INTERVAL, CALM_SECONDS) / mean,
			afterRefusals: after((tries) => pauseAfter({ ...tries, retryAfterSeconds: fleetRetryAfter() })),
			afterSilence: after(pauseAfter),
		};
	} finally {
		Math.random = real;
	}
}

/** @returns seconds until a device asks again in the outage */
type Retry = (tries: FailedTries) => number;

/** @param retry null = there is no outage @returns checks in each second */
function checksOf(devices: number, random: Random, retry: Retry | null): Uint32Array {
	const outageEnd = CALM_SECONDS + OUTAGE_SECONDS;
	const seconds = new Uint32Array(outageEnd + RECOVERY_SECONDS);
	for (let number = 0; number < devices; number++) {
		const id = `dev-${Math.floor(random.next() * 2 ** 40)
			.toString(36)
			.padStart(8, "0")}`;
		const interval = nextCheckIn(INTERVAL, id);
		const place = placeInFleet(id);
		let failures = 0;
		for (let at = random.next() * interval; at < seconds.length; ) {
			const second = Math.floor(at);
			seconds[second] = (seconds[second] ?? 0) + 1;
			const isOut = retry !== null && at >= CALM_SECONDS && at < outageEnd;
			at += isOut ? retry({ count: ++failures, interval, place }) : interval;
		}
	}
	return seconds;
}

function sumOf(seconds: Uint32Array, from: number, to: number): number {
	return seconds.subarray(from, to).reduce((sum, count) => sum + count, 0);
}

function peakOf(seconds: Uint32Array, from: number, to: number): number {
	return seconds.subarray(from, to).reduce((most, count) => Math.max(most, count), 0);
}
