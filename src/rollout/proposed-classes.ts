// Which classes do the changes of a release call for? A proposal to whoever publishes it, as the plan is (proposed-plan.ts). Pure.
import type { ReleaseClass } from "../content/releases/release-facts.ts";
import type { ChangeCounts } from "./proposed-plan.ts";

/** @returns `threat` always, since that is what rules are for; `behaviour` too where traffic may be stopped that passed, or it is not known */
export function proposeClasses({
	before,
	newlyBlocking,
	unsaid,
}: Pick<ChangeCounts, "before" | "newlyBlocking" | "unsaid">): ReleaseClass[] {
	return before === null || newlyBlocking > 0 || unsaid > 0 ? ["threat", "behaviour"] : ["threat"];
}
