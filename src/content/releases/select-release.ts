// Which release should this device run next? Newest first, the first that is not withdrawn, fits the device and is old
// enough for its license. Age is asked of each release, so a delay tier can never starve behind a busy publisher. An
// explanation (explain.ts) listens to this very walk.
import type { Pin } from "../../entitlement/policy/device-policy.ts";
import type { Terms } from "../../entitlement/terms.ts";
import type { Reach } from "../../rollout/reach.ts";
import { type FindHolders, type FindPrerequisite, judgeRequirements, type Needs } from "../requires/requires.ts";
import type { Channel } from "./channel.ts";
import { forModel, type ModelRelease } from "./for-model.ts";
import { isInChannel, seenOn } from "./on-channel.ts";
import type { ProductRecord, Release } from "./product-record.ts";
import { mostOf } from "./release-facts.ts";
import { skippedByRevert } from "./revert-target.ts";
import { hasRoomFor, type Room } from "./room.ts";
import {
	type Blocked,
	type Held,
	type PassedOver,
	type Selection,
	UNAVAILABLE_REASONS,
	type UnavailableReason,
} from "./selection.ts";
import { engineInRange } from "./vendor-version.ts";
import { isOlder, wasRecorded } from "./version-age.ts";

export interface Candidate {
	readonly model: string;
	/** of the product that it is on */
	readonly channel: Channel;
	/** software version of the device; null = it did not say */
	readonly engine: string | null;
	/** version installed now; null = none */
	readonly installed: string | null;
	/** version of which the content was lost or damaged, so that nothing is installed; not given = none was */
	readonly held?: string | undefined;
	/** version for which it asked a permit, and has not said what became of it; not given = none */
	readonly permitted?: string | undefined;
	/** versions that do not work on the device, by its own word; not given = none */
	readonly failed?: ReadonlySet<string> | undefined;
	/** what it has room for, by its own word; not given = it did not say */
	readonly room?: Room | undefined;
	/** @returns unix seconds from which a release on its way is for this device; Infinity = not by time alone */
	readonly admittedAt: (reach: Reach, now: number) => number;
	/** @returns unix seconds until which it is then; left out = from then on for ever */
	readonly admittedUntil?: (reach: Reach, now: number) => number;
	/** whether its rollout has had a step that the device could be in; left out = every one has */
	readonly couldBeIn?: (reach: Reach) => boolean;
	/** what it has, and is offered, of a product that a release requires; left out = nothing is known of any */
	readonly prerequisite?: FindPrerequisite;
	/** what is installed of other products and does not go with a release; left out = nothing */
	readonly holders?: FindHolders | undefined;
}

/**
 * Whether a license covers the release: every one while it runs and in its grace; afterwards those that came out until then,
 * so that a device can always go back to what it paid for, and emergency releases.
 */
export function isLicensed(
	release: Pick<Release, "releasedAt" | "urgency">,
	grant: Pick<Terms, "until" | "grace">,
	now: number,
): boolean {
	const end = grant.until + grant.grace;
	return now < end || release.releasedAt < end || release.urgency === "emergency";
}

/** What of a grant says how old a release must be. */
export type Delays = Omit<Terms, "until" | "grace">;

/** @returns unix seconds from which the license's delay tier, and what the account says of its classes, let the release out */
export function readyAt(
	{ releasedAt, urgency, classes }: Pick<Release, "releasedAt" | "urgency" | "classes">,
	{ delay, emergencyDelay, classAges, emergencyClassAges }: Delays,
): number {
	if (urgency === "emergency") return releasedAt + Math.max(emergencyDelay, mostOf(emergencyClassAges, classes));
	return releasedAt + Math.max(delay, mostOf(classAges, classes));
}

function fitsModel({ models }: Release, { model }: Pick<Candidate, "model">): boolean {
	return models === null || models.includes(model);
}

function fitsDevice(release: Release, device: Pick<Candidate, "model" | "engine">): boolean {
	return fitsModel(release, device) && engineInRange(device.engine, release.engine);
}

/** Whether the device may run the release, looked at by itself. @param release as seen on its channel @param now unix seconds */
function judgeRelease(
	release: Release,
	grant: Terms,
	device: Candidate,
	now: number,
	pin: Pin | null,
): "chosen" | PassedOver {
	if (pin !== null && release.version !== pin.version) return "not_pinned";
	if (release.withdrawn) return "withdrawn";
	if (device.failed?.has(release.version) === true) return "failed_here";
	if (!isInChannel(release, device)) return "other_channel";
	if (!fitsModel(release, device)) return "incompatible_model";
	if (!engineInRange(device.engine, release.engine)) return "incompatible_engine";
	if (!hasRoomFor(forModel(release, device.model), device)) return "too_large_for_device";
	if (!isLicensed(release, grant, now)) return "not_licensed";
	if (now < readyAt(release, grant)) return "too_young";
	const { rollout } = release;
	if (rollout === null) return "chosen";
	if (!rollout.open) return "rollout_closed";
	return now < device.admittedAt(rollout, now) ? "not_reached" : "chosen";
}

/**
 * Whether the device is offered the release for the permit that it had, although it would not be let in now, by its word that it held the
 * release or asked for that permit. The word may be a lie: it is worth no other permit, and shows nothing to a device that no step was for.
 * Permits are given again for what had one, unless its rollout was halted or ended.
 */
function mayHaveAgain(release: Release, verdict: PassedOver, { held, permitted, couldBeIn }: Candidate): boolean {
	const { version, rollout } = release;
	if ((version !== held && version !== permitted) || rollout === null || couldBeIn?.(rollout) === false) return false;
	if (verdict === "rollout_closed") return ["waiting", "baking", "frozen"].includes(rollout.closed ?? "");
	return verdict === "not_reached";
}

const MISS_BY: Readonly<Record<PassedOver, UnavailableReason>> = {
	withdrawn: "no_release",
	failed_here: "none_but_failed",
	not_pinned: "no_release",
	incompatible_model: "none_compatible",
	incompatible_engine: "none_compatible",
	too_large_for_device: "none_small_enough",
	not_licensed: "none_licensed",
	too_young: "none_old_enough",
	not_reached: "none_rolled_out",
	rollout_closed: "none_rolled_out",
	no_fallback: "none_rolled_out",
	blocked: "none_but_blocked",
	held_by_installed: "none_but_held",
	other_channel: "none_in_channel",
	skipped_by_revert: "no_release",
};

function nearer(a: UnavailableReason, b: UnavailableReason): UnavailableReason {
	return UNAVAILABLE_REASONS.indexOf(a) > UNAVAILABLE_REASONS.indexOf(b) ? a : b;
}

/**
 * @param record the product's current record, releases as `inOfferOrder` puts them
 * @param grant what the device's license says of this product, or `termsOf`
 * @param now unix seconds
 * @param note is told of each release that is looked at, in order; the last one may be chosen, and then it ends there
 * @param pin the one version that the device's account wants there; null = the newest
 */
export function selectRelease(
	record: ProductRecord,
	grant: Terms,
	device: Candidate,
	now: number,
	note?: (release: Release, verdict: "chosen" | PassedOver) => void,
	pin: Pin | null = null,
): Selection {
	let choice: ModelRelease | null = null;
	let isByPermit = false;
	let needs: Needs | undefined;
	let holdsUntil = Infinity;
	let passesFailed = false;
	let passesLarge = false;
	let blocked: Blocked | undefined;
	let held: Held | undefined;
	let lacking: "up_to_date" | "newer_blocked" | "held_by_installed" = "up_to_date";
	let unavailable: UnavailableReason = pin === null ? "no_release" : "pin_unavailable";
	const seen =
		device.channel === "stable" ? record.releases : record.releases.map((release) => seenOn("beta", release));
	const { installed: version, held: damaged, failed } = device;
	const before = version ?? damaged;
	const skipped = skippedByRevert(record.releases, before, device.model);
	// What is tried out is tried on devices that have something to fall back on, as long as there is anything else for the others: a step
	// that is full would keep a device on the release that harms it.
	const isBad = (version: string) =>
		failed?.has(version) === true || record.releases.some((one) => one.version === version && one.withdrawn);
	const hasNoFallback =
		(before === undefined || before === null || isBad(before)) &&
		seen.some(
			(release) =>
				release.rollout === null &&
				!isBad(release.version) &&
				!skipped.has(release.version) &&
				(pin === null || release.version === pin.version) &&
				isInChannel(release, device) &&
				fitsDevice(release, device) &&
				hasRoomFor(forModel(release, device.model), device) &&
				(device.holders?.(release.version) ?? []).length === 0 &&
				(release.requires === undefined || requirementsOf(release.requires, device).ok),
		);
	for (const release of seen) {
		const isSkipped = !release.withdrawn && skipped.has(release.version);
		const judged = isSkipped ? "skipped_by_revert" : judgeRelease(release, grant, device, now, pin);
		const isAgain = judged !== "chosen" && mayHaveAgain(release, judged, device);
		const isTrial = judged === "chosen" && hasNoFallback && release.rollout !== null;
		const fit = isAgain ? "chosen" : isTrial ? "no_fallback" : judged;
		const required =
			fit === "chosen" && release.requires !== undefined ? requirementsOf(release.requires, device) : undefined;
		const lacks = required?.ok === false ? "blocked" : fit;
		const by = lacks === "chosen" ? (device.holders?.(release.version) ?? []) : [];
		const verdict = by.length > 0 ? "held_by_installed" : lacks;
		note?.(release, verdict);
		if (required?.ok === false) blocked ??= { version: release.version, missing: required.missing };
		if (by.length > 0) held ??= { version: release.version, by };
		if (lacking === "up_to_date" && verdict === "blocked") lacking = "newer_blocked";
		if (lacking === "up_to_date" && verdict === "held_by_installed") lacking = verdict;
		if (verdict === "chosen") {
			choice = forModel(release, device.model);
			isByPermit = isAgain;
			needs = required?.ok ? required.needs : undefined;
			if (release.rollout !== null)
				holdsUntil = Math.min(holdsUntil, device.admittedUntil?.(release.rollout, now) ?? Infinity);
			break;
		}
		passesFailed ||= verdict === "failed_here";
		passesLarge ||= verdict === "too_large_for_device";
		unavailable = nearer(unavailable, MISS_BY[verdict]);
		if (verdict === "too_young") holdsUntil = Math.min(holdsUntil, readyAt(release, grant));
		if (verdict === "not_reached" && release.rollout !== null)
			holdsUntil = Math.min(holdsUntil, device.admittedAt(release.rollout, now));
	}
	const waits = { ...(blocked && { blocked }), ...(held && { held }) };
	if (choice === null) return { status: "unavailable", reason: unavailable, ...waits, holdsUntil };
	if (device.installed === choice.version) {
		const reason = passesFailed ? "newer_failed" : passesLarge ? "newer_too_large" : lacking;
		return { status: "current", reason, ...waits, holdsUntil };
	}

	const isDowngrade = before === undefined ? false : isOlder(record, choice.version, before);
	const role = choice.signed && record.role !== undefined ? { role: record.role } : {};
	const again = isByPermit ? ({ isAgain: true } as const) : {};
	const found = { release: choice, downgrade: isDowngrade, ...role, ...again, ...(needs && { needs }) };
	const offer = { status: "offered", ...found, ...waits, holdsUntil } as const;
	if (version === null) return { ...offer, reason: damaged === undefined ? "first_install" : "installed_damaged" };
	if (failed?.has(version) === true) return { ...offer, reason: "installed_failed" };
	const stays = { status: "current", reason: "newer_installed", ...waits, holdsUntil } as const;
	const at = record.releases.findIndex((release) => release.version === version);
	const installed = record.releases[at];
	if (installed === undefined) {
		return isDowngrade === true && wasRecorded(record, version) ? stays : { ...offer, reason: "installed_unknown" };
	}
	if (installed.withdrawn) return { ...offer, reason: "installed_withdrawn" };
	// Its engine was changed beneath it: what fits now may have come out before, or after.
	if (!fitsDevice(installed, device)) return { ...offer, reason: "installed_incompatible" };
	// A license that moved to a slower tier, a pin to an older release, a device that left beta: the installed one stays, nobody is sent
	// back in time who was not told to be.
	const isAhead = at < record.releases.findIndex((release) => release.version === choice.version);
	if (isAhead && pin?.downgrade !== true)
		return isInChannel(installed, device) ? stays : { ...stays, reason: "ahead_of_channel" };
	// An older version that was released after it, as a publisher may (allow_older): not newer, and still what to run.
	return { ...offer, reason: isDowngrade === true ? "released_later" : "newer" };
}

function requirementsOf(requires: NonNullable<Release["requires"]>, { prerequisite }: Candidate) {
	return judgeRequirements(
		requires,
		prerequisite ?? (() => ({ installed: null, isSound: false, offered: null, reason: "not_named" })),
	);
}
