// Where the events of an hour lie: events/dt=2026-11-28/hour=22/<batch>.ndjson.gz, so that whoever asks for a day opens the files of
// that day alone. Names sort by time. Pure.

export const EVENTS_PREFIX = "events/";
/** Of the part of a name that its writer chose. */
const FILE = /^events\/dt=(\d{4}-\d\d-\d\d)\/hour=(\d\d)\/[a-z0-9-]{1,64}\.ndjson\.gz$/;

/** @param hour beginning of a time, "2026-11-28T22" @param batch letters of a to z, digits and hyphens */
export function hourFile(hour: string, batch: string): string {
	return `${hourFolder(hour)}${batch}.ndjson.gz`;
}

/** @param hour "2026-11-28T22" */
export function hourFolder(hour: string): string {
	return `${EVENTS_PREFIX}dt=${hour.slice(0, 10)}/hour=${hour.slice(11, 13)}/`;
}

/** @returns the hour whose events the file holds, as "2026-11-28T22"; null = it is none of these files */
export function hourOfFile(name: string): string | null {
	const [, date, hour] = FILE.exec(name) ?? [];
	return date === undefined || hour === undefined ? null : `${date}T${hour}`;
}

/** @param seconds unix @returns the hour in which it lies, UTC, as "2026-11-28T22" */
export function hourOf(seconds: number): string {
	return new Date(seconds * 1_000).toISOString().slice(0, 13);
}

/** @param days for which events are kept @returns whether every event of the file is older */
export function isPast(name: string, days: number, now: number): boolean {
	const hour = hourOfFile(name);
	return hour !== null && hour < hourOf(now - days * 86_400);
}
