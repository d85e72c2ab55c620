// A fleet that polls through an outage and after it, in virtual time: the service's own intervals and Retry-After, the command line's
// own pauses after failures. All devices poll, which is the most that can come: one that waits by pulses comes less often. Not here: what
// a check costs, and permits and reports.
import { pauseAfter } from "../../../cli/firewall/check/retry.ts";
import { nextCheckIn } from "../../../src/content/check/next-check.ts";
import { placeInFleet } from "../../../src/place-in-fleet.ts";
import { retryAfterOfFleet } from "../../../src/retry-after.ts";
import { createRandom } from "../random.ts";
import { INTERVAL } from "./fleet-pulses.ts";

/** silence: no answer at all. refusals: 503 with Retry-After. degraded: answers from old copies. */
export type Outage = "silence" | "refusals" | "degraded";

export interface OutagePlan {
	readonly devices: number;
	readonly outage: Outage;
	/** seconds */
	readonly lasts: number;
}

export interface Recovery {
	/** requests in the busiest second, ÷ (devices ÷ interval): while the outage lasts, in the ten minutes after it, and in the hour after those */
	readonly during: number;
	readonly after: number;
	readonly later: number;
	/** seconds after the outage until every device has had a good answer */
	readonly allBack: number;
}

/** Until the fleet is as spread as it is on any day. */
const BEFORE_SECONDS = 3_600;
const TEN_MINUTES = 600;
const HOUR = 3_600;

/** @returns what comes to the service, the same at each call */
export function fleetOutage({ devices, outage, lasts }: OutagePlan): Recovery {
	const random = createRandom(1);
	const [beginsAt, endsAt] = [BEFORE_SECONDS, BEFORE_SECONDS + lasts];
	const seconds = new Uint32Array(endsAt + TEN_MINUTES + HOUR);
	let allBack = 0;
	for (let index = 0; index < devices; index++) {
		const device = idOf(index);
		const place = placeInFleet(device);
		let now = random.next() * INTERVAL;
		let failures = 0;
		let isBack = false;
		while (now < seconds.length) {
			const second = Math.floor(now);
			seconds[second] = (seconds[second] ?? 0) + 1;
			const isOut = now >= beginsAt && now < endsAt;
			if (!isOut && now >= endsAt && !isBack) {
				isBack = true;
				allBack = Math.max(allBack, now - endsAt);
			}
			if (!isOut || outage === "degraded") {
				failures = 0;
				now += nextCheckIn(INTERVAL, device, null, isOut ? "strained" : "usual");
				continue;
			}
			failures += 1;
			const asked = outage === "refusals" ? { retryAfterSeconds: retryAfterOfFleet(random.next()) } : {};
			now += pauseAfter({ count: failures, interval: nextCheckIn(INTERVAL, device), place, ...asked });
		}
	}
	const busiest = (from: number, to: number) => Math.max(...seconds.subarray(from, to)) / (devices / INTERVAL);
	return {
		during: busiest(beginsAt, endsAt),
		after: busiest(endsAt, endsAt + TEN_MINUTES),
		later: busiest(endsAt + TEN_MINUTES, seconds.length),
		allBack,
	};
}

/** Ids end in a keyed check, so their ends are as random as this. */
function idOf(index: number): string {
	let seed = Math.imul(index + 1, 2_654_435_761) >>> 0;
	let end = "";
	for (let at = 0; at < 8; at++) {
		seed = (Math.imul(seed ^ (seed >>> 15), 2_246_822_519) + 0x9e_37_79_b9) >>> 0;
		end += (seed & 31).toString(32);
	}
	return `dev-0000000000-00000000${end}`;
}
