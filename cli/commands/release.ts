// `parapet release …`: what has been published, and taking it back.

import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../src/names.ts";
import { addYesOption } from "../command-line/confirmation.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { anyAnswer } from "../http/answers.ts";
import { listAnswer } from "../http/lists.ts";
import { formatBytes, formatTable, type Surroundings } from "../terminal/output.ts";

export function defineRelease(release: Command, surroundings: Surroundings): void {
	const list = release.command("list <product>").description("a product's releases, newest first");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const path = `/v1/products/${product}/releases`;
		const found = await api.call("GET", path, `could not list releases of ${product}`, listAnswer("releases"));
		const rows = found.items.map((one) => [
			one["version"],
			one["sequence"],
			one["status"],
			one["urgency"],
			typeof one["size"] === "number" ? formatBytes(one["size"]) : undefined,
			one["released_at"],
		]);
		output.answer(found.answer, formatTable(["VERSION", "SEQUENCE", "STATUS", "URGENCY", "SIZE", "RELEASED"], rows));
	});
	const withdraw = release
		.command("withdraw <product> <version>")
		.description("offer and permit a release no longer; devices are offered the one before")
		.requiredOption("--reason <text>", "kept with the release");
	addYesOption(withdraw);
	const shape = { reason: z.string().min(1) };
	runAsOperator(withdraw, surroundings, shape, async ({ api, options, operands, output, confirm }) => {
		const product = readOperand(operands, 0, "product", productName);
		const version = readOperand(operands, 1, "version", versionName);
		await confirm(`${product} ${version} is offered no more, for good; devices go back to the release before it`);
		const path = `/v1/products/${product}/releases/${encodeURIComponent(version)}/withdraw`;
		const what = `could not withdraw ${product} ${version}`;
		const done = await api.call("POST", path, what, anyAnswer, { reason: options.reason });
		output.answer(done, `${product} ${version} ${done["changed"] === false ? "was withdrawn before" : "is withdrawn"}`);
	});
}
