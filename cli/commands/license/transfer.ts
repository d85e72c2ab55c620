// `parapet license transfer`: moves the devices of a license to another, and waits until the last one has moved.

import type { Command } from "commander";
import { z } from "zod";
import { licenseId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { type OperatorContext, runAsOperator } from "../../command-line/run-as.ts";
import { CliError, UsageError } from "../../errors.ts";
import { patiently } from "../../http/patience.ts";
import { formatCount, type Surroundings } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";
import { readLicense } from "./license-operands.ts";

export const transferAnswer = z.looseObject({
	from: z.string(),
	to: z.string(),
	state: z.enum(["running", "done", "stopped"]),
	moved: z.int(),
	remaining: z.int(),
});
type Transfer = z.infer<typeof transferAnswer>;

const shownLicense = z.looseObject({ transfer: transferAnswer.nullable() });
const POLL_MS = 1_000;
/** Of each look at how far it is: the transfer goes on whoever looks. */
const TRIES = 6;

export function addTransferCommand(license: Command, surroundings: Surroundings): void {
	const transfer = license
		.command("transfer <account> <license> <to>")
		.description("move all devices of a license to another one of the customer, and wait until all have moved")
		.option("--no-wait", "do not wait: `parapet license show` says how far it is");
	runAsOperator(transfer, surroundings, { wait: z.boolean() }, async (context) => {
		const { api, options, operands, output } = context;
		const { path, id } = readLicense(operands);
		const to = readOperand(operands, 2, "to", licenseId);
		if (to === id) throw new UsageError(`to "${to}": that is the license itself`, "name the one to move to");
		const begun = await api.call("POST", `${path}/transfer`, "could not transfer the license", transferAnswer, { to });
		const ended = options.wait ? await waitForEnd(context, path, begun) : begun;
		if (options.wait && ended.state === "stopped") {
			throw new CliError(describeTransfer(ended), {
				code: "transfer_stopped",
				fix: "transfer both licenses to one that is not revoked",
			});
		}
		output.answer(ended, `${describeTransfer(ended)}${ended["published"] === false && options.wait ? LATE : ""}`);
	});
}

const LATE = "; not every store has it yet";

/** @returns what is said of a transfer, for people */
export function describeTransfer({ from, to, state, moved, remaining }: Transfer): string {
	const seats = (count: number) => (count === 1 ? "1 seat" : `${formatCount(count)} seats`);
	const went = `${seats(moved)} of ${from} went to ${to}`;
	if (state === "done") return went;
	return state === "running"
		? `${went}, ${formatCount(remaining)} are still to go`
		: `${went}, which was revoked before the others had gone`;
}

async function waitForEnd(
	{ api, output, surroundings }: OperatorContext<object>,
	path: string,
	begun: Transfer,
): Promise<Transfer> {
	const patience = { surroundings, tries: TRIES, retriesSilence: () => true };
	let last = begun;
	const progress = createCountProgress(surroundings, "moving", output.json);
	try {
		while (last.state === "running") {
			progress.report(last.moved, last.moved + last.remaining, "seats");
			await surroundings.sleep(POLL_MS);
			const what = "could not see how far the transfer is; it goes on";
			const shown = await patiently(patience, () => api.call("GET", path, what, shownLicense));
			// Somebody began another one in that second: this one had ended.
			if (shown.transfer?.to !== begun.to) return { ...last, state: "done" };
			last = shown.transfer;
		}
	} finally {
		progress.end();
	}
	return last;
}
