// Which refusals of a seat are told. A device asks every minute, and a leaked code is tried by anybody: what they cause
// must not make the account's trail grow without bound. Pure.

const PERIOD_SECONDS = 3_600;
/** Events of one license within an hour. */
const MAX_PER_PERIOD = 20;
/** How long a refusal that was told is remembered; at most 24 times `MAX_PER_PERIOD` of them are. */
export const REFUSALS_KEPT_SECONDS = 86_400;

export interface RefusalFacts {
	/** when a refusal of the same device or serial number under the same license was told last; null = it is not known */
	readonly lastToldAt: number | null;
	/** refusals of the license that were told after `refusalsCountFrom` */
	readonly toldLately: number;
	/** unix seconds */
	readonly now: number;
}

/** @returns unix seconds after which refusals count for `toldLately` */
export function refusalsCountFrom(now: number): number {
	return now - PERIOD_SECONDS;
}

export function isRefusalTold({ lastToldAt, toldLately, now }: RefusalFacts): boolean {
	const isNew = lastToldAt === null || lastToldAt <= refusalsCountFrom(now);
	return isNew && toldLately < MAX_PER_PERIOD;
}
