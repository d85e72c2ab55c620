// A fleet that waits by pulses, in virtual time: the command line's own waiting and the service's own rules of spread and
// `until`, a bucket that is written after a publish, caches that hold pulses, and edges that learn of a release later.
// Devices share nothing but what they read, so each lives its time alone. Not here: HTTP, and checks that fail.

import { hearNothing, type PulseNews, waitForNews } from "../../../cli/firewall/check/pulse.ts";
import type { CheckAnswer } from "../../../cli/firewall/wire-types.ts";
import { nextCheckIn } from "../../../src/content/check/next-check.ts";
import { PULSE_MAX_AGE_SECONDS, pulseUrgency, quietUntil } from "../../../src/content/check/pulse.ts";
import { placeInFleet } from "../../../src/place-in-fleet.ts";
import { createRandom, type Random } from "../random.ts";

export interface FleetPulsesPlan {
	readonly devices: number;
	readonly seconds: number;
	/** of one product that all devices have, in order */
	readonly publishes: readonly { readonly at: number; readonly emergency: boolean }[];
	/** true: devices were started within 90 s before, two rounds of reading, and live no longer than until they know of every publish: for large fleets */
	readonly isBrief?: boolean;
	/** a moment at which every device's answer changes by time alone; undefined = there is none */
	readonly momentAt?: number;
	/** changes what a device reads of a pulse: a liar, a replay, an outage; @param second of the reading */
	readonly distort?: (truth: PulseNews, second: number) => PulseNews | null;
}

export interface FleetPulses {
	/** by device, of each check: the second, and how many publishes its answer knew of */
	readonly checks: readonly (readonly { readonly at: number; readonly knew: number }[])[];
	/** readings of pulses, all devices together */
	readonly reads: number;
}

export interface Spreading {
	/** seconds from the publish until 99 % of the devices have asked about it, and got an answer that knew of it */
	readonly askedBy99: number;
	/** checks in the busiest second ÷ (devices ÷ spread) */
	readonly herd: number;
}

/** `CHECK_INTERVAL_SECONDS` as shipped. */
export const INTERVAL = 600;
const START_MS = 1_800_000_000_000;
const LOCATIONS = 300;
/** From the publish until the bucket has the pulse. */
const WRITE_SECONDS = 2;
/** Edges have a new `heads` within this time, each after a time of its own. */
const EDGE_SECONDS = 30;
/** What ends the life of a device. */
const END = new Error("the plan has ended");
const SERVER = "https://updates.test";

/** @returns what the plan's fleet asks, the same at each call */
export async function fleetPulses(plan: FleetPulsesPlan): Promise<FleetPulses> {
	const random = createRandom(1);
	const locations = Array.from({ length: LOCATIONS }, () => ({
		cachePhase: random.next() * PULSE_MAX_AGE_SECONDS,
		edgeLag: random.next() * EDGE_SECONDS,
	}));
	let reads = 0;
	const checks = [];
	for (let index = 0; index < plan.devices; index++) checks.push(await live(random.pick(locations), deviceId(random)));
	return { checks, reads };

	async function live(location: { cachePhase: number; edgeLag: number }, device: string) {
		const heard = hearNothing();
		const made: { at: number; knew: number }[] = [];
		// Devices were started at any time within six hours before.
		let now = -random.next() * (plan.isBrief === true ? 90 : Math.min(21_600, plan.seconds));
		const clock = {
			nowMs: () => START_MS + now * 1_000,
			sleep: async (ms: number) => {
				now += ms / 1_000;
				if (now >= plan.seconds) throw END;
			},
		};
		const read = async () => {
			if (now >= 0) reads += 1;
			// The cache holds each copy for its whole life, and then fetches it anew for whoever comes.
			const copyAt = now - ((now + location.cachePhase) % PULSE_MAX_AGE_SECONDS);
			const truth = pulseAt(copyAt - WRITE_SECONDS);
			return plan.distort === undefined ? truth : plan.distort(truth, now);
		};
		try {
			for (;;) {
				const knew = published(now - location.edgeLag);
				if (now >= 0) made.push({ at: now, knew });
				if (plan.isBrief === true && knew === plan.publishes.length && now >= (plan.momentAt ?? 0)) throw END;
				await waitForNews(answer(device, knew, now, plan.momentAt), SERVER, heard, clock, read);
			}
		} catch (error) {
			if (error !== END) throw error;
			return made;
		}
	}

	function published(second: number): number {
		return plan.publishes.filter(({ at }) => at <= second).length;
	}

	function pulseAt(second: number): PulseNews {
		const count = published(second);
		const emergency = plan.publishes[count - 1]?.emergency === true;
		return { value: `${count}`, spread: spreadOf(emergency) };
	}
}

const ALWAYS_QUIET = { most: Number.POSITIVE_INFINITY, interval: INTERVAL };

/** What a device hears that has everything: after a release, as it hears right after its update. */
function answer(device: string, knew: number, now: number, momentAt = Number.NEGATIVE_INFINITY): CheckAnswer {
	const settled = {
		products: [{ selection: { status: "current" } }],
		holdsUntil: now < momentAt ? START_MS / 1_000 + momentAt : Number.POSITIVE_INFINITY,
	} as unknown as Parameters<typeof quietUntil>[0];
	const time = START_MS / 1_000 + now;
	const until = quietUntil(settled, { ...ALWAYS_QUIET, place: placeInFleet(device) }, time) ?? time;
	return {
		device,
		as_of: new Date(time * 1_000).toISOString(),
		next_check_in: nextCheckIn(INTERVAL, device),
		products: [],
		pulse: [{ url: "/p/waf", value: `${knew}` }],
		until: new Date(until * 1_000).toISOString(),
	};
}

/** How the fleet asked about one publish, and when. @param index of the publish in the plan */
export function spreadingOf(plan: FleetPulsesPlan, { checks }: FleetPulses, index: number): Spreading {
	const publish = plan.publishes[index];
	if (publish === undefined) throw new RangeError("no such publish");
	const spread = spreadOf(publish.emergency);
	const asked: number[] = [];
	const seconds = new Map<number, number>();
	for (const made of checks) {
		asked.push((made.find(({ at, knew }) => at >= publish.at && knew > index)?.at ?? Infinity) - publish.at);
		for (const { at } of made) {
			if (at < publish.at || at > publish.at + 2 * (60 + spread)) continue;
			seconds.set(Math.floor(at), (seconds.get(Math.floor(at)) ?? 0) + 1);
		}
	}
	asked.sort((a, b) => a - b);
	return {
		askedBy99: asked[Math.ceil(asked.length * 0.99) - 1] ?? Infinity,
		herd: Math.max(0, ...seconds.values()) / (plan.devices / spread),
	};
}

/** How the fleet came after a moment at which all answers changed. @returns as of `spreadingOf`; asked = came after it */
export function spreadingAfter({ devices, momentAt = 0 }: FleetPulsesPlan, { checks }: FleetPulses): Spreading {
	const seconds = new Map<number, number>();
	const came = checks.map((made) => (made.find(({ at }) => at >= momentAt)?.at ?? Infinity) - momentAt);
	for (const at of came) seconds.set(Math.floor(at), (seconds.get(Math.floor(at)) ?? 0) + 1);
	came.sort((a, b) => a - b);
	return {
		askedBy99: came[Math.ceil(came.length * 0.99) - 1] ?? Infinity,
		herd: Math.max(0, ...seconds.values()) / (devices / INTERVAL),
	};
}

/** @returns seconds, as the pulse of a release says while it is new */
function spreadOf(emergency: boolean): number {
	return pulseUrgency(emergency ? Number.POSITIVE_INFINITY : 0, 0, INTERVAL).spread;
}

function deviceId(random: Random): string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789".split("");
	return `dev-${Array.from({ length: 16 }, () => random.pick(letters)).join("")}`;
}
