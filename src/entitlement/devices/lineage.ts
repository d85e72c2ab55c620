// Two appliances with one key: a clone of a virtual machine, a disk that was copied, a key that was stolen. Each token answer gives the
// device a value that its next token request brings back; once a day the value is replaced by a new one that names its predecessor.
// Copies therefore part at the latest a day after they were made, and each goes on by itself. Pure. Nothing is refused by this.
import { placeInFleet } from "../../place-in-fleet.ts";

const DAY = 86_400;

/** What a device brings with a token request, as the service has sealed it. */
export interface Lineage {
	/** made at random, once in a device's day */
	readonly anchor: string;
	/** that day; each device's days begin at a moment of its own */
	readonly day: number;
}

/** That a device has begun another day. */
export interface LineageStep {
	readonly anchor: string;
	/** the anchor that it brought */
	readonly before: string;
}

/** @returns the number of the device's day */
export function dayOf(device: string, at: number): number {
	return Math.floor(at / DAY + placeInFleet(device));
}

/**
 * @param brought null = the request had none, or none of ours
 * @param fresh a new anchor
 * @returns what the device has from now on, and what its account is to be told; null = nothing: at most once a day of one device
 */
export function continueLineage(
	device: string,
	brought: Lineage | null,
	fresh: string,
	now: number,
): { readonly lineage: Lineage; readonly step: LineageStep | null } {
	const day = dayOf(device, now);
	// An edge whose clock is behind makes no other branch of one that is ahead.
	if (brought !== null && brought.day >= day) return { lineage: brought, step: null };
	return {
		lineage: { anchor: fresh, day },
		step: brought === null ? null : { anchor: fresh, before: brought.anchor },
	};
}

/** Where a step was heard. */
export interface StepPlace {
	/** unix seconds, by the edge */
	readonly at: number;
	readonly country: string | null;
	readonly colo: string | null;
}

/** The last that is known of one line of a device. */
export interface Branch extends StepPlace {
	readonly anchor: string;
	/** it went on after the two had parted */
	readonly hasGoneOn: boolean;
}

/** What an account knows of the lines of one device. */
export interface DeviceLines {
	readonly main: Branch;
	/** the last other one that came; null = none did */
	readonly rival: Branch | null;
	/** unix seconds: since when both are known to live; null = they are not */
	readonly forkedAt: number | null;
}

/**
 * One step back is a lost answer or a snapshot that was restored: of the two lines only one goes on then, whichever it is. A fork it is
 * when both have gone on after they had parted, which takes each of them another day.
 * @param before null = nothing was heard yet
 * @returns what is known after the step: `before` itself where it says nothing new
 */
export function hearStep(
	before: DeviceLines | null,
	{ anchor, before: from }: LineageStep,
	place: StepPlace,
): DeviceLines {
	if (before === null) return { main: branch(anchor, place, false), rival: null, forkedAt: null };
	const { main, rival } = before;
	// A word that was sent twice.
	if (anchor === main.anchor || anchor === rival?.anchor) return before;
	if (rival === null) {
		const isNext = from === main.anchor;
		return isNext ? { ...before, main: branch(anchor, place, false) } : part(before, branch(anchor, place, false));
	}
	if (from === main.anchor) return withFork({ ...before, main: branch(anchor, place, true) }, place.at);
	if (from === rival.anchor) {
		const next = branch(anchor, place, true);
		// The line that alone goes on is the device.
		if (!main.hasGoneOn) return { main: next, rival: { ...main, hasGoneOn: false }, forkedAt: before.forkedAt };
		return withFork({ ...before, rival: next }, place.at);
	}
	// A third one. While a fork is told, its two lines are what is asked about.
	return before.forkedAt === null ? part(before, branch(anchor, place, false)) : before;
}

/**
 * @param keep anchor of the line that is the device
 * @returns what is known when somebody has said so; the other line is told again if it goes on; null = there is no such line
 */
export function resolveFork({ main, rival }: DeviceLines, keep: string): DeviceLines | null {
	const kept = [main, rival].find((one) => one?.anchor === keep);
	return kept == null ? null : { main: { ...kept, hasGoneOn: false }, rival: null, forkedAt: null };
}

/** From here on both are watched for whether they go on. */
function part(lines: DeviceLines, rival: Branch): DeviceLines {
	return { ...lines, main: { ...lines.main, hasGoneOn: false }, rival };
}

function branch(anchor: string, { at, country, colo }: StepPlace, hasGoneOn: boolean): Branch {
	return { anchor, at, country, colo, hasGoneOn };
}

function withFork(lines: DeviceLines, at: number): DeviceLines {
	const bothLive = lines.main.hasGoneOn && lines.rival?.hasGoneOn === true;
	return bothLive && lines.forkedAt === null ? { ...lines, forkedAt: at } : lines;
}
