// Why a person's word on a rollout is not taken, and what is to be done instead. Whoever repeats what a refusal says must never end up
// with more let out than they meant: no refusal names `override`, which skips a gate.
import type { ApprovalRefusal } from "../../objects/product/rollouts/rollout-approval.ts";
import { ProblemError } from "../../problem.ts";
import type { Phase } from "../../rollout/rollout.ts";
import type { WaitsFor } from "../../rollout/rollout-status.ts";
import { invalidRequest, toTimestamp } from "../http/openapi.ts";

/** @throws ProblemError always */
export function refuseWord(refusal: ApprovalRefusal): never {
	if (refusal.reason === "other_evidence") {
		throw new ProblemError("evidence_changed", { extras: { evidence: refusal.evidence } });
	}
	if (refusal.reason === "own_release") throw new ProblemError("second_person_required");
	if (refusal.reason === "other_package" && refusal.named === null) {
		const message = "the product asks for two people: name the SHA-256 of the package that you mean";
		throw invalidRequest({ issues: [{ path: ["sha256"], message }] });
	}
	throw new ProblemError("conflict", { detail: describeRefusal(refusal) });
}

function describeRefusal(refusal: Exclude<ApprovalRefusal, { reason: "other_evidence" | "own_release" }>): string {
	switch (refusal.reason) {
		case "not_asked":
			return describeStanding(refusal.phase, refusal.step, refusal.waitsFor);
		case "too_early": {
			const { step, from, waitsFor } = refusal;
			const rule = `an override is taken once step ${step} was watched for its time, and not before ${toTimestamp(from)}`;
			return `too early, nothing was kept: ${rule}${waits(waitsFor)}`;
		}
		case "other_team":
			return `the word of team ${refusal.team} is needed, and your key does not speak for it`;
		case "other_package":
			return `the version's package has the SHA-256 ${refusal.sha256}, and your word is for another: look at the release again`;
		case "not_validated":
			return refusal.hasFailed
				? "the product's validator has failed the release: look at its findings (`validation`), and publish what they ask for as another version"
				: "the product's validator has not passed the release yet: nobody can approve it before";
		case "said_before":
			return "you have said so already; it needs somebody else";
	}
}

function describeStanding(phase: Phase, step: string, waitsFor: readonly WaitsFor[]): string {
	switch (phase) {
		case "waiting":
			return `the rollout is waiting, step ${step} has not begun: the word to give is approve`;
		case "running":
		case "baking":
			return `step ${step} is ${phase}: it has its words already, and nothing is to be done now${waits(waitsFor)}`;
		case "frozen":
			return `the rollout is frozen: no word is asked for${waits(waitsFor)}`;
		case "halted":
			return "the rollout is halted: the word to give is resume";
		case "done":
			return "the rollout is done, everybody may have the release: no word is asked for";
		case "ended":
			return "the rollout is ended, for good: no word is asked for";
	}
}

function waits(waitsFor: readonly WaitsFor[]): string {
	const known = waitsFor.map(describeWait).filter((one) => one !== null);
	return known.length === 0 ? "" : `; it waits ${known.join(" and ")}`;
}

function describeWait(wait: WaitsFor): string | null {
	switch (wait.kind) {
		case "start":
		case "freeze":
			return `until ${toTimestamp(wait.at)}`;
		case "units": {
			const most = wait.notAfter === null ? "" : `, until ${toTimestamp(wait.notAfter)} at most`;
			const ring = wait.ring === null ? "" : ` of ring ${wait.ring}`;
			return `for ${wait.missing} more${ring} to take a permit${most}`;
		}
		case "validation":
			return wait.at === null ? "for the validator, which has failed it" : "for the product's validator";
		case "ramp":
			return `for its ramp to end at ${toTimestamp(wait.at)}`;
		case "bake":
			return `for the end of its watch at ${toTimestamp(wait.at)}`;
		case "reports":
			return `to hear of ${wait.open} open ${wait.open === 1 ? "permit" : "permits"}`;
		case "evidence":
			return "for its gate to see enough";
		case "words":
			return null;
	}
}
