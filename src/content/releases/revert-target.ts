// Back to which release do devices go that run a withdrawn one? To the newest below it that is for them; or, where whoever withdrew it
// named a target, to that: what lies between the two is passed over, for those devices alone. Others notice nothing of a target.
import type { Channel } from "./channel.ts";
import type { Release } from "./product-record.ts";
import { coversAudience } from "./recorded-releases.ts";

const NOTHING: ReadonlySet<string> = new Set();

/**
 * A target that was withdrawn itself afterwards, or has left the record, counts no more: then the ordinary rule holds.
 * @param releases of a product's record, in its order
 * @param running version that the device runs, or ran until its content was lost; null or undefined = none
 * @returns versions that are not for the device, since they lie between the withdrawn release that it runs and that release's target
 */
export function skippedByRevert(
	releases: readonly Pick<Release, "version" | "withdrawn" | "revertTo">[],
	running: string | null | undefined,
): ReadonlySet<string> {
	if (running === null || running === undefined) return NOTHING;
	const from = releases.findIndex(({ version }) => version === running);
	const to = releases[from]?.revertTo;
	if (to === undefined) return NOTHING;
	const target = releases.findIndex(({ version }) => version === to);
	if (target < from || releases[target]?.withdrawn !== false) return NOTHING;
	return new Set(releases.slice(from + 1, target).map(({ version }) => version));
}

/** What a revert looks at of a release, the bad one or its target. */
export type RevertEnd = Pick<Release, "version" | "engine"> & {
	readonly models: readonly string[] | null;
	/** null = it is not released */
	readonly channel: Channel | null;
	/** from when on everybody on its channel may have it, unix seconds; null = not everybody may */
	readonly outAt: number | null;
	/** null = it is not withdrawn */
	readonly withdrawnAt: number | null;
};

export type UnfitTarget =
	| "unknown"
	| "withdrawn"
	/** the product demands signatures, and its role file does not name it */
	| "unsigned"
	| "not_out"
	| "other_channel"
	| "not_before"
	| "other_devices";

/**
 * May devices be sent from the bad release to the target?
 * @param target null = there is no such version
 * @param line versions in the order of the record, both among them once they are released
 * @param isOffered whether the product's signing lets it offer the target
 * @returns why not; null = they may
 */
export function judgeRevertTarget(
	bad: RevertEnd,
	target: RevertEnd | null,
	line: readonly string[],
	isOffered: boolean,
): UnfitTarget | null {
	if (target === null) return "unknown";
	if (target.withdrawnAt !== null) return "withdrawn";
	if (target.outAt === null) return "not_out";
	if (!isOffered) return "unsigned";
	if (target.channel !== "stable" && target.channel !== bad.channel) return "other_channel";
	if (line.indexOf(target.version) <= line.indexOf(bad.version)) return "not_before";
	return coversAudience(target, bad) ? null : "other_devices";
}
