// The ready queries of `parapet history report`: a file of SQL for each, so that the same text can be given to Basin SQL.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What each answers, as the help says it. */
export const REPORTS = {
	traffic: "what was asked in each hour, refused, and how long answers took",
	versions: "what devices run of each product",
	failures: "what was refused or could not be installed, where, and with which code",
	countries: "each country's devices, downloads and failures",
	silent: "devices that came this month, and not in the last 24 hours",
	tripwire: "devices whose key was used from two places within an hour",
} as const;
export type ReportName = keyof typeof REPORTS;
export const REPORT_NAMES = Object.keys(REPORTS) as [ReportName, ...ReportName[]];

/** @returns its SQL, of the table `events` */
export function reportSql(name: ReportName): Promise<string> {
	return readFile(join(import.meta.dirname, "reports", `${name}.sql`), "utf8");
}
