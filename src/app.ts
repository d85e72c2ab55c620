// The application: which routes there are, and how their failures become answers. Everything that must happen to every
// request, routed or not, is in worker.ts.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { routePath } from "hono/route";
import { answerFailure } from "./failure.ts";
import { ProblemError } from "./problem.ts";
import { accountDevices } from "./routes/account-devices.ts";
import { accounts } from "./routes/accounts.ts";
import type { AppEnv } from "./routes/app-env.ts";
import { autoscalingHook } from "./routes/autoscaling-hook.ts";
import { check } from "./routes/check.ts";
import { codes } from "./routes/codes.ts";
import { devices } from "./routes/devices.ts";
import { discovery } from "./routes/discovery.ts";
import { downloads } from "./routes/downloads.ts";
import { entitlements } from "./routes/entitlements.ts";
import { events } from "./routes/events.ts";
import { explain } from "./routes/explain.ts";
import { haGroups } from "./routes/ha-groups.ts";
import { keys } from "./routes/keys.ts";
import { licenseUsage } from "./routes/license-usage.ts";
import { licenses } from "./routes/licenses.ts";
import { lifecycleHook } from "./routes/lifecycle-hook.ts";
import { messages } from "./routes/messages.ts";
import { createRouter } from "./routes/openapi.ts";
import { permits } from "./routes/permits.ts";
import { products } from "./routes/products.ts";
import { records } from "./routes/records.ts";
import { registration } from "./routes/register.ts";
import { releases } from "./routes/releases.ts";
import { replacements } from "./routes/replacements.ts";
import { reports } from "./routes/reports.ts";
import { guardJson } from "./routes/request-body.ts";
import { deploymentStatus } from "./routes/status.ts";
import { token } from "./routes/token.ts";
import { webhooks } from "./routes/webhooks.ts";

const PACKAGE_UPLOAD = /^\/v1\/products\/[^/]+\/releases\/[^/]+\/package$/;

export function createApp(): OpenAPIHono<AppEnv> {
	const app = createRouter();
	app.use(async (c, next) => {
		await next();
		const path = routePath(c, -1);
		if (!path.includes("*")) c.env.event.route = path;
	});
	app.use("/v1/*", async (c, next) => {
		if (!PACKAGE_UPLOAD.test(c.req.path)) guardJson(c.req.raw);
		await next();
	});
	for (const { router } of [check, permits, token]) app.route("/", router);
	for (const router of [downloads, reports, messages, entitlements, explain, registration, discovery, deploymentStatus])
		app.route("/", router);
	for (const router of [lifecycleHook, autoscalingHook]) app.route("/", router);
	for (const router of [
		releases,
		products,
		accounts,
		accountDevices,
		licenses,
		licenseUsage,
		codes,
		haGroups,
		devices,
		replacements,
		keys,
		records,
		events,
		webhooks,
	])
		app.route("/", router);
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
	app.onError((error, c) => answerFailure(error, c.env, c.req.path));
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

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Whether a route, not just middleware, would answer. */
function answersMethod(app: OpenAPIHono<AppEnv>, method: (typeof METHODS)[number], path: string): boolean {
	const [handlers] = app.router.match(method === "HEAD" ? "GET" : method, path);
	return handlers.some(([[, route]]) => !route.path.includes("*"));
}
