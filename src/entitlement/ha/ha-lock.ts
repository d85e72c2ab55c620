// The lock of an HA group: one of its devices at a time has a permit for a product, and the next one gets its own after the one before
// it was healthy. Pure; the Account object keeps the permits. A device that asks is not installing yet, so a refusal also ends the
// permit that it had.
import type { Reported } from "../../rollout/lease.ts";
import type { HaMode, HaRole } from "./ha-group.ts";

/** The last permit of a device for a product. */
export interface HaPermit {
	readonly device: string;
	readonly version: string;
	/** the version's position in the product's history: the higher, the newer */
	readonly sequence: number;
	/** unix seconds at which it was given: by it a report finds its permit */
	readonly at: number;
	/** unix seconds at which it ends without a word; later than the device's own permit does */
	readonly until: number;
	/** null = the device has not said */
	readonly outcome: "healthy" | "failed" | null;
	/**
	 * Of one whose silence is no failure. brought: given while the device was in no group, as its group learned later, so that reports on it
	 * name no lock. cut: its device was suspended meanwhile, and could not report. null = neither
	 */
	readonly mark: "brought" | "cut" | null;
}

/** A permit beside the product that it is for. */
export type ProductPermit = Pick<HaPermit, keyof HaPermit> & { readonly product: string };

/** A device of the group that counts. */
export interface HaMember {
	readonly device: string;
	/** false = it is suspended, or kept from the version (content/releases/could-have.ts): nobody waits for it to be the first */
	readonly isAwaited: boolean;
	/** see ha-role.ts */
	readonly role: HaRole | null;
	readonly priority: number | null;
	/** what it runs of the product by its own word; null = nothing, or it has not said */
	readonly installed: string | null;
}

export interface HaQuestion {
	readonly mode: HaMode;
	/** the devices bring each other up to date: the first permit is for all of them, so none goes before another */
	readonly sync: boolean;
	readonly device: string;
	readonly version: string;
	/** of the version, as in a permit */
	readonly sequence: number;
	/** the device that asks among them */
	readonly members: readonly HaMember[];
	/** of the members, for the product */
	readonly permits: readonly HaPermit[];
	/** members that came from outside, and may still install what they were offered there */
	readonly arriving: readonly string[];
	/** the member on which the version failed, which may have another permit since; null = on none did it */
	readonly failed: string | null;
	/** an operator lets this version come to the devices in whatever order */
	readonly isOrderWaived: boolean;
}

/**
 * ha_peer_under_way: another device has a permit, for whatever version, or has just joined. ha_peer_failed: another one failed or fell silent with this
 * version. ha_peer_first: another one is to get this version before.
 */
export const HA_REFUSALS = ["ha_peer_first", "ha_peer_under_way", "ha_peer_failed"] as const;
export type HaRefusal = (typeof HA_REFUSALS)[number];

export type HaDecision =
	| { readonly ok: true }
	| {
			readonly ok: false;
			readonly reason: HaRefusal;
			/** the device that stands in the way */
			readonly peer: string;
			/** seconds after which to ask again */
			readonly retryAfter: number;
	  };

const SOON = 300;
const LATER = 3_600;

/** A device installs within this what it has begun to download, and edges know no later that it is in a group. */
const INSTALL_SECONDS = 900;

/**
 * When has a device that was in no group installed whatever it was offered there? Of an offer with its download its account does not hear.
 * @param since unix seconds at which it joined
 * @param urlSeconds for which the download works
 */
export function arrivalEndsAt(since: number, urlSeconds: number): number {
	return since + urlSeconds + INSTALL_SECONDS;
}

/**
 * Whether a device that asks for the version of its permit again gets that same one, which ends when it ended before: asking again holds up
 * nobody for longer. Not in its last minutes, since whoever asks may install right after that: it gets another one then, and has not said
 * what became of this one.
 */
export function isSamePermit(permit: HaPermit, version: string, now: number): boolean {
	return permit.version === version && haPermitState(permit, now + INSTALL_SECONDS) === "under_way";
}

/** @param now unix seconds @returns over: it ended without a word, and that says nothing */
export function haPermitState(
	{ outcome, until, mark }: HaPermit,
	now: number,
): "under_way" | "silent" | "over" | "healthy" | "failed" {
	return outcome ?? (now < until ? "under_way" : mark === null ? "silent" : "over");
}

/** @param now unix seconds @returns whether the others are spared the permit's version */
export function hasFailed(permit: HaPermit, now: number): boolean {
	const state = haPermitState(permit, now);
	return state === "failed" || state === "silent";
}

/**
 * Whether a device leaves a version that failed on it, or with which it fell silent, for an older one. That helps the device alone, so it
 * waits for nobody to go before; and it makes the group no safer for the version that failed.
 * @param own the device's last permit; undefined = it has none
 * @param to what it asks for
 * @param now unix seconds
 */
export function goesBack(own: HaPermit | undefined, to: Pick<HaPermit, "version" | "sequence">, now: number): boolean {
	if (own === undefined || own.version === to.version || own.sequence <= to.sequence) return false;
	return hasFailed(own, now);
}

/**
 * May a device of a group have a permit? One that failed or fell silent may try the same version again, or go back to an older one,
 * since that touches no other device; the others wait until it is healthy, a newer version comes or an operator unlocks the group.
 * @param now unix seconds
 */
export function decideHaPermit(
	{ mode, sync, device, version, sequence, members, permits: given, arriving, failed, isOrderWaived }: HaQuestion,
	now: number,
): HaDecision {
	const refuse = (reason: HaRefusal, peer: string, retryAfter = SOON) =>
		({ ok: false, reason, peer, retryAfter }) as const;
	const to = { version, sequence };
	const permits = given.filter((permit) => haPermitState(permit, now) !== "over");
	const others = permits.filter((permit) => permit.device !== device);
	const underWay = others.find((permit) => haPermitState(permit, now) === "under_way");
	const installing = underWay?.device ?? arriving.find((other) => other !== device);
	if (installing !== undefined) return refuse("ha_peer_under_way", installing);
	const ofVersion = others.filter((permit) => permit.version === version);
	const blocking =
		ofVersion.find((permit) => haPermitState(permit, now) !== "healthy") ??
		(failed !== null && failed !== device ? { device: failed } : undefined);
	if (blocking !== undefined) return refuse("ha_peer_failed", blocking.device, LATER);
	const ownPermit = permits.find((permit) => permit.device === device);
	if (sync || isOrderWaived || goesBack(ownPermit, to, now)) return { ok: true };
	// The same permit again, right before the package is put in its place.
	if (failed === device && ownPermit?.version === version && haPermitState(ownPermit, now) === "under_way")
		return { ok: true };

	const own = members.find((member) => member.device === device);
	const isUpToDate = (member: HaMember) =>
		member.installed === version || ofVersion.some((permit) => permit.device === member.device);
	// It may be dead, and whoever wants an older version has nothing else.
	const isStuck = (member: HaMember) =>
		goesBack(
			others.find((permit) => permit.device === member.device),
			to,
			now,
		);
	const first = members.find(
		(member) =>
			own !== undefined && member.isAwaited && goesBefore(mode, member, own) && !isUpToDate(member) && !isStuck(member),
	);
	return first === undefined ? { ok: true } : refuse("ha_peer_first", first.device);
}

/** Where roles or priorities are not known, or are the same, whoever asks first is the first. */
function goesBefore(mode: HaMode, one: HaMember, other: HaMember): boolean {
	if (mode === "active-passive") return rankOf(one.role) < rankOf(other.role);
	return one.priority !== null && other.priority !== null && one.priority < other.priority;
}

/** The device that passes the traffic is the last; one that has not said which it is may be the one. */
function rankOf(role: HaRole | null): number {
	if (role === "passive") return 0;
	return role === null ? 1 : 2;
}

/** released: the device got no permit in the end */
export type HaWord = Reported | "released";

/**
 * What a report makes of a permit. The worse word stands, until the device gets another permit; silence is not a word, so a device
 * that says in the end that it is healthy is. Who puts the release off does not install now, and asks again when it does.
 * @param at of the permit that is reported on; of one that was brought along none is known. null = of whichever the device has
 * @returns the permit after it; "given_back" = there is none any more; null = it says nothing new, or is about another permit
 */
export function hearHaReport(
	permit: HaPermit,
	version: string,
	at: number | null,
	reported: HaWord,
): HaPermit | "given_back" | null {
	if (permit.version !== version || (at !== null && permit.at !== at && permit.mark !== "brought")) return null;
	switch (reported) {
		case "downloaded":
		case "installed":
			return null;
		case "deferred":
		case "declined":
		case "released":
			return permit.outcome === null ? "given_back" : null;
		case "healthy":
			return permit.outcome === null ? { ...permit, outcome: "healthy" } : null;
		case "failed":
		case "rolled_back":
			return permit.outcome === "failed" ? null : { ...permit, outcome: "failed" };
	}
}
