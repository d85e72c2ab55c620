// `parapet product disable-rule|enable-rule|disabled-rules`: single rules that every firewall leaves out, whatever release it runs.
import type { Command } from "commander";
import { z } from "zod";
import { ruleId } from "../../../src/content/releases/disabled-rules.ts";
import { productName } from "../../../src/names.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { listAnswer } from "../../http/lists.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";

const rulesAnswer = z.looseObject({
	rules: z.array(z.looseObject({ rule: z.string() })),
	changed: z.boolean(),
	published: z.boolean(),
});

const WORDS = {
	disable: {
		done: "is left out by every firewall from its next check on",
		before: "was disabled before",
		help: "have every firewall leave out rules, from its next check on, whatever release it runs",
	},
	enable: {
		done: "is used again from each firewall's next check on",
		before: "was not disabled",
		help: "have firewalls use disabled rules again",
	},
} as const;

export function addRuleCommands(product: Command, surroundings: Surroundings): void {
	for (const what of ["disable", "enable"] as const) {
		const command = product
			.command(`${what}-rule <product> <rule...>`)
			.description(WORDS[what].help)
			.requiredOption("--reason <text>", "kept in the product's events");
		runAsOperator(command, surroundings, { reason: z.string().min(1) }, async ({ api, options, operands, output }) => {
			const name = readOperand(operands, 0, "product", productName);
			const rules = operands.slice(1).map((_, index) => readOperand(operands, index + 1, "rule", ruleId));
			const path = `/v1/products/${name}/disabled-rules/${what}`;
			const body = { rules, reason: options.reason };
			const answer = await api.call("POST", path, `could not ${what} rules of ${name}`, rulesAnswer, body);
			const said = answer.changed ? WORDS[what].done : WORDS[what].before;
			const waits = answer.published ? [] : ["a store still waits for it; the service goes on trying"];
			output.answer(answer, [...rules.map((rule) => `${name} ${rule} ${said}`), ...waits]);
		});
	}
	const list = product.command("disabled-rules <product>").description("rules that every firewall leaves out");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const what = `could not read the disabled rules of ${name}`;
		const found = await api.call("GET", `/v1/products/${name}/disabled-rules`, what, listAnswer("rules"));
		const rows = found.items.map((one) => [one["rule"], one["at"], one["by"], one["reason"]]);
		output.answer(found.answer, formatTable(["RULE", "SINCE", "BY", "REASON"], rows));
	});
}
