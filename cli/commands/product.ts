// `parapet product …`: content lines.

import type { Command } from "commander";
import { z } from "zod";
import { teamName } from "../../src/entitlement/credential-record.ts";
import { productName } from "../../src/names.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { anyAnswer } from "../http/answers.ts";
import { listAnswer } from "../http/lists.ts";
import { PLAN_HELP, readPlan } from "../rollout/plan-option.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";
import { addProductEventsCommand } from "./events.ts";

const planned = z.looseObject({
	plan: z.looseObject({ name: z.string(), steps: z.array(z.looseObject({ name: z.string() })) }),
	team: z.string().nullable(),
});

/** @returns in lines how its releases reach the fleet; none where the answer does not say */
function describePlan(answer: unknown): string[] {
	const read = planned.safeParse(answer);
	if (!read.success) return [];
	const { plan, team } = read.data;
	const whose = team === null ? "" : `, with the word of team ${team}`;
	if (plan.name === "immediate") return ["each release reaches everybody at once, without a gate (plan immediate)"];
	return [`releases go by plan ${plan.name}: ${plan.steps.map(({ name }) => name).join(" → ")}${whose}`];
}

export function defineProduct(product: Command, surroundings: Surroundings): void {
	const create = product
		.command("create <product>")
		.description("add a content line")
		.option("--title <text>", "for people (default: the product's name)")
		.option("--unordered", "its versions have no order, as with hashes: what is released last is newest")
		.option("--plan <plan>", `how its releases reach the fleet: ${PLAN_HELP} (default: standard)`)
		.option("--team <team>", "whose word its rollouts need (default: anyone's who may release)");
	runAsOperator(
		create,
		surroundings,
		{
			title: z.string().optional(),
			unordered: z.boolean().optional(),
			plan: z.string().optional(),
			team: teamName.optional(),
		},
		async ({ api, options, operands, output }) => {
			const name = readOperand(operands, 0, "product", productName);
			const made = await api.call("POST", "/v1/products", "could not create the product", anyAnswer, {
				product: name,
				title: options.title,
				version_order: options.unordered ? "none" : undefined,
				plan: options.plan === undefined ? undefined : await readPlan(options.plan),
				team: options.team,
			});
			const order =
				made["version_order"] === "none" ? ": its versions have no order, what is released last is newest" : "";
			output.answer(made, [`product ${name}${order}`, ...describePlan(made)]);
		},
	);
	const change = product
		.command("change <product>")
		.description("how its next releases reach the fleet; rollouts that are under way keep their plan")
		.option("--plan <plan>", PLAN_HELP)
		.option("--team <team>", "whose word its rollouts need; none = anyone's who may release");
	const changeShape = { plan: z.string().optional(), team: z.union([z.literal("none"), teamName]).optional() };
	runAsOperator(change, surroundings, changeShape, async ({ api, options, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const made = await api.call("PATCH", `/v1/products/${name}`, `could not change ${name}`, anyAnswer, {
			plan: options.plan === undefined ? undefined : await readPlan(options.plan),
			team: options.team === "none" ? null : options.team,
		});
		output.answer(made, [`product ${name}`, ...describePlan(made)]);
	});
	const show = product.command("show <product>").description("a product, and the plan of its next releases");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const found = await api.call("GET", `/v1/products/${name}`, `could not read ${name}`, anyAnswer);
		output.answer(found, [`product ${name}: ${String(found["title"])}`, ...describePlan(found)]);
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
	addProductEventsCommand(product, surroundings);
}
