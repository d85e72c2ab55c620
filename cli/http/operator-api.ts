// The publisher's and operator's side of the HTTP API: one authorized JSON request, refusals thrown.
import { z } from "zod";
import { CliError } from "../errors.ts";
import { exchange } from "./exchange.ts";
import { parseJson, refusalFrom } from "./refusal.ts";

export interface OperatorApi {
	readonly server: string;
	/** the Authorization header's value, for requests that carry a stream */
	readonly authorization: string;
	/**
	 * @param what what is tried, for the error: "could not create the account"
	 * @returns the answer, read with `schema`; an answer without a body is read as {}
	 * @throws ServerRefusal, ConnectionError; CliError when the answer is not what it should be
	 */
	call<T>(
		method: string,
		path: string,
		what: string,
		schema: z.ZodType<T>,
		body?: unknown,
		signal?: AbortSignal,
	): Promise<T>;
}

export interface OperatorApiOptions {
	readonly server: string;
	readonly key: string;
	readonly nowMs: () => number;
}

export function createOperatorApi({ server, key, nowMs }: OperatorApiOptions): OperatorApi {
	const authorization = `Bearer ${key}`;
	return {
		server,
		authorization,
		call: async (method, path, what, schema, body, signal) => {
			const answer = await exchange({
				method,
				url: `${server}${path}`,
				headers: {
					authorization,
					accept: "application/json",
					...(body === undefined ? {} : { "content-type": "application/json" }),
				},
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
				...(signal === undefined ? {} : { signal }),
			});
			if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
			return readAnswer(answer.text === "" ? {} : parseJson(answer.text), what, schema);
		},
	};
}

/** @throws CliError when the answer is not what it should be */
export function readAnswer<T>(value: unknown, what: string, schema: z.ZodType<T>): T {
	const read = schema.safeParse(value);
	if (read.success) return read.data;
	throw new CliError(`${what}: the server's answer is not understood: ${z.prettifyError(read.error)}`, {
		code: "unexpected_answer",
		fix: "the server may speak another version of this interface: update this command line",
	});
}

/** An answer that is shown as it came. */
export const anyAnswer = z.looseObject({});

/** @returns the whole of a list that comes in pages, as one answer, and the items in it */
export async function readPages(api: OperatorApi, path: string, what: string, name: string) {
	const items: Record<string, unknown>[] = [];
	for (let query = ""; ; ) {
		const page = await api.call("GET", path + query, what, listAnswer(name));
		items.push(...page.items);
		const { next } = page.answer;
		if (typeof next !== "string") return { answer: { ...page.answer, [name]: items }, items };
		query = `?after=${encodeURIComponent(next)}`;
	}
}

/** @returns a schema for `{[name]: [...]}`: the answer as it came, and the items in it */
export function listAnswer(name: string) {
	return anyAnswer.transform((answer, context) => {
		const items = z.array(anyAnswer).safeParse(answer[name]);
		if (items.success) return { answer, items: items.data };
		context.addIssue({ code: "custom", message: `${name} is no list` });
		return z.NEVER;
	});
}
