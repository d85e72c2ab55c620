// `parapet release …`: what has been published, promoting it from beta, and taking it back.

import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { comingMoment, START_NOW } from "../../command-line/values.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import { releasePath } from "../../http/release-path.ts";
import { namesOfVariants } from "../../rollout/describe-variants.ts";
import { drawRollout, rolloutAnswer } from "../../rollout/ladder.ts";
import { PLAN_HELP, readPlan } from "../../rollout/plan-option.ts";
import { sizeReason } from "../../rollout/release-options.ts";
import { describeRequires, requiresAnswer } from "../../rollout/requires-option.ts";
import { formatBytes, formatTable, type Surroundings } from "../../terminal/output.ts";
import { runAsWithdrawal } from "../../trust/run-as-withdrawal.ts";
import { defineDiff } from "./diff.ts";
import { defineSign, defineUnsign } from "./signatures.ts";
import { defineValidation } from "./validation.ts";

export function defineRelease(release: Command, surroundings: Surroundings): void {
	const list = release.command("list <product>").description("a product's releases, newest first");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const path = `/v1/products/${product}/releases`;
		const found = await api.call("GET", path, `could not list releases of ${product}`, listAnswer("releases"));
		const rows = found.items.map((one) => [
			one["version"],
			one["sequence"],
			one["channel"],
			describeStatus(one["status"]),
			one["urgency"],
			typeof one["size"] === "number" ? formatBytes(one["size"]) : undefined,
			one["released_at"],
			describeRequires(requiresAnswer.safeParse(one["requires"]).data),
			namesOfVariants(one["variants"]),
		]);
		const titles = ["VERSION", "SEQUENCE", "CHANNEL", "STATUS", "URGENCY", "SIZE", "RELEASED", "REQUIRES", "VARIANTS"];
		// Of most products nothing is required, and no model has bytes of its own: then nobody needs the columns.
		const isShown = (column: number) => column < 7 || rows.some((row) => row[column] !== undefined);
		output.answer(
			found.answer,
			formatTable(
				titles.filter((_, column) => isShown(column)),
				rows.map((row) => row.filter((_, column) => isShown(column))),
			),
		);
	});
	defineValidation(release, surroundings);
	defineDiff(release, surroundings);
	definePromote(release, surroundings);
	const discard = release
		.command("discard <product> <version>")
		.description("forget a version that was uploaded and never released; `package collect` frees its bytes");
	addYesOption(discard);
	runAsOperator(discard, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const product = readOperand(operands, 0, "product", productName);
		const version = readOperand(operands, 1, "version", versionName);
		await confirm(`${product} ${version} is forgotten; to release it you would upload it again`);
		const path = releasePath({ product, version });
		await api.call("DELETE", path, `could not discard ${product} ${version}`, anyAnswer);
		output.answer({ product, version, discarded: true }, `${product} ${version} is discarded`);
	});
	defineSign(release, surroundings);
	defineUnsign(release, surroundings);
	defineWithdraw(release, surroundings);
}

function defineWithdraw(release: Command, surroundings: Surroundings): void {
	const withdraw = release
		.command("withdraw <product> <version>")
		.description("offer and permit a release no longer; devices are offered the one before")
		.requiredOption("--reason <text>", "kept with the release");
	runAsWithdrawal(withdraw, "withdraw", surroundings);
}

function definePromote(release: Command, surroundings: Surroundings): void {
	const promote = release
		.command("promote <product> <version>")
		.description("send a release that everybody on beta may have on its way to stable, by a rollout of its own")
		.requiredOption("--to <channel>", "stable")
		.option("--plan <plan>", `how it reaches the fleet: ${PLAN_HELP} (default: the product's)`)
		.option("--at <when>", "not before then")
		.option("--allow-size <reason>", "also where it is much larger or smaller than what stable has; this is recorded")
		.option("--allow-older", "also where stable has a newer version: every device there is offered this one");
	const shape = {
		to: z.literal("stable", "a release goes from beta to stable"),
		plan: z.string().optional(),
		at: comingMoment(surroundings, START_NOW).optional(),
		allowSize: sizeReason.optional(),
		allowOlder: z.boolean().optional(),
	};
	runAsOperator(promote, surroundings, shape, async ({ api, options, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const version = readOperand(operands, 1, "version", versionName);
		const path = `${releasePath({ product, version })}/promote`;
		const answer = anyAnswer.extend({ rollout: rolloutAnswer.nullable(), changed: z.boolean() });
		const done = await api.call("POST", path, `could not promote ${product} ${version}`, answer, {
			channel: options.to,
			plan: options.plan === undefined ? undefined : await readPlan(options.plan),
			starts_at: options.at,
			allow_size: options.allowSize,
			allow_older: options.allowOlder,
		});
		const was = done.changed ? [] : [`${product} ${version} was on stable before: nothing changed`];
		output.answer(done, [...was, ...(done.rollout === null ? [] : drawRollout(done.rollout))]);
	});
}

/** The life of a release in words: uploaded → waiting → approved → rolling out → released → withdrawn. */
function describeStatus(status: unknown): unknown {
	const words: Readonly<Record<string, string>> = {
		rolling_out: "rolling out",
		current: "released, current",
		older: "released",
	};
	return typeof status === "string" ? (words[status] ?? status) : status;
}
