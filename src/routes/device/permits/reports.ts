// What became of a permit. It goes to telemetry, and behind the answer and in batches to the state of the device in its account, so that a
// burst of millions meets no single object; the data point carries the permit's own names, so a report sent twice says the same.
// While few may have it, its product hears of it: the rollout goes on or halts by that. The account of a device in an HA group
// always hears of it: the group's next device waits for that.
import { createRoute, z } from "@hono/zod-openapi";
import { accountObjectName } from "../../../entitlement/ids.ts";
import { OUTCOME_REASON_NAMES, reasonOf } from "../../../fleet/outcome-reason.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { healthReport } from "../../../rollout/health.ts";
import { REPORTED, type Reported } from "../../../rollout/lease.ts";
import { isDirectOffer, openCapability } from "../../../signing/sealed/capability.ts";
import { requireDevice } from "../../http/authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../../http/openapi.ts";
import { limitRate } from "../../http/rate-limit.ts";
import { passOn } from "../words/device-words.ts";
import { REPORT_WITHIN_SECONDS, UNBOUND } from "./permits.ts";

const outcome = z.enum(REPORTED);

const route = createRoute({
	method: "post",
	path: "/v1/reports",
	operationId: "reportOutcome",
	tags: ["Device"],
	summary: "Say what became of a permit",
	security: [{ accessToken: [] }],
	middleware: requireDevice,
	request: {
		body: jsonBody(
			z.object({
				permit: z.string().max(2048).openapi({
					description: "Or the `capability` of an offer that came with a download",
				}),
				outcome,
				detail: z
					.string()
					.regex(/^[a-z0-9_.-]{1,64}$/, "a word in lower case, such as digest_mismatch")
					.optional()
					.openapi({
						description: "Why, in a word of the device's own; kept beside `reason`",
						example: "digest_mismatch",
					}),
				reason: z.enum(OUTCOME_REASON_NAMES).optional().openapi({
					description:
						"Why it failed, was rolled back or put off, in a word by which the fleet is counted. Left out: `detail` where that is one of these words, else `other`",
					example: "digest_mismatch",
				}),
				health: healthReport.optional().openapi({
					description:
						"How the firewall did before the installation and how it does now: percent of processor (`cpu`) and memory, open sessions, packets dropped per second, percent of sessions blocked, the rules that match most. What is not measured is left out; beyond the product's `health_limits` a `healthy` counts as failed",
					example: { before: { cpu: 12, drops: 0 }, after: { cpu: 47, drops: 3, top_rules: ["1:2000419"] } },
				}),
			}),
		),
	},
	responses: {
		202: jsonAnswer(z.object({ permit: z.string(), outcome }), "Taken"),
		...problems("unauthenticated", "device_refused", "permit_invalid", "invalid_request", "rate_limited"),
	},
});

export const reports = createRouter().openapi(route, async (c) => {
	const scope = c.env;
	const { caller } = c.var;
	const report = c.req.valid("json");
	const opened = await openPermit(scope, report.permit);
	// A permit of another device is not this caller's to report on.
	const claims = opened.ok ? opened.claims : null;
	if (claims === null || claims.device !== caller.profile.id) {
		scope.event.reason = opened.ok ? "permit_of_another_device" : `permit_${opened.reason}`;
		throw new ProblemError("permit_invalid");
	}
	scope.event.product = claims.product;
	scope.event.fromVersion = claims.from;
	scope.event.toVersion = claims.to;
	const { lease, haLock, device, product, from, to: version } = claims;
	const { objects, limits } = scope.services;
	await limitRate(limits.token, `reports ${device} ${product}`);
	scope.event.outcome = report.outcome;
	scope.event.detail = report.detail ?? null;
	let counted: Reported = report.outcome;
	if (lease !== null) {
		counted = await objects.product(product).hearReport({
			...{ version, device, lease, now: scope.now },
			reported: report.outcome,
			detail: report.detail ?? null,
			health: report.health ?? null,
		});
	}
	// What counts for the rollout counts for the group's next device and for the fleet.
	scope.event.outcome = counted;
	if (haLock !== null) {
		const told = { deviceId: device, product, version, at: haLock, reported: counted, now: scope.now };
		await objects.hearHaLock(accountObjectName(device), told);
	}
	const [detail, named] = [report.detail ?? null, report.reason ?? null];
	const reason = counted === report.outcome ? reasonOf(counted, named, detail) : "unhealthy";
	const position = opened.ok && opened.isOffer && isFailure(counted) ? await sequenceOf(scope, product, version) : {};
	passOn(scope, device, { kind: "reported", product, from, version, ...position, outcome: counted, reason, detail });
	return c.json({ permit: report.permit, outcome: report.outcome }, 202);
});

function isFailure(outcome: Reported): boolean {
	return outcome === "failed" || outcome === "rolled_back";
}

/** An HA group that the device has joined since knows by it what is newer. Nothing of a version that no record names any more. */
async function sequenceOf(scope: RequestScope, product: string, version: string): Promise<{ sequence?: number }> {
	const { records } = scope.services;
	const record = await records.product(product, await records.current(scope), scope);
	const release = record?.releases.find((one) => one.version === version);
	return release === undefined ? {} : { sequence: release.sequence };
}

/** A permit; or an offer that needed none, on which its device may report for as long. */
async function openPermit({ services, now }: RequestScope, text: string) {
	if (!isDirectOffer(text)) {
		const permit = await openCapability(services.macKeyring, "permit", text, "", now);
		return permit.ok ? { ...permit, isOffer: false } : permit;
	}
	const offer = await openCapability(services.macKeyring, "direct", text, UNBOUND, now - REPORT_WITHIN_SECONDS);
	if (!offer.ok) return offer;
	return { ok: true, claims: { ...offer.claims, lease: null, haLock: null }, isOffer: true } as const;
}
