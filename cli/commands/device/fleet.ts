// The operator's half of `parapet device …`: what is to become of a device. Which there are: state.ts.

import type { Command } from "commander";
import { z } from "zod";
import { channel } from "../../../src/content/releases/channel.ts";
import { modelName, productName, serialNumber } from "../../../src/names.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { deviceId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { anyAnswer } from "../../http/answers.ts";
import type { Surroundings } from "../../terminal/output.ts";

const VERDICTS = {
	suspend: "refuse updates to a device until it is reinstated",
	reinstate: "take a suspended device back",
	revoke: "refuse a device for good and free its seat",
} as const;

/** @param device the `device` command that both halves share */
export function addFleetCommands(device: Command, surroundings: Surroundings): void {
	addReplace(device, surroundings);
	addChannel(device, surroundings);
	for (const [verdict, description] of Object.entries(VERDICTS)) {
		const command = device
			.command(`${verdict} <device>`)
			.description(`operator: ${description}`)
			.option("--reason <text>", "kept in the audit trail");
		if (verdict === "revoke") addYesOption(command);
		runAsOperator(
			command,
			surroundings,
			{ reason: z.string().optional() },
			async ({ api, options, operands, output, confirm }) => {
				const id = readOperand(operands, 0, "device", deviceId);
				if (verdict === "revoke") await confirm(`${id} is refused for good and loses its seat`);
				const path = `/v1/devices/${id}/${verdict}`;
				const done = await api.call("POST", path, `could not ${verdict} ${id}`, anyAnswer, { reason: options.reason });
				output.answer(done, `${id} is ${done["status"]}`);
			},
		);
	}
}

function addReplace(device: Command, surroundings: Surroundings): void {
	const replace = device
		.command("replace <device>")
		.description("operator: refuse a dead device and give its seat, labels and HA group to another appliance")
		.requiredOption("--serial <serial>", "of the new appliance")
		.option("--model <model>", "of the new appliance, which must then be of it")
		.option("--reason <text>", "kept in the audit trail");
	addYesOption(replace);
	const shape = { serial: serialNumber, model: modelName.optional(), reason: z.string().optional() };
	runAsOperator(replace, surroundings, shape, async ({ api, options, operands, output, confirm }) => {
		const id = readOperand(operands, 0, "device", deviceId);
		const { serial, model, reason } = options;
		await confirm(`${id} is refused, and its seat is for ${serial}`);
		const path = `/v1/devices/${id}/replacement`;
		const done = await api.call("POST", path, `could not replace ${id}`, anyAnswer, { serial, model, reason });
		if (done["code"] === null) return output.answer(done, `${id} is replaced by ${done["replaced_by"]}`);
		output.note(`${id} is ${done["status"]}; with this auth code, shown once, ${serial} takes its place:`);
		output.answer(done, String(done["code"]));
	});
}

function addChannel(device: Command, surroundings: Surroundings): void {
	const command = device
		.command("channel <device> <product> <channel>")
		.description(
			"operator: put a device and its HA group on stable or beta of a product; they know with their next check",
		);
	runAsOperator(command, surroundings, {}, async ({ api, operands, output }) => {
		const id = readOperand(operands, 0, "device", deviceId);
		const product = readOperand(operands, 1, "product", productName);
		const wanted = readOperand(operands, 2, "channel", channel);
		const path = `/v1/devices/${id}/channels/${product}`;
		const answer = anyAnswer.extend({ devices: z.array(z.string()), changed: z.boolean() });
		const done = await api.call("PUT", path, `could not put ${id} on ${wanted}`, answer, { channel: wanted });
		const were = done.changed ? "on" : "before that on";
		output.answer(
			done,
			done.devices.map((one) => `${one} is ${were} ${wanted} of ${product}`),
		);
	});
}
