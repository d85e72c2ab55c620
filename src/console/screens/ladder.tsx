// The ladder of a rollout: the steps of its plan, where it stands on them, and what each is for.
import { percent, Table } from "../layout.tsx";
import { duration } from "./fleet/adoption.tsx";
import type { Rollout } from "./rollout-words.ts";

type Step = Rollout["steps"][number];
type Place = "passed" | "now" | "ahead";

function placeOf({ steps, step, phase }: Rollout, index: number): Place {
	const now = steps.findIndex(({ name }) => name === step);
	if (index < now || phase === "done") return "passed";
	return index === now ? "now" : "ahead";
}

/** Each step by its name and whether it is passed; what a step is for stands on the rollout's own page. */
export function Ladder({ of }: { of: Rollout }) {
	return (
		<ol class="ladder">
			{of.steps.map(({ name }, index) => {
				const place = placeOf(of, index);
				return (
					<li class={place} aria-current={place === "now" ? "step" : undefined}>
						{name}
						{place === "passed" && " ✓"}
					</li>
				);
			})}
		</ol>
	);
}

export function PlanOf({ rollout }: { rollout: Rollout }) {
	return (
		<>
			<h2>{`Plan ${rollout.plan}`}</h2>
			<Table
				label="Plan"
				head={["Step", "For", "Begins with", "Watched for", "A permit counts as failed after", "Halts"]}
				empty="It has no step."
				rows={rollout.steps.map(({ name, planned }) => [
					name,
					describeCohort(planned.cohort),
					describeApprovals(planned.approvals, rollout.team),
					duration(planned.bake),
					duration(planned.lease),
					describeGate(planned.gate),
				])}
			/>
		</>
	);
}

function describeCohort(cohort: Step["planned"]["cohort"]): string {
	if ("fraction" in cohort) {
		const ramp = cohort.ramp ? ` over ${duration(cohort.ramp)}` : "";
		return `${cohort.fraction === 1 ? "everybody" : percent(cohort.fraction)}${ramp}${cohort.night ? ", at night" : ""}`;
	}
	const { units, ring, perAccount, models, audience } = cohort;
	const parts = [
		`${units} ${units === 1 ? "unit" : "units"}${ring === undefined ? "" : ` of ring ${ring}`}`,
		...(perAccount === undefined ? [] : [`${perAccount} of an account at most`]),
		...(models === undefined ? [] : [`of ${models} models`]),
		...(audience === undefined ? [] : ["of an audience"]),
	];
	return parts.join(", ");
}

function describeApprovals({ team, count }: Step["planned"]["approvals"], owner: string | null): string {
	if (count === 0) return "nobody's word";
	const whose = team ?? owner;
	return `${count} ${count === 1 ? "person" : "persons"}${whose === null ? "" : ` of team ${whose}`}`;
}

function describeGate(gate: Step["planned"]["gate"]): string {
	if (gate.kind === "sequential") return `at ${percent(gate.p1)} failing, where ${percent(gate.p0)} is usual`;
	const { maxFailures, minHealthy } = gate;
	return `at ${maxFailures + 1} ${maxFailures === 0 ? "failure" : "failures"}; passes with ${minHealthy} healthy`;
}
