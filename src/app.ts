// The application: which routes there are, and how their failures become answers. Everything that must happen to every
// request, routed or not, is in worker.ts.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { routePath } from "hono/route";
import { answerFailure } from "./failure.ts";
import { ProblemError } from "./problem.ts";
import { describeApi } from "./routes/description/describe-api.ts";
import { problemPages } from "./routes/description/problem-page.ts";
import { check } from "./routes/device/check/check.ts";
import { pulse } from "./routes/device/check/pulse.ts";
import { downloads } from "./routes/device/downloads/downloads.ts";
import { logFiles } from "./routes/device/downloads/log-files.ts";
import { trustFiles } from "./routes/device/downloads/trust-files.ts";
import { entitlements } from "./routes/device/explain/entitlements.ts";
import { explain } from "./routes/device/explain/explain.ts";
import { messageAck } from "./routes/device/message-ack.ts";
import { messages } from "./routes/device/messages.ts";
import { echo } from "./routes/device/network/echo.ts";
import { discovery } from "./routes/device/oauth/discovery.ts";
import { registration } from "./routes/device/oauth/register.ts";
import { token } from "./routes/device/oauth/token.ts";
import { permits } from "./routes/device/permits/permits.ts";
import { reports } from "./routes/device/permits/reports.ts";
import { autoscalingHook } from "./routes/hooks/autoscaling-hook.ts";
import { lifecycleHook } from "./routes/hooks/lifecycle-hook.ts";
import type { AppEnv } from "./routes/http/app-env.ts";
import { createRouter } from "./routes/http/openapi.ts";
import { awaitBody, guardJson, readStrictly } from "./routes/http/request-body.ts";
import { accountRewind } from "./routes/operator/accounts/account-rewind.ts";
import { accounts } from "./routes/operator/accounts/accounts.ts";
import { policies } from "./routes/operator/accounts/policies.ts";
import { tripwire } from "./routes/operator/accounts/tripwire.ts";
import { accountDevices } from "./routes/operator/devices/account-devices.ts";
import { claims } from "./routes/operator/devices/claims.ts";
import { deviceChannels } from "./routes/operator/devices/device-channels.ts";
import { devices } from "./routes/operator/devices/devices.ts";
import { forks } from "./routes/operator/devices/forks.ts";
import { foundDevices } from "./routes/operator/devices/found-devices.ts";
import { replacements } from "./routes/operator/devices/replacements.ts";
import { events } from "./routes/operator/events/events.ts";
import { webhooks } from "./routes/operator/events/webhooks.ts";
import { fleet } from "./routes/operator/fleet/fleet.ts";
import { fleetInstalled } from "./routes/operator/fleet/fleet-installed.ts";
import { fleetTrust } from "./routes/operator/fleet/fleet-trust.ts";
import { history } from "./routes/operator/fleet/history.ts";
import { traffic } from "./routes/operator/fleet/traffic.ts";
import { haGroups } from "./routes/operator/ha/ha-groups.ts";
import { keys } from "./routes/operator/keys.ts";
import { codes } from "./routes/operator/licenses/codes.ts";
import { licenseTransfers } from "./routes/operator/licenses/license-transfers.ts";
import { licenseUsage } from "./routes/operator/licenses/license-usage.ts";
import { licenses } from "./routes/operator/licenses/licenses.ts";
import { manufacturers } from "./routes/operator/manufacturers.ts";
import { operatorMessages } from "./routes/operator/messages/messages.ts";
import { messageReceipts } from "./routes/operator/messages/receipts.ts";
import { products } from "./routes/operator/products.ts";
import { deploymentStatus } from "./routes/operator/status.ts";
import { backup, MAX_BACKUP_PAGE_BYTES } from "./routes/operator/stores/backup.ts";
import { packages } from "./routes/operator/stores/packages.ts";
import { records } from "./routes/operator/stores/records.ts";
import { trust } from "./routes/operator/trust.ts";
import { trustedPublishers } from "./routes/operator/trusted-publishers.ts";
import { changes } from "./routes/publisher/changes/changes.ts";
import { coverage } from "./routes/publisher/changes/coverage.ts";
import { feed } from "./routes/publisher/changes/feed.ts";
import { ruleIndexes } from "./routes/publisher/changes/rule-indexes.ts";
import { disabledRules } from "./routes/publisher/disabled-rules.ts";
import { publishTokens } from "./routes/publisher/publish-token.ts";
import { releases } from "./routes/publisher/releases.ts";
import { roleFiles } from "./routes/publisher/role-files.ts";
import { rollouts } from "./routes/publisher/rollouts.ts";
import { deltas } from "./routes/publisher/uploads/deltas.ts";
import { packageLink } from "./routes/publisher/uploads/package-link.ts";
import { uploadParts } from "./routes/publisher/uploads/upload-parts.ts";
import { uploads } from "./routes/publisher/uploads/uploads.ts";
import { validations } from "./routes/publisher/validations.ts";
import { MAX_METADATA_BYTES } from "./signing/tuf/metadata.ts";

const PACKAGE_UPLOAD =
	/^\/v1\/products\/[^/]+\/(releases\/[^/]+\/(package|delta|rule-index)|uploads\/[^/]+\/parts\/[^/]+)$/;
/** Of JSON, where it may be larger than elsewhere. */
const LARGE_BODIES = [
	{ path: /^\/v1\/products\/[^/]+\/role$/, maxBytes: MAX_METADATA_BYTES },
	{ path: /^\/v1\/backup\/restore$/, maxBytes: MAX_BACKUP_PAGE_BYTES },
];

export function createApp(): OpenAPIHono<AppEnv> {
	const app = createRouter();
	app.use(async (c, next) => {
		await next();
		const path = routePath(c, -1);
		if (!path.includes("*")) c.env.event.route = path;
	});
	app.use("/v1/*", async (c, next) => {
		if (!PACKAGE_UPLOAD.test(c.req.path)) {
			guardJson(c.req.raw, LARGE_BODIES.find(({ path }) => path.test(c.req.path))?.maxBytes);
			await awaitBody(c);
		}
		readStrictly(c);
		await next();
	});
	for (const { router } of [check, permits, token]) app.route("/", router);
	for (const router of [
		downloads,
		pulse,
		trustFiles,
		logFiles,
		reports,
		messages,
		messageAck,
		entitlements,
		explain,
		registration,
		discovery,
		echo,
		deploymentStatus,
	])
		app.route("/", router);
	for (const router of [lifecycleHook, autoscalingHook]) app.route("/", router);
	for (const router of [
		uploads,
		uploadParts,
		deltas,
		packageLink,
		ruleIndexes,
		changes,
		coverage,
		feed,
		disabledRules,
		releases,
		rollouts,
		validations,
		roleFiles,
		trustedPublishers,
		manufacturers,
		publishTokens,
		trust,
		products,
		accounts,
		accountRewind,
		accountDevices,
		licenses,
		licenseTransfers,
		licenseUsage,
		codes,
		haGroups,
		policies,
		tripwire,
		claims,
		devices,
		deviceChannels,
		foundDevices,
		forks,
		fleet,
		fleetInstalled,
		fleetTrust,
		replacements,
		keys,
		operatorMessages,
		messageReceipts,
		packages,
		records,
		backup,
		events,
		history,
		traffic,
		...webhooks,
	])
		app.route("/", router);
	app.route("/", problemPages);
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
	app.onError((error, c) => answerFailure(c.var.bodyProblem ?? error, c.env, c.req.path));
	return app;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Whether a route, not just middleware, would answer. */
function answersMethod(app: OpenAPIHono<AppEnv>, method: (typeof METHODS)[number], path: string): boolean {
	const [handlers] = app.router.match(method === "HEAD" ? "GET" : method, path);
	return handlers.some(([[, route]]) => !route.path.includes("*"));
}
