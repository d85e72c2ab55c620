// What should this firewall run next? One request answers for every product. No store is read in the common case: the
// token says what the device is entitled to, the isolate holds the product records. See unchanged.ts for the 304.
import { createRoute, type z } from "@hono/zod-openapi";
import {
	answerCheck,
	type CheckAnswer,
	type CheckFacts,
	leadsAway,
	onceInstalled,
} from "../../../content/check/check.ts";
import type { Installed } from "../../../content/check/installed.ts";
import { checkOnceOpen, longestSilence, nextCheckIn } from "../../../content/check/next-check.ts";
import type { ProductAnswer } from "../../../content/check/product-answer.ts";
import { quietUntil } from "../../../content/check/pulse.ts";
import { entitledTo, productsOf, type SharedView } from "../../../content/heads-record.ts";
import type { ProductRecord } from "../../../content/releases/product-record.ts";
import { bucketsOf } from "../../../content/releases/rollout-place.ts";
import { afterOf } from "../../../content/requires/requires.ts";
import { toldBy } from "../../../fleet/told-installations.ts";
import { placeInFleet } from "../../../place-in-fleet.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { type OfferClaims, sealCapability } from "../../../signing/sealed/capability.ts";
import { readCheckEtag, sealCheckEtag, verifyCheckEtag } from "../../../signing/sealed/check-etag.ts";
import type { DeviceCaller } from "../../http/app-env.ts";
import { authenticateDevice } from "../../http/authenticate.ts";
import { jsonAnswer, problems, toTimestamp } from "../../http/openapi.ts";
import { answerJson, plainRoute } from "../../http/plain-handler.ts";
import { pulseLinks } from "../../http/pulse-links.ts";
import { offerFacts } from "../../http/release-facts-body.ts";
import { isDirect } from "../permits/direct-download.ts";
import { signDownload } from "../permits/download-links.ts";
import { UNBOUND } from "../permits/permits.ts";
import { CONTROL_REPEAT_SECONDS, passOnControl } from "../words/control-word.ts";
import { passOnCheck } from "../words/device-words.ts";
import { HA_REPEAT_SECONDS, passOnHaReport } from "../words/ha-report.ts";
import { checkBody, describeBlocked, describeHeld } from "./check-body.ts";
import { checkQuery, readQuestion } from "./check-question.ts";
import { answerUnchanged, checkState, unchanged } from "./unchanged.ts";

/** An offer can be taken up for this long; then the device checks again. */
const OFFER_LIFETIME_SECONDS = 900;

const route = createRoute({
	method: "get",
	path: "/v1/check",
	operationId: "check",
	tags: ["Device"],
	summary: "Ask what to run",
	security: [{ accessToken: [] }],
	request: { query: checkQuery },
	responses: {
		200: jsonAnswer(checkBody, "What to run, and when to ask again"),
		304: { description: "Nothing changed since the answer with that ETag" },
		...problems("unauthenticated", "device_refused", "invalid_request"),
	},
});

export const check = plainRoute(route, async (request, scope) => {
	const { url } = request;
	const query = url.includes("?") ? url.slice(url.indexOf("?")) : "";
	const held = scope.services.records.peekCurrent(scope);
	const known = held === undefined ? null : await answerUnchanged(request, scope, query, held);
	return known ?? answerInFull(request, scope, query, held);
});

/** @param held the shared records, if no read of them is due */
async function answerInFull(
	request: Request,
	scope: RequestScope,
	query: string,
	held: SharedView | undefined,
): Promise<Response> {
	const { records, config, macKeyring } = scope.services;
	const caller = await authenticateDevice(request, scope, held);
	const { view } = caller;
	// A token is taken for some seconds after its end. What is sealed here ends with the token, so it would have ended
	// already: the device is to renew its token first.
	if (scope.now >= caller.exp) {
		scope.event.reason = "token_ended";
		throw new ProblemError("unauthenticated");
	}
	const question = readQuestion(query);
	const state = checkState(question, query, view, caller.profile.id, scope.country, caller.tail);
	// The shortcut takes only what the isolate holds; after a due read the answer may still be the same.
	const etagSent = request.headers.get("if-none-match") ?? "";
	const known = readCheckEtag(etagSent);
	const degradedAsOf = scope.degradedAsOf();
	if (
		degradedAsOf === null &&
		known !== null &&
		(await verifyCheckEtag(macKeyring, known, { ...state, now: scope.now }))
	) {
		return unchanged(etagSent, caller.profile.id, caller.pseudonym, scope);
	}

	const { id, haGroup } = caller.profile;
	if (haGroup !== null) passOnHaReport(scope, { id, haGroup }, question, query);
	const installed = question.installed ?? everyProduct(caller);
	const readProduct = async (name: string) => [name, await records.product(name, view, scope)] as const;
	const [{ messages }, ...found] = await Promise.all([
		records.messages(view, scope),
		...Array.from(installed.keys(), readProduct),
	]);
	const productRecords = new Map<string, ProductRecord | null>(found);
	const facts: CheckFacts = {
		device: caller.profile,
		circumstances: { engine: question.engine, country: scope.country },
		installed,
		held: question.held,
		permitted: question.permitted,
		failed: question.failed,
		...(question.room && { room: question.room }),
		seen: question.seen,
		recordOf: (product) => productRecords.get(product) ?? null,
		entitledTo: (product) => entitledTo(view.heads, product),
		messages,
		buckets: await bucketsOf(productRecords.values(), caller.profile, messages),
		now: scope.now,
	};
	const answer = answerCheck(facts);
	noteOutcome(scope, answer);
	const heardUntil = passOnCheck(scope, caller.profile, question, answer, facts.recordOf);

	// An answer with an offer holds no longer than the offer: a device that let it run out must get a new one, not a 304.
	const updated = onceInstalled(installed, answer);
	const hasOffer = updated !== null;
	const offersEnd = Math.min(caller.exp, scope.now + OFFER_LIFETIME_SECONDS);
	const direct = new Set(
		answer.products.flatMap(({ product, entitlement, selection }) =>
			selection?.status === "offered" && isDirect(selection, caller, degradedAsOf, entitlement) ? [product] : [],
		),
	);
	// Nor longer than the URLs in it.
	const urlsEnd = direct.size > 0 ? scope.now + config.urlTtlSeconds : Number.POSITIVE_INFINITY;
	const hasEnds = hasOffer ? Math.min(offersEnd, urlsEnd) : Number.POSITIVE_INFINITY;
	const answerEnds = Math.min(caller.exp, answer.holdsUntil, hasEnds);
	const heardAgain = Math.min(
		haGroup === null ? Number.POSITIVE_INFINITY : HA_REPEAT_SECONDS,
		answer.heldBack.length === 0 ? Number.POSITIVE_INFINITY : CONTROL_REPEAT_SECONDS,
	);
	const { checkIntervalSeconds: interval } = config;
	const place = placeInFleet(id);
	const most = Math.min(
		heardAgain,
		longestSilence(caller.profile.lease),
		heardUntil === null ? Number.POSITIVE_INFINITY : toldBy(heardUntil) - scope.now,
	);
	// An HA group is to hear of what its devices have installed: they check after an update.
	const isSoonHeard = degradedAsOf !== null || (hasOffer && haGroup !== null);
	const settle = () => (updated === null ? answer : answerCheck({ ...facts, installed: updated }));
	const quiet = isSoonHeard ? null : quietUntil(settle(), { most, place, interval }, scope.now);
	// A 304 says that `until` holds too, so there is none after it.
	const exp = Math.min(
		answerEnds,
		scope.now + heardAgain,
		quiet ?? Number.POSITIVE_INFINITY,
		heardUntil ?? Number.POSITIVE_INFINITY,
	);
	// An ETag would keep the word "degraded" alive: 304 says that the answer from before still holds.
	const sealing =
		degradedAsOf === null
			? sealCheckEtag(caller.keys, { ...state, deviceId: caller.profile.id, pseudonym: caller.pseudonym, exp })
			: null;
	const [etag, pulse, ...products] = await Promise.all([
		sealing,
		quiet === null ? null : pulseLinks(scope, [...installed.keys()], view),
		...answer.products.map((one) =>
			describeProduct(scope, caller, one, productRecords.get(one.product), direct.has(one.product)),
		),
	]);
	const pace = degradedAsOf !== null ? "strained" : answer.isUrgent ? "urgent" : "usual";
	const usual = nextCheckIn(interval, id, caller.profile.lease, pace);
	// Whoever waits for a window comes when it has opened, and at its usual pace before that: a halt and an emergency come meanwhile.
	const nextCheck = checkOnceOpen(answer.opensAt, usual, interval, place, scope.now);
	passOnControl(scope, caller.profile, answer, nextCheck);
	const body = {
		device: caller.profile.id,
		as_of: toTimestamp(degradedAsOf ?? scope.now),
		...(degradedAsOf === null ? {} : { degraded: true as const }),
		next_check_in: nextCheck,
		products,
		messages: answer.messages,
		...(heardUntil !== null && { heard_until: toTimestamp(heardUntil) }),
		...(pulse === null || quiet === null
			? {}
			: { pulse: [...pulse], [hasOffer ? "once_installed_until" : "until"]: toTimestamp(quiet) }),
	} satisfies z.infer<typeof checkBody>;
	return answerJson(body, 200, etag === null ? {} : { etag, "cache-control": "private, no-cache" });
}

function everyProduct({ profile, view }: DeviceCaller): Installed {
	return new Map(productsOf(view.heads, profile.grants).map((product) => [product, null]));
}

async function describeProduct(
	scope: RequestScope,
	caller: DeviceCaller,
	answer: ProductAnswer,
	record: ProductRecord | null | undefined,
	isDirect: boolean,
) {
	const { entitlement, selection } = answer;
	const isForAll = entitlement.code === "registered";
	const described = {
		product: answer.product,
		decision: entitlement.decision,
		code: entitlement.code,
		until: entitlement.grant === null || isForAll ? null : toTimestamp(entitlement.grant.until),
		installed: answer.installed,
		// Also where the license has ended: what harms is on the device all the same.
		...(record?.disabledRules.length ? { disabled_rules: [...record.disabledRules] } : {}),
	};
	if (selection === null) return { ...described, status: "refused" as const, reason: entitlement.code };
	const waits = {
		...(selection.blocked && { blocked_by: describeBlocked(selection.blocked) }),
		...(selection.held && { held_by: describeHeld(selection.held) }),
	};
	if (selection.status !== "offered") {
		const settled = { ...described, status: selection.status, reason: selection.reason, ...waits };
		if (selection.status !== "current" || selection.waiting === undefined) return settled;
		const from = Number.isFinite(selection.holdsUntil) ? toTimestamp(selection.holdsUntil) : null;
		return { ...settled, waiting: { version: selection.waiting.version, until: from } };
	}
	const { release, needs } = selection;
	const after = afterOf(needs);
	const expires = Math.min(caller.exp, scope.now + OFFER_LIFETIME_SECONDS);
	const claims: OfferClaims = {
		device: caller.profile.id,
		pseudonym: caller.pseudonym,
		product: answer.product,
		from: answer.installed,
		to: release.version,
		sha256: release.sha256,
		isRevert: leadsAway(selection.reason),
		isAgain: selection.isAgain === true,
		...(needs && { needs }),
		exp: expires,
		...(caller.x5t === null
			? { jkt: caller.jkt }
			: { x5t: caller.x5t, ...(caller.jkt !== null && { jkt: caller.jkt }) }),
	};
	const [capability, download] = await Promise.all([
		isDirect
			? sealCapability(caller.keys, "direct", claims, UNBOUND)
			: sealCapability(caller.keys, "offer", claims, caller.tail),
		isDirect ? signDownload(scope, release, claims, true) : undefined,
	]);
	return {
		...described,
		status: selection.status,
		reason: selection.reason,
		...waits,
		offer: {
			version: release.version,
			sequence: release.sequence,
			sha256: release.sha256,
			size: release.size,
			name: release.name,
			...(release.variant !== undefined && { variant: release.variant }),
			urgency: release.urgency,
			notes: release.notes,
			downgrade: selection.downgrade,
			...offerFacts(release),
			...(selection.role !== undefined && { role_version: selection.role }),
			...(after.length > 0 && { after: [...after] }),
			capability,
			expires_at: toTimestamp(expires),
			...(download !== undefined && { download }),
		},
	};
}

/** Telemetry speaks of the product that has something to do, else of the first. */
function noteOutcome({ event }: RequestScope, answer: CheckAnswer): void {
	const product = answer.products.find(({ selection }) => selection?.status === "offered") ?? answer.products[0];
	if (product === undefined) return;
	event.product = product.product;
	event.fromVersion = product.installed;
	event.outcome = product.selection?.status ?? "refused";
	if (product.selection?.status === "offered") event.toVersion = product.selection.release.version;
}
