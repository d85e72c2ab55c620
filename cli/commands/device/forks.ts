// `parapet device forked` and `device fork resolve`: devices of which two copies live, and which of the two is the device.
import type { Command } from "commander";
import { z } from "zod";
import { accountId, deviceId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { anyAnswer } from "../../http/answers.ts";
import { readPages } from "../../http/lists.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";

const lineName = z.string().regex(/^[\w-]{12}$/, "a line has 12 letters, digits, - and _; `device forked` shows them");
const lines = z.array(anyAnswer).catch([]);

/** @param device the `device` command that gets the verbs */
export function addForkCommands(device: Command, surroundings: Surroundings): void {
	const forked = device
		.command("forked <account>")
		.description("operator: devices of which two copies live, and where each was last seen");
	runAsOperator(forked, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const path = `/v1/accounts/${account}/forks`;
		const { answer, items } = await readPages(api, path, "could not list forked devices", "forks");
		const rows = items.flatMap((one) =>
			lines
				.parse(one["lines"])
				.map((line) => [
					...[one["device"], one["serial"], one["forked_at"]],
					...[line["line"], line["seen_at"], line["country"], line["colo"]],
				]),
		);
		output.answer(answer, formatTable(["DEVICE", "SERIAL", "FORKED", "LINE", "SEEN", "COUNTRY", "COLO"], rows));
		if (items.length > 0) output.note("which is the device: parapet device fork resolve <device> --keep <line>");
	});

	const fork = device.command("fork").description("operator: say which of two copies is the device");
	const resolve = fork
		.command("resolve <device>")
		.description("operator: one line is the device; the other is told again if it goes on")
		.requiredOption("--keep <line>", "of `device forked`")
		.option("--reason <text>", "kept in the audit trail");
	const shape = { keep: lineName, reason: z.string().optional() };
	runAsOperator(resolve, surroundings, shape, async ({ api, options, operands, output }) => {
		const id = readOperand(operands, 0, "device", deviceId);
		const path = `/v1/devices/${id}/fork/resolve`;
		const done = await api.call("POST", path, `could not resolve the fork of ${id}`, anyAnswer, options);
		output.answer(done, `${id} is ${options.keep}; the other copy has the same key, and is told again if it goes on`);
	});
}
