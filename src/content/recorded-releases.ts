// Which releases a product's record keeps: as few as can be, so that a feed of every five minutes stays small, and so many
// that no device starves, whatever its license's delay, its engine or its model, or the end of its license.
import type { Release } from "./product-record.ts";

/** Always kept: what devices run now is nearly always among them. */
const NEWEST_KEPT = 64;
/** A device on a withdrawn release must be told so for as long as possible. */
const WITHDRAWN_KEPT = 64;
/** Of two neighbours that are kept, the older one's age is at most this many times the younger one's. */
const AGE_RATIO = 1.25;
/** Audiences (models and engine range) for which older releases are kept; a product with more has ranges that never return. */
const AUDIENCES_KEPT = 32;
/** Whatever else holds: about 400 bytes each without notes. */
export const MAX_RECORDED = 512;

export type Recordable = Pick<Release, "sequence" | "releasedAt" | "urgency" | "models" | "engine" | "withdrawn">;

/**
 * The rule may be applied to what it kept before and a new release, again and again: as time passes, ages of neighbours only
 * come closer to each other.
 * @param releases newest first
 * @param now unix seconds
 * @returns those to keep, newest first. For every audience and every age there is one at least that old, if there ever was
 *   one. It is older by a quarter at most than the release that would be exactly right.
 */
export function keepRecorded<R extends Recordable>(releases: readonly R[], now: number): R[] {
	const kept = new Set<R>(releases.slice(0, NEWEST_KEPT));
	for (const release of releases.filter(({ withdrawn }) => withdrawn).slice(0, WITHDRAWN_KEPT)) kept.add(release);
	for (const audience of byAudience(releases).slice(0, AUDIENCES_KEPT)) {
		for (const release of thinByAge(audience, now)) kept.add(release);
		const emergency = audience.find(({ urgency }) => urgency === "emergency");
		if (emergency !== undefined) kept.add(emergency);
	}
	return releases.filter((release) => kept.has(release)).slice(0, MAX_RECORDED);
}

/** @returns what can be offered, by whom it is for; newest first, and the audience with the newest release first */
function byAudience<R extends Recordable>(releases: readonly R[]): R[][] {
	const audiences = new Map<string, R[]>();
	for (const release of releases) {
		if (release.withdrawn) continue;
		const key = JSON.stringify([release.models, release.engine.min, release.engine.max]);
		const audience = audiences.get(key);
		if (audience === undefined) audiences.set(key, [release]);
		else audience.push(release);
	}
	return [...audiences.values()];
}

/** @param releases one at least, newest first @returns the newest, the oldest, and some between */
function thinByAge<R extends Recordable>(releases: readonly R[], now: number): R[] {
	const kept: R[] = [];
	releases.forEach((release, index) => {
		const younger = kept.at(-1);
		const older = releases[index + 1];
		const isNeeded =
			younger === undefined ||
			older === undefined ||
			now - older.releasedAt > AGE_RATIO * Math.max(0, now - younger.releasedAt);
		if (isNeeded) kept.push(release);
	});
	return kept;
}
