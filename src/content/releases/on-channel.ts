// A release as the devices of a channel have it: on beta alone, or promoted from there and out on beta already.
import type { Channel } from "./channel.ts";
import type { Release } from "./product-record.ts";

/** @returns whether the release is offered on the device's channel at all */
export function isInChannel({ channel }: Pick<Release, "channel">, device: { readonly channel: Channel }): boolean {
	return channel === "stable" || device.channel === "beta";
}

/**
 * @returns the release as devices on beta have it: one that was promoted is out there, however far it has come on stable. Where its
 * rollout on stable was halted or ended, no further device gets it on beta either.
 */
function seenOnBeta(release: Release): Release {
	const { betaReleasedAt: releasedAt, rollout } = release;
	if (releasedAt === null) return release;
	const isStopped = rollout?.closed === "halted" || rollout?.closed === "ended";
	return { ...release, releasedAt, rollout: isStopped ? rollout : null };
}

/** @returns the release as the devices of a channel have it */
export function seenOn(channel: Channel, release: Release): Release {
	return channel === "beta" ? seenOnBeta(release) : release;
}

export interface ListedRelease {
	/** null = it is not released */
	readonly sequence: number | null;
	/** null = it is not released */
	readonly channel: Channel | null;
	readonly withdrawnAt: number | null;
}

/** @returns what is released on the channel and not withdrawn, newest first; beta has what is on stable too */
export function releasedOn<R extends ListedRelease>(releases: readonly R[], channel: Channel): R[] {
	return releases
		.filter((one) => one.sequence !== null && one.withdrawnAt === null)
		.filter((one) => channel === "beta" || one.channel === "stable")
		.toSorted((a, b) => (b.sequence ?? 0) - (a.sequence ?? 0));
}
