// `parapet product validator …`: a validator of the vendor's own, which passes each release before anybody can approve it.
import type { Command } from "commander";
import { z } from "zod";
import { MAX_VALIDATOR_MINUTES, MIN_VALIDATOR_MINUTES } from "../../../src/content/releases/validation.ts";
import { productName } from "../../../src/names.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { wholeNumber } from "../../command-line/values.ts";
import { anyAnswer } from "../../http/answers.ts";
import type { Surroundings } from "../../terminal/output.ts";

const validatorUrl = z
	.string()
	.regex(/^https?:\/\/\S+$/, "a URL is expected, such as https://validator.example.com/parapet");
const shape = {
	target: validatorUrl,
	minutes: wholeNumber.pipe(z.int().min(MIN_VALIDATOR_MINUTES).max(MAX_VALIDATOR_MINUTES)).optional(),
};
const found = z.looseObject({ validator: z.looseObject({ url: z.string(), minutes: z.number() }).nullable() });

export function addValidatorCommands(product: Command, surroundings: Surroundings): void {
	const validator = product.command("validator").description("what has to pass each release before it can be approved");
	const set = validator
		.command("set <product>")
		.description("ask it about each release from now on; its secret is shown")
		.requiredOption("--target <url>", "where it is asked, by signed POST")
		.option("--minutes <count>", "for which its answer is waited for (default 60)");
	runAsOperator(set, surroundings, shape, async ({ api, options, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const body = { url: options.target, minutes: options.minutes };
		const made = await api.call("PUT", pathOf(name), `could not set the validator of ${name}`, anyAnswer, body);
		output.note("its questions are signed by this secret:");
		output.answer(made, String(made["secret"]));
	});
	const show = validator.command("show <product>").description("where it is, and how long it has");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const answer = await api.call("GET", pathOf(name), `could not read the validator of ${name}`, found);
		const { validator: one } = answer;
		const line = one === null ? `${name} has no validator` : `${one.url}, which has ${one.minutes} minutes to answer`;
		output.answer(answer, line);
	});
	const remove = validator.command("remove <product>").description("ask nobody any more");
	addYesOption(remove);
	runAsOperator(remove, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const name = readOperand(operands, 0, "product", productName);
		await confirm(
			`releases of ${name} go on their way without it; those that wait for it wait until they are overridden`,
		);
		await api.call("DELETE", pathOf(name), `could not remove the validator of ${name}`, anyAnswer);
		output.answer({ product: name, validator: null }, `${name} has no validator`);
	});
}

function pathOf(product: string): string {
	return `/v1/products/${product}/validator`;
}
