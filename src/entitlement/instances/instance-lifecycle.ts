// What becomes of the launch and the termination of an instance (a virtual machine of an auto-scaling group), however late,
// often and out of order one hears of them: the newest event by its own time counts. Pure; the Account object keeps the times.

/** Life of a code made at a launch. An instance reads it within minutes; AWS waits an hour for it, if not told otherwise. */
export const LAUNCH_CODE_SECONDS = 3_600;
/** Nobody waits longer for what a launch sets off: AWS ends every lifecycle action after 48 hours. */
export const LAUNCH_WAIT_SECONDS = 172_800;
/** For how long the times of an instance are kept: a queue of undelivered events holds them for 14 days at most. */
export const INSTANCE_MEMORY_SECONDS = 15 * 86_400;

/** Times of the newest events known of an instance, unix seconds; 0 = none. */
export interface InstanceTimes {
	readonly launchedAt: number;
	readonly terminatedAt: number;
}

export const UNKNOWN_INSTANCE: InstanceTimes = { launchedAt: 0, terminatedAt: 0 };

export interface LaunchFacts extends InstanceTimes {
	/** the code that this very launch brought before, null = it is new */
	readonly code: { readonly used: number; readonly revoked: boolean; readonly expiresAt: number } | null;
	/** when the instance was launched, unix seconds */
	readonly at: number;
	readonly now: number;
}

export type LaunchDecision =
	/** make the code; prolong the one that is there; leave it as it is */
	| { readonly ok: true; readonly kind: "mint" | "prolong" | "keep" }
	/** over: something newer is known of the instance, or nobody waits any more */
	| { readonly ok: false; readonly reason: "used" | "revoked" | "over" };

/** @returns what a launch comes to. An equal time counts as a termination's: an instance is launched before it ends. */
export function decideLaunch({ code, launchedAt, terminatedAt, at, now }: LaunchFacts): LaunchDecision {
	if (code !== null && code.used > 0) return { ok: false, reason: "used" };
	if (code?.revoked) return { ok: false, reason: "revoked" };
	const isOver = at <= terminatedAt || at < launchedAt || at <= now - LAUNCH_WAIT_SECONDS;
	if (isOver) return { ok: false, reason: "over" };
	if (code === null) return { ok: true, kind: "mint" };
	// Sent again after hours of an outage, the code must have life left; sent again at once, nothing is written.
	return { ok: true, kind: code.expiresAt - now < LAUNCH_CODE_SECONDS / 2 ? "prolong" : "keep" };
}

export interface TerminationDecision {
	/** false: the instance was launched again since, as from a warm pool */
	readonly isNews: boolean;
	/** devices that activated before this, unix seconds, were on the instance that ended; null = all of them */
	readonly activatedBefore: number | null;
}

/** @param at when the instance ended, unix seconds */
export function decideTermination({ launchedAt }: InstanceTimes, at: number): TerminationDecision {
	return at >= launchedAt ? { isNews: true, activatedBefore: null } : { isNews: false, activatedBefore: launchedAt };
}
