// Why an update did not take place, in words that a fleet can be counted by. A device's own word is kept beside it for whoever looks
// at that one device. Pure.
import type { Reported } from "../rollout/lease.ts";

/** What each of the words means: documentation, and the order in which it is shown. */
export const OUTCOME_REASONS = {
	disk: "no room, or the disk failed",
	memory: "not enough memory to unpack, compile or load it",
	network: "the download broke off, or its URL could not be reached",
	digest_mismatch: "the bytes are not those that were promised",
	unsigned: "a signature is missing or not good",
	wrong_platform: "not for this model, processor or operating system",
	engine_too_old: "the engine does not understand it",
	engine_busy: "the engine was loading something else",
	engine_failed: "the engine did not start, or broke down, with it",
	compile_failed: "the content could not be compiled or parsed",
	commit_locked: "somebody else held the lock of the configuration",
	maintenance_window: "put off until the window of the firewall's owner",
	operator_choice: "an operator of the firewall decided so",
	ha_peer: "the other firewall of the HA group was not ready",
	unhealthy: "installed, and a check of the firewall's health failed after it",
	timeout: "a step took too long",
	other: "none of these: see the device's own word",
} as const;
export type OutcomeReason = keyof typeof OUTCOME_REASONS;

export const OUTCOME_REASON_NAMES = Object.keys(OUTCOME_REASONS) as [OutcomeReason, ...OutcomeReason[]];

/** Outcomes of which it is worth to know why. */
const NEEDS_REASON: ReadonlySet<Reported> = new Set(["failed", "rolled_back", "deferred", "declined"]);
/** Own words that say the same. */
const SAME: Readonly<Record<string, OutcomeReason>> = {
	...{ size_mismatch: "digest_mismatch", no_space: "disk", window: "maintenance_window", commit_lock: "commit_locked" },
	operator: "operator_choice",
};

/**
 * @param reason as the device named it, if it did @param detail its own word, if it gave one
 * @returns null where the outcome needs no reason
 */
export function reasonOf(outcome: Reported, reason: OutcomeReason | null, detail: string | null): OutcomeReason | null {
	if (!NEEDS_REASON.has(outcome)) return null;
	if (reason !== null) return reason;
	const same = detail === null ? undefined : Object.hasOwn(SAME, detail) ? SAME[detail] : detail;
	return OUTCOME_REASON_NAMES.find((one) => one === same) ?? "other";
}
