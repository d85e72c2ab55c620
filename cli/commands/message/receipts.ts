// `parapet message receipts`: which firewalls have fetched a message, acknowledged it, or not seen it.
import type { Command } from "commander";
import { z } from "zod";
import { RECEIPT_STATES, type ReceiptState } from "../../../src/fleet/message-receipt.ts";
import { accountId, messageId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { UsageError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { queryOf } from "../../http/query.ts";
import { csvLine } from "../../terminal/csv.ts";
import { formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";

const receiptsAnswer = z.looseObject({
	receipts: z.array(anyAnswer),
	counts: z.object({ acknowledged: z.int(), fetched: z.int(), not_seen: z.int() }),
	next: z.string().nullable(),
});
type Receipts = z.infer<typeof receiptsAnswer>;

const FIELDS = ["account", "device", "serial", "state", "fetched_at", "acknowledged_at", "acknowledged_by"] as const;

export function addMessageReceipts(message: Command, surroundings: Surroundings): void {
	const receipts = message
		.command("receipts <id>")
		.description("which firewalls have fetched a message, acknowledged it, or not seen it")
		.option("--account <account>", "of this customer only")
		.option("--state <state>", `only these: ${RECEIPT_STATES.join(", ")}`)
		.option("--not-seen", "the same as --state not_seen")
		.option("--csv", "lines of CSV");
	const shape = {
		account: accountId.optional(),
		state: z.enum(RECEIPT_STATES).optional(),
		notSeen: z.boolean().default(false),
		csv: z.boolean().default(false),
	};
	runAsOperator(receipts, surroundings, shape, async ({ api, options, operands, output }) => {
		const { account, notSeen, csv } = options;
		if (csv && output.json) throw new UsageError("--csv and --json are two forms of one answer; choose one");
		if (notSeen && options.state !== undefined) throw new UsageError("--not-seen is a --state; choose one");
		const id = readOperand(operands, 0, "id", messageId);
		const state = notSeen ? "not_seen" : options.state;
		const path =
			account === undefined ? `/v1/messages/${id}/receipts` : `/v1/accounts/${account}/messages/${id}/receipts`;
		const found = await readReceipts(api, path, `could not list who has ${id}`, state);
		const rows = found.receipts.map((one) => FIELDS.map((name) => one[name]));
		const head = FIELDS.map((name) => name.toUpperCase().replace("_", " "));
		output.answer(found, csv ? [csvLine(FIELDS), ...rows.map(csvLine)] : formatTable(head, rows));
		const { acknowledged, fetched, not_seen } = found.counts;
		output.note(
			`${formatCount(not_seen)} have not seen it, ${formatCount(fetched)} have fetched it, ${formatCount(acknowledged)} have acknowledged it`,
		);
	});
}

async function readReceipts(
	api: OperatorApi,
	path: string,
	what: string,
	state: ReceiptState | undefined,
): Promise<Receipts> {
	const receipts: Receipts["receipts"] = [];
	const counts = { acknowledged: 0, fetched: 0, not_seen: 0 };
	for (let after: string | undefined; ; ) {
		const page: Receipts = await api.call("GET", path + queryOf({ state, after }), what, receiptsAnswer);
		receipts.push(...page.receipts);
		for (const one of RECEIPT_STATES) counts[one] += page.counts[one];
		if (page.next === null) return { ...page, receipts, counts };
		after = page.next;
	}
}
