// A rollout in a world that does what it likes: units that take permits where there are some and turn out in any way, persons who say
// anything at any time, a clock that goes on. For the laws of rollouts, whatever happens.
import fc from "fast-check";
import type { Approval } from "../../../src/rollout/approvals.ts";
import { RAPID, STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { decideRollout, type RolloutOrder, verdictOf } from "../../../src/rollout/decide-rollout.ts";
import {
	allFailures,
	type ControlEvidence,
	type Evidence,
	NO_CONTROL,
	NO_STEP_EVIDENCE,
	openLeases,
	type StepEvidence,
} from "../../../src/rollout/evidence.ts";
import type { Plan } from "../../../src/rollout/plan.ts";
import { createRollout, exposureOf, type Rollout } from "../../../src/rollout/rollout.ts";
import { appendLog, type LogEntry, takeOrder } from "../../../src/rollout/rollout-log.ts";

export const TEAM = "content";
export const PUBLISHER = "publisher";
export const START = 1_800_000_000;

export type Event =
	| { readonly kind: "permits"; readonly wanted: number }
	| { readonly kind: "outcome"; readonly outcome: Outcome; readonly units: number; readonly away: number }
	| {
			readonly kind: "word";
			readonly what: Approval["kind"];
			readonly by: string;
			readonly team: string;
			readonly away: number;
	  }
	| { readonly kind: "order"; readonly order: RolloutOrder }
	/** seconds from now on; 0 = what there is ends */
	| { readonly kind: "freeze"; readonly seconds: number }
	/** of units that are held back */
	| { readonly kind: "control"; readonly healthy: number; readonly failed: number }
	| { readonly kind: "wait"; readonly seconds: number };
type Outcome = "healthy" | "failed" | "silent" | "excused";

/** Mostly of the step that the rollout is at, sometimes of another. */
const away = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, -1, 1);
const outcomeOf = (outcome: fc.Arbitrary<Outcome>, max: number) =>
	fc.record({ kind: fc.constant("outcome" as const), outcome, units: fc.integer({ min: 1, max }), away });
const orderOf = (kind: "halt" | "end") =>
	fc.constant({ kind: "order" as const, order: { kind, reason: "somebody said so" } });

const event: fc.Arbitrary<Event> = fc.oneof(
	{
		weight: 80,
		arbitrary: fc.record({ kind: fc.constant("permits" as const), wanted: fc.integer({ min: 1, max: 300 }) }),
	},
	{ weight: 100, arbitrary: outcomeOf(fc.constant("healthy"), 300) },
	{ weight: 5, arbitrary: outcomeOf(fc.constantFrom("failed", "silent", "excused"), 2) },
	{
		weight: 100,
		arbitrary: fc.record({
			kind: fc.constant("word" as const),
			what: fc.constantFrom("approve", "approve", "override", "resume"),
			by: fc.constantFrom("one", "two", PUBLISHER),
			team: fc.constantFrom(TEAM, TEAM, TEAM, TEAM, TEAM, "others"),
			away,
		}),
	},
	{
		weight: 10,
		arbitrary: fc.record({
			kind: fc.constant("control" as const),
			healthy: fc.integer({ min: 0, max: 100 }),
			failed: fc.integer({ min: 0, max: 100 }),
		}),
	},
	{ weight: 2, arbitrary: orderOf("halt") },
	{ weight: 1, arbitrary: orderOf("end") },
	{
		weight: 10,
		arbitrary: fc.record({ kind: fc.constant("freeze" as const), seconds: fc.constantFrom(0, 0, 500, 5_000, 300_000) }),
	},
	{
		weight: 60,
		arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 0, max: 200_000 }) }),
	},
);

/** Steps that are quickly through, so that histories reach the end, too. */
const BRISK: Plan = {
	name: "brisk",
	overrides: 2,
	steps: [{ units: 1 }, { units: 3 }, { fraction: 0.5, ramp: 1_000 }, { fraction: 1 }].map((cohort, index) => ({
		...{ name: `step-${index}`, cohort, bake: 600, fillWithin: 600, expect: 60, lease: 600 },
		gate: { kind: "count", maxFailures: index, minHealthy: 1 },
		approvals: { team: null, count: index < 2 ? 1 : 0 },
	})),
};

export const histories = fc.record({
	plan: fc.constantFrom(STANDARD, RAPID, BRISK, BRISK),
	events: fc.array(event, { minLength: 1, maxLength: 200, size: "max" }),
});

/** What the world looks like before and after one event. */
export interface Moment {
	readonly event: Event;
	readonly now: number;
	readonly before: Rollout;
	readonly after: Rollout;
	readonly evidence: Evidence;
	readonly isFrozen: boolean;
	/** given in this event */
	readonly permits: number;
}

/** @returns each moment, and the log as the service would keep it */
export async function live(plan: Plan, events: readonly Event[]): Promise<{ moments: Moment[]; log: LogEntry[] }> {
	let now = START;
	let frozenUntil = START;
	let rollout = createRollout({ plan, salt: "s", publisher: PUBLISHER, team: TEAM, startsAt: START, now });
	let steps: StepEvidence[] = [];
	let controls: ControlEvidence[] = [];
	const approvals: Approval[] = [];
	const moments: Moment[] = [];
	const log = [await appendLog(null, { at: now, input: { kind: "start", rollout }, turns: [] })];
	const noteIn = async (input: LogEntry["input"], turns: LogEntry["turns"]) => {
		if (turns.length > 0) log.push(await appendLog(log.at(-1) ?? null, { at: now, input, turns }));
	};
	for (const event of events) {
		const before = rollout;
		let permits = 0;
		if (event.kind === "wait") now += event.seconds;
		if (event.kind === "freeze") frozenUntil = now + event.seconds;
		if (event.kind === "permits") {
			const places = exposureOf(rollout, { steps, controls }, now).permits ?? event.wanted;
			permits = Math.min(places, event.wanted);
			while (permits > 0 && steps.length <= rollout.step) steps = [...steps, NO_STEP_EVIDENCE];
			steps = changed(steps, rollout.step, (step) => ({ ...step, permits: step.permits + permits, models: 3 }));
		}
		if (event.kind === "outcome") {
			const { outcome, units } = event;
			steps = changed(steps, rollout.step + event.away, (step) => ({
				...step,
				[outcome]: step[outcome] + Math.min(units, openLeases(step)),
			}));
		}
		if (event.kind === "control") {
			while (controls.length <= rollout.step) controls = [...controls, NO_CONTROL];
			const { healthy, failed } = event;
			controls = controls.map((one, index) =>
				index === rollout.step ? { healthy: one.healthy + healthy, failed: one.failed + failed } : one,
			);
		}
		const evidence: Evidence = { steps, controls };
		if (event.kind === "word") {
			const seen = { hash: "", failures: allFailures(evidence), verdict: verdictOf(rollout, evidence) };
			approvals.push({
				kind: event.what,
				step: rollout.step + event.away,
				by: event.by,
				team: event.team,
				at: now,
				seen,
			});
		}
		if (event.kind === "order") {
			const input = { kind: "order", order: event.order, by: "anyone" } as const;
			const outcome = takeOrder(rollout, input, now);
			rollout = outcome.rollout;
			await noteIn(input, outcome.turns);
		}
		const isFrozen = now < frozenUntil;
		const decision = decideRollout(rollout, evidence, approvals, now, isFrozen ? frozenUntil : null);
		rollout = decision.rollout;
		const frozen = isFrozen ? { frozen: frozenUntil } : {};
		await noteIn({ kind: "decision", evidence, approvals: [...approvals], ...frozen }, decision.turns);
		moments.push({ event, now, before, after: rollout, evidence, isFrozen, permits });
	}
	return { moments, log };
}

function changed(steps: StepEvidence[], at: number, change: (step: StepEvidence) => StepEvidence): StepEvidence[] {
	return steps.map((step, index) => (index === at ? change(step) : step));
}
