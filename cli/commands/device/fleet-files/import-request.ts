// One batch of an import to the service, as often as it takes: a batch may be repeated, so also after no answer at all.

import { z } from "zod";
import { CliError } from "../../../errors.ts";
import type { OperatorApi } from "../../../http/operator-api.ts";
import { type Patience, patiently } from "../../../http/patience.ts";
import { parseJson } from "../../../json.ts";
import type { GoodLine } from "./line-batches.ts";

const lineResult = z.looseObject({
	result: z.enum(["created", "returned", "moved", "changed", "same", "refused"]),
	code: z.string().optional(),
	errors: z.array(z.looseObject({ field: z.string(), message: z.string() })).optional(),
});
export type LineResult = z.infer<typeof lineResult>;
const answer = z.looseObject({ results: z.array(lineResult) });

const WHAT = "could not import devices";
/** Stores that were down for some minutes catch up in as many. */
const LONGEST_WAIT_MS = 600_000;

/** @returns one result per line @throws what a call throws, once waiting does not help */
export async function sendBatch(
	api: OperatorApi,
	account: string,
	lines: readonly GoodLine[],
	patience: Patience,
): Promise<readonly LineResult[]> {
	const body = { devices: lines.map(({ body }) => parseJson(body)) };
	const path = `/v1/accounts/${account}/devices`;
	const ask = () => api.call("POST", path, WHAT, answer, body, patience.signal);
	const { results } = await patiently({ ...patience, longestMs: LONGEST_WAIT_MS }, ask);
	if (results.length === lines.length) return results;
	throw new CliError(`${WHAT}: the answer has ${results.length} results for ${lines.length} lines`, {
		code: "unexpected_answer",
		fix: "the server may speak another version of this interface: update this command line",
	});
}
