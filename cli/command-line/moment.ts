// Points in time as people type them on a command line.

const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };
const SPAN = /^\+?(\d{1,6})([mhdw])$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

export const MOMENT_FORMS = "2027-12-31, 2027-12-31T12:00:00Z, or a span from now: 90m, 12h, 30d, 4w";

/**
 * Reads a date (midnight UTC), an RFC 3339 time or a span from now.
 * @returns RFC 3339 in UTC, whole seconds; undefined when it is none of them
 */
export function parseMoment(text: string, nowMs: number): string | undefined {
	const span = SPAN.exec(text);
	if (span !== null) {
		const seconds = Number(span[1]) * (UNIT_SECONDS[span[2] ?? ""] ?? 0);
		return formatMoment(nowMs + seconds * 1000);
	}
	if (!DATE.test(text) && !RFC_3339.test(text)) return undefined;
	const parsed = Date.parse(text);
	// Date.parse rolls 31 February over to March instead of refusing it.
	if (Number.isNaN(parsed) || (DATE.test(text) && !formatMoment(parsed).startsWith(text))) return undefined;
	return formatMoment(parsed);
}

function formatMoment(ms: number): string {
	return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
