// `parapet account tripwire`: which devices are suspended when their key or token is used from two networks at once.
import type { Command } from "commander";
import { z } from "zod";
import { SUSPENDS, type Suspends } from "../../../src/fleet/tripwire.ts";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { anyAnswer } from "../../http/answers.ts";
import type { Surroundings } from "../../terminal/output.ts";

const MEANS: Readonly<Record<Suspends, string>> = {
	off: "no device is suspended by the tripwire; it is told",
	travel: "a device that is in two places between which nobody travels in that time is suspended",
	any: "a device that is used from two networks at once is suspended, also one with two uplinks that goes back and forth",
};

export function addTripwireCommand(account: Command, surroundings: Surroundings): void {
	const tripwire = account
		.command("tripwire <account>")
		.description("which devices are suspended when their key or token is used from two networks at once")
		.option("--suspend <which>", `say it: ${SUSPENDS.join("|")}`)
		.addHelpText("after", `\n${SUSPENDS.map((one) => `  ${one.padEnd(7)} ${MEANS[one]}`).join("\n")}`);
	const shape = { suspend: z.enum(SUSPENDS).optional() };
	runAsOperator(tripwire, surroundings, shape, async ({ api, options, operands, output }) => {
		const id = readOperand(operands, 0, "account", accountId);
		const path = `/v1/accounts/${id}/tripwire`;
		const answer = anyAnswer.pipe(z.looseObject({ suspends: z.enum(SUSPENDS) }));
		const found =
			options.suspend === undefined
				? await api.call("GET", path, `could not read the tripwire of ${id}`, answer)
				: await api.call("PUT", path, `could not set the tripwire of ${id}`, answer, { suspends: options.suspend });
		output.answer(found, `${found.suspends}: ${MEANS[found.suspends]}`);
		output.note(`what it has told: parapet account events ${id} --type device.tripwire`);
	});
}
