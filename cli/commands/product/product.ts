// `parapet product …`: content lines.

import type { Command } from "commander";
import { z } from "zod";
import { productName } from "../../../src/names.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { UsageError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";
import { addProductEventsCommand } from "../events.ts";
import { addChangesCommand } from "./changes.ts";
import { addCoverageCommand } from "./coverage.ts";
import { addRuleCommands } from "./rules.ts";
import {
	addFreezesOption,
	addSettingsOptions,
	changeShape,
	describeSettings,
	readFreezes,
	readSettings,
	settingsShape,
} from "./settings.ts";
import { addValidatorCommands } from "./validator.ts";

export function defineProduct(product: Command, surroundings: Surroundings): void {
	const create = product
		.command("create <product>")
		.description("add a content line")
		.option("--title <text>", "for people (default: the product's name)")
		.option("--unordered", "its versions have no order, as with hashes: what is released last is newest");
	addSettingsOptions(create);
	runAsOperator(
		create,
		surroundings,
		{
			title: z.string().optional(),
			unordered: z.boolean().optional(),
			...settingsShape,
		},
		async ({ api, options, operands, output }) => {
			const name = readOperand(operands, 0, "product", productName);
			const made = await api.call("POST", "/v1/products", "could not create the product", anyAnswer, {
				product: name,
				title: options.title,
				version_order: options.unordered ? "none" : undefined,
				...(await readSettings(options)),
			});
			const order =
				made["version_order"] === "none" ? ": its versions have no order, what is released last is newest" : "";
			output.answer(made, [`product ${name}${order}`, ...describeSettings(made)]);
		},
	);
	const change = product
		.command("change <product>")
		.description("how its next releases reach the fleet; rollouts that are under way keep their plan");
	addFreezesOption(addSettingsOptions(change));
	runAsOperator(change, surroundings, changeShape, async ({ api, options, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const wanted = { ...(await readSettings(options)), freezes: readFreezes(options.freezes, surroundings.nowMs()) };
		if (Object.values(wanted).every((one) => one === undefined))
			throw new UsageError("nothing to change is given", "`parapet product change --help` lists what can be changed");
		const made = await api.call("PATCH", `/v1/products/${name}`, `could not change ${name}`, anyAnswer, wanted);
		output.answer(made, [`product ${name}`, ...describeSettings(made)]);
	});
	const show = product.command("show <product>").description("a product, and the plan of its next releases");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const found = await api.call("GET", `/v1/products/${name}`, `could not read ${name}`, anyAnswer);
		output.answer(found, [`product ${name}: ${String(found["title"])}`, ...describeSettings(found)]);
	});
	runAsOperator(product.command("list").description("all content lines"), surroundings, {}, async ({ api, output }) => {
		const found = await api.call("GET", "/v1/products", "could not list products", listAnswer("products"));
		output.answer(
			found.answer,
			formatTable(
				["PRODUCT", "TITLE", "VERSION ORDER"],
				found.items.map((one) => [one["product"], one["title"], one["version_order"]]),
			),
		);
	});
	addChangesCommand(product, surroundings);
	addCoverageCommand(product, surroundings);
	addRuleCommands(product, surroundings);
	addValidatorCommands(product, surroundings);
	addProductEventsCommand(product, surroundings);
}
