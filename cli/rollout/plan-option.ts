// The plan of a rollout as people give it: the name of a built-in one, or a file with a plan of their own.
import { readFile } from "node:fs/promises";
import { builtInPlanName, type PlanChoice, planChoice } from "../../src/rollout/built-in-plans.ts";
import { plan } from "../../src/rollout/plan.ts";
import { systemFault, UsageError } from "../errors.ts";
import { faultsOf, readJsonText, saidOf } from "../files/file-faults.ts";

const [, ownPlan] = planChoice.options;

export const PLAN_HELP =
	"standard (about four days), rapid (hours), immediate (everybody at once, without a gate), or a JSON file with a plan";

/** @throws UsageError where it is neither a plan's name nor a file that holds a plan */
export async function readPlan(given: string): Promise<PlanChoice> {
	const name = builtInPlanName.safeParse(given);
	if (name.success) return name.data;
	const text = await readFile(given, "utf8").catch((error: unknown) => {
		const names = builtInPlanName.options.join(", ");
		throw new UsageError(
			`${given} is neither a plan (${names}) nor a file: ${systemFault(error)}`,
			"check the name or the path",
		);
	});
	const fix = "`parapet rollout plan standard` prints one to begin with";
	const content = readJsonText(text);
	if ("fault" in content) throw new UsageError(`${given} is no plan: it is not JSON: ${content.fault}`, fix);
	const read = ownPlan.safeParse(content.value);
	if (read.success) return read.data;
	const faults = faultsOf(saidOf(read.error.issues), content.value, plan);
	throw new UsageError(`${given} is no plan`, fix, faults);
}
