// Lists that the service answers: in one piece, or a page at a time.
import { z } from "zod";
import { anyAnswer } from "./answers.ts";
import type { OperatorApi } from "./operator-api.ts";

/** @returns a schema for `{[name]: [...]}`: the answer as it came, and the items in it */
export function listAnswer(name: string) {
	return anyAnswer.transform((answer, context) => {
		const items = z.array(anyAnswer).safeParse(answer[name]);
		if (items.success) return { answer, items: items.data };
		context.addIssue({ code: "custom", message: `${name} is no list` });
		return z.NEVER;
	});
}

/** @returns the whole of a list that comes in pages, as one answer, and the items in it */
export async function readPages(api: OperatorApi, path: string, what: string, name: string) {
	const items: Record<string, unknown>[] = [];
	for (let query = ""; ; ) {
		const page = await api.call("GET", path + query, what, listAnswer(name));
		items.push(...page.items);
		const { next } = page.answer;
		if (typeof next !== "string") return { answer: { ...page.answer, [name]: items }, items };
		query = `${path.includes("?") ? "&" : "?"}after=${encodeURIComponent(next)}`;
	}
}
