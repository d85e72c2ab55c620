// What a permit looks at again, live, since it may have changed after the offer was made: the license, the release and its
// age, and what the device's account says of its updates.
import type { Channel } from "../../../content/releases/channel.ts";
import { forModel, type ModelRelease } from "../../../content/releases/for-model.ts";
import { isInChannel, seenOn } from "../../../content/releases/on-channel.ts";
import type { ProductRecord, Release } from "../../../content/releases/product-record.ts";
import { skippedByRevert } from "../../../content/releases/revert-target.ts";
import { describeLack, hasRoomFor, type Room } from "../../../content/releases/room.ts";
import { readyAt } from "../../../content/releases/select-release.ts";
import { decideEntitlement, type Pass } from "../../../entitlement/decide.ts";
import type { DecisionCode } from "../../../entitlement/decision-codes.ts";
import type { DeviceRecord, Grant } from "../../../entitlement/devices/device-record.ts";
import type { Entitled } from "../../../entitlement/entitled.ts";
import { pinOf, putOff } from "../../../entitlement/policy/device-policy.ts";
import type { Terms } from "../../../entitlement/terms.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import type { OfferClaims } from "../../../signing/sealed/capability.ts";
import { toTimestamp } from "../../http/openapi.ts";

/** What a refused device is asked to wait at most: its account may change its mind. */
const LONGEST_WAIT_SECONDS = 3_600;
const PINNED = { reason: "pinned", until: Number.POSITIVE_INFINITY } as const;
/** A device that left beta is offered something else once it has a token that says so. */
const OTHER_CHANNEL_RETRY_SECONDS = 3_600;

/** @throws ProblemError `device_refused`, `not_entitled` */
export function requireEntitlement(device: DeviceRecord, product: string, now: number, entitled: Entitled): Pass {
	const entitlement = decideEntitlement(device, product, now, entitled);
	if (entitlement.decision !== "refused") return entitlement;
	switch (entitlement.code) {
		case "suspended":
		case "revoked":
		case "deactivated":
			throw new ProblemError("device_refused", { extras: { device_status: entitlement.code } });
		case "seat_lost":
		case "license_suspended":
		case "license_revoked":
		case "not_included":
		case "not_yet_valid":
		case "expired":
			throw notEntitled(entitlement.code, entitlement.grant);
	}
}

/** @throws ProblemError `exposure_limited` where the device's account wants another release, or wants it at another time */
export function requireLeave(
	{ event, now }: RequestScope,
	{ policy }: DeviceRecord,
	offer: OfferClaims,
	release: Release,
	record: ProductRecord | null,
): void {
	if (policy === null) return;
	const pin = pinOf(policy, offer.product);
	const from = record?.releases.find(({ version }) => version === offer.from);
	const install = {
		isEmergency: release.urgency === "emergency",
		isRevert: offer.isRevert || from?.withdrawn === true,
		isFirst: offer.from === null,
		impact: release.impact,
	};
	const off = pin !== null && pin.version !== offer.to ? PINNED : putOff(policy, install, now);
	if (off === null) return;
	event.reason = `policy_${off.reason}`;
	throw exposureLimited(off.reason, Math.min(LONGEST_WAIT_SECONDS, off.until - now));
}

/** @throws ProblemError `too_large_for_device` where the release takes more than the device says that it has: a check says what fits */
export function requireRoom({ event }: RequestScope, release: Release, offer: OfferClaims, room: Room): void {
	if (hasRoomFor(release, { room, installed: offer.from })) return;
	event.reason = "release_too_large";
	throw new ProblemError("too_large_for_device", { detail: describeLack(release, room) });
}

/**
 * The license's delay tier and its account's minimum age, as the device's record has them now.
 * @throws ProblemError `exposure_limited` where a check would not offer the release yet
 */
export function requireAge({ event, now }: RequestScope, release: Release, terms: Terms): void {
	const ready = readyAt(release, terms);
	if (now >= ready) return;
	event.reason = "release_too_young";
	throw exposureLimited("too_young", Math.min(LONGEST_WAIT_SECONDS, ready - now));
}

/** Not now, perhaps later. @param retryAfter seconds @returns what to throw */
export function exposureLimited(code: string, retryAfter: number): ProblemError {
	const headers = { "retry-after": String(retryAfter) };
	return new ProblemError("exposure_limited", { extras: { rollout_code: code }, headers });
}

/** @returns what to throw */
export function notEntitled(code: DecisionCode, grant: Grant | null): ProblemError {
	const validUntil = grant === null ? null : toTimestamp(grant.until);
	return new ProblemError("not_entitled", { extras: { entitlement_code: code, valid_until: validUntil } });
}

/**
 * @returns the release as the device's channel and its model have it; a device that left beta meanwhile is not to get what is only there
 * @throws ProblemError `release_withdrawn`, `exposure_limited`
 */
export function requireRelease(
	record: ProductRecord | null,
	offer: OfferClaims,
	channel: Channel,
	model: string,
): ModelRelease {
	const named = record?.releases.find(({ version }) => version === offer.to);
	if (record === null || named === undefined || named.withdrawn) throw new ProblemError("release_withdrawn");
	const release = forModel(seenOn(channel, named), model);
	if (release.sha256 !== offer.sha256) throw new ProblemError("release_withdrawn");
	if (skippedByRevert(record.releases, offer.from, model).has(offer.to)) {
		throw new ProblemError("release_withdrawn", {
			detail: "devices were sent back from a later release to an earlier one than this, and this device is one of them",
		});
	}
	if (!isInChannel(release, { channel })) throw exposureLimited("other_channel", OTHER_CHANNEL_RETRY_SECONDS);
	return release;
}
