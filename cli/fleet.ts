// The operator's half of `parapet device …`: the devices of a customer, and what is to become of one.
import type { Command } from "commander";
import { z } from "zod";
import { readOperand, runAsOperator } from "./command.ts";
import { accountId, deviceId } from "./ids.ts";
import { anyAnswer, listAnswer } from "./operator-api.ts";
import { formatTable, type Surroundings } from "./output.ts";

const VERDICTS = {
	suspend: "refuse updates to a device until it is reinstated",
	reinstate: "take a suspended device back",
	revoke: "refuse a device for good and free its seat",
} as const;

/** @param device the `device` command that both halves share */
export function addFleetCommands(device: Command, surroundings: Surroundings): void {
	const list = device.command("list <account>").description("operator: a customer's devices");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const found = await api.call(
			"GET",
			`/v1/accounts/${account}/devices`,
			"could not list devices",
			listAnswer("devices"),
		);
		const rows = found.items.map((one) => [
			one["device"],
			one["status"],
			one["model"],
			one["serial"],
			one["license"],
			one["ha_group"],
		]);
		const head = ["DEVICE", "STATUS", "MODEL", "SERIAL", "LICENSE", "HA GROUP"];
		output.answer(found.answer, formatTable(head, rows));
	});
	for (const [verdict, description] of Object.entries(VERDICTS)) {
		const command = device
			.command(`${verdict} <device>`)
			.description(`operator: ${description}`)
			.option("--reason <text>");
		runAsOperator(
			command,
			surroundings,
			{ reason: z.string().optional() },
			async ({ api, options, operands, output }) => {
				const id = readOperand(operands, 0, "device", deviceId);
				const path = `/v1/devices/${id}/${verdict}`;
				const done = await api.call("POST", path, `could not ${verdict} ${id}`, anyAnswer, { reason: options.reason });
				output.answer(done, `${id} is ${done["status"]}`);
			},
		);
	}
}
