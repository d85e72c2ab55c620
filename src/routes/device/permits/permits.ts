// A firewall takes up an offer. The offer's own capability says for whom and for what it was made, so no token signature is
// verified twice; what may have changed since (the device, its license, the release) is looked at again, live.
import { createRoute, z } from "@hono/zod-openapi";
import type { SharedView } from "../../../content/heads-record.ts";
import { channelOf } from "../../../content/releases/channel.ts";
import { cheapestWay, type Delta } from "../../../content/releases/delta.ts";
import { unitOf } from "../../../content/releases/rollout-place.ts";
import { isLicensed } from "../../../content/releases/select-release.ts";
import type { DeviceRecord } from "../../../entitlement/devices/device-record.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { type OfferClaims, openCapability, sealCapability } from "../../../signing/sealed/capability.ts";
import { readAuthorization, refuseDenied, requireProof, tokenTail } from "../../http/authenticate.ts";
import {
	degradedMarks,
	jsonAnswer,
	jsonBody,
	markDegraded,
	problems,
	timestamp,
	toTimestamp,
} from "../../http/openapi.ts";
import { answerJson, plainRoute } from "../../http/plain-handler.ts";
import { limitRate } from "../../http/rate-limit.ts";
import { readJson } from "../../http/request-body.ts";
import { passOn } from "../words/device-words.ts";
import { giveTurnBack, takeTurn } from "./ha-turn.ts";
import { exposureLimited, notEntitled, requireEntitlement, requireLeave, requireRelease } from "./permit-checks.ts";

/** A device has this long to install and report. */
const REPORT_WITHIN_SECONDS = 86_400;

/** Of a device in no HA group. */
const NO_TURN: { readonly at: number | null; readonly peers: readonly string[] } = { at: null, peers: [] };

const MAX_OFFER_LENGTH = 2048;
const permitRequest = z.object({ offer: z.string().max(MAX_OFFER_LENGTH) });

function isPermitRequest(body: unknown): body is z.infer<typeof permitRequest> {
	const { offer } = (body ?? {}) as { readonly offer?: unknown };
	return typeof offer === "string" && offer.length <= MAX_OFFER_LENGTH;
}

const permitBody = z
	.object({
		permit: z.string().openapi({ description: "Hand this back to POST /v1/reports" }),
		product: z.string(),
		version: z.string(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		url: z.string().openapi({ description: "Signed download URL" }),
		delta: z
			.object({
				coding: z.enum(["dcz", "zstd"]).openapi({
					description:
						"dcz: RFC 9842, a zstd frame whose dictionary is what is installed; zstd: a packed copy of the whole",
				}),
				from: z.string().nullable().openapi({ description: "Version of the dictionary; null with `zstd`" }),
				from_sha256: z.string().nullable().openapi({ description: "SHA-256 of the dictionary; null with `zstd`" }),
				sha256: z.string().openapi({ description: "Of the delta" }),
				size: z.int().openapi({ description: "Of the delta, bytes" }),
				url: z.string().openapi({ description: "Signed URL of the delta" }),
			})
			.optional()
			.openapi({
				description:
					"Fewer bytes that make the same package from what is installed; left out where there is no such way",
			}),
		expires_at: timestamp.openapi({ description: "When the URLs stop working" }),
		report_by: timestamp,
		...degradedMarks,
	})
	.openapi("Permit");

const route = createRoute({
	method: "post",
	path: "/v1/permits",
	operationId: "takePermit",
	tags: ["Device"],
	summary: "Take up an offer and get a signed download URL",
	security: [{ accessToken: [] }],
	request: { body: jsonBody(permitRequest) },
	responses: {
		201: jsonAnswer(permitBody, "The lease to install one release, with its signed URL"),
		...problems(
			"unauthenticated",
			"device_refused",
			"not_entitled",
			"offer_invalid",
			"offer_expired",
			"release_withdrawn",
			"exposure_limited",
			"invalid_request",
			"rate_limited",
			"unavailable",
		),
	},
});

export const permits = plainRoute(route, async (request, scope) => {
	const { services, event } = scope;
	const authorization = readAuthorization(request.headers.get("authorization"));
	if (authorization === null) {
		event.reason = "no_authorization";
		throw new ProblemError("unauthenticated");
	}
	const { offer: text } = await readJson(request, scope, permitRequest, isPermitRequest);
	const { now } = scope;
	const opened = await openCapability(services.macKeyring, "offer", text, tokenTail(authorization.credentials), now);
	if (!opened.ok) {
		event.reason = `offer_${opened.reason}`;
		throw new ProblemError(opened.reason === "expired" ? "offer_expired" : "offer_invalid");
	}
	const offer = opened.claims;
	event.device = offer.pseudonym;
	event.account = accountObjectName(offer.device);
	event.product = offer.product;
	event.fromVersion = offer.from;
	event.toVersion = offer.to;
	await requireProof(request, scope, authorization, offer.jkt);
	await limitRate(services.limits.token, `permits ${offer.device} ${offer.product}`);
	const view = await services.records.current(scope);
	refuseDenied(scope, view, offer.device);
	try {
		return await givePermit(scope, view, offer);
	} catch (error) {
		// To wait for one's turn is no problem.
		if (error instanceof ProblemError && error.code !== "exposure_limited") {
			passOn(scope, offer.device, { kind: "refused", problem: error.code });
		}
		throw error;
	}
});

/** See permit-checks.ts for what is looked at again. */
async function givePermit(scope: RequestScope, view: SharedView, offer: OfferClaims): Promise<Response> {
	const { services, event, now } = scope;
	const device = await services.records.device(offer.device, view, scope);
	if (device === null) throw new ProblemError("device_refused");
	const grant = requireEntitlement(device, offer.product, now);
	const channel = channelOf(device, offer.product);
	const record = await services.records.product(offer.product, view, scope);
	const release = requireRelease(record, offer, channel);
	if (!isLicensed(release, grant, now)) throw notEntitled("critical_only", grant);
	requireLeave(scope, device, offer, release, record);

	event.step = release.rollout?.step ?? null;
	const turn =
		device.haGroup === null ? NO_TURN : await takeTurn(scope, offer, release, record, now + REPORT_WITHIN_SECONDS);
	let haLock = turn.at;
	const place = release.rollout === null ? null : await takePlace(scope, device, offer, turn);
	const reportBy = place?.endsAt ?? now + REPORT_WITHIN_SECONDS;
	// A word that comes too late for the rollout still says that the device lives.
	const reportUntil = Math.max(reportBy, now + REPORT_WITHIN_SECONDS);
	if (haLock !== null && reportUntil > now + REPORT_WITHIN_SECONDS)
		haLock = (await takeTurn(scope, offer, release, record, reportUntil)).at;
	const { device: deviceId, pseudonym, product, from, to, sha256 } = offer;
	const delta = cheapestWay(release.deltas, from);
	const { name } = release;
	const [permit, download, byDelta] = await Promise.all([
		sealCapability(
			services.macKeyring.current,
			"permit",
			{ device: deviceId, product, from, to, sha256, exp: reportUntil, lease: place?.at ?? null, haLock },
			"",
		),
		services.urlSigner.sign({ sha256, name, pseudonym, now, delta: delta?.sha256 }),
		delta === null ? null : services.urlSigner.sign({ sha256: delta.sha256, name, pseudonym, now }),
	]);
	event.outcome = "permitted";
	passOn(scope, deviceId, { kind: "permitted", product, version: to });
	const body = {
		permit,
		product: offer.product,
		version: release.version,
		sha256: release.sha256,
		size: release.size,
		name: release.name,
		url: download.url,
		...(delta !== null && byDelta !== null && { delta: describeDelta(delta, byDelta.url) }),
		expires_at: toTimestamp(download.expiresAt),
		report_by: toTimestamp(reportBy),
		...markDegraded(scope.degradedAsOf()),
	} satisfies z.infer<typeof permitBody>;
	return answerJson(body, 201);
}

function describeDelta({ from, sha256, size }: Delta, url: string) {
	const coding: "dcz" | "zstd" = from === null ? "zstd" : "dcz";
	return { coding, from: from?.version ?? null, from_sha256: from?.sha256 ?? null, sha256, size, url };
}

/**
 * Only while few may have the release its product is asked: it counts to the unit exactly, and knows at once of a halt.
 * @param turn the device's in its HA group, which a refusal ends
 * @returns `at` of its lease, and unix seconds by which the device has to be healthy; null = everybody may have the release by now
 */
async function takePlace(
	scope: RequestScope,
	device: DeviceRecord,
	offer: OfferClaims,
	turn: typeof NO_TURN,
): Promise<{ at: number; endsAt: number } | null> {
	const { services, now, event } = scope;
	const { product, to: version } = offer;
	const { id, model, labels } = device;
	const { site = null, region = null } = labels;
	const question = {
		version,
		channel: channelOf(device, product),
		unit: unitOf(device),
		device: id,
		peers: turn.peers,
		model,
		site,
		region,
		now,
	};
	const place = await services.objects.product(product).takePermit(question);
	if (place.ok) return place.lease;
	if (turn.at !== null) await giveTurnBack(scope, offer, turn.at);
	event.reason = `rollout_${place.reason}`;
	if (place.reason === "ended") throw new ProblemError("release_withdrawn");
	throw exposureLimited(place.reason, place.retryAfter);
}
