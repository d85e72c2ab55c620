// What the answer to a check depends on besides its device: the revisions of the products asked about and of the messages,
// and the country. An ETag seals this text; when it comes back and the text is still the same, nothing has changed.
import { parseInstalled } from "../content/check.ts";
import type { HeadsRecord } from "../content/heads-record.ts";

/** A fleet asks the same few questions, so the text is made once per question and head. */
const MAX_QUESTIONS = 2000;
let head: HeadsRecord | undefined;
const states = new Map<string, string>();

/** @param query of the check's URL, with its question mark @param country as the edge sees the caller */
export function checkState(heads: HeadsRecord, query: string, country: string | null): string {
	if (heads !== head || states.size >= MAX_QUESTIONS) {
		states.clear();
		head = heads;
	}
	let state = states.get(query);
	if (state === undefined) {
		state = describeState(heads, query);
		states.set(query, state);
	}
	return `${state} ${country}`;
}

function describeState(heads: HeadsRecord, query: string): string {
	const asked = new URLSearchParams(query).get("installed");
	const products = (asked === null ? null : parseInstalled(asked)?.keys()) ?? Object.keys(heads.products).sort();
	return [...products]
		.map((product) => `${product}@${heads.products[product] ?? 0}`)
		.concat(`messages@${heads.messages}`)
		.join(" ");
}
