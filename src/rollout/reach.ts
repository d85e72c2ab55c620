// What the edges know of a release on its way: whom to offer it now, and from when on. It says how far the rollout reaches as a
// function of time, so that the record changes with its phases and not with each per cent. Offers are made generously and permits
// are counted exactly: how many units have a place is for the Product object to say.
import { z } from "zod";
import { audience } from "../content/audience.ts";
import { topOf } from "./control.ts";
import { isFraction, type PlanStep, ring } from "./plan.ts";
import { isWatching, type Rollout, rampEndsAt, stepOf } from "./rollout.ts";

const fraction = z.number().min(0).max(1);

export const reach = z.object({
	/** the release's own, see bucket.ts */
	salt: z.string(),
	/** name of the step, for explanations */
	step: z.string(),
	/** false: no unit is let in that is not in already */
	open: z.boolean(),
	/** why it is not open, or for good; null = it is open */
	closed: z.enum(["waiting", "baking", "frozen", "halted", "ended"]).nullable(),
	/** devices with the label `ring` of this value alone; null = all */
	ring: ring.nullable(),
	/** null = everybody */
	audience: audience.nullable(),
	/** whom the steps before were for, where this one is for a ring or an audience: they have their leases; left out = for the same */
	earlier: z.array(z.object({ ring: ring.nullable(), audience: audience.nullable() })).optional(),
	/** the fraction at `since`, from which on it grows for `seconds` up to `to` */
	from: fraction,
	to: fraction,
	since: z.int().nonnegative(),
	seconds: z.int().nonnegative(),
	/** line: so much more each second. doubling: as many again in each sixteenth of the time */
	growth: z.enum(["line", "doubling"]),
	/** each unit at night alone, by the clock where it stands; left out = at any time */
	night: z.literal(true).optional(),
	/** units beyond `HOLDBACK` (control.ts) are watched meanwhile, as its control; left out = none are */
	control: z.literal(true).optional(),
});
export type Reach = z.infer<typeof reach>;

/** A step for a number of units is offered to more and more units for so much of the time in which it is to become full. */
const SHARE_OF_FILLING = 4;
/** The least fraction that a step for a number of units is offered to: of a million and a half units, twenty. */
const SMALLEST = 2 ** -16;

/** @returns what the edges are to know; null = everybody may have the release, and there is nothing to know */
export function reachOf(rollout: Rollout): Reach | null {
	const { salt, phase, reached, since, plan } = rollout;
	if (phase === "done") return null;
	const present = stepOf(rollout);
	const { name: step, cohort, fillWithin } = present;
	const whom = whomOf(present);
	const isForSome = whom.ring !== null || whom.audience !== null;
	const before = isForSome ? plan.steps.slice(0, rollout.step).map(whomOf) : [];
	const others = before.filter((one) => JSON.stringify(one) !== JSON.stringify(whom));
	const earlier = others.length > 0 ? { earlier: others } : {};
	const night = isFraction(cohort) && cohort.night === true ? ({ night: true } as const) : {};
	const control = isWatching(rollout) ? ({ control: true } as const) : {};
	const common = { salt, step, since, ...whom, ...earlier, ...night, ...control };
	const top = topOf(present);
	if (phase === "running") {
		const open = { ...common, open: true, closed: null };
		if (isFraction(cohort)) {
			return {
				...open,
				from: reached,
				to: Math.max(reached, top),
				seconds: (rampEndsAt(rollout) ?? since) - since,
				growth: "line",
			};
		}
		// The step itself has room for few. Doubling, it is offered to about as many units as have a place, however large the fleet.
		const seconds = Math.floor((fillWithin ?? 0) / SHARE_OF_FILLING);
		const from = seconds === 0 ? top : SMALLEST;
		// After a freeze to no fewer than before it.
		return { ...open, since: since - rollout.before, from, to: top, seconds, growth: "doubling" };
	}
	const stays = { from: reached, to: reached, seconds: 0, growth: "line" } as const;
	if (phase === "baking" && isFraction(cohort)) return { ...common, ...stays, open: true, closed: null };
	return { ...common, ...stays, open: false, closed: phase };
}

function whomOf({ cohort }: PlanStep): Pick<Reach, "ring" | "audience"> {
	return isFraction(cohort)
		? { ring: null, audience: null }
		: { ring: cohort.ring ?? null, audience: cohort.audience ?? null };
}

/**
 * @param bucket of the unit, see bucket.ts
 * @returns unix seconds from which the unit is let in; Infinity = not by time alone
 */
export function reachedAt({ open, from, to, since, seconds, growth }: Reach, bucket: number): number {
	if (!open || bucket >= to) return Number.POSITIVE_INFINITY;
	if (bucket < from) return since;
	const share = growth === "doubling" ? Math.log(bucket / from) / Math.log(to / from) : (bucket - from) / (to - from);
	// The whole second after the moment: then it is let in for certain.
	return since + Math.floor(share * seconds) + 1;
}
