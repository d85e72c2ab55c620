// From a request to its answer. Three plain routes are nearly all traffic and skip the router, which costs more than some of
// them do; everything else goes through the application.
import { createApp } from "./app.ts";
import { createConsole } from "./console/console.ts";
import { answerFailure } from "./failure.ts";
import { ProblemError } from "./problem.ts";
import type { RequestScope } from "./request-scope.ts";
import { check } from "./routes/device/check/check.ts";
import { token } from "./routes/device/oauth/token.ts";
import { permits } from "./routes/device/permits/permits.ts";
import { type PlainRoute, pathOf, withPlainPlus } from "./routes/http/plain-handler.ts";

const app = createApp();
const pages = createConsole((request, scope, context) => app.fetch(request, scope, context));
const PAGE = /^\/(?:console(?:\/.*)?)?$/;
const plainRoutes = new Map<string, PlainRoute>([check, permits, token].map((route) => [route.path, route]));

export function dispatch(request: Request, scope: RequestScope, context: ExecutionContext): Promise<Response> {
	const { url } = request;
	const path = pathOf(url);
	// Not redirected: a client that is sent on would go on sending its credentials in the clear first.
	if (url.startsWith("http:") && !scope.services.config.isLocal) {
		return Promise.resolve(protect(answerFailure(new ProblemError("https_required"), scope, path)));
	}
	const route = plainRoutes.get(path);
	if (route === undefined || route.method !== scope.event.method) return throughApp(request, scope, context);
	scope.event.route = path;
	return route.handler(request, scope).catch((error: unknown) => protect(answerFailure(error, scope, path)));
}

async function throughApp(request: Request, scope: RequestScope, context: ExecutionContext): Promise<Response> {
	const answer = protect(
		PAGE.test(pathOf(request.url))
			? await pages.fetch(request, scope, context)
			: await app.fetch(withEscapedPlus(request), scope, context),
	);
	// RFC 6797 §7.1, for browsers; firewalls, whose three hottest routes are answered elsewhere, have the service's https URL.
	if (!scope.services.config.isLocal) answer.headers.set("strict-transport-security", "max-age=31536000");
	return answer;
}

/** The router reads queries as forms. */
function withEscapedPlus(request: Request): Request {
	const { url } = request;
	const queryAt = url.indexOf("?");
	if (queryAt === -1 || !url.includes("+", queryAt)) return request;
	return new Request(url.slice(0, queryAt) + withPlainPlus(url.slice(queryAt)), request);
}

/** Nothing is cached or guessed at unless its route said so. */
export function protect(response: Response): Response {
	const { headers } = response;
	if (!headers.has("cache-control")) headers.set("cache-control", "private, no-store");
	headers.set("x-content-type-options", "nosniff");
	return response;
}
