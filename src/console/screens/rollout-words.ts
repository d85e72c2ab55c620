// A rollout in words: how urgent it is, what it waits for, and what can be done about it. Pure.
import type { z } from "zod";
import type { rolloutBody } from "../../routes/publisher/rollout-body.ts";
import type { Tone } from "../layout.tsx";

export type Rollout = z.infer<typeof rolloutBody>;
type Wait = Rollout["waits_for"][number];

/** Red: it stands still until somebody acts, or everybody may have it and it fails. Amber: a person is waited for, or something failed. */
export function toneOf({ phase, waits_for: waits, verdict, steps, regression }: Rollout): Tone {
	if (regression !== null || phase === "halted" || verdict === "abort") return "red";
	if (phase === "ended") return "plain";
	if (waits.some(({ kind, at }) => kind === "validation" && at === null)) return "red";
	if (waits.some(({ kind }) => kind === "words") || steps.some(({ failed }) => failed > 0)) return "amber";
	return "green";
}

const WORDS = {
	approve: "to approve the step",
	override: "to let it pass although its gate has not seen enough",
	resume: "to let it go on, or to revert it",
} as const;

export function describeWait({ kind, at, of, count, ring, team, not_only_publisher: other }: Wait): string {
	const until = at === null ? "" : `${at.slice(0, 16).replace("T", " ")} UTC`;
	switch (kind) {
		case "start":
			return `waits for its time, ${until}`;
		case "freeze":
			return `frozen until ${until}: no step begins, and no further unit tries it`;
		case "validation":
			return until === "" ? "refused by the product's validator" : `waits for the product's validator, until ${until}`;
		case "words":
			return `waits for ${count} ${count === 1 ? "person" : "persons"}${team === null ? "" : ` of team ${team}`}${other ? ", not only the one who uploaded it," : ""} ${of === null ? "" : WORDS[of]}`;
		case "units":
			return `waits for ${count} more ${count === 1 ? "unit" : "units"}${ring === null ? "" : ` of ring ${ring}`} to take a permit${until && `, until ${until} at most`}`;
		case "ramp":
			return `lets in more and more until ${until}`;
		case "bake":
			return `is watched until ${until}`;
		case "reports":
			return `waits to hear of ${count} ${count === 1 ? "permit" : "permits"}`;
		case "evidence":
			return "waits for more evidence: its gate has not seen enough";
	}
}

const VALIDATIONS = {
	pending: "has not answered",
	passed: "has passed it",
	failed: "has failed it",
	overridden: "has not answered, and was overridden",
} as const;

/** @returns what the product's validator says of the release */
export function describeValidation(validation: NonNullable<Rollout["validation"]>): string {
	const { state, by, reason, last_result: lastResult } = validation;
	if (state === "pending" && lastResult === "malformed")
		return "The validator's answer is none (neither passed nor failed): it is asked again";
	return `The validator ${VALIDATIONS[state]}${by === null ? "" : ` (${by})`}${reason === null ? "" : `: ${reason}`}`;
}

/** @returns what is known of a release that fails although everybody may have it, and what to do; null = it does not */
export function describeRegression({ regression }: Pick<Rollout, "regression">): string | null {
	if (regression === null) return null;
	const { running, failed, earlier_running: earlierRunning, earlier_failed: earlierFailed } = regression;
	const before = `${earlierFailed} of ${earlierRunning + earlierFailed} with the releases before it`;
	return `${failed} of ${running + failed} devices failed with it or went back, ${before}: look at what failed, then revert it`;
}

export type RolloutAction = "approve" | "override" | "resume" | "halt" | "revert";

/** What may be done now, the safest first. */
export function actionsOf({ phase, waits_for: waits }: Rollout): RolloutAction[] {
	if (phase === "ended") return [];
	const asked = waits.flatMap(({ of }) => (of === null ? [] : [of]));
	const isMoving = phase !== "halted" && phase !== "done";
	return phase === "halted" ? ["revert", ...asked] : [...(isMoving ? (["halt"] as const) : []), ...asked, "revert"];
}
