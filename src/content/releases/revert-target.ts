// Back to which release do devices go that run a withdrawn one? To the newest below it that is for them; or, where whoever withdrew it
// named a target, to that: what lies between the two is passed over, for them and for whoever runs the target, since they may have come
// back to it. Others notice nothing of a target.
import type { Channel } from "./channel.ts";
import type { Release } from "./product-record.ts";
import { coversAudience } from "./recorded-releases.ts";

const NOTHING: ReadonlySet<string> = new Set();

/**
 * A target that was withdrawn itself afterwards, or has left the record, counts no more: then the ordinary rule holds.
 * @param releases of a product's record, in its order
 * @param running version that the device runs, or ran until its content was lost; null or undefined = none
 * @returns versions that are not for the device: they lie between a withdrawn release and its target, and the device runs the one, or
 * runs the other and is of a model that the one was for
 */
export function skippedByRevert(
	releases: readonly Pick<Release, "version" | "withdrawn" | "revertTo" | "models">[],
	running: string | null | undefined,
	model: string,
): ReadonlySet<string> {
	if (running === null || running === undefined) return NOTHING;
	const skipped = new Set<string>();
	for (const [from, { version, revertTo, models }] of releases.entries()) {
		if (revertTo === undefined) continue;
		const isBack = revertTo === running && (models === null || models.includes(model));
		if (version !== running && !isBack) continue;
		const target = releases.findIndex((release) => release.version === revertTo);
		if (target < from || releases[target]?.withdrawn !== false) continue;
		for (const between of releases.slice(from + 1, target)) skipped.add(between.version);
	}
	return skipped;
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
