// The console asks the API as anybody does: a whole request to the application in this Worker, so that scopes, validation, limits and
// the trail are those of any call. Only the key does not travel: the call carries its keyed hash out of the session.
import type { Context } from "hono";
import { newRequestEvent } from "../telemetry/request-event.ts";
import { type Api, ApiRefusal, type Application, type ConsoleEnv, type Problem } from "./console-env.ts";

/** @param hash of the key that the session is bound to */
export function apiFor(c: Context<ConsoleEnv>, application: Application, hash: string): Api {
	const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
		const { event } = c.env;
		const text = body === undefined ? undefined : JSON.stringify(body);
		const headers = new Headers({ "cf-connecting-ip": c.req.header("cf-connecting-ip") ?? "unknown" });
		if (text !== undefined) {
			headers.set("content-type", "application/json");
			headers.set("content-length", String(new TextEncoder().encode(text).length));
		}
		const request = new Request(new URL(path, c.req.url), {
			method,
			headers,
			...(text !== undefined && { body: text }),
		});
		// The log has one line for the page; its event keeps the page's route and learns what the call was about.
		const own = newRequestEvent(method, event.country, event.colo);
		const scope = Object.create(c.env, { signedIn: { value: hash }, event: { value: own } });
		const answer = await application(request, scope, c.executionCtx as ExecutionContext);
		for (const name of ["account", "product", "outcome", "problem", "reason"] as const)
			event[name] = own[name] ?? event[name];
		if (!answer.ok) throw new ApiRefusal(await answer.json<Problem>(), answer.headers.get("retry-after"));
		return answer.status === 204 ? (undefined as T) : answer.json<T>();
	};
	return {
		get: (path, query = {}) => {
			const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []));
			return call("GET", given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`);
		},
		send: call,
	};
}
