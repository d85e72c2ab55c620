// The pulses that devices are told of: one of each product that an answer is about, and that of the messages.
import { z } from "@hono/zod-openapi";
import { productRevision, type SharedView } from "../../content/heads-record.ts";
import type { RequestScope } from "../../request-scope.ts";
import type { PulseSubject } from "../../signing/pulse-signer.ts";
import { pulseKey } from "../../storage/keys.ts";

export const pulseLink = z
	.object({ url: z.string().openapi({ description: "Public; read it without a token" }), value: z.string() })
	.openapi("PulseLink");

/** As long as what stands at the URL says the value, the answer holds. */
export type PulseLink = z.infer<typeof pulseLink>;

/**
 * @param products that the answer was about
 * @param view that it was decided on, so that news since then changes a value
 * @returns null where the deployment has no pulses
 */
export async function pulseLinks(
	{ services: { pulses, config } }: RequestScope,
	products: readonly string[],
	{ heads }: SharedView,
): Promise<readonly PulseLink[] | null> {
	const { pulseOrigin } = config;
	if (pulseOrigin === null) return null;
	const subjects: readonly PulseSubject[] = [...products.map((product) => ({ product })), "messages"];
	return Promise.all(
		subjects.map(async (subject) => ({
			url: `${pulseOrigin}/${pulseKey(await pulses.nameOf(subject))}`,
			value: await pulses.valueOf(subject, revisionOf(heads, subject)),
		})),
	);
}

/** @returns revision of the subject's record; 0 = nothing was ever published */
export function revisionOf(heads: SharedView["heads"], subject: PulseSubject): number {
	return subject === "messages" ? heads.messages : productRevision(heads, subject.product);
}
