// What the platform bills beside requests and processor time, as the service's own bindings see it.
export const METERED = [
	"kvReads",
	"kvWrites",
	"kvDeletes",
	"objectCalls",
	"rowsRead",
	"rowsWritten",
	"r2ClassA",
	"r2ClassB",
	"points",
	"logBytes",
] as const;
export type Metered = (typeof METERED)[number];
/** how often, or how much, of each */
export type Use = Record<Metered, number>;

/** What is measured: once by a device, or once by a publisher. */
export const OPERATIONS = ["check", "unchanged", "token", "permit", "download", "report", "publish"] as const;
export type Operation = (typeof OPERATIONS)[number];
export type Uses = Readonly<Record<Operation, Use>>;

/** @returns the use of one, of `count` */
export function shareOf(use: Use, count: number): Use {
	return Object.fromEntries(METERED.map((name) => [name, use[name] / count])) as Use;
}
