// `parapet device explain`: why a firewall gets what it gets, asked by an operator about a device, or by the firewall itself.
import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { deviceId } from "../../command-line/ids.ts";
import {
	addOperatorOptions,
	firewallOptions,
	moment,
	openOperatorApi,
	operatorOptions,
	readOperand,
	readOptions,
} from "../../command-line/run-as.ts";
import { DEFAULT_HOME } from "../../command-line/settings.ts";
import { UsageError } from "../../errors.ts";
import { loadActiveIdentity } from "../../firewall/activation.ts";
import { anyAnswer, readAnswer } from "../../http/operator-api.ts";
import { createOutput, type Surroundings } from "../../terminal/output.ts";
import { describeExplanation, explanationAnswer } from "./explain-lines.ts";
import { openSession } from "./open-session.ts";

const WHAT = "could not explain";

export function addExplain(device: Command, surroundings: Surroundings): void {
	const command = device
		.command("explain [device]")
		.description("why a firewall gets what it gets: with a device for operators, without one as the firewall itself")
		.requiredOption("--product <product>")
		.option("--installed <version>", "what it has installed (the firewall itself: what it has)")
		.option("--engine <version>", "its software version (the firewall itself: that of its activation)")
		.option("--at <when>", "another time than now: a date, or a span such as 24h")
		.option("--home <dir>", `the firewall's state, without a device (default ${DEFAULT_HOME})`);
	const shape = z.object({
		product: productName,
		installed: versionName.optional(),
		engine: versionName.optional(),
		at: moment(surroundings).optional(),
	});
	addOperatorOptions(command).action(async () => {
		const question = readOptions(command, shape);
		const output = createOutput(surroundings, readOptions(command, operatorOptions).json);
		const answer = command.args.length > 0 ? await askAsOperator(question) : await askAsFirewall(question);
		output.answer(answer, describeExplanation(readAnswer(answer, WHAT, explanationAnswer)));
	});

	async function askAsOperator(question: Question) {
		const id = readOperand(command.args, 0, "device", deviceId);
		const shared = readOptions(command, operatorOptions.extend({ home: z.string().optional() }));
		if (shared.home !== undefined) throw new UsageError("--home is for the firewall itself", "leave out the device");
		return openOperatorApi(shared, surroundings).call("GET", pathOf(id, question), WHAT, anyAnswer);
	}

	async function askAsFirewall(question: Question) {
		const session = await openSession({ options: readOptions(command, firewallOptions), surroundings });
		const identity = await loadActiveIdentity(session.home);
		const installed = (await session.home.load("installed"))?.[question.product]?.version;
		const known = { installed, engine: identity.engine ?? undefined };
		const given = Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined));
		const path = pathOf(identity.device.id, { ...known, ...given, product: question.product });
		return session.call({ method: "GET", path, what: WHAT }, anyAnswer);
	}
}

interface Question {
	readonly product: string;
	readonly installed?: string | undefined;
	readonly engine?: string | undefined;
	readonly at?: string | undefined;
}

function pathOf(id: string, { product, installed, engine, at }: Question): string {
	const query = new URLSearchParams({ product });
	for (const [name, value] of Object.entries({ installed, engine, at }))
		if (value !== undefined) query.set(name, value);
	return `/v1/devices/${id}/explain?${query}`;
}
