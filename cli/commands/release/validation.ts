// `parapet release show`, `validate` and `override-validation`: a release with what the product's validator says of it, that word, and going
// on without it where it is silent.
import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { plainText } from "../../../src/plain-text.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { collect } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { listAnswer } from "../../http/lists.ts";
import { releasePath } from "../../http/release-path.ts";
import { factLines } from "../../rollout/describe-facts.ts";
import { variantLines } from "../../rollout/describe-variants.ts";
import {
	drawRollout,
	rolloutAnswer,
	type ValidationAnswer,
	validationAnswer,
	validationLines,
} from "../../rollout/ladder.ts";
import { formatBytes, type Surroundings } from "../../terminal/output.ts";

export function defineValidation(release: Command, surroundings: Surroundings): void {
	const show = release
		.command("show <product> <version>")
		.description("a release, its rollout, and what the product's validator says of it");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const { product, version } = named(operands);
		const what = `could not read ${product} ${version}`;
		const listed = await api.call("GET", `/v1/products/${product}/releases`, what, listAnswer("releases"));
		const one = listed.items.find((item) => item["version"] === version);
		if (one === undefined) {
			throw new CliError(`${product} has no version ${version}`, {
				code: "not_found",
				fix: `\`parapet release list ${product}\` shows what there is`,
			});
		}
		const isDraft = one["status"] === "uploaded";
		const rollout = isDraft
			? null
			: await api.call("GET", `${releasePath({ product, version })}/rollout`, what, rolloutAnswer);
		const size = typeof one["size"] === "number" ? `${formatBytes(one["size"])}, ` : "";
		const head = `${product} ${version}: ${String(one["status"])}, ${size}sha256 ${String(one["sha256"])}`;
		output.answer({ ...one, rollout }, [
			head,
			...factLines(one),
			...variantLines(one["variants"]),
			...(rollout === null ? [] : drawRollout(rollout)),
		]);
	});

	const validate = release
		.command("validate <product> <version>")
		.description("say whether a release is sound, as the product's validator")
		.option("--passed", "it may go on its way")
		.option("--failed", "nobody may have it")
		.option("--finding <text>", "what is wrong, or worth a look; may be repeated", collect)
		.requiredOption("--sha256 <digest>", "of the package that was looked at");
	const shape = {
		passed: z.boolean().optional(),
		failed: z.boolean().optional(),
		finding: z
			.array(plainText(500).pipe(z.string().min(1)))
			.max(50)
			.optional(),
		sha256: z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 has 64 hexadecimal digits"),
	};
	runAsOperator(validate, surroundings, shape, async ({ api, options, operands, output }) => {
		const { product, version } = named(operands);
		const { passed = false, failed = false, sha256, finding: findings } = options;
		if (passed === failed) throw new UsageError("say --passed or --failed, one of the two");
		const result = passed ? "passed" : "failed";
		const path = `${releasePath({ product, version })}/validation`;
		const body = { result, sha256, findings };
		const kept = await api.call("PUT", path, `could not say so of ${product} ${version}`, validationAnswer, body);
		output.answer(kept, describe(product, version, kept));
	});

	const override = release
		.command("override-validation <product> <version>")
		.description("let a release go on whose validator has not answered in its time")
		.requiredOption("--reason <text>", "kept in the product's events");
	runAsOperator(override, surroundings, { reason: plainText(500).pipe(z.string().min(1)) }, async (context) => {
		const { product, version } = named(context.operands);
		const path = `${releasePath({ product, version })}/validation/override`;
		const what = `could not override the validation of ${product} ${version}`;
		const kept = await context.api.call("POST", path, what, validationAnswer, { reason: context.options.reason });
		context.output.answer(kept, describe(product, version, kept));
	});
}

function describe(product: string, version: string, validation: ValidationAnswer): string[] {
	const [first = "", ...rest] = validationLines(validation);
	return [`${product} ${version}: ${first}`, ...rest];
}

function named(operands: readonly string[]) {
	const product = readOperand(operands, 0, "product", productName);
	return { product, version: readOperand(operands, 1, "version", versionName) };
}
