// What a vendor's own validator says of a release before anybody may have it. Pure.
import { z } from "zod";
import { plainText, toPlainText } from "../../plain-text.ts";

/** Of an answer. */
const MAX_FINDINGS = 50;
/** UTF-16 code units */
const MAX_FINDING_LENGTH = 500;

/** For people; the first are the ones that matter. */
export const findingList = z.array(plainText(MAX_FINDING_LENGTH).min(1)).max(MAX_FINDINGS);

/** As a validator answers, at once or later. */
export const validationAnswer = z.object({ result: z.enum(["passed", "failed"]), findings: findingList.optional() });
export type ValidationAnswer = z.infer<typeof validationAnswer>;

const refusal = z.object({ result: z.literal("failed"), findings: z.unknown() });

/**
 * What a validator has answered at once. That it has failed a release counts however it says why, with the findings cleaned and cut: taken
 * for silence it could be overridden. That it has passed one counts only as the documents have it. Fields beside these are ignored.
 * @returns null = no answer
 */
export function readValidationAnswer(said: unknown): ValidationAnswer | null {
	const failed = refusal.safeParse(said);
	if (failed.success) return { result: "failed", findings: cleanFindings(failed.data.findings) };
	const answer = validationAnswer.safeParse(said);
	return answer.success ? answer.data : null;
}

function cleanFindings(said: unknown): string[] {
	if (said === undefined || said === null) return [];
	const texts = (Array.isArray(said) ? said : [said])
		.slice(0, MAX_FINDINGS)
		.map((one: unknown) => toPlainText(typeof one === "string" ? one : JSON.stringify(one), MAX_FINDING_LENGTH));
	return texts.filter((text) => text !== "");
}

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
