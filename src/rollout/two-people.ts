// Two people: where a product asks for it, who uploaded a release gives no word on it at all, and what leaves no time to look takes
// two others. Without it a plan may ask nobody (`immediate`), and an uploader's word is one of those that a step needs. Pure.
import type { Urgency } from "../content/releases/product-record.ts";
import { isFraction, type Plan } from "./plan.ts";

/** Below it a night may lie between the first firewall and the last, in which nobody looks. */
const UNHURRIED_SECONDS = 86_400;

/**
 * @returns persons, none of them the uploader, whose word the first step needs whatever the plan says: two for an emergency, and for a plan that
 * can be through within a day, whatever it is called
 */
export function otherApproversOf(plan: Plan, urgency: Urgency): 1 | 2 {
	return urgency === "emergency" || leastSeconds(plan) < UNHURRIED_SECONDS ? 2 : 1;
}

/** @returns seconds that the plan takes at least, where units take their permits at once and all are well */
function leastSeconds({ steps }: Plan): number {
	return steps.reduce((sum, { cohort, bake }) => sum + bake + ((isFraction(cohort) ? cohort.ramp : undefined) ?? 0), 0);
}
