// `parapet fleet …`: the whole fleet in numbers, as the service counts it from its accounts' summaries.
import type { Command } from "commander";
import { z } from "zod";
import { productName } from "../../../src/names.ts";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { silenceOf } from "../../command-line/silence.ts";
import { moment, span, wholeNumber } from "../../command-line/values.ts";
import { CliError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer, readPages } from "../../http/lists.ts";
import { queryOf } from "../../http/query.ts";
import { formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";
import { addFleetInstalled } from "./installed.ts";
import { adoption, adoptionLines, fleetLines, fleetNumbers } from "./lines.ts";
import { addFleetTrust } from "./trust.ts";

export function defineFleet(fleet: Command, surroundings: Surroundings): void {
	const show = fleet
		.command("show [account]", { isDefault: true })
		.description("versions, outcomes, models, countries, silence and licenses: of all devices, or of one account's");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const account = operands.length === 0 ? null : readOperand(operands, 0, "account", accountId);
		const path = account === null ? "/v1/fleet" : `/v1/accounts/${account}/fleet`;
		const found = await api.call("GET", path, "could not show the fleet", fleetNumbers);
		output.answer(found, fleetLines(found, surroundings.nowMs()));
	});

	const product = fleet.command("product <product>").description("how each release came to the fleet, and how fast");
	runAsOperator(product, surroundings, {}, async ({ api, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const found = await api.call("GET", `/v1/fleet/products/${name}`, `could not show ${name}`, adoption);
		output.answer(found, adoptionLines(found, surroundings.nowMs()));
	});

	const silent = fleet
		.command("silent")
		.description("accounts with devices that were not heard of lately, most first")
		.option("--for <span>", "for how long (default 24h)")
		.option("--not-seen-since <when>", "not heard of since then, in place of --for: 2026-11-23")
		.option("--limit <n>", "at most so many (default 100)");
	const silentShape = {
		for: span.optional(),
		notSeenSince: moment(surroundings).optional(),
		limit: wholeNumber.optional(),
	};
	runAsOperator(silent, surroundings, silentShape, async ({ api, options, output }) => {
		const { for: silent, notSeenSince } = options;
		const silentFor = silenceOf("--for", { silentFor: silent, notSeenSince }, surroundings.nowMs(), 3_600);
		const path = `/v1/fleet/silent${queryOf({ silent_for: silentFor, limit: options.limit })}`;
		const { answer, items } = await api.call("GET", path, "could not list silent devices", listAnswer("accounts"));
		const rows = items.map((one) => [one["account"], one["silent"], one["devices"]]);
		output.answer(answer, formatTable(["ACCOUNT", "SILENT", "OF DEVICES"], rows));
		if (items.length > 0)
			output.note("which they are: parapet device list <account> --silent-for or --not-seen-since, as here");
	});

	addFleetInstalled(fleet, surroundings);
	addFleetTrust(fleet, surroundings);

	const problems = fleet
		.command("problems")
		.description("why last updates did not take place, and of how many devices, most first")
		.option("--product <product>", "of this one only")
		.option("--country <code>", "there only, such as BR")
		.option("--limit <n>", "at most so many (default 100)");
	const problemShape = {
		product: productName.optional(),
		country: z.string().toUpperCase().optional(),
		limit: wholeNumber.optional(),
	};
	runAsOperator(problems, surroundings, problemShape, async ({ api, options, output }) => {
		const path = `/v1/fleet/problems${queryOf(options)}`;
		const { answer, items } = await api.call("GET", path, "could not list problems", listAnswer("problems"));
		const fields = ["devices", "product", "version", "country", "outcome", "reason"];
		const rows = items.map((one) => fields.map((field) => one[field]));
		output.answer(
			answer,
			formatTable(
				fields.map((field) => field.toUpperCase()),
				rows,
			),
		);
	});

	const rebuild = fleet
		.command("rebuild")
		.description(
			"have every account tell its numbers again, after the census was lost; harmless while everything runs",
		);
	runAsOperator(rebuild, surroundings, {}, async ({ api, output }) => {
		const what = "could not rebuild the census";
		const { items } = await readPages(api, "/v1/accounts", what, "accounts");
		const ids = items.map((one) => String(one["account"]));
		const silentIds: string[] = [];
		for (const id of ids) {
			const told = await api.call("POST", `/v1/accounts/${id}/fleet`, what, anyAnswer, {});
			if (told["told"] !== true) silentIds.push(id);
		}
		const result = { accounts: ids.length, not_told: silentIds };
		output.answer(
			result,
			`${formatCount(ids.length - silentIds.length)} of ${formatCount(ids.length)} accounts have told`,
		);
		if (silentIds.length > 0) {
			throw new CliError(`${formatCount(silentIds.length)} accounts could not tell the census`, {
				code: "incomplete",
				fix: "they go on trying by themselves; run it again to see",
			});
		}
	});
}
