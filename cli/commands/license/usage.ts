// `parapet license usage`: how much of a customer's licenses is used.

import type { Command } from "commander";
import { z } from "zod";
import { accountId, licenseId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { wholeNumber } from "../../command-line/values.ts";
import { anyAnswer } from "../../http/answers.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";

const usage = z.looseObject({
	license: z.string(),
	status: z.string(),
	kind: z.string(),
	seats: z.number(),
	taken: z.number(),
	free: z.number(),
	over: z.number(),
	taken_by_ha_groups: z.number(),
	devices: z.record(z.string(), z.number()),
	ends: z.array(
		z.looseObject({ ends_at: z.string(), days_left: z.number().nullable(), products: z.array(z.string()) }),
	),
	refused_last_day: z.number(),
	peaks: z.array(z.looseObject({ day: z.string(), taken: z.number() })),
});
type Usage = z.infer<typeof usage>;

const HEADER = [
	...["LICENSE", "STATUS", "KIND", "SEATS", "TAKEN", "FREE", "OVER", "BY HA", "DEVICES"],
	...["ENDS IN", "REFUSED 24H", "PEAK"],
];

export function addUsageCommand(license: Command, surroundings: Surroundings): void {
	const command = license
		.command("usage <account> [license]")
		.description("seats taken and free, devices, ends, refusals and daily peaks; of every license if none is named")
		.option("--days <n>", "days of peaks, up to 400; 30 if not said otherwise");
	const shape = { days: wholeNumber.optional() };
	runAsOperator(command, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const one = operands[1] === undefined ? null : readOperand(operands, 1, "license", licenseId);
		const query = options.days === undefined ? "" : `?days=${options.days}`;
		const path = `/v1/accounts/${account}${one === null ? "" : `/licenses/${one}`}/usage${query}`;
		const answer = await api.call("GET", path, "could not read the usage", anyAnswer.pipe(usageAnswer(one !== null)));
		output.answer(answer.shown, formatTable(HEADER, answer.licenses.map(rowOf)));
	});
}

/** Either form of the answer: what is shown as it came, and the licenses in it. */
function usageAnswer(isOne: boolean) {
	return isOne
		? usage.transform((shown) => ({ shown, licenses: [shown] }))
		: z.looseObject({ licenses: z.array(usage) }).transform((shown) => ({ shown, licenses: shown.licenses }));
}

function rowOf(one: Usage): readonly unknown[] {
	const devices = Object.entries(one.devices).filter(([, count]) => count > 0);
	return [
		...[one.license, one.status, one.kind, one.seats, one.taken, one.free, one.over, one.taken_by_ha_groups],
		devices.length === 0 ? "none" : devices.map(([status, count]) => `${count} ${status}`).join(", "),
		one.ends.map(({ days_left: days }) => (days === null ? "ended" : `${days} days`)).join(", "),
		one.refused_last_day,
		peakOf(one),
	];
}

function peakOf({ peaks }: Usage): string {
	const highest = peaks.reduce((best, peak) => (peak.taken > best.taken ? peak : best), { day: "", taken: 0 });
	return highest.taken === 0 ? "0" : `${highest.taken} on ${highest.day}`;
}
