// A firewall takes up an offer. The offer's own capability says for whom and for what it was made, so no token signature is
// verified twice; what may have changed since (the device, its license, the release) is looked at again, live.
import { createRoute, z } from "@hono/zod-openapi";
import type { Installed } from "../../../content/check/installed.ts";
import { entitledTo, type SharedView } from "../../../content/heads-record.ts";
import { channelOf } from "../../../content/releases/channel.ts";
import type { ModelRelease } from "../../../content/releases/for-model.ts";
import type { ProductRecord } from "../../../content/releases/product-record.ts";
import { unitOf } from "../../../content/releases/rollout-place.ts";
import type { Room } from "../../../content/releases/room.ts";
import { isLicensed } from "../../../content/releases/select-release.ts";
import type { DeviceRecord } from "../../../entitlement/devices/device-record.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import { termsOf } from "../../../entitlement/terms.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { openAccessToken } from "../../../signing/sealed/access-token.ts";
import { isDirectOffer, type OfferClaims, openCapability, sealCapability } from "../../../signing/sealed/capability.ts";
import {
	readAuthorization,
	refuseDenied,
	requireProof,
	type TokenBinding,
	tokenTail,
} from "../../http/authenticate.ts";
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
import { downloadLinks, offeredVariant, signDownload } from "./download-links.ts";
import { giveTurnBack, type Turn, takeTurn } from "./ha-turn.ts";
import {
	exposureLimited,
	notEntitled,
	requireAge,
	requireEntitlement,
	requireLeave,
	requireRelease,
	requireRoom,
} from "./permit-checks.ts";
import { isPermitRequest, permitRequest } from "./permit-request.ts";
import { readInstalled, requirePrerequisites } from "./prerequisites.ts";

/** A device has this long to install and report. */
export const REPORT_WITHIN_SECONDS = 86_400;

/** What offers with a download are bound to. */
export const UNBOUND = "";

/** Of a device in no HA group. */
const NO_TURN: Turn = { at: null, peers: [], isUnlocked: false };

const permitBody = z
	.object({
		permit: z.string().openapi({ description: "Hand this back to POST /v1/reports" }),
		product: z.string(),
		version: z.string(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		variant: offeredVariant,
		...downloadLinks,
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
			"too_large_for_device",
			"prerequisite_missing",
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
	const {
		offer: text,
		installed,
		disk_free: disk = null,
		memory = null,
	} = await readJson(request, scope, permitRequest, isPermitRequest);
	const opened = await openOffer(scope, text, authorization.credentials);
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
	await requireProof(request, scope, authorization, opened);
	await limitRate(services.limits.token, `permits ${offer.device} ${offer.product}`);
	const view = await services.records.current(scope);
	refuseDenied(scope, view, offer.device);
	try {
		return await givePermit(scope, view, offer, { installed: readInstalled(installed), room: { disk, memory } });
	} catch (error) {
		// To wait for one's turn is no problem.
		if (error instanceof ProblemError && error.code !== "exposure_limited") {
			passOn(scope, offer.device, { kind: "refused", problem: error.code });
		}
		throw error;
	}
});

/**
 * An offer is for the token under which it was made, whose end tells it. One that came with a download is reported on as well, also
 * once its device has another token: so it is for any token of the device, which is verified here.
 * @returns what has to come with the request: where the token or the offer is bound, it must
 */
async function openOffer({ services, now }: RequestScope, text: string, token: string) {
	const { macKeyring, config } = services;
	if (!isDirectOffer(text)) {
		const offer = await openCapability(macKeyring, "offer", text, tokenTail(token), now);
		return offer.ok ? { ...offer, ...boundTo(offer.claims) } : offer;
	}
	const direct = await openCapability(macKeyring, "direct", text, UNBOUND, now);
	if (!direct.ok) return direct;
	const caller = await openAccessToken(macKeyring, token, { issuer: config.issuer, now });
	if (!caller.ok || caller.profile.id !== direct.claims.device) return { ok: false, reason: "other_token" } as const;
	const offered = boundTo(direct.claims);
	return { ...direct, jkt: caller.jkt ?? offered.jkt, x5t: caller.x5t ?? offered.x5t };
}

function boundTo({ jkt, x5t }: OfferClaims): TokenBinding {
	return { jkt: jkt ?? null, x5t: x5t ?? null };
}

/** What the device says beside the offer. */
interface Said {
	/** null = nothing */
	readonly installed: Installed | null;
	readonly room: Room;
}

/** See permit-checks.ts for what is looked at again. */
async function givePermit(scope: RequestScope, view: SharedView, offer: OfferClaims, said: Said): Promise<Response> {
	const { services, event, now } = scope;
	const device = await services.records.device(offer.device, view, scope);
	if (device === null) throw new ProblemError("device_refused");
	const record = await services.records.product(offer.product, view, scope);
	const release = await leaveUnless(scope, device, offer, record, () =>
		requireInstallable(scope, view, device, offer, record, said),
	);

	event.step = release.rollout?.step ?? null;
	const known = { record, entitled: entitledTo(view.heads, offer.product) };
	const turn = device.haGroup === null ? NO_TURN : await takeTurn(scope, offer, release, known, REPORT_WITHIN_SECONDS);
	let haLock = turn.at;
	const place = release.rollout === null ? null : await takePlace(scope, device, offer, turn);
	const reportBy = place?.endsAt ?? now + REPORT_WITHIN_SECONDS;
	// A word that comes too late for the rollout still says that the device lives.
	const reportUntil = Math.max(reportBy, now + REPORT_WITHIN_SECONDS);
	if (haLock !== null && reportUntil > now + REPORT_WITHIN_SECONDS)
		haLock = (await takeTurn(scope, offer, release, known, REPORT_WITHIN_SECONDS, reportUntil)).at;
	const { device: deviceId, product, from, to, sha256 } = offer;
	const [permit, links] = await Promise.all([
		sealCapability(
			services.macKeyring.current,
			"permit",
			{ device: deviceId, product, from, to, sha256, exp: reportUntil, lease: place?.at ?? null, haLock },
			"",
		),
		signDownload(scope, release, offer, place === null && haLock === null),
	]);
	event.outcome = "permitted";
	// Of a release that everybody may have, the device's next words say what became of it.
	if (place !== null || haLock !== null) {
		const permitted = { version: to, sequence: release.sequence, until: reportUntil, isLocked: haLock !== null };
		passOn(scope, deviceId, { kind: "permitted", product, ...permitted });
	}
	const body = {
		permit,
		product: offer.product,
		version: release.version,
		sha256: release.sha256,
		size: release.size,
		name: release.name,
		...(release.variant !== undefined && { variant: release.variant }),
		...links,
		report_by: toTimestamp(reportBy),
		...markDegraded(scope.degradedAsOf()),
	} satisfies z.infer<typeof permitBody>;
	return answerJson(body, 201);
}

function requireInstallable(
	scope: RequestScope,
	view: SharedView,
	device: DeviceRecord,
	offer: OfferClaims,
	record: ProductRecord | null,
	said: Said,
): ModelRelease | Promise<ModelRelease> {
	const { now } = scope;
	const pass = requireEntitlement(device, offer.product, now, entitledTo(view.heads, offer.product));
	const terms = termsOf(pass, device.policy);
	const release = requireRelease(record, offer, channelOf(device, offer.product), device.model);
	if (!isLicensed(release, terms, now)) throw notEntitled("critical_only", pass.grant);
	requireLeave(scope, device, offer, release, record);
	requireAge(scope, release, terms);
	requireRoom(scope, release, offer, said.room);
	if (release.requires === undefined && offer.needs === undefined) return release;
	return requirePrerequisites(scope, view, offer, release, said.installed);
}

/**
 * Who asks for a permit does not install yet, and whoever is refused then does not: a place that it has in a rollout from before, and a
 * turn in its HA group, go to others, and its silence is no failure.
 */
async function leaveUnless<T>(
	scope: RequestScope,
	{ haGroup }: DeviceRecord,
	offer: OfferClaims,
	record: ProductRecord | null,
	require: () => T | Promise<T>,
): Promise<T> {
	try {
		return await require();
	} catch (error) {
		if (!(error instanceof ProblemError)) throw error;
		const { services, event, now } = scope;
		const { product, to: version, device } = offer;
		if (haGroup !== null) await giveTurnBack(scope, offer, null);
		if (record?.releases.some((one) => one.version === version && one.rollout !== null)) {
			const detail = event.reason ?? error.code;
			const putOff = { version, device, lease: null, reported: "deferred", detail, now } as const;
			await services.objects.product(product).hearReport(putOff);
		}
		throw error;
	}
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
	turn: Turn,
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
		unlocked: turn.isUnlocked ? version : null,
		model,
		site,
		region,
		isAgain: offer.isAgain,
		now,
	};
	const place = await services.objects.product(product).takePermit(question);
	if (place.ok) return place.lease;
	if (turn.at !== null) await giveTurnBack(scope, offer, turn.at);
	event.reason = `rollout_${place.reason}`;
	if (place.reason === "ended") throw new ProblemError("release_withdrawn");
	throw exposureLimited(place.reason, place.retryAfter);
}
