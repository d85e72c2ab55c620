// The publisher's and operator's side of the HTTP API: one authorized JSON request, refusals thrown.
import { setTimeout as wait } from "node:timers/promises";
import type { z } from "zod";
import { parseJson } from "../json.ts";
import { readAnswer } from "./answers.ts";
import { exchange } from "./exchange.ts";
import { isMadeOnce, sendOnce } from "./once.ts";
import { refusalFrom } from "./refusal.ts";

export interface OperatorApi {
	readonly server: string;
	/** the Authorization header's value, for requests that carry a stream */
	readonly authorization: string;
	/** The same as `call`, with the status: 201 when something was made, 200 when it had been so before. */
	ask<T>(method: string, path: string, what: string, schema: z.ZodType<T>, body?: unknown): Promise<Answered<T>>;
	/**
	 * What changes a product is sent again where its answer is lost (once.ts).
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

export interface Answered<T> {
	readonly status: number;
	readonly answer: T;
}

export interface OperatorApiOptions {
	readonly server: string;
	readonly key: string;
	readonly nowMs: () => number;
	/** left out: by the clock of this machine */
	readonly sleep?: (ms: number) => Promise<void>;
}

export function createOperatorApi({ server, key, nowMs, sleep = wait }: OperatorApiOptions): OperatorApi {
	const authorization = `Bearer ${key}`;
	const send = async <T>(
		[method, path, what, schema, body]: readonly [string, string, string, z.ZodType<T>, unknown],
		signal?: AbortSignal,
		once?: string,
	): Promise<Answered<T>> => {
		const { status, text, headers } = await exchange({
			method,
			url: `${server}${path}`,
			headers: {
				authorization,
				accept: "application/json",
				...(once === undefined ? {} : { "idempotency-key": once }),
				...(body === undefined ? {} : { "content-type": "application/json" }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			...(signal === undefined ? {} : { signal }),
		});
		if (status >= 400) throw refusalFrom({ status, text, headers }, what, nowMs());
		return { status, answer: readAnswer(text === "" ? {} : parseJson(text), what, schema) };
	};
	const ask: typeof send = (request, signal) =>
		isMadeOnce(request[0], request[1]) ? sendOnce((once) => send(request, signal, once), sleep) : send(request, signal);
	return {
		server,
		authorization,
		ask: (method, path, what, schema, body) => ask([method, path, what, schema, body]),
		call: async (method, path, what, schema, body, signal) =>
			(await ask([method, path, what, schema, body], signal)).answer,
	};
}
