// What each version of the Worker answered lately, read from its data points in Analytics Engine by the SQL API. The columns are those of
// src/telemetry/sink.ts.
import { z } from "zod";
import { exchange } from "../../cli/http/exchange.ts";
import { parseJson } from "../../cli/json.ts";
import { NO_NUMBERS, type VersionNumbers } from "./judge.ts";

/** @returns by version; one that answered nothing is not in it */
export type ReadNumbers = (sinceSeconds: number) => Promise<ReadonlyMap<string, VersionNumbers>>;

export interface AnalyticsAccess {
	/** of the API of the platform */
	readonly origin: string;
	readonly account: string;
	/** with the permission Account Analytics: Read */
	readonly token: string;
	readonly dataset: string;
}

export const PLATFORM_API = "https://api.cloudflare.com";

const number = z.coerce.number();
const totals = z.object({
	data: z.array(z.object({ version: z.string(), requests: number, errors: number, degraded: number, p95: number })),
});
const refused = z.object({ data: z.array(z.object({ version: z.string(), code: z.string(), requests: number })) });

export function createAnalyticsReader({ origin, account, token, dataset }: AnalyticsAccess): ReadNumbers {
	const ask = async <T>(query: string, schema: z.ZodType<T>): Promise<T> => {
		const { status, text } = await exchange({
			method: "POST",
			url: `${origin}/client/v4/accounts/${account}/analytics_engine/sql`,
			headers: { authorization: `Bearer ${token}` },
			body: query,
		});
		const parsed = status === 200 ? schema.safeParse(parseJson(text)) : null;
		if (parsed?.success) return parsed.data;
		throw new Error(`Analytics Engine answered ${status}: ${text.slice(0, 300).replace(/\s+/g, " ")}`);
	};
	return async (sinceSeconds) => {
		const from = `FROM ${dataset} WHERE timestamp > NOW() - INTERVAL '${Math.ceil(sinceSeconds)}' SECOND AND blob13 != ''`;
		const weight = "_sample_interval * double5";
		const [all, codes] = await Promise.all([
			ask(
				`SELECT blob13 AS version, sum(${weight}) AS requests, sum(if(double1 >= 500, ${weight}, 0)) AS errors,
				sum(if(double4 > 0, ${weight}, 0)) AS degraded, quantileExactWeighted(0.95)(double2, _sample_interval) AS p95
				${from} GROUP BY version FORMAT JSON`,
				totals,
			),
			ask(
				`SELECT blob13 AS version, blob3 AS code, sum(${weight}) AS requests
				${from} AND blob3 != '' GROUP BY version, code FORMAT JSON`,
				refused,
			),
		]);
		const found = new Map<string, VersionNumbers>();
		for (const { version, p95, ...counts } of all.data)
			found.set(version, { ...NO_NUMBERS, ...counts, p95Ms: p95, refusals: {} });
		for (const { version, code, requests } of codes.data) {
			const known = found.get(version);
			if (known !== undefined) found.set(version, { ...known, refusals: { ...known.refusals, [code]: requests } });
		}
		return found;
	};
}
