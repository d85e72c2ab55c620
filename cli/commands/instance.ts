// `parapet instance …`: what a cloud's hook would tell, by hand: that an instance was launched, or is gone.

import type { Command } from "commander";
import { z } from "zod";
import { instanceName } from "../../src/names.ts";
import { accountId, licenseId } from "../command-line/ids.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { anyAnswer } from "../http/answers.ts";
import type { Surroundings } from "../terminal/output.ts";

const hook = "/v1/hooks/lifecycle";

export function defineInstance(instance: Command, surroundings: Surroundings): void {
	const launch = instance
		.command("launch <account> <instance>")
		.description("make an auth code for the one device of an instance, good for an hour")
		.requiredOption("--license <license>", "the license that it activates under")
		.option("--token <text>", "names this launch: the same again brings the same code (default: a new one)");
	const shape = { license: licenseId, token: z.string().optional() };
	runAsOperator(launch, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const body = { event: "launch", instance: readOperand(operands, 1, "instance", instanceName) };
		const { license, token = crypto.randomUUID() } = options;
		const path = `${hook}?account=${account}&license=${license}`;
		const made = await api.call("POST", path, "could not make the code", anyAnswer, { ...body, token });
		if (made["state"] === "open") output.note("only a device with the label instance_id of this instance can use it:");
		output.answer(made, made["state"] === "open" ? String(made["code"]) : `no code: the launch's is ${made["state"]}`);
	});
	const terminate = instance
		.command("terminate <account> <instance>")
		.description("free the seats of an instance that is gone");
	runAsOperator(terminate, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const gone = readOperand(operands, 1, "instance", instanceName);
		const body = { event: "terminate", instance: gone };
		const done = await api.call("POST", `${hook}?account=${account}`, "could not free its seats", anyAnswer, body);
		const devices = z.array(z.string()).catch([]).parse(done["deactivated"]);
		output.answer(done, devices.length === 0 ? `${gone} has no seat` : `deactivated: ${devices.join(" ")}`);
	});
}
