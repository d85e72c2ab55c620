// Where a product asks for more words of persons by what kind of change a release is: so many its first step needs, whatever its plan says.
import { z } from "zod";
import { mostOf, type ReleaseClass } from "../content/releases/release-facts.ts";

const persons = z.int().min(0).max(10);
export const classApprovals = z.strictObject({
	threat: persons.optional(),
	behaviour: persons.optional(),
});
/** Persons by class; not given = as many as the plan says. */
export type ClassApprovals = z.infer<typeof classApprovals>;

/** @param classes of a release; undefined = its publisher does not say, and it may be any @returns persons that its first step needs at least */
export function leastApproversOf(asked: ClassApprovals | null, classes: readonly ReleaseClass[] | undefined): number {
	return asked === null ? 0 : mostOf(asked, classes);
}
