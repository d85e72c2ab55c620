// `parapet record verify`: compares what the stores hold with the truth, and prints where they differ.
import { z } from "zod";
import type { OperatorContext } from "../../command-line/run-as.ts";
import { CliError } from "../../errors.ts";
import { formatCount, formatTable } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";
import { listOwners, pageAnswer, walkRecords } from "./walk.ts";

const ROWS_SHOWN = 50;
/** With --json; a store that was emptied differs in every record. */
const DRIFT_KEPT = 1_000;

const count = z.int().nonnegative();
const drift = z.object({
	store: z.string(),
	key: z.string(),
	verdict: z.string(),
	store_version: z.number().nullable(),
	true_version: z.number(),
});
const comparison = z.object({ store: z.string(), same: count, pending: count, unanswered: count, drifted: count });
const verifiedPage = pageAnswer.extend({ stores: z.array(comparison), drift: z.array(drift) });

type Comparison = z.infer<typeof comparison>;

/** @throws CliError when the stores differ, or did not answer */
export async function runVerify(
	context: OperatorContext<{ readonly store?: string | undefined }>,
	signal: AbortSignal,
): Promise<void> {
	const { api, options, output, surroundings } = context;
	const progress = createCountProgress(surroundings, "comparing", output.json);
	const stores = new Map<string, Comparison>();
	const kept: z.infer<typeof drift>[] = [];
	let records = 0;
	try {
		const owners = await listOwners({ api, surroundings, signal });
		const walk = { path: "/v1/records/verify", what: "could not compare records", answer: verifiedPage };
		const paced = { store: options.store, rate: undefined, start: { index: 0, after: null } };
		for await (const { page, done } of walkRecords({ api, surroundings, signal, owners, ...walk, ...paced })) {
			records += page.records;
			for (const one of page.stores) stores.set(one.store, sum(stores.get(one.store), one));
			kept.push(...page.drift.slice(0, DRIFT_KEPT - kept.length));
			progress.report(done, owners.length, `${formatCount(records)} records`);
		}
	} finally {
		progress.end();
	}
	const compared = [...stores.values()];
	const drifted = compared.reduce((total, one) => total + one.drifted, 0);
	const lines = [...(drifted === 0 ? [] : driftTable(kept, drifted)), ...compared.map(describeComparison)];
	output.answer({ records, stores: compared, drifted, drift: kept }, lines);
	if (drifted > 0) throw driftFound(drifted, kept);
	const silent = compared.filter(({ unanswered }) => unanswered > 0);
	if (silent.length > 0) {
		throw new CliError(`${silent.map(({ store }) => store).join(" and ")} did not answer for some records`, {
			code: "store_unanswered",
			fix: "compare again when the store is well",
		});
	}
}

function sum(left: Comparison | undefined, right: Comparison): Comparison {
	if (left === undefined) return right;
	return {
		store: right.store,
		same: left.same + right.same,
		pending: left.pending + right.pending,
		unanswered: left.unanswered + right.unanswered,
		drifted: left.drifted + right.drifted,
	};
}

function driftTable(kept: readonly z.infer<typeof drift>[], drifted: number): string[] {
	const header = ["STORE", "KEY", "VERDICT", "STORE VERSION", "TRUE VERSION"];
	const shown = kept.slice(0, ROWS_SHOWN);
	const rows = shown.map((one) => [one.store, one.key, one.verdict, one.store_version, one.true_version]);
	const left = drifted - shown.length;
	return [...formatTable(header, rows), ...(left > 0 ? [`and ${formatCount(left)} more`] : []), ""];
}

function describeComparison({ store, same, pending, unanswered, drifted }: Comparison): string {
	const parts = [`${formatCount(same)} as they should be`, `${formatCount(drifted)} not`];
	if (pending > 0) parts.push(`${formatCount(pending)} on their way`);
	if (unanswered > 0) parts.push(`${formatCount(unanswered)} without an answer`);
	return `${store}: ${parts.join(", ")}`;
}

function driftFound(drifted: number, kept: readonly z.infer<typeof drift>[]): CliError {
	const hints = ["write them again with: parapet record rebuild"];
	if (kept.some(({ verdict }) => verdict === "ahead"))
		hints.push("what is ahead stays: delete it from the store first");
	if (kept.some(({ store }) => store === "kv")) {
		hints.push("KV may show copies that are a minute old: compare again before you act on what was written just now");
	}
	return new CliError(`${formatCount(drifted)} records in the stores are not as they should be`, {
		code: "drift",
		fix: hints.join("; "),
	});
}
