// `parapet device explain`: why a firewall gets what it gets, asked by an operator about a device, or by the firewall itself.

import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { sayUnknown } from "../../../src/nearest-name.ts";
import { deviceId } from "../../command-line/ids.ts";
import { readOperand, readOptions } from "../../command-line/read-options.ts";
import { firewallOptions, openOperatorApi, operatorOptions } from "../../command-line/run-as.ts";
import { bytes, moment } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { anyAnswer, readAnswer } from "../../http/answers.ts";
import { queryOf } from "../../http/query.ts";
import { createOutput, type Surroundings } from "../../terminal/output.ts";
import { describeExplanation, explanationAnswer } from "./lines/explain.ts";

const WHAT = "could not explain";

/** @param command with its options and, where an operator asks, the device as its operand */
export async function runExplain(command: Command, surroundings: Surroundings): Promise<void> {
	const shape = z.object({
		product: productName,
		installed: versionName.optional(),
		damaged: z.literal(true).optional(),
		failed: versionName.optional(),
		engine: versionName.optional(),
		diskFree: bytes.optional(),
		memory: bytes.optional(),
		at: moment(surroundings).optional(),
	});
	// The device first: who names a wrong one learns that before what else is missing.
	if (command.args.length > 0) readOperand(command.args, 0, "device", deviceId);
	const question = readOptions(command, shape);
	const output = createOutput(surroundings, readOptions(command, operatorOptions).json);
	const asker = command.args.length > 0 ? "operator" : "firewall";
	const ask = asker === "operator" ? askAsOperator : askAsFirewall;
	const answer = await ask(command, surroundings, question);
	const told = readAnswer(answer, WHAT, explanationAnswer);
	const isAskable = asker === "operator" && told.entitlement.code === "not_included";
	const unknown = isAskable ? await sayIfUnknown(command, surroundings, told.product) : undefined;
	output.answer(answer, describeExplanation(told, asker, unknown));
}

async function askAsOperator(command: Command, surroundings: Surroundings, question: Question) {
	const id = readOperand(command.args, 0, "device", deviceId);
	const shared = readOptions(command, operatorOptions.extend({ home: z.string().optional() }));
	if (shared.home !== undefined) throw new UsageError("--home is for the firewall itself", "leave out the device");
	const api = await openOperatorApi(shared, surroundings);
	return api.call("GET", pathOf(id, question), WHAT, anyAnswer);
}

const productList = z.looseObject({ products: z.array(z.looseObject({ product: z.string() })) });

/** @returns that there is no such product, where there is none; undefined also where the key may not see the products */
async function sayIfUnknown(
	command: Command,
	surroundings: Surroundings,
	product: string,
): Promise<string | undefined> {
	const api = await openOperatorApi(readOptions(command, operatorOptions), surroundings);
	try {
		const { products } = await api.call("GET", "/v1/products", "could not list products", productList);
		const known = products.map((one) => one.product);
		return known.includes(product) ? undefined : sayUnknown("product", product, known);
	} catch (error) {
		if (error instanceof CliError) return undefined;
		throw error;
	}
}

async function askAsFirewall(command: Command, surroundings: Surroundings, question: Question) {
	const { loadActiveIdentity } = await import("../../firewall/identity/activation.ts");
	const { failedVersions } = await import("../../firewall/installed/failed-content.ts");
	const { scarceBytes } = await import("../../firewall/check/room.ts");
	const { openSession } = await import("./open-session.ts");
	const session = await openSession({ options: readOptions(command, firewallOptions), surroundings });
	const identity = await loadActiveIdentity(session.home);
	const installed = (await session.home.load("installed"))?.[question.product]?.version;
	const failed = (await failedVersions(session.home, Math.floor(surroundings.nowMs() / 1_000))).get(question.product);
	const diskFree = (await scarceBytes(session.home)) ?? undefined;
	const known = { installed, failed, engine: identity.engine ?? undefined, diskFree };
	const given = Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined));
	const path = pathOf(identity.device.id, { ...known, ...given, product: question.product });
	return session.call({ method: "GET", path, what: WHAT }, anyAnswer);
}

interface Question {
	readonly product: string;
	readonly installed?: string | undefined;
	readonly damaged?: true | undefined;
	readonly failed?: string | undefined;
	readonly engine?: string | undefined;
	readonly diskFree?: number | undefined;
	readonly memory?: number | undefined;
	readonly at?: string | undefined;
}

function pathOf(id: string, { product, installed, damaged, failed, engine, diskFree, memory, at }: Question): string {
	const room = { disk_free: diskFree, memory };
	return `/v1/devices/${id}/explain${queryOf({ product, installed, damaged, failed, engine, ...room, at })}`;
}
