// Hears of every request that the firewalls of this process make, from Node itself: nothing stands in between, and what the client tries again
// by itself is counted too.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { type Exchange, isFailure } from "./budget.ts";

export interface Traffic {
	readonly requests: () => number;
	readonly failures: readonly Exchange[];
	/** by route and status, how often */
	readonly answers: ReadonlyMap<string, number>;
	stop(): void;
}

/** @param port of the service; others are not its requests */
export function listenToTraffic(port: number, nowMs: () => number): Traffic {
	const begun = new WeakMap<ClientRequest, number>();
	const failures: Exchange[] = [];
	const answers = new Map<string, number>();
	let requests = 0;
	const end = (request: ClientRequest, status: number) => {
		const fromMs = begun.get(request);
		if (fromMs === undefined) return;
		begun.delete(request);
		requests += 1;
		const route = routeOf(request);
		const answer = `${route} ${status === 0 ? "no answer" : status}`;
		answers.set(answer, (answers.get(answer) ?? 0) + 1);
		const exchange = { route, status, fromMs, toMs: nowMs() };
		if (isFailure(exchange)) failures.push(exchange);
	};
	const onStart = (message: unknown) => {
		const { request } = message as { request: ClientRequest };
		if (String(request.getHeader("host")).endsWith(`:${port}`)) begun.set(request, nowMs());
	};
	const onAnswer = (message: unknown) => {
		const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
		end(request, response.statusCode ?? 0);
	};
	const onError = (message: unknown) => end((message as { request: ClientRequest }).request, 0);
	subscribe("http.client.request.start", onStart);
	subscribe("http.client.response.finish", onAnswer);
	subscribe("http.client.request.error", onError);
	return {
		requests: () => requests,
		failures,
		answers,
		stop: () => {
			unsubscribe("http.client.request.start", onStart);
			unsubscribe("http.client.response.finish", onAnswer);
			unsubscribe("http.client.request.error", onError);
		},
	};
}

function routeOf({ method, path }: ClientRequest): string {
	const [, first = "", second = ""] = (path.split("?")[0] ?? "").split("/");
	return `${method} /${first === "d" ? "d" : `${first}/${second}`}`;
}
