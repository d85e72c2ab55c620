// The plan of a rollout as people give it: the name of a built-in one, or a file with a plan of their own.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { builtInPlanName, type PlanChoice } from "../../src/rollout/built-in-plans.ts";
import { plan } from "../../src/rollout/plan.ts";
import { systemFault, UsageError } from "../errors.ts";
import { parseJson } from "../json.ts";

export const PLAN_HELP =
	"standard (about four days), rapid (hours), immediate (everybody at once, without a gate), or a JSON file with a plan";

/** @throws UsageError where it is neither a plan's name nor a file that holds a plan */
export async function readPlan(given: string): Promise<PlanChoice> {
	const name = builtInPlanName.safeParse(given);
	if (name.success) return name.data;
	const text = await readFile(given, "utf8").catch((error: unknown) => {
		const names = builtInPlanName.options.join(", ");
		throw new UsageError(`${given} is neither a plan (${names}) nor a file: ${systemFault(error)}`);
	});
	const fix = "`parapet rollout plan standard` prints one to begin with";
	const value = parseJson(text);
	if (value === undefined) throw new UsageError(`${given} is no plan: it is not JSON`, fix);
	const read = plan.safeParse(value);
	if (read.success) return read.data;
	throw new UsageError(`${given} is no plan: ${z.prettifyError(read.error)}`, fix);
}
