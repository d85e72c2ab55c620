// The pulses that devices are told of: one of each product that an answer is about, and that of the messages.
import { z } from "@hono/zod-openapi";
import { type HeadsRecord, productRevision, type SharedView } from "../../content/heads-record.ts";
import type { RequestScope } from "../../request-scope.ts";
import type { PulseSubject } from "../../signing/pulse-signer.ts";
import { pulseKey } from "../../storage/keys.ts";

export const pulseLink = z
	.object({ url: z.string().openapi({ description: "Public; read it without a token" }), value: z.string() })
	.openapi("PulseLink");

/** As long as what stands at the URL says the value, the answer holds. */
export type PulseLink = z.infer<typeof pulseLink>;

/** Combinations of products that are kept for one head. */
const MAX_KEPT = 1_000;
/** What was made for the newest head: the same links stand in every answer about the same products. */
const kept = new WeakMap<
	RequestScope["services"],
	{ readonly heads: HeadsRecord; readonly links: Map<string, readonly PulseLink[]> }
>();

/**
 * @param products that the answer was about
 * @param view that it was decided on, so that news since then changes a value
 * @returns null where the deployment has no pulses
 */
export async function pulseLinks(
	{ services }: RequestScope,
	products: readonly string[],
	{ heads }: SharedView,
): Promise<readonly PulseLink[] | null> {
	const { pulses, config } = services;
	const { pulseOrigin } = config;
	if (pulseOrigin === null) return null;
	const name = products.join(",");
	const known = kept.get(services);
	const found = known?.heads === heads ? known.links.get(name) : undefined;
	if (found !== undefined) return found;
	const subjects: readonly PulseSubject[] = [...products.map((product) => ({ product })), "messages"];
	const links = await Promise.all(
		subjects.map(async (subject) => ({
			url: `${pulseOrigin}/${pulseKey(await pulses.nameOf(subject))}`,
			value: await pulses.valueOf(subject, revisionOf(heads, subject)),
		})),
	);
	keep(services, heads, name, links);
	return links;
}

function keep(services: RequestScope["services"], heads: HeadsRecord, name: string, links: readonly PulseLink[]): void {
	const known = kept.get(services);
	if (known?.heads === heads && known.links.size < MAX_KEPT) known.links.set(name, links);
	else kept.set(services, { heads, links: new Map([[name, links]]) });
}

/** @returns revision of the subject's record; 0 = nothing was ever published */
export function revisionOf(heads: SharedView["heads"], subject: PulseSubject): number {
	return subject === "messages" ? heads.messages : productRevision(heads, subject.product);
}
