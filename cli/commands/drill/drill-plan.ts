// The plan of a drill: two firewalls first, then everybody, as any plan is judged. It needs no word, so that what is measured is the
// machinery and not a person, and its leases are as short as leases can be.
import type { Plan } from "../../../src/rollout/plan.ts";

export const FIRST_UNITS = 2;
const LEASE_SECONDS = 60;
const common = { fillWithin: null, expect: LEASE_SECONDS, lease: LEASE_SECONDS, approvals: { team: null, count: 0 } };

export const DRILL_PLAN: Plan = {
	name: "drill",
	overrides: 1,
	steps: [
		{
			...{ ...common, name: "two", cohort: { units: FIRST_UNITS }, bake: 3_600 },
			gate: { kind: "count", maxFailures: 0, minHealthy: FIRST_UNITS },
		},
		{
			...{ ...common, name: "everybody", cohort: { fraction: 1 }, bake: 0 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
		},
	],
};
