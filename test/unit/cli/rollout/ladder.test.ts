// The ladder that `parapet rollout status` draws: what people read in each phase, from the rules over the wire to the lines.
import { describe, expect, it } from "vitest";
import { drawRollout, rolloutAnswer, validationLines } from "../../../../cli/rollout/ladder.ts";
import { formatPercent } from "../../../../cli/terminal/output.ts";
import { STANDARD } from "../../../../src/rollout/built-in-plans.ts";
import {
	type ControlEvidence,
	NO_CONTROL,
	NO_EVIDENCE,
	NO_STEP_EVIDENCE,
	type StepEvidence,
} from "../../../../src/rollout/evidence.ts";
import { createRollout, type Rollout } from "../../../../src/rollout/rollout.ts";
import { statusOf } from "../../../../src/rollout/rollout-status.ts";
import { describeRollout } from "../../../../src/routes/publisher/rollout-body.ts";

const HOUR = 3_600;
const NOW = Date.parse("2026-11-20T12:00:00Z") / 1_000;
const BEGUN = "2026-11-20T11:00:00Z";
const START = createRollout({
	...{ plan: STANDARD, salt: "salt", publisher: "ci", team: "detection", startsAt: 0, now: NOW - HOUR },
});
const FIRST_PASSED = [{ step: "volunteers", at: NOW - 2 * HOUR, overriddenBy: [] }];
const [TWO_WELL, ONE_BAD] = [
	{ permits: 2, healthy: 2 },
	{ permits: 2, healthy: 1, failed: 1 },
];

/** @param seen by step @returns its lines, with one space where the table has several */
function draw(
	changes: Partial<Rollout>,
	seen: readonly Partial<StepEvidence>[] = [],
	controls: readonly ControlEvidence[] = [],
): readonly string[] {
	const rollout = { ...START, ...changes };
	const evidence = { ...NO_EVIDENCE, controls, steps: seen.map((step) => ({ ...NO_STEP_EVIDENCE, ...step })) };
	const step = rollout.plan.steps[rollout.step]?.name ?? "";
	const status = statusOf(rollout, evidence, [], NOW);
	const view = {
		version: "4.28.0",
		sha256: "a".repeat(64),
		rollout,
		step,
		status,
		evidence,
		approvals: [],
		failures: [],
		evidenceHash: "hash",
		regression: null,
	};
	const wire = JSON.stringify(describeRollout("crs", view, NOW, READER));
	return drawRollout(rolloutAnswer.parse(JSON.parse(wire))).map((line) => line.replaceAll(/ +/g, " "));
}

const WIRE = {
	...{ product: "crs", version: "4.28.0", channel: "stable", plan: "standard", phase: "halted", step: "volunteers" },
	...{ since: "then", reason: null, publisher: "ci", fraction: 0, permits_left: 0, verdict: "abort" },
	...{ suspicion: "abort", notices: null, healthy_to_pass: 1, failures_to_abort: 1, waits_for: [], evidence: "hash" },
	...{ words: [], steps: [] },
};
const READER = { key: "key", subject: "olivia", scopes: ["read"], team: null, expiresAt: null } as const;

it("names the device that failed where the key may read of it, and only then", () => {
	const failure = { step: "volunteers", model: "FW-100", outcome: "failed", why: "cpu 12 -> 47", rules: [] };
	const wire = {
		...WIRE,
		failures: [
			{ ...failure, device: "dev-1-2" },
			{ ...failure, device: null },
		],
	};
	expect(drawRollout(rolloutAnswer.parse(wire)).slice(-2)).toEqual([
		"failed in volunteers, dev-1-2, model FW-100: cpu 12 -> 47",
		"failed in volunteers, model FW-100: cpu 12 -> 47",
	]);
});

it("says first that a release fails although everybody may have it, and what to do", () => {
	const told = { at: "2026-11-01T12:00:00Z", running: 1_900, failed: 100, limit: 0.02 };
	const wire = { ...WIRE, phase: "done", regression: { ...told, earlier_running: 4_990, earlier_failed: 10 } };
	expect(drawRollout(rolloutAnswer.parse(wire)).slice(1, 3)).toEqual([
		"fails more often than the releases before it, since everybody may have it: 100 of 2,000 devices failed or went back, 10 of 5,000 devices before; told at 2026-11-01T12:00:00Z",
		"next: look at `parapet fleet problems --product crs`; `parapet rollout revert crs 4.28.0 --reason TEXT` takes it back",
	]);
});

const HEADER = " STEP PERMITS HEALTHY FAILED SILENT OVERDUE VERDICT PASSED";
const notBegun = (...names: string[]) => names.map((name) => `· ${name} 0 0 0 0 0 -`);
const COUNTS = "The step passes with 1 healthy and no failure, and halts at 1 failure.";

describe("the ladder", () => {
	it("of a release that waits says for when and for whom", () => {
		expect(draw({ startsAt: NOW + HOUR })).toEqual([
			`crs 4.28.0 by plan standard: waiting volunteers since ${BEGUN}`,
			HEADER,
			"▶ volunteers 0 0 0 0 0 -",
			...notBegun("ten", "dozens", "ramp", "everybody"),
			COUNTS,
			"waits until 2026-11-20T13:00:00Z",
			"waits for 1 person of team detection, not only the one who uploaded it, to approve the step (parapet rollout approve)",
		]);
	});

	it("of a step that fills says how many units are missing, and until when it waits for them", () => {
		const lines = draw({ phase: "running" }, [{ permits: 1, models: 1 }]);
		expect(lines[2]).toBe("▶ volunteers 1 0 0 0 0 insufficient");
		expect(lines.slice(-2)).toEqual([
			COUNTS,
			"waits for 1 more unit of ring volunteer (firewalls with the label ring=volunteer) to take a permit, until 2026-11-20T23:00:00Z at most",
		]);
		expect(draw({ phase: "running", step: 1, passed: FIRST_PASSED }).at(-1)).toMatch(
			/^waits for 10 more units to take/,
		);
	});

	it("of a full step says until when it is watched, and whom it has not heard of", () => {
		const lines = draw({ phase: "baking" }, [{ permits: 2, healthy: 1, overdue: 1, models: 1 }]);
		expect(lines[2]).toBe("▶ volunteers 2 1 0 0 1 pass");
		expect(lines.slice(-2)).toEqual(["is watched until 2026-11-20T23:00:00Z", "waits to hear of 1 permit"]);
	});

	it("says how many fell silent in the same hours that do not have the release", () => {
		const lines = draw({ phase: "running", step: 2 }, [], [NO_CONTROL, NO_CONTROL, { healthy: 97, failed: 3 }]);
		expect(lines).toContain("without the release, in the hours of dozens: 3 of 100 fell silent");
	});

	it("of a step that was watched long enough and has shown too little says who may let it pass", () => {
		const lines = draw({ phase: "baking", since: NOW - 13 * HOUR }, [{ permits: 2, excused: 2, models: 1 }]);
		expect(lines).toContain("volunteers: of 2 permits 2 were put off or given up, and do not count");
		expect(lines.slice(-2)).toEqual([
			"waits for more evidence: the gate has not seen enough",
			"waits for 2 persons of team detection, not only the one who uploaded it, to let it pass all the same (parapet rollout override)",
		]);
	});

	it("of a ramp says what it can notice, and when all are let in; large counts are easy to read", () => {
		const lines = draw({ phase: "running", step: 3, passed: FIRST_PASSED }, [
			...[TWO_WELL, {}, {}],
			{ permits: 1_234, healthy: 1_100 },
		]);
		expect(lines[2]).toBe("✓ volunteers 2 2 0 0 0 pass 2026-11-20T10:00:00Z");
		expect(lines[5]).toBe("▶ ramp 1,234 1,100 0 0 0 pass");
		expect(lines.slice(-2)).toEqual([
			"The step passes with 181 healthy and no failure, and halts at 4 failures in a row. It can notice that 3 % or more fail.",
			"lets in more and more until 2026-11-21T11:00:00Z",
		]);
	});

	it("of a halted one says why and what to do, and nothing of how the step might pass", () => {
		expect(draw({ phase: "halted", reason: "too many failures" }, [ONE_BAD])).toEqual([
			`crs 4.28.0 by plan standard: halted volunteers since ${BEGUN}: too many failures`,
			HEADER,
			"✗ volunteers 2 1 1 0 0 abort",
			...notBegun("ten", "dozens", "ramp", "everybody"),
			"waits for 2 persons of team detection, not only the one who uploaded it, to let it go on (parapet rollout resume), or to revert it (parapet rollout revert)",
		]);
	});

	it("of one that everybody may have says who let a step pass, and of nothing that it waits for", () => {
		const passed = STANDARD.steps.map(({ name }) => ({
			...{ step: name, at: NOW, overriddenBy: name === "ten" ? ["olivia", "paul"] : [] },
		}));
		// An old reason is no news: what halted it once did not stop it.
		expect(draw({ phase: "done", step: 4, passed, reason: "too many failures" })).toEqual([
			`crs 4.28.0 by plan standard: done everybody since ${BEGUN}`,
			HEADER,
			...["volunteers", "ten", "dozens", "ramp", "everybody"].map((name) =>
				name === "ten" ? "✓ ten 0 0 0 0 0 - let pass by olivia, paul" : `✓ ${name} 0 0 0 0 0 - 2026-11-20T12:00:00Z`,
			),
		]);
	});

	it("of one that ended says why, and marks the step that it did not pass", () => {
		const ended = { phase: "ended", step: 1, passed: FIRST_PASSED, reason: "withdrawn: false positives" } as const;
		const lines = draw(ended, [TWO_WELL, { permits: 1, silent: 1 }]);
		expect(lines[0]).toBe(`crs 4.28.0 by plan standard: ended ten since ${BEGUN}: withdrawn: false positives`);
		expect(lines.slice(2)).toEqual([
			"✓ volunteers 2 2 0 0 0 pass 2026-11-20T10:00:00Z",
			"✗ ten 1 0 0 1 0 insufficient",
			...notBegun("dozens", "ramp", "everybody"),
		]);
	});

	it("names no team where the product has none", () => {
		expect(draw({ team: null }).at(-1)).toMatch(/^waits for 1 person, not only/);
	});
});

it.each([
	[0.03, "3 %"],
	[1, "100 %"],
	[0.005, "0.5 %"],
	[0, "0 %"],
	[0.123456, "12.35 %"],
])("a share of %f is %s", (share, text) => {
	expect(formatPercent(share)).toBe(text);
});

describe("what the product's validator says", () => {
	const said = { state: "pending", answer_by: BEGUN, by: null, reason: null, findings: [] };

	it.each([
		[null, "the validator has not answered"],
		["status 500", "the validator has not answered"],
		["malformed", expect.stringMatching(/^the validator's answer is none: 200 with .* It is asked again$/)],
	])("asked last: %s", (last, line) => {
		expect(validationLines({ ...said, last_result: last })).toEqual([line]);
	});

	it("is its last word, whatever it said before", () => {
		expect(validationLines({ ...said, state: "failed", findings: ["no"], last_result: "malformed" })).toEqual([
			"the validator has failed it",
			"  - no",
		]);
	});
});
