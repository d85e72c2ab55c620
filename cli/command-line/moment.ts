// Points in time as people type them on a command line.
import { z } from "zod";

const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };
const SPAN = /^\+?(\d{1,6})([mhdw])$/;
/** Both know how long each month is: Date.parse would roll 31 February over to March, and 24:00 to the next day. */
const MOMENT = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

export const MOMENT_FORMS = "2027-12-31, 2027-12-31T12:00:00Z, or a span from now: 90m, 12h, 30d, 4w";

/**
 * Reads a date (midnight UTC), an RFC 3339 time or a span from now.
 * @returns RFC 3339 in UTC, whole seconds; undefined when it is none of them
 */
export function parseMoment(text: string, nowMs: number): string | undefined {
	const seconds = parseSpan(text);
	if (seconds !== undefined) return formatMoment(nowMs + seconds * 1000);
	return MOMENT.safeParse(text).success ? formatMoment(Date.parse(text)) : undefined;
}

/** @returns seconds of a span such as 90m, 12h, 30d or 4w; undefined when it is none */
export function parseSpan(text: string): number | undefined {
	const span = SPAN.exec(text);
	return span === null ? undefined : Number(span[1]) * (UNIT_SECONDS[span[2] ?? ""] ?? 0);
}

function formatMoment(ms: number): string {
	return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
