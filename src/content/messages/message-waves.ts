// To how many a message of the day is shown: to a fraction of all units, by the same rule of buckets as a release (rollout/bucket.ts),
// with the message's id as salt. A fraction only grows. Who comes in with a later wave has the message under that wave's own
// sequence, so that it counts as unread however much they have read meanwhile, and nobody else sees it again.
import { z } from "zod";

export const messageFraction = z.number().gt(0, "more than 0").max(1, "at most 1, which is everybody");

/** Units whose bucket lies below `upTo`, and in no wave before, have the message under `sequence`. */
const wave = z.object({
	upTo: messageFraction,
	/** position in the history of all messages; only ever rises */
	sequence: z.int().positive(),
});
export type Wave = z.infer<typeof wave>;

/** In the order in which they came: each reaches further than the one before. */
export const waves = z.array(wave).min(1).readonly();
export type Waves = z.infer<typeof waves>;

/** Waves of one message: every edge holds them all. One more is taken where it reaches everybody. */
export const MAX_WAVES = 20;

/** @returns the fraction of all units that the message is shown to */
export function fractionOf(list: Waves): number {
	return list.at(-1)?.upTo ?? 0;
}

/** @returns whether the bucket matters */
export function needsBucket(list: Waves): boolean {
	return list[0]?.upTo !== 1;
}

/** @param bucket of the unit; undefined = not known @returns the sequence under which the unit has the message; null = it is not shown */
export function sequenceFor(list: Waves, bucket: number | undefined): number | null {
	if (!needsBucket(list)) return list[0]?.sequence ?? null;
	return list.find(({ upTo }) => bucket !== undefined && bucket < upTo)?.sequence ?? null;
}

/** raise: it needs a wave. same: it reaches so many already. */
export type RaiseDecision = "raise" | "same" | "shrinks" | "too_many_waves";

/** May a message reach this fraction from now on? What it reached stays. */
export function decideRaise(list: Waves, fraction: number): RaiseDecision {
	const reached = fractionOf(list);
	if (fraction === reached) return "same";
	if (fraction < reached) return "shrinks";
	return list.length >= MAX_WAVES && fraction < 1 ? "too_many_waves" : "raise";
}
