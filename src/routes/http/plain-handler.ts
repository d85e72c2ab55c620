// The three requests that are nearly all traffic (check, permit, token) are answered by plain functions: the entry calls
// them without the router (dispatch.ts), and the router knows them too, for its list of methods and the API's description.
import type { createRoute } from "@hono/zod-openapi";
import type { RequestScope } from "../../request-scope.ts";
import { createRouter } from "./openapi.ts";

export type PlainHandler = (request: Request, scope: RequestScope) => Promise<Response>;

export interface PlainRoute {
	readonly method: string;
	readonly path: string;
	readonly handler: PlainHandler;
	readonly router: ReturnType<typeof createRouter>;
}

/** @param description with a path that has no parameters: it is looked up as it stands */
export function plainRoute(description: ReturnType<typeof createRoute>, handler: PlainHandler): PlainRoute {
	const { method, path } = description;
	const router = createRouter();
	router.openAPIRegistry.registerPath(description);
	router.on(method, path, (c) => handler(c.req.raw, c.env));
	return { method: method.toUpperCase(), path, handler, router };
}

/** The path as it was sent; a URL object would cost more than what it is wanted for. @param url of a request */
export function pathOf(url: string): string {
	const start = url.indexOf("/", "https://".length);
	const end = url.indexOf("?", start);
	return end === -1 ? url.slice(start) : url.slice(start, end);
}

/**
 * The query with each plus escaped, for parsers that read queries as forms, where a plus is a space. In a URL a plus is a plus
 * (RFC 3986 §3.4), as in versions.
 */
export function withPlainPlus(query: string): string {
	return query.replaceAll("+", "%2B");
}

/** An answer of JSON with everything that the entry would otherwise add. */
export function answerJson(body: unknown, status: number, headers: Readonly<Record<string, string>> = {}): Response {
	return new Response(JSON.stringify(body), {
		status,
		headers: {
			"content-type": "application/json",
			"cache-control": "private, no-store",
			"x-content-type-options": "nosniff",
			...headers,
		},
	});
}
