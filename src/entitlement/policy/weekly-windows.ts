// Weekly maintenance windows by the clock on the wall of a time zone. A window is open while that clock shows a time inside it: on the
// day on which an hour is skipped it opens with the first minute that there is, and an hour that comes twice is inside it twice.
export const WEEK_SECONDS = 604_800;
const DAY_SECONDS = 86_400;
const MINUTE = 60;
/** Two weeks and a day: a window that one change of the clock swallows opens a week later. */
const HORIZON_SECONDS = 2 * WEEK_SECONDS + DAY_SECONDS;

/** In seconds; the start counts from Monday 0:00 on the wall, and the end may lie in the next week. */
export interface WeeklyWindow {
	readonly start: number;
	readonly length: number;
}

/**
 * A formatter costs more than all that is asked of it, so it is kept, under the name that the runtime itself has for the zone. A zone can be
 * spelled in thousands of ways (names are compared without regard to case), and callers choose the spelling.
 */
const formatters = new Map<string, Intl.DateTimeFormat>();
/** About 30 KB each. No service has devices in more zones at one location. */
const MAX_FORMATTERS = 100;

function formatterOf(zone: string): Intl.DateTimeFormat | null {
	const known = formatters.get(zone);
	if (known !== undefined) return known;
	try {
		const made = new Intl.DateTimeFormat("en-US", {
			...{ timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
			...{ hour: "numeric", minute: "numeric", second: "numeric" },
		});
		if (formatters.size >= MAX_FORMATTERS) formatters.clear();
		formatters.set(nameOf(made), made);
		return made;
	} catch {
		return null;
	}
}

function nameOf(formatter: Intl.DateTimeFormat): string {
	return formatter.resolvedOptions().timeZone;
}

/**
 * @param name of the IANA time zone database, such as Europe/Zurich, in whatever case
 * @returns the one name by which this runtime knows the zone; null = it knows none of that name
 */
export function timeZoneNamed(name: string): string | null {
	if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,47}$/.test(name)) return null;
	const formatter = formatterOf(name);
	return formatter === null ? null : nameOf(formatter);
}

/** @returns seconds by which clocks in the zone are ahead of UTC at a time; 0 for a zone that the runtime does not know */
export function offsetAt(zone: string, at: number): number {
	const formatter = zone === "UTC" ? null : formatterOf(zone);
	if (formatter === null) return 0;
	const part: Record<string, number> = {};
	for (const { type, value } of formatter.formatToParts(at * 1_000)) part[type] = Number(value);
	const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
	return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000 - at;
}

/** @returns seconds since Monday 0:00 of what a clock shows that is so far ahead of UTC; 1970 began on a Thursday */
function weekSecond(at: number, offset: number): number {
	return modulo(at + offset + 3 * DAY_SECONDS, WEEK_SECONDS);
}

function isInside(windows: readonly WeeklyWindow[], second: number): boolean {
	return windows.some(({ start, length }) => modulo(second - start, WEEK_SECONDS) < length);
}

/** @param at unix seconds */
export function isOpen(zone: string, windows: readonly WeeklyWindow[], at: number): boolean {
	return isInside(windows, weekSecond(at, offsetAt(zone, at)));
}

/**
 * @param at unix seconds
 * @param open whether the time is wanted at which they are open, or at which they are closed
 * @returns the first time from `at` on at which they are; Infinity = not in the next two weeks
 */
export function nextTime(zone: string, windows: readonly WeeklyWindow[], at: number, open: boolean): number {
	for (const { from, until, offset } of stretches(zone, at, at + HORIZON_SECONDS)) {
		const here = weekSecond(from, offset);
		const found = windows
			.flatMap(({ start, length }) => [start, start + length])
			.map((edge) => modulo(edge - here, WEEK_SECONDS))
			.concat(0)
			.sort((a, b) => a - b)
			.find((wait) => from + wait < until && isInside(windows, modulo(here + wait, WEEK_SECONDS)) === open);
		if (found !== undefined) return from + found;
	}
	return Number.POSITIVE_INFINITY;
}

/** Stretches of time in which the zone's clocks go evenly. They are changed once in two weeks at most. */
function stretches(zone: string, from: number, until: number) {
	const [before, after] = [offsetAt(zone, from), offsetAt(zone, until)];
	if (before === after) return [{ from, until, offset: before }];
	let [early, late] = [from, until];
	while (late - early > 1) {
		const middle = Math.floor((early + late) / 2);
		if (offsetAt(zone, middle) === before) early = middle;
		else late = middle;
	}
	return [
		{ from, until: late, offset: before },
		{ from: late, until, offset: after },
	];
}

/** @returns the local hour at the time, 0 to 23, with its fraction */
export function localHour(zone: string, at: number): number {
	return modulo(at + offsetAt(zone, at), DAY_SECONDS) / (60 * MINUTE);
}

function modulo(value: number, by: number): number {
	return ((value % by) + by) % by;
}
