// Which releases a product's record keeps: as few as can be, so that a feed of every five minutes stays small, and so many
// that no device starves, whatever its license's delay, its engine or its model, or the end of its license.
import type { Reach } from "../../rollout/reach.ts";
import { type Release, urgency } from "./product-record.ts";
import { compareVendorVersions } from "./vendor-version.ts";

/** Always kept: what devices run now is nearly always among them. */
const NEWEST_KEPT = 64;
/** A device on a withdrawn release must be told so for as long as possible. */
const WITHDRAWN_KEPT = 64;
const URGENCIES = urgency.options;
/** Of two neighbours that are kept, the older one's age is at most this many times the younger one's, while there is room. */
const FINEST_AGE_RATIO = 1.25;
/** Audiences (models and engine range) of a product's channel that releases can be for at one time. Another one is refused. */
export const MAX_AUDIENCES = 32;
/** Longer than any product has existed, in seconds: no two ages are farther apart. */
const COARSEST_AGE_RATIO = 2 ** 40;
/** Whatever else holds: about 400 bytes each without notes. */
export const MAX_RECORDED = 512;

/** By whom a release can be installed. */
type Audience = Readonly<Pick<Release, "engine" | "channel" | "requires">> & {
	readonly models: readonly string[] | null;
};

/** On which devices a release can be installed, whatever their channels and what else they have. */
type Installable = Pick<Audience, "models" | "engine">;

export type Recordable = Pick<
	Release,
	| "version"
	| "sequence"
	| "releasedAt"
	| "urgency"
	| "models"
	| "engine"
	| "withdrawn"
	| "revertTo"
	| "channel"
	| "requires"
> & {
	/** null = everybody may have it */
	readonly rollout: Pick<Reach, "closed"> | null;
};

/**
 * The rule may be applied to what it kept before and a new release, again and again: as time passes, ages of neighbours only
 * come closer to each other.
 * @param releases newest first, of `MAX_AUDIENCES` audiences at most
 * @param now unix seconds
 * @returns those to keep, newest first. For every audience, urgency and age there is one at least that old, if there ever was
 *   one. It is older by a quarter at most than the release that would be exactly right; by more where there are so many
 *   audiences that it would be too many releases, but the newest and the oldest are always there.
 */
export function keepRecorded<R extends Recordable>(releases: readonly R[], now: number): R[] {
	const always = new Set<R>(releases.slice(0, NEWEST_KEPT));
	const withdrawn = releases.filter((release) => release.withdrawn).slice(0, WITHDRAWN_KEPT);
	for (const release of withdrawn) always.add(release);
	// What devices are sent back to from one of these stays as long as it does.
	const targets = new Set(withdrawn.map(({ revertTo }) => revertTo));
	for (const release of releases) if (targets.has(release.version)) always.add(release);
	for (const release of releases) if (isOnItsWay(release)) always.add(release);
	// An urgency has a delay of its own, so a routine release is no substitute for an important one of the same age.
	const ladders = [...byAudience(releases).values()].flatMap((audience) =>
		URGENCIES.map((urgency) => audience.filter((release) => release.urgency === urgency)),
	);
	// The coarsest ratio keeps the newest of a ladder and the oldest, and with all of them there is room.
	for (let ratio = FINEST_AGE_RATIO; ; ratio *= 1.5) {
		const kept = new Set([...always, ...ladders.flatMap((ladder) => thinByAge(ladder, now, ratio))]);
		if (kept.size <= MAX_RECORDED || ratio > COARSEST_AGE_RATIO) return releases.filter((release) => kept.has(release));
	}
}

/** @returns whether a release for these models and engines can be put into the record without another audience losing its own */
export function hasRoomFor(releases: readonly Recordable[], added: Audience): boolean {
	const ofChannel = releases.filter(({ withdrawn, channel }) => !withdrawn && channel === added.channel);
	const audiences = new Set(ofChannel.map(audienceOf));
	return audiences.has(audienceOf(added)) || audiences.size < MAX_AUDIENCES;
}

function isOnItsWay({ withdrawn, rollout }: Recordable): boolean {
	return !withdrawn && rollout !== null && rollout.closed !== "ended";
}

/**
 * The same text for the same models, in whatever order, and the same engine range, of the same channel. Which other products a release
 * requires counts too, or devices that lack one would lose the last release that is for them; of which versions does not, since that rises
 * with each release.
 */
export function audienceOf({ models, engine, channel, requires = [] }: Audience): string {
	const required = requires.length === 0 ? [] : [requires.map(({ product }) => product).sort()];
	return JSON.stringify([models?.toSorted() ?? null, engine.min, engine.max, channel, ...required]);
}

/** @returns whether every device that can install `other` can install `one`, whatever their channels */
export function coversAudience(one: Installable, other: Installable): boolean {
	const { models, engine } = one;
	const isOfModels = models === null || (other.models?.every((model) => models.includes(model)) ?? false);
	const [{ min, max }, of] = [engine, other.engine];
	const isFromMin = min === undefined || (of.min !== undefined && compareVendorVersions(of.min, min) >= 0);
	const isToMax = max === undefined || (of.max !== undefined && compareVendorVersions(of.max, max) <= 0);
	return isOfModels && isFromMin && isToMax;
}

/** @returns whether there can be a device that can install both, whatever their channels */
export function sharesAudience(one: Installable, other: Installable): boolean {
	const isOfModels =
		one.models === null || other.models === null || one.models.some((model) => other.models?.includes(model));
	const isBelow = (min: string | undefined, max: string | undefined) =>
		min === undefined || max === undefined || compareVendorVersions(min, max) <= 0;
	return isOfModels && isBelow(one.engine.min, other.engine.max) && isBelow(other.engine.min, one.engine.max);
}

/**
 * @param releases newest first @param next for whom
 * @returns those that devices of its audience may have now: each that is for some of them, and for one that no newer release is for,
 * down to the first that is for all of them. Generous: two newer releases may together be for all that an older one is for.
 */
export function currentOf<R extends Installable>(releases: readonly R[], next: Installable): R[] {
	const current: R[] = [];
	for (const one of releases.filter((release) => sharesAudience(release, next))) {
		if (current.some((newer) => coversAudience(newer, one))) continue;
		current.push(one);
		if (coversAudience(one, next)) break;
	}
	return current;
}

/** @returns what can be offered, by whom it is for; newest first, and the audience with the newest release first */
function byAudience<R extends Recordable>(releases: readonly R[]): Map<string, R[]> {
	const audiences = new Map<string, R[]>();
	for (const release of releases) {
		// What few may have is no substitute for what everybody may have.
		if (release.withdrawn || release.rollout !== null) continue;
		const key = audienceOf(release);
		const audience = audiences.get(key);
		if (audience === undefined) audiences.set(key, [release]);
		else audience.push(release);
	}
	return audiences;
}

/** @param releases newest first @returns the newest, the oldest, and some between */
function thinByAge<R extends Recordable>(releases: readonly R[], now: number, ratio: number): R[] {
	const kept: R[] = [];
	releases.forEach((release, index) => {
		const younger = kept.at(-1);
		const older = releases[index + 1];
		const isNeeded =
			younger === undefined ||
			older === undefined ||
			now - older.releasedAt > ratio * Math.max(0, now - younger.releasedAt);
		if (isNeeded) kept.push(release);
	});
	return kept;
}
