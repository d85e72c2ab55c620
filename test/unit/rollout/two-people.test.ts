// Two people: how many persons beside the uploader a release needs, and that the uploader's word moves nothing.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Approval, ApprovalKind } from "../../../src/rollout/approvals.ts";
import { approversOf, missingApprovals } from "../../../src/rollout/approvals.ts";
import { IMMEDIATE, RAPID, STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { decideRollout } from "../../../src/rollout/decide-rollout.ts";
import type { Plan, PlanStep } from "../../../src/rollout/plan.ts";
import { createRollout, type Rollout } from "../../../src/rollout/rollout.ts";
import { otherApproversOf } from "../../../src/rollout/two-people.ts";

const NOW = 1_000_000;
const NONE = { steps: [], controls: [] };
const UPLOADER = "ci";
const [everybody] = IMMEDIATE.steps as [PlanStep];
const watched = (bake: number, ramp: number): Plan => ({
	...IMMEDIATE,
	name: "own",
	steps: [{ ...everybody, bake, cohort: { fraction: 1, ramp } }],
});
const waiting = (plan: Plan, otherApprovers: number): Rollout =>
	createRollout({ plan, salt: "s", publisher: UPLOADER, otherApprovers, team: null, startsAt: 0, now: NOW });
const word = (by: string, kind: ApprovalKind = "approve"): Approval => ({
	...{ kind, step: 0, by, team: null, at: NOW },
	seen: { hash: "", failures: 0, verdict: "insufficient" },
});
const begins = (rollout: Rollout, ...by: string[]) =>
	decideRollout(
		rollout,
		NONE,
		by.map((one) => word(one)),
		NOW,
	).turns.length > 0;

describe("how many persons a release needs beside its uploader", () => {
	it.each([
		["the standard plan", STANDARD, "routine", 1],
		["the standard plan", STANDARD, "important", 1],
		["an emergency by the standard plan", STANDARD, "emergency", 2],
		["the rapid plan", RAPID, "routine", 2],
		["the plan without a gate", IMMEDIATE, "routine", 2],
		["an own plan of a second less than a day", watched(86_399, 0), "routine", 2],
		["an own plan of a day", watched(86_400, 0), "routine", 1],
		["an own plan of a day, by its ramp", watched(40_000, 46_400), "routine", 1],
	] as const)("%s: %#", (_, plan, urgency, persons) => {
		expect(otherApproversOf(plan, urgency)).toBe(persons);
	});
});

describe("a release that needs persons beside its uploader", () => {
	it("waits for two, although its plan asks nobody", () => {
		const rollout = waiting(IMMEDIATE, 2);
		expect(begins(rollout)).toBe(false);
		expect(begins(rollout, "olivia")).toBe(false);
		expect(begins(rollout, "olivia", "OLIVIA ")).toBe(false);
		expect(begins(rollout, "olivia", UPLOADER)).toBe(false);
		expect(begins(rollout, "olivia", "pat")).toBe(true);
	});

	it("asks for as many as its plan, where those are more", () => {
		const [step] = watched(0, 0).steps as [PlanStep];
		const three = { ...IMMEDIATE, name: "own", steps: [{ ...step, approvals: { team: null, count: 3 } }] };
		expect(begins(waiting(three, 2), "olivia", "pat")).toBe(false);
		expect(begins(waiting(three, 2), "olivia", "pat", "kim")).toBe(true);
	});

	it("asks in later steps for as many as its plan", () => {
		const rollout = { ...waiting(STANDARD, 2), step: 1 };
		expect(missingApprovals(rollout, "approve", ["olivia"])).toMatchObject({ persons: 0 });
		expect(missingApprovals(rollout, "approve", [])).toMatchObject({ persons: 1, notOnlyPublisher: true });
	});

	it("is never moved by a word of its uploader, of whatever kind and however they write their name", () => {
		const names = fc.constantFrom(UPLOADER, "CI", "ci ", "Ci");
		const kinds = fc.constantFrom<ApprovalKind>("approve", "override", "resume");
		const others = fc.array(fc.constantFrom("olivia", "pat", "kim"), { maxLength: 3 });
		fc.assert(
			fc.property(names, kinds, others, fc.constantFrom(1, 2), (name, kind, persons, least) => {
				const rollout = waiting(RAPID, least);
				const words = persons.map((one) => word(one, kind));
				const own = word(name, kind);
				const counted = (given: readonly Approval[]) => approversOf(rollout, kind, given, NONE, "insufficient");
				expect(counted([own, ...words])).toEqual(counted(words));
				expect(decideRollout(rollout, NONE, [...words, own], NOW).rollout).toEqual(
					decideRollout(rollout, NONE, words, NOW).rollout,
				);
			}),
		);
	});
});
