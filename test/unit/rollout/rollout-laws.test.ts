// What holds for every rollout, whatever units, persons and the clock do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideRollout } from "../../../src/rollout/decide-rollout.ts";
import { controlEvidence, failuresOf, stepEvidence } from "../../../src/rollout/evidence.ts";
import { judge } from "../../../src/rollout/gate.ts";
import { isFraction } from "../../../src/rollout/plan.ts";
import { exposureOf, fractionOf } from "../../../src/rollout/rollout.ts";
import { verifyLog } from "../../../src/rollout/rollout-log.ts";
import { histories, live, type Moment, PUBLISHER } from "../../support/rollouts/rollout-worlds.ts";

const holds = (law: (moments: readonly Moment[]) => void) =>
	fc.assert(fc.asyncProperty(histories, async ({ plan, events }) => law((await live(plan, events)).moments)));

describe("a rollout", () => {
	it("never takes back what it let in", async () => {
		await holds((moments) => {
			let most = 0;
			for (const { after, now } of moments) {
				const fraction = fractionOf(after, now);
				expect(fraction).toBeGreaterThanOrEqual(most);
				most = fraction;
			}
		});
	});

	it("gives a step no more units than it is for", async () => {
		await holds((moments) => {
			for (const { after, evidence } of moments) {
				for (const [index, { cohort }] of after.plan.steps.entries()) {
					const { permits, excused } = stepEvidence(evidence, index);
					if (!isFraction(cohort)) expect(permits - excused).toBeLessThanOrEqual(cohort.units);
				}
			}
		});
	});

	it("gives no permit while it waits, is frozen, is halted or has ended", async () => {
		await holds((moments) => {
			for (const { before, permits } of moments) {
				if (["waiting", "frozen", "halted", "ended"].includes(before.phase)) expect(permits).toBe(0);
			}
		});
	});

	it("begins no step without its own time and words, whatever stopped it and let it go on", async () => {
		await fc.assert(
			fc.asyncProperty(histories, async ({ plan, events }) => {
				const { log } = await live(plan, events);
				const approved = new Set<number>();
				for (const turn of log.flatMap(({ turns }) => turns)) {
					if (turn.why === "approved") {
						expect(turn.by.length).toBeGreaterThanOrEqual(plan.steps[turn.step]?.approvals.count ?? 99);
						approved.add(turn.step);
					}
					if (["running", "baking", "frozen"].includes(turn.to)) expect(approved).toContain(turn.step);
				}
			}),
		);
	});

	it("goes nowhere in a freeze: it lets nobody in, passes nothing and begins nothing", async () => {
		await holds((moments) => {
			for (const { before, after, isFrozen, now } of moments) {
				if (!isFrozen) continue;
				expect(["running", "baking"]).not.toContain(after.phase);
				if (before.phase !== "frozen") continue;
				expect(["frozen", "halted", "ended"]).toContain(after.phase);
				expect(after.passed).toEqual(before.passed);
				expect(fractionOf(after, now)).toBe(before.reached);
			}
		});
	});

	it("has passed each step before the one that it is at, by its gate or by the word of two persons", async () => {
		await holds((moments) => {
			for (const { after } of moments) {
				const { plan, passed, phase, step } = after;
				expect(passed.map((one) => one.step)).toEqual(plan.steps.slice(0, passed.length).map(({ name }) => name));
				const through = { done: [plan.steps.length], ended: [step, plan.steps.length] }[phase as string] ?? [step];
				expect(through).toContain(passed.length);
				for (const { overriddenBy } of passed) expect([0, 2, 3]).toContain(overriddenBy.length);
			}
		});
	});

	it("passes a step only when its gate says so, where nobody overrode it", async () => {
		await holds((moments) => {
			for (const { before, after, evidence } of moments) {
				for (const [index, { overriddenBy }] of after.passed.entries()) {
					if (index < before.passed.length || overriddenBy.length > 0) continue;
					const { gate } = after.plan.steps[index] as (typeof after.plan.steps)[number];
					const noted = after.acknowledged[index] ?? 0;
					expect(judge(gate, stepEvidence(evidence, index), controlEvidence(evidence, index), noted)).toBe("pass");
				}
			}
		});
	});

	it("is halted by a failure of its two volunteers in the same moment, whatever it waits for", async () => {
		await holds((moments) => {
			for (const { after, evidence } of moments) {
				const failures = failuresOf(stepEvidence(evidence, 0)) - (after.acknowledged[0] ?? 0);
				if (failures > 0) expect(["halted", "ended", "done"]).toContain(after.phase);
			}
		});
	});

	it("never begins by the publisher's word alone", async () => {
		await holds((moments) => {
			const others = moments.some(({ event }) => event.kind === "word" && event.by !== PUBLISHER);
			if (!others)
				expect(moments.every(({ after }) => ["waiting", "halted", "ended"].includes(after.phase))).toBe(true);
		});
	});

	it("stays done, or ended, but for its end", async () => {
		await holds((moments) => {
			for (const { before, after } of moments) {
				if (before.phase === "ended") expect(after.phase).toBe("ended");
				if (before.phase === "done") expect(["done", "ended"]).toContain(after.phase);
			}
		});
	});

	it("is where it is when it is asked again", async () => {
		await holds((moments) => {
			for (const { after, evidence, isFrozen, now } of moments) {
				const frozen = isFrozen ? now + 1 : null;
				expect(decideRollout(after, evidence, [], now, frozen).turns.filter(({ to }) => to === "running")).toEqual([]);
			}
		});
	});

	it("lets in everybody once it is done, and less before", async () => {
		await holds((moments) => {
			for (const { after, evidence, now } of moments) {
				const { fraction, permits } = exposureOf(after, evidence, now);
				if (after.phase === "done") expect({ fraction, permits }).toEqual({ fraction: 1, permits: null });
				else if (after.step < after.plan.steps.length - 1) expect(fraction).toBeLessThan(1);
			}
		});
	});
});

describe("its log", () => {
	it("leads whoever replays it to the same state", async () => {
		await fc.assert(
			fc.asyncProperty(histories, async ({ plan, events }) => {
				const { moments, log } = await live(plan, events);
				const verified = await verifyLog(JSON.parse(JSON.stringify(log)));
				const last = moments.at(-1);
				expect(verified).toMatchObject({ ok: true });
				if (verified.ok && last !== undefined) expect(verified.rollout).toEqual(last.after);
			}),
		);
	});
});
