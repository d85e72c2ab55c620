// For how long a device was not heard of: by a span, or since a day.
import { UsageError } from "../errors.ts";

/** Seconds: a year, as the API takes it. */
export const MOST_SILENCE = 365 * 86_400;

/**
 * @param option that says the span @param least seconds that can be asked for
 * @returns seconds of silence that are asked for, by either option; undefined = by none
 * @throws UsageError where both say it, or the day is not past, or too long ago
 */
export function silenceOf(
	option: string,
	{ silentFor, notSeenSince }: { readonly silentFor?: number | undefined; readonly notSeenSince?: string | undefined },
	nowMs: number,
	least = 1,
): number | undefined {
	if (notSeenSince === undefined) return silentFor;
	if (silentFor !== undefined) throw new UsageError(`${option} and --not-seen-since say the same; choose one`);
	const seconds = Math.floor((nowMs - Date.parse(notSeenSince)) / 1_000);
	if (seconds < 1) throw new UsageError(`--not-seen-since ${notSeenSince} is not past; give a day that is`);
	if (seconds < least) throw new UsageError(`--not-seen-since ${notSeenSince} is less than ${least} s ago`);
	if (seconds > MOST_SILENCE)
		throw new UsageError(`--not-seen-since ${notSeenSince} is too long ago: at most 365 days`);
	return seconds;
}
