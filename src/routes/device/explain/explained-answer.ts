// What a product is answered, in an explanation: its schema, and how it is filled.
import { z } from "@hono/zod-openapi";
import { offeredVersion, type ProductAnswer } from "../../../content/check/product-answer.ts";
import { afterOf } from "../../../content/requires/requires.ts";
import type { DeviceProfile } from "../../../entitlement/devices/device-record.ts";
import { fitsToken } from "../../../signing/sealed/access-token.ts";
import { blockedBy, checkReason, checkStatus, describeBlocked, describeHeld, heldBy } from "../check/check-body.ts";
import { type DirectOffer, isDirect } from "../permits/direct-download.ts";
import { decisionCode } from "./entitlements.ts";

export const answerBody = z
	.object({
		code: decisionCode,
		status: checkStatus,
		reason: checkReason,
		version: z.string().nullable().openapi({ description: "Offered; null = nothing is" }),
		downgrade: z.boolean().nullable().openapi({ description: "As in a check; false where nothing is offered" }),
		download: z.enum(["in_offer", "by_permit"]).nullable().openapi({
			description:
				"How the device comes to the package: by the URL in the offer itself, or by a permit that it asks for; null = nothing is offered",
		}),
		after: z.array(z.string()).openapi({ description: "As in the offer; none = it comes after nothing", example: [] }),
		blocked_by: blockedBy.optional(),
		held_by: heldBy.optional(),
	})
	.openapi("ExplainedAnswer");

export function describeAnswer(
	answer: ProductAnswer,
	{ policy, haGroup }: Pick<DeviceProfile, "policy" | "haGroup">,
): z.infer<typeof answerBody> {
	const { entitlement, selection } = answer;
	const told = { profile: { haGroup }, policyInRecord: !fitsToken(policy), provisional: false };
	const downloadOf = (offer: DirectOffer) => (isDirect(offer, told, null, entitlement) ? "in_offer" : "by_permit");
	return {
		code: entitlement.code,
		...(selection === null
			? { status: "refused" as const, reason: entitlement.code }
			: { status: selection.status, reason: selection.reason }),
		version: offeredVersion(answer),
		downgrade: selection?.status === "offered" ? selection.downgrade : false,
		download: selection?.status === "offered" ? downloadOf(selection) : null,
		after: selection?.status === "offered" ? [...afterOf(selection.needs)] : [],
		...(selection?.blocked && { blocked_by: describeBlocked(selection.blocked) }),
		...(selection?.held && { held_by: describeHeld(selection.held) }),
	};
}
