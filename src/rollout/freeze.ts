// A product's freezes: times in which its vendor lets no step of a rollout begin or go on, and no further unit try a release that few
// may have.
// What everybody may have already, and the way back from a withdrawn release, are not held up.
import { z } from "zod";

const MAX_FREEZES = 20;
const MAX_SECONDS = 366 * 86_400;

/** Times are unix seconds. */
export const freeze = z
	.strictObject({
		from: z.int().nonnegative(),
		until: z.int().positive(),
		reason: z.string().max(200),
		/** whether emergency releases go on all the same */
		emergencies: z.boolean(),
	})
	.refine(({ from, until }) => from < until && until - from <= MAX_SECONDS, {
		path: ["until"],
		message: "a freeze ends after it begins, and within a year",
	});
export type Freeze = z.infer<typeof freeze>;
export const freezes = z.array(freeze).max(MAX_FREEZES);

/** What the freezes of a product mean for one release; unix seconds. */
export interface FreezeTimes {
	/** until which they hold it up; null = they do not */
	readonly until: number | null;
	/** at which the next one that does begins; null = none is known */
	readonly next: number | null;
}

/** @returns those that hold such a release up, in the order of their begin */
function holdingUp(all: readonly Freeze[], isEmergency: boolean): Freeze[] {
	return all.filter(({ emergencies }) => !(isEmergency && emergencies)).sort((a, b) => a.from - b.from);
}

/** @param isEmergency of the release @returns unix seconds until which it is held up; null = it is not */
export function frozenUntil(all: readonly Freeze[], isEmergency: boolean, now: number): number | null {
	let at = now;
	for (const { from, until } of holdingUp(all, isEmergency)) if (from <= at && at < until) at = until;
	return at > now ? at : null;
}

/** @param isEmergency of the release @returns unix seconds at which the next freeze that holds it up begins; null = none does */
export function nextFreezeAt(all: readonly Freeze[], isEmergency: boolean, now: number): number | null {
	return holdingUp(all, isEmergency).find(({ from }) => from > now)?.from ?? null;
}
