// A rollout on the wire: where it stands, what each step has shown, and what it waits for.
import { z } from "@hono/zod-openapi";
import { channel } from "../../content/releases/channel.ts";
import type { RolloutView } from "../../objects/product/rollouts/rollout-approval.ts";
import type { ToldRegression } from "../../objects/product/rollouts/rollout-tables.ts";
import { planStep } from "../../rollout/plan.ts";
import { fractionOf, PHASES } from "../../rollout/rollout.ts";
import type { StepStatus, WaitsFor } from "../../rollout/rollout-status.ts";
import type { KeyHolder } from "../http/app-env.ts";
import { mayReadDevice } from "../http/key-access.ts";
import { orNull, timestamp, toTimestamp, toTimestampOrNull } from "../http/openapi.ts";
import { describeValidation, validationBody } from "./validation-body.ts";

const verdict = z.enum(["pass", "insufficient", "abort"]);

const waitsForBody = z
	.object({
		kind: z.enum(["start", "freeze", "validation", "words", "units", "ramp", "bake", "reports", "evidence"]).openapi({
			description:
				"`start`: for its time; `freeze`: for the end of a freeze of its product; `validation`: for the product's validator, or it has failed the release (`validation`); `words`: for persons; `units`: for units to take their permits; `ramp`: until the fraction is let in; `bake`: for the end of the time in which the step is watched; `reports`: for the outcome of permits; `evidence`: its gate has not seen enough",
		}),
		at: timestamp.nullable(),
		of: z.enum(["approve", "override", "resume"]).nullable(),
		count: z.int().nullable().openapi({ description: "Persons, units or reports that are missing" }),
		ring: z.string().nullable().openapi({
			description: "`units`: only firewalls with the label `ring` of this value may take a permit; null: any may",
		}),
		team: z.string().nullable(),
		not_only_publisher: z.boolean(),
	})
	.openapi("RolloutWait");

// Made anew, because a schema can be described only if it was made after zod was taught that, and rules know nothing of it.
const planned = z.object(planStep.omit({ name: true }).shape).openapi({
	description: "What the plan says of the step: for whom it is, what it has to show, and whose word begins it",
});

const stepBody = z
	.object({
		name: z.string(),
		planned,
		permits: z.int(),
		healthy: z.int(),
		failed: z.int(),
		unhealthy: z.int().openapi({
			description: "Of those that failed: healthy by their own word, and beyond the product's `health_limits`",
		}),
		silent: z.int().openapi({ description: "Their time ended without a word: they count as failed" }),
		overdue: z.int().openapi({ description: "Open for longer than is usual: perhaps dead" }),
		excused: z.int().openapi({ description: "Given up meanwhile, or put off by the device: they do not count" }),
		models: z.int(),
		control: z
			.object({
				healthy: z.int().openapi({ description: "Asked again, as they were told to" }),
				failed: z.int().openapi({ description: "Did not" }),
			})
			.openapi("RolloutControl", {
				description:
					"Units that were held back, watched in the same hours: from 50 of them on, what fails there passes for usual, up to twice what the gate is made to notice and to 10 % at most",
			}),
		verdict: verdict.nullable(),
		passed_at: timestamp.nullable(),
		overridden_by: z.array(z.string()),
	})
	.openapi("RolloutStep");

const failureBody = z
	.object({
		step: z.string(),
		device: z.string().nullable().openapi({
			description: "null = the key may not read the devices of its account: scope `read`, or `read:` of that account",
		}),
		model: z.string(),
		outcome: z.enum(["failed", "silent"]),
		why: z.string().nullable().openapi({
			description: "In a word of the device's own, or the limit of health that it broke and the change that did",
		}),
		at: timestamp.nullable(),
		rules: z.array(z.string()).openapi({ description: "Ids of the rules that match most there, by the device's word" }),
	})
	.openapi("RolloutFailure");

const regressionBody = z
	.object({
		at: timestamp,
		running: z.int().openapi({ description: "Devices that run the release" }),
		failed: z
			.int()
			.openapi({ description: "Devices whose last word is that it failed, or that they went back from it" }),
		earlier_running: z.int().openapi({ description: "The same of the releases before it" }),
		earlier_failed: z.int(),
		limit: z
			.number()
			.openapi({ description: "Share of failures that the release might have: twice as many as are usual" }),
	})
	.openapi("RolloutRegression", {
		description:
			"Told once of a release that everybody may have when it failed more often than the releases before it, in devices at that time; null = it was not",
	});

export const rolloutBody = z
	.object({
		product: z.string(),
		version: z.string(),
		channel: channel.meta({ description: "Whose devices it lets in" }),
		plan: z.string(),
		phase: z.enum(PHASES),
		step: z.string(),
		since: timestamp,
		starts_at: timestamp.nullable(),
		reason: z.string().nullable().openapi({ description: "Why it was halted or ended, last" }),
		team: z.string().nullable(),
		publisher: z.string().openapi({ description: "Who uploaded the package, and cannot approve it alone" }),
		two_people: z
			.boolean()
			.openapi({ description: "The word of `publisher` is not taken at all, and every word names `sha256`" }),
		class_approvals: z.int().openapi({
			description:
				"Words that its first step needs at least for the classes of the release; 0 = as many as the plan says",
		}),
		sha256: z.string().openapi({ description: "Of the package" }),
		salt: z.string().openapi({ description: "A unit's bucket is the first 32 bits of SHA-256(salt, 0, unit) / 2^32" }),
		fraction: z.number().openapi({ description: "Of all units, let in now" }),
		permits_left: z.int().nullable().openapi({ description: "Now; null = as many as the fraction lets in" }),
		verdict,
		suspicion: verdict.openapi({ description: "The verdict if all that are overdue are dead" }),
		notices: z.number().nullable().openapi({
			description: "Share of failures that this step's gate is made to notice; null = it counts single failures",
		}),
		healthy_to_pass: z.int().openapi({ description: "Units that the gate needs when nothing fails" }),
		failures_to_abort: z.int().openapi({ description: "Failures in a row that stop it" }),
		waits_for: z.array(waitsForBody),
		evidence: z
			.string()
			.openapi({ description: "Hash of where it stands, what has failed and what its gate says: a word names it" }),
		words: z.array(
			z
				.object({
					kind: z.enum(["approve", "override", "resume"]),
					step: z.string(),
					by: z.string(),
					team: z.string().nullable(),
					at: timestamp,
				})
				.openapi("RolloutWordGiven"),
		),
		steps: z.array(stepBody),
		failures: z.array(failureBody).openapi({ description: "The last 20, newest first" }),
		regression: orNull(regressionBody),
		validation: orNull(validationBody),
	})
	.openapi("Rollout");

/** @param now unix seconds @param holder of the key that asks: it learns of those devices alone that it may read of */
export function describeRollout(
	product: string,
	view: RolloutView,
	now: number,
	holder: KeyHolder,
): z.infer<typeof rolloutBody> {
	const { version, rollout, step, status, approvals, evidenceHash } = view;
	const { plan } = rollout;
	return {
		...{ product, version, step, channel: rollout.channel, plan: plan.name, phase: rollout.phase },
		since: toTimestamp(rollout.since),
		starts_at: toTimestampOrNull(rollout.startsAt === 0 ? null : rollout.startsAt),
		...{ reason: rollout.reason, team: rollout.team, publisher: rollout.publisher, salt: rollout.salt },
		...{ two_people: rollout.otherApprovers > 0, class_approvals: rollout.leastApprovers ?? 0, sha256: view.sha256 },
		fraction: fractionOf(rollout, now),
		permits_left: status.exposure.permits,
		...{ verdict: status.verdict, suspicion: status.suspicion },
		notices: status.power.notices,
		healthy_to_pass: status.power.healthyToPass,
		failures_to_abort: status.power.failuresToAbort,
		waits_for: status.waitsFor.map(describeWait),
		evidence: evidenceHash,
		words: approvals.map(({ kind, by, team, at, step: index }) => ({
			...{ kind, by, team },
			step: plan.steps[index]?.name ?? "",
			at: toTimestamp(at),
		})),
		steps: plan.steps.flatMap(({ name, ...planned }, index) => {
			const shown = status.steps[index];
			return shown === undefined ? [] : [{ name, planned, ...describeStep(shown) }];
		}),
		failures: view.failures.map(({ device, step: index, model, outcome, detail, outcomeAt, rules }) => ({
			...{ step: plan.steps[index]?.name ?? "", device: mayReadDevice(holder, device) ? device : null },
			...{ model, outcome, why: detail },
			...{ at: toTimestampOrNull(outcomeAt), rules: [...rules] },
		})),
		regression: view.regression && describeRegression(view.regression),
		// An object of before knows of none.
		validation: view.validation ? describeValidation(view.validation) : null,
	};
}

function describeStep({ verdict: judged, evidence, control, passed }: StepStatus) {
	return {
		...{ ...evidence, control: { ...control }, verdict: judged },
		passed_at: toTimestampOrNull(passed?.at),
		overridden_by: [...(passed?.overriddenBy ?? [])],
	};
}

function describeRegression(regression: ToldRegression): z.infer<typeof regressionBody> {
	const { at, running, failed, earlierRunning, earlierFailed, limit } = regression;
	return {
		...{ at: toTimestamp(at), running, failed, limit },
		...{ earlier_running: earlierRunning, earlier_failed: earlierFailed },
	};
}

function describeWait(wait: WaitsFor): z.infer<typeof waitsForBody> {
	const nothing = { at: null, of: null, count: null, ring: null, team: null, not_only_publisher: false };
	switch (wait.kind) {
		case "start":
		case "freeze":
		case "ramp":
		case "bake":
			return { ...nothing, kind: wait.kind, at: toTimestamp(wait.at) };
		case "validation":
			return { ...nothing, kind: "validation", at: toTimestampOrNull(wait.at) };
		case "words": {
			const { of, persons: count, team, notOnlyPublisher } = wait;
			return { ...nothing, kind: "words", of, count, team, not_only_publisher: notOnlyPublisher };
		}
		case "units":
			return {
				...nothing,
				...{ kind: "units" as const, count: wait.missing, ring: wait.ring, at: toTimestampOrNull(wait.notAfter) },
			};
		case "reports":
			return { ...nothing, kind: "reports", count: wait.open };
		case "evidence":
			return { ...nothing, kind: "evidence" };
	}
}
