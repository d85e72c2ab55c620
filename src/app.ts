// The application: which routes there are, and how their failures become answers. Everything that must happen to every
// request, routed or not, is in worker.ts.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import { PROBLEMS, ProblemError, problemResponse } from "./problem.ts";
import type { RequestScope } from "./request-scope.ts";
import { accounts } from "./routes/accounts.ts";
import { check } from "./routes/check.ts";
import { devices } from "./routes/devices.ts";
import { discovery } from "./routes/discovery.ts";
import { downloads } from "./routes/downloads.ts";
import { entitlements } from "./routes/entitlements.ts";
import { keys } from "./routes/keys.ts";
import { messages } from "./routes/messages.ts";
import { OAuthError, oauthErrorResponse } from "./routes/oauth-error.ts";
import { type AppEnv, createRouter } from "./routes/openapi.ts";
import { permits } from "./routes/permits.ts";
import { products } from "./routes/products.ts";
import { registration } from "./routes/register.ts";
import { releases } from "./routes/releases.ts";
import { reports } from "./routes/reports.ts";
import { guardJsonBody } from "./routes/request-body.ts";
import { token } from "./routes/token.ts";
import { PackageStoreError } from "./storage/package-store.ts";
import { RecordStoreError } from "./storage/record-store.ts";
import { RecordMissingError } from "./storage/records.ts";

const PACKAGE_UPLOAD = /^\/v1\/products\/[^/]+\/releases\/[^/]+\/package$/;

export function createApp(): OpenAPIHono<AppEnv> {
	const app = createRouter();
	app.use(async (c, next) => {
		await next();
		const path = routePath(c, -1);
		if (!path.includes("*")) c.env.event.route = path;
	});
	app.use("/v1/*", (c, next) => (PACKAGE_UPLOAD.test(c.req.path) ? next() : guardJsonBody(c, next)));
	for (const router of [check, permits, downloads, reports, messages, entitlements, token, registration, discovery]) {
		app.route("/", router);
	}
	for (const router of [releases, products, accounts, devices, keys]) app.route("/", router);
	app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", { type: "http", scheme: "bearer" });
	app.openAPIRegistry.registerComponent("securitySchemes", "accessToken", {
		type: "http",
		scheme: "dpop",
		description: "RFC 9449; a token that is not bound to a key goes as Bearer",
	});
	let description: string | undefined;
	app.get("/openapi.json", (c) => {
		description ??= JSON.stringify(describeApi(app));
		return c.body(description, 200, { "content-type": "application/json", "cache-control": "public, max-age=300" });
	});
	app.notFound((c) => {
		const allowed = METHODS.filter((method) => answersMethod(app, method, c.req.path));
		throw allowed.length === 0
			? new ProblemError("not_found")
			: new ProblemError("method_not_allowed", { headers: { allow: allowed.join(", ") } });
	});
	app.onError((error, c) => {
		const answer = answerError(error, c.env, c.req.path.startsWith("/oauth2/"));
		answer.headers.set("x-request-id", c.env.requestId());
		return answer;
	});
	return app;
}

/** The OpenAPI 3.1 document, made of the schemas that validate. */
export function describeApi(app: OpenAPIHono<AppEnv>) {
	return app.getOpenAPI31Document({
		openapi: "3.1.0",
		info: {
			title: "Parapet",
			version: "1",
			description: "Update service for fleets of firewalls.",
			license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
		},
	});
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"] as const;

/** Whether a route, not just middleware, would answer. */
function answersMethod(app: OpenAPIHono<AppEnv>, method: (typeof METHODS)[number], path: string): boolean {
	const [handlers] = app.router.match(method === "HEAD" ? "GET" : method, path);
	return handlers.some(([[, route]]) => !route.path.includes("*"));
}

/** The one place where a failure becomes an answer. What is not expected tells the caller nothing but the request's id. */
function answerError(error: Error, scope: RequestScope, isOAuth: boolean): Response {
	const { event } = scope;
	if (error instanceof OAuthError) {
		event.problem = error.code;
		return oauthErrorResponse(error);
	}
	const problem = asProblem(error, scope);
	event.problem = problem.code;
	return isOAuth ? oauthErrorResponse(asOAuthError(problem)) : problemResponse(problem, scope.requestId());
}

function asProblem(error: Error, scope: RequestScope): ProblemError {
	if (error instanceof ProblemError) return error;
	// Hono throws these for bodies that are not JSON.
	if (error instanceof HTTPException && error.status < 500) {
		return new ProblemError("invalid_request", { detail: "the body is not valid JSON" });
	}
	scope.event.reason = describeFailure(error);
	const isStorage =
		error instanceof RecordMissingError ||
		error instanceof RecordStoreError ||
		error instanceof PackageStoreError ||
		"overloaded" in error ||
		"retryable" in error;
	if (!isStorage) return new ProblemError("internal");
	return new ProblemError("unavailable", { headers: { "retry-after": String(5 + Math.floor(Math.random() * 26)) } });
}

/** Name and place of a failure. Not its message, which may quote what a client sent. */
function describeFailure(error: Error): string {
	const place = /^\s*at (.+)$/m.exec(error.stack ?? "")?.[1];
	return `${error.name} at ${place ?? "unknown"}`;
}

/** RFC 6749 has few words; a malformed registration is RFC 7591's `invalid_client_metadata`. */
function asOAuthError(problem: ProblemError): OAuthError {
	const { status, title } = PROBLEMS[problem.code];
	if (status === 422) return new OAuthError("invalid_client_metadata", 400, describeFields(problem));
	const { headers } = problem;
	if (status < 500) return new OAuthError("invalid_request", status, title, { headers });
	return new OAuthError(status === 503 ? "temporarily_unavailable" : "server_error", status, title, { headers });
}

function describeFields(problem: ProblemError): string {
	const { errors } = problem.extras;
	if (!Array.isArray(errors)) return problem.message;
	return (
		errors
			.map(({ field, message }: { field: string; message: string }) => `${field}: ${message}`)
			.join("; ")
			// RFC 6749 §5.2: these two characters have no place in a description.
			.replaceAll(/["\\]/g, "'")
	);
}
