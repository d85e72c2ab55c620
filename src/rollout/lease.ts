// A permit while few may have a release is a lease: it stands for its unit until the device says what became of it, and counts as a
// failure if it never does. Pure: who gets one, and what a report makes of it.
import { type Evidence, placesTaken, stepEvidence } from "./evidence.ts";
import { isFraction } from "./plan.ts";
import { exposureOf, type Rollout, stepOf } from "./rollout.ts";

/** silent: it ended without a word. excused: not counted, because the device was given up, or puts the release off by its own choice. */
export type LeaseOutcome = "healthy" | "failed" | "silent" | "excused";

export interface Lease {
	/** HA group or device */
	readonly unit: string;
	readonly device: string;
	readonly model: string;
	/** where it stands: account and label `site`; null = it does not say */
	readonly site: string | null;
	/** label `region`; null likewise */
	readonly region: string | null;
	/** index of the plan's step in which it was given */
	readonly step: number;
	/** unix seconds from which it runs; later than any earlier one of the device's, so a report finds its lease by it */
	readonly at: number;
	/** of one that counts: the other devices that its HA group had when it was given, which get permits that do not count */
	readonly partners: readonly string[];
	/** it stands for its unit; a later member of an HA group counts only where it fails */
	readonly counts: boolean;
	readonly outcome: LeaseOutcome | null;
	/** how often the device has put the release off */
	readonly deferrals: number;
	/** in the device's own word */
	readonly detail: string | null;
	readonly outcomeAt: number | null;
	/** of one that failed: ids of the rules that matched most, where the device says them */
	readonly rules?: readonly string[];
}

/** One that ended without a word. */
export type EndedLease = Pick<Lease, "device" | "at">;

/** Why there is no permit now. `peer_*`: another member of the HA group. */
export const PERMIT_REFUSALS = [
	"not_started",
	"frozen",
	"step_full",
	"halted",
	"ended",
	"account_has_enough",
	"site_has_one",
	"model_has_enough",
	"region_has_enough",
	"other_models_first",
	"peer_under_way",
	"peer_failed",
	"failed_before",
	"put_off_too_often",
] as const;
export type PermitRefusal = (typeof PERMIT_REFUSALS)[number];

export interface PermitQuestion {
	readonly device: string;
	/** it asks for the permit that it has, and is to get no other */
	readonly isAgain: boolean;
	/** the other devices of its HA group now */
	readonly peers: readonly string[];
	/** an operator of its account lets the release come to its group, whatever became of it on another device there */
	readonly isUnlocked: boolean;
	/** leases of the devices of its unit for this release */
	readonly unitLeases: readonly Lease[];
	/** whether the step has a permit for the device's model */
	readonly isKnownModel: boolean;
	/** units of its account that have a permit of this step */
	readonly unitsOfAccount: number;
	/** unix seconds at which a unit of its site was last given a permit for this release; null = none, or it says no site */
	readonly siteSince: number | null;
	/** units of its model, and of its region, that have a permit of this step */
	readonly unitsOfModel: number;
	readonly unitsOfRegion: number;
	/** until when the product's vendor lets no further unit try a release; null = they may */
	readonly frozen: number | null;
}

/**
 * given: a new lease, that counts for its unit or not. again: the device's own that is open, or that was healthy. free: everybody
 * may have the release, no lease is needed.
 */
export type PermitDecision =
	| { readonly ok: true; readonly kind: "given"; readonly counts: boolean }
	| { readonly ok: true; readonly kind: "again"; readonly lease: Lease }
	| { readonly ok: true; readonly kind: "free" }
	| { readonly ok: false; readonly reason: PermitRefusal; readonly retryAfter: number };

const SOON = 300;
const LATER = 3_600;
/** A device that puts a release off more often than this waits until everybody may have it: it would take a place again and again. */
export const MAX_DEFERRALS = 5;
/** In a step for a number of units no two of one site begin within this time: of two firewalls of a place one is known to be well. */
const SITE_APART_SECONDS = 3_600;

/** @param now unix seconds @returns with a refusal the seconds after which to ask again */
export function decidePermit(
	rollout: Rollout,
	evidence: Evidence,
	question: PermitQuestion,
	now: number,
): PermitDecision {
	const { device, isAgain, unitLeases, isKnownModel, frozen } = question;
	const { unitsOfAccount, siteSince, unitsOfModel, unitsOfRegion } = question;
	const refuse = (reason: PermitRefusal, retryAfter = LATER) => ({ ok: false, reason, retryAfter }) as const;
	const { phase } = rollout;
	if (phase === "done") return { ok: true, kind: "free" };
	if (phase === "halted" || phase === "ended") return refuse(phase);

	const own = unitLeases.find((lease) => lease.device === device);
	if (own?.outcome === "failed" || own?.outcome === "silent") return refuse("failed_before");
	const peers = unitLeases.filter((lease) => lease.device !== device);
	const hasFailed = peers.some(({ outcome }) => outcome === "failed" || outcome === "silent");
	if (hasFailed && !question.isUnlocked) return refuse("peer_failed");
	// One that is in the group no more, or was deactivated, revoked or replaced, protects nothing there: nobody waits for it.
	const isUnderWay = peers.some((lease) => lease.outcome === null && question.peers.includes(lease.device));
	if (isUnderWay && !question.isUnlocked) return refuse("peer_under_way", SOON);
	if (own !== undefined && own.outcome !== "excused") return { ok: true, kind: "again", lease: own };
	// It was offered the release by its word alone that it has a permit.
	if (isAgain) return refuse("step_full", SOON);
	// Its unit has a place already: this is the other half of a group whose first half is healthy. A device that joined the group since is
	// not of that place, else every device of an account could pass through one group.
	if (peers.some(({ outcome, partners }) => outcome === "healthy" && partners.includes(device)))
		return { ok: true, kind: "given", counts: false };

	if (own !== undefined && own.deferrals >= MAX_DEFERRALS) return refuse("put_off_too_often");
	if (phase === "waiting") return refuse("not_started");
	if (phase === "frozen" || frozen !== null)
		return refuse("frozen", frozen === null ? SOON : Math.min(LATER, frozen - now));
	// The place that its unit has stays that of the device that failed, or has not said a word.
	if (question.isUnlocked && peers.some(({ outcome, partners }) => outcome !== "excused" && partners.includes(device)))
		return { ok: true, kind: "given", counts: false };
	const { permits } = exposureOf(rollout, evidence, now);
	if (permits !== null && permits <= 0) return refuse("step_full", SOON);
	const { cohort } = stepOf(rollout);
	if (!isFraction(cohort)) {
		if (cohort.perAccount !== undefined && unitsOfAccount >= cohort.perAccount) return refuse("account_has_enough");
		if (siteSince !== null && now < siteSince + SITE_APART_SECONDS)
			return refuse("site_has_one", siteSince + SITE_APART_SECONDS - now);
		if (unitsOfModel >= atMost(cohort.units, cohort.modelShare)) return refuse("model_has_enough");
		if (unitsOfRegion >= atMost(cohort.units, cohort.regionShare)) return refuse("region_has_enough");
		const known = stepEvidence(evidence, rollout.step);
		const modelsMissing = (cohort.models ?? 0) - known.models;
		const left = cohort.units - placesTaken(known);
		// The last places are for models that have none.
		if (!isKnownModel || modelsMissing < left) return { ok: true, kind: "given", counts: true };
		return refuse("other_models_first");
	}
	return { ok: true, kind: "given", counts: true };
}

/** @returns how many units of one kind (a model, a region) a step for so many units takes */
export function atMost(units: number, share: number | undefined): number {
	return share === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(units * share));
}

/** What a device can say of a permit. */
export const REPORTED = [
	"downloaded",
	"installed",
	"healthy",
	"failed",
	"rolled_back",
	"deferred",
	"declined",
] as const;
export type Reported = (typeof REPORTED)[number];

/**
 * Whether a report is to be heard for a lease. One on an earlier permit of the device, sent again, neither ends a later lease nor
 * gives its place away; that the release failed is true of the device under whatever permit.
 * @param at `Lease.at` of the permit that is reported on
 */
export function isWordOn(lease: Lease, at: number, reported: Reported): boolean {
	return lease.at === at || reported === "failed" || reported === "rolled_back";
}

/** What is counted beside the lease's new outcome. */
export interface ReportEffect {
	readonly lease: Lease;
	/** another of the unit, which stands for it no more; left out = none */
	readonly yields?: Lease;
	/** in the lease's step. relapsed: one that is healthy less */
	readonly count: readonly ("permits" | "healthy" | "failed" | "silent" | "excused" | "relapsed")[];
}

/**
 * The worse word stands: whoever was healthy and fails later is healthy no more, in the place that it has; whoever was silent too long
 * has failed whatever it says later. To download is not to install, and to wait is not to die: whoever puts the release off (a
 * maintenance window, a commit lock, an operator) leaves its place to another, and asks for a permit again when it is ready.
 * @param now unix seconds
 * @param holder of a lease without a place of its own: another device's that stands for its unit; null = none does
 * @returns null = it says nothing new
 */
export function decideReport(
	lease: Lease,
	reported: Reported,
	detail: string | null,
	now: number,
	holder: Lease | null = null,
): ReportEffect | null {
	const { outcome, counts } = lease;
	if (reported === "downloaded" || reported === "installed") return null;
	if (reported === "deferred" || reported === "declined") {
		if (outcome !== null) return null;
		const putOff = { ...lease, outcome: "excused", deferrals: lease.deferrals + 1, detail, outcomeAt: now } as const;
		return { lease: putOff, count: counts ? ["excused"] : [] };
	}
	if (reported === "healthy") {
		if (outcome !== null) return null;
		return { lease: { ...lease, outcome: "healthy", detail, outcomeAt: now }, count: counts ? ["healthy"] : [] };
	}
	if (outcome === "failed" || outcome === "silent") return null;
	const failed = { ...lease, outcome: "failed", detail, outcomeAt: now } as const;
	if (outcome === "healthy" && counts) return { lease: failed, count: ["failed", "relapsed"] };
	return counts && outcome !== "excused" ? { lease: failed, count: ["failed"] } : failBeside(failed, "failed", holder);
}

/**
 * A group is one unit: where one device is healthy, or still has to say so, and another is not, the unit is not, in the one place that it
 * has; and where it has failed already it fails no second time. Where no device stands for it, bad news has a place of its own.
 */
function failBeside(lost: Lease, outcome: "failed" | "silent", holder: Lease | null): ReportEffect {
	if (holder === null) return { lease: { ...lost, counts: true }, count: ["permits", outcome] };
	const hasFailed = holder.outcome === "failed" || holder.outcome === "silent";
	return hasFailed ? { lease: { ...lost, counts: false }, count: [] } : takeOver(lost, outcome, holder);
}

function takeOver(lost: Lease, outcome: "failed" | "silent", holder: Lease): ReportEffect {
	const lease = { ...lost, counts: true, step: holder.step, partners: holder.partners };
	const count = holder.outcome === "healthy" ? ([outcome, "relapsed"] as const) : [outcome];
	return { lease, yields: { ...holder, counts: false }, count };
}

/**
 * What becomes of a lease that ended without a word.
 * @param isGivenUp the device could not report: it was suspended, deactivated, revoked or replaced meanwhile, or came back and found no seat. It
 * has put the release off, which a device can do a few times
 * @param holder as above
 */
export function endLease(lease: Lease, isGivenUp: boolean, now: number, holder: Lease | null = null): ReportEffect {
	const outcome = isGivenUp ? "excused" : "silent";
	const ended = { ...lease, outcome, outcomeAt: now, deferrals: lease.deferrals + (isGivenUp ? 1 : 0) } as const;
	if (lease.counts) return { lease: ended, count: [outcome] };
	return isGivenUp ? { lease: ended, count: [] } : failBeside(ended, "silent", holder);
}
