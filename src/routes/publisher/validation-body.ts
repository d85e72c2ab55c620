// What a product's validator says of a release, on the wire.
import { z } from "@hono/zod-openapi";
import { VALIDATION_STATES, type Validation } from "../../content/releases/validation.ts";
import { timestamp, toTimestamp, toTimestampOrNull } from "../http/openapi.ts";

export const validationBody = z
	.object({
		state: z.enum(VALIDATION_STATES).openapi({
			description:
				"`pending`: it has not answered; `failed`: it has refused the release. Of these nobody can approve the first step, and nobody is offered the release. `overridden`: an operator let it go on",
			example: "failed",
		}),
		asked_at: timestamp,
		answer_by: timestamp.openapi({ description: "From then on its silence may be overridden" }),
		answered_at: timestamp.nullable().openapi({ example: "2026-09-21T14:20:00Z" }),
		by: z.string().nullable().openapi({
			description:
				"Subject of the key that answered, or overrode; null = nobody has, or the validator answered at once",
			example: null,
		}),
		findings: z.array(z.string()).openapi({ example: ["rule 1:2000419 does not load"] }),
		reason: z.string().nullable().openapi({ description: "Why it was overridden", example: null }),
		last_result: z.string().nullable().openapi({
			description:
				"What came of asking it last: `answered`, `later`, `malformed` (what it said is no answer), or as of a webhook; null = it was not asked yet",
			example: "answered",
		}),
	})
	.openapi("Validation", { description: "What the product's validator says; null = none was asked" });

export function describeValidation(one: Validation): z.infer<typeof validationBody> {
	const { state, by, reason } = one;
	return {
		...{ state, by, reason, findings: [...one.findings], last_result: one.lastResult },
		...{ asked_at: toTimestamp(one.askedAt), answer_by: toTimestamp(one.dueAt) },
		answered_at: toTimestampOrNull(one.answeredAt),
	};
}
