// Where checks tell success (SUCCESS_REPORTS), an account hears of a device's installations once in some hours, all of them at once and
// with their times, so that an update costs it neither a call nor a row. The edge needs no memory for it: the device hands back until when
// it was heard. Pure.

const HOUR = 3_600;
/** A check that told its account what the device has counts for so long, … */
export const HEARD_SECONDS = 6 * HOUR;
/** … and the next one that tells comes at most so much later. */
const LATE_SECONDS = 2 * HOUR;
/** So an account knows of an installation after so long, if no word of the device is lost. */
export const LONGEST_UNTOLD_SECONDS = HEARD_SECONDS + LATE_SECONDS;

/** With the summary of its account, the Census counts a device so late at most. */
export const COUNTED_WITHIN_SECONDS = LONGEST_UNTOLD_SECONDS + HOUR;

export interface Installation {
	readonly version: string;
	/** unix seconds, by the device's own clock */
	readonly at: number;
}

/** What a check says of when its device was heard. */
export interface HeardQuestion {
	/** unix seconds, as an earlier answer said it; null = it has not said */
	readonly heardUntil: number | null;
	/** by product: what is damaged, which nothing else tells */
	readonly held: ReadonlyMap<string, string>;
}

/** @returns whether the account need not hear of a check. A time that no answer can have said counts for nothing */
export function isHeard({ heardUntil, held }: HeardQuestion, now: number): boolean {
	return heardUntil !== null && now < heardUntil && heardUntil <= now + HEARD_SECONDS && held.size === 0;
}

/** @returns unix seconds by which a device has to check again, so that it is heard in time */
export function toldBy(heardUntil: number): number {
	return heardUntil + LATE_SECONDS;
}

export interface NewInstallation extends Installation {
	/** what was there before; null = nothing */
	readonly from: string | null;
}

/**
 * @param known of the product @param told in the order in which they took place; the first may be known already
 * @param now unix seconds
 * @returns those that are news, each no sooner than the one before it and what was heard of the product last, and no later than now
 */
export function newInstallations(
	known: { readonly installed: string | null; readonly changedAt: number },
	told: readonly Installation[],
	now: number,
): NewInstallation[] {
	const found: NewInstallation[] = [];
	let [from, earliest] = [known.installed, Math.max(known.changedAt, now - LONGEST_UNTOLD_SECONDS)];
	for (const { version, at } of told) {
		if (version === from) continue;
		earliest = Math.min(now, Math.max(at, earliest));
		found.push({ from, version, at: earliest });
		from = version;
	}
	return found;
}
