// The pulses of a check's answer: one of each product that it was about, and that of the messages.
import { productRevision, type SharedView } from "../../content/heads-record.ts";
import type { RequestScope } from "../../request-scope.ts";
import type { PulseSubject } from "../../signing/pulse-signer.ts";

/** Where pulses are served, below the service's origin. */
export const PULSE_PATH = "/p/";

export interface PulseLink {
	readonly url: string;
	/** as long as the pulse says the same, the answer holds */
	readonly value: string;
}

/** @param products that the answer was about @param view that it was decided on, so that news since then changes a value */
export function pulseLinks(
	{ services: { pulses, config } }: RequestScope,
	products: readonly string[],
	{ heads }: SharedView,
): Promise<readonly PulseLink[]> {
	const subjects: readonly PulseSubject[] = [...products.map((product) => ({ product })), "messages"];
	return Promise.all(
		subjects.map(async (subject) => ({
			url: `${config.issuer}${PULSE_PATH}${await pulses.nameOf(subject)}`,
			value: await pulses.valueOf(subject, revisionOf(heads, subject)),
		})),
	);
}

/** @returns revision of the subject's record; 0 = nothing was ever published */
export function revisionOf(heads: SharedView["heads"], subject: PulseSubject): number {
	return subject === "messages" ? heads.messages : productRevision(heads, subject.product);
}
