// When a step's evidence says good, bad, or not enough: at the boundaries, by the numbers that are published for Wald's test.
import { describe, expect, it } from "vitest";
import { NO_CONTROL, NO_STEP_EVIDENCE, type StepEvidence } from "../../../src/rollout/evidence.ts";
import type { Gate } from "../../../src/rollout/gate.ts";
import { isWorse, judge, powerOf, suspect } from "../../../src/rollout/gate.ts";

const of = (evidence: Partial<StepEvidence>): StepEvidence => ({ ...NO_STEP_EVIDENCE, ...evidence });
const count: Gate = { kind: "count", maxFailures: 1, minHealthy: 5 };
const sequential = (p1: number, beta = 0.001): Gate => ({ kind: "sequential", p0: 0.005, p1, alpha: 0.001, beta });

describe("a gate that counts", () => {
	it.each([
		[{ healthy: 4 }, "insufficient"],
		[{ healthy: 5 }, "pass"],
		[{ healthy: 5, failed: 1 }, "pass"],
		[{ healthy: 4, failed: 1 }, "insufficient"],
		[{ healthy: 5, failed: 2 }, "abort"],
		[{ healthy: 100, failed: 1, silent: 1 }, "abort"],
		[{ silent: 2 }, "abort"],
		[{ healthy: 5, excused: 90 }, "pass"],
	] as const)("takes %j for: %s", (evidence, verdict) => {
		expect(judge(count, of(evidence), NO_CONTROL, 0)).toBe(verdict);
	});

	it("does not count failures that persons took note of, and counts each further one", () => {
		expect(judge(count, of({ healthy: 5, failed: 3 }), NO_CONTROL, 3)).toBe("pass");
		expect(judge(count, of({ healthy: 5, failed: 4 }), NO_CONTROL, 3)).toBe("pass");
		expect(judge(count, of({ healthy: 5, failed: 5 }), NO_CONTROL, 3)).toBe("abort");
	});
});

describe("a sequential gate", () => {
	it.each([
		[0.03, 0.01, 181, 4],
		[0.1, 0.01, 46, 3],
		[0.3, 0.05, 9, 2],
	])(
		"for failures of %d (beta %d) needs %d healthy to pass and %d failures in a row to stop",
		(p1, beta, healthy, failures) => {
			const gate = sequential(p1, beta);
			expect(powerOf(gate)).toEqual({ notices: p1, healthyToPass: healthy, failuresToAbort: failures });
			expect(judge(gate, of({ healthy: healthy - 1 }), NO_CONTROL, 0)).toBe("insufficient");
			expect(judge(gate, of({ healthy }), NO_CONTROL, 0)).toBe("pass");
			expect(judge(gate, of({ failed: failures - 1 }), NO_CONTROL, 0)).toBe("insufficient");
			expect(judge(gate, of({ silent: failures }), NO_CONTROL, 0)).toBe("abort");
		},
	);

	it("does not blame a release for what fails without it in the same hours", () => {
		const evidence = of({ healthy: 90, failed: 8 });
		expect(judge(sequential(0.03), evidence, NO_CONTROL, 0)).toBe("abort");
		expect(judge(sequential(0.03), evidence, { healthy: 92, failed: 8 }, 0)).not.toBe("abort");
	});

	it("does not take a few units for a control", () => {
		expect(judge(sequential(0.03), of({ healthy: 90, failed: 8 }), { healthy: 0, failed: 4 }, 0)).toBe("abort");
	});

	it("lets nothing pass where all of the control fails", () => {
		expect(judge(sequential(0.03), of({ healthy: 10 }), { healthy: 0, failed: 60 }, 0)).not.toBe("abort");
	});
});

describe("a unit that is overdue", () => {
	it("counts as failed where the question is whether to go on, and not where it is whether to stop", () => {
		const evidence = of({ healthy: 5, overdue: 2 });
		expect(judge(count, evidence, NO_CONTROL, 0)).toBe("pass");
		expect(suspect(count, evidence, NO_CONTROL, 0)).toBe("abort");
	});
});

describe("verdicts", () => {
	it("go from good to bad", () => {
		expect(isWorse("abort", "insufficient")).toBe(true);
		expect(isWorse("insufficient", "pass")).toBe(true);
		expect(isWorse("pass", "pass")).toBe(false);
		expect(isWorse("pass", "abort")).toBe(false);
	});
});
