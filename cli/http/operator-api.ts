// The publisher's and operator's side of the HTTP API: one authorized JSON request, refusals thrown.

import type { z } from "zod";
import { parseJson } from "../json.ts";
import { readAnswer } from "./answers.ts";
import { exchange } from "./exchange.ts";
import { refusalFrom } from "./refusal.ts";

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
