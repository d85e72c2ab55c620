// Which version of a product covers a CVE: whose rules name it, by their indexes. Pure.
import { type Channel, channel as channels } from "../releases/channel.ts";
import { type ListedRelease, releasedOn } from "../releases/on-channel.ts";

export interface CoveringRelease extends ListedRelease {
	readonly version: string;
	/** whether its rules name the CVE; null = it has no index */
	readonly isNamed: boolean | null;
}

export interface ChannelCoverage {
	readonly channel: Channel;
	/** the newest release there that is not withdrawn; null = there is none */
	readonly newest: string | null;
	/** whether it covers the CVE; null = it has no index, or there is none */
	readonly isCovered: boolean | null;
	/** the first version from which on each one there covers it; null = the newest does not */
	readonly since: string | null;
}

/**
 * What was covered once and is no more is not covered; a version without an index is not said to cover anything.
 * @param releases of the product, in any order
 * @returns by channel; beta has what is on stable too
 */
export function coverageOf(releases: readonly CoveringRelease[]): ChannelCoverage[] {
	return channels.options.map((channel) => {
		const there = releasedOn(releases, channel);
		const until = there.findIndex(({ isNamed }) => isNamed !== true);
		const run = until === -1 ? there : there.slice(0, until);
		return {
			channel,
			newest: there[0]?.version ?? null,
			isCovered: there[0]?.isNamed ?? null,
			since: run.at(-1)?.version ?? null,
		};
	});
}
