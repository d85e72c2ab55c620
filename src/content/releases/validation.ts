// What a vendor's own validator says of a release before anybody may have it. Pure.
import { z } from "zod";
import { plainText } from "../../plain-text.ts";

/** As a validator answers, at once or later. */
export const validationAnswer = z.strictObject({
	result: z.enum(["passed", "failed"]),
	/** for people; the first are the ones that matter */
	findings: z.array(plainText(500).min(1)).max(50).optional(),
});
export type ValidationAnswer = z.infer<typeof validationAnswer>;

/** passed, overridden: the release may go on its way. The others hold it: nobody approves it, and nobody is offered it. */
export const VALIDATION_STATES = ["pending", "passed", "failed", "overridden"] as const;
export type ValidationState = (typeof VALIDATION_STATES)[number];
export type HoldingState = Extract<ValidationState, "pending" | "failed">;

/** What the secret of a product's validator is called beside those of its webhooks, whose ids are longer. */
export const VALIDATOR = "validator";

export interface Validation {
	readonly state: ValidationState;
	/** unix seconds */
	readonly askedAt: number;
	/** unix seconds from which its silence may be overridden */
	readonly dueAt: number;
	/** null = nobody has said anything */
	readonly answeredAt: number | null;
	/** who said so; null as above, and where the validator answered at once */
	readonly by: string | null;
	readonly findings: readonly string[];
	/** why it was overridden */
	readonly reason: string | null;
	/** how it was asked last: `answered`, `later`, `malformed`, or why that failed; null = it was not yet */
	readonly lastResult: string | null;
}

export function isHolding({ state }: Pick<Validation, "state">): boolean {
	return state === "pending" || state === "failed";
}

export const MIN_VALIDATOR_MINUTES = 1;
/** A week: what nobody has looked at until then is looked at by people. */
export const MAX_VALIDATOR_MINUTES = 10_080;
export const USUAL_VALIDATOR_MINUTES = 60;
