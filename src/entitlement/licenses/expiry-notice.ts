// When an account is told that a license ends. Pure; the Account object keeps the time of the next notice per license and
// end, and asks again once it has come.
import type { LicenseTerms } from "./license.ts";

const DAY_SECONDS = 86_400;
/** Days before the end; 0 = it has ended. */
export const NOTICE_DAYS = [90, 60, 30, 14, 7, 1, 0] as const;

export interface ExpiryNotice {
	readonly daysLeft: (typeof NOTICE_DAYS)[number];
	/** unix seconds */
	readonly at: number;
}

/**
 * Notices that are late already are not given: who makes or renews a license knows how long it lasts.
 * @param after unix seconds @returns the first notice after that; null = the end has come
 */
export function nextExpiryNotice(endsAt: number, after: number): ExpiryNotice | null {
	return noticesOf(endsAt).find(({ at }) => at > after) ?? null;
}

/**
 * The one notice to give at a time. Of several that nobody was there to give it is the last: that a license ends in 60 days
 * is wrong when 20 are left, or when it has ended.
 * @param dueAt time of the notice that is waited for @returns null = it is too early
 */
export function dueExpiryNotice(endsAt: number, dueAt: number, now: number): ExpiryNotice | null {
	return noticesOf(endsAt).findLast(({ at }) => at >= dueAt && at <= now) ?? null;
}

function noticesOf(endsAt: number): ExpiryNotice[] {
	return NOTICE_DAYS.map((daysLeft) => ({ daysLeft, at: endsAt - daysLeft * DAY_SECONDS }));
}

/** @returns the ends of a license's products, with those that end then */
export function endsOf({ endsAt: own, products }: Pick<LicenseTerms, "endsAt" | "products">): Map<number, string[]> {
	const ends = new Map<number, string[]>();
	for (const { product, endsAt = own } of products) ends.set(endsAt, [...(ends.get(endsAt) ?? []), product]);
	return ends;
}
