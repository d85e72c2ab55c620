// `parapet message …`: messages of the day, and whom they are for.

import type { Command } from "commander";
import { z } from "zod";
import { country } from "../../../src/content/audience.ts";
import { localeTag, severity } from "../../../src/content/messages/message.ts";
import { modelName, productName, versionName } from "../../../src/names.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { accountId, messageId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { collect, commaList, fraction, moment, pairs } from "../../command-line/values.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import { formatPercent, formatTable, type Surroundings } from "../../terminal/output.ts";
import { addMessageReceipts } from "./receipts.ts";

/** `de=title|body`, repeatable. */
const translations = z.array(z.string()).transform((entries, context) => {
	const found: Record<string, { title: string; body: string }> = {};
	for (const entry of entries) {
		const [, locale = "", title = "", body = ""] = /^([^=]+)=([^|]+)\|(.+)$/s.exec(entry) ?? [];
		if (localeTag.safeParse(locale).success) found[locale] = { title, body };
		else context.addIssue({ code: "custom", message: `${entry} is not LOCALE=TITLE|BODY` });
	}
	return found;
});

export function defineMessage(message: Command, surroundings: Surroundings): void {
	addMessageCreate(message, surroundings);
	addMessageRaise(message, surroundings);
	addMessageReceipts(message, surroundings);
	runAsOperator(message.command("list").description("all messages"), surroundings, {}, async ({ api, output }) => {
		const found = await api.call("GET", "/v1/messages/all", "could not list messages", listAnswer("messages"));
		const rows = found.items.map((one) => [
			...[one["id"], one["severity"], one["starts_at"], one["ends_at"]],
			...[formatPercent(Number(one["fraction"])), one["title"]],
		]);
		output.answer(found.answer, formatTable(["MESSAGE", "SEVERITY", "STARTS", "ENDS", "SHOWN TO", "TITLE"], rows));
	});
	const remove = message.command("delete <id>").description("take a message back");
	addYesOption(remove);
	runAsOperator(remove, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const id = readOperand(operands, 0, "id", messageId);
		await confirm(`${id} is shown no more`);
		await api.call("DELETE", `/v1/messages/${id}`, "could not remove the message", anyAnswer);
		output.answer({ id, deleted: true }, `message ${id} is deleted`);
	});
}

function addMessageCreate(message: Command, surroundings: Surroundings): void {
	const create = message
		.command("create")
		.description("tell firewalls something; without an audience, all of them")
		.requiredOption("--title <text>", "one line, plain text")
		.requiredOption("--body <text>", "plain text")
		.requiredOption("--ends <when>", "a date, or a span such as 7d")
		.option("--starts <when>", "default: now")
		.option("--severity <level>", "info, warning or critical", "info")
		.option("--locale <locale=title|body>", "the same in another language; repeatable", collect)
		.option("--fraction <part>", "of them, such as 0.1; `message raise` shows it to more (default: all)")
		.option("--accounts <ids>", "audience: these customers, comma-separated", collect)
		.option("--models <names>", "audience: these models", collect)
		.option("--products <names>", "audience: devices licensed for one of these", collect)
		.option("--countries <codes>", "audience: ISO 3166, e.g. DE,AT", collect)
		.option("--labels <key=value>", "audience: devices with all of these labels", collect)
		.option("--engine-min <version>", "audience: from this software version")
		.option("--engine-max <version>", "audience: up to this software version");
	const shape = {
		title: z.string(),
		body: z.string(),
		ends: moment(surroundings),
		starts: moment(surroundings).optional(),
		severity: severity,
		locale: translations.optional(),
		fraction: fraction.optional(),
		accounts: commaList.pipe(z.array(accountId)).optional(),
		models: commaList.pipe(z.array(modelName)).optional(),
		products: commaList.pipe(z.array(productName)).optional(),
		countries: commaList.pipe(z.array(country)).optional(),
		labels: pairs.optional(),
		engineMin: versionName.optional(),
		engineMax: versionName.optional(),
	};
	runAsOperator(create, surroundings, shape, async ({ api, options, output }) => {
		const { engineMin, engineMax, accounts, models, products, countries, labels } = options;
		const engine = engineMin === undefined && engineMax === undefined ? undefined : { min: engineMin, max: engineMax };
		const audience = { accounts, models, products, countries, labels, engine };
		const made = await api.call("POST", "/v1/messages", "could not create the message", anyAnswer, {
			severity: options.severity,
			title: options.title,
			body: options.body,
			starts_at: options.starts,
			ends_at: options.ends,
			locales: options.locale,
			fraction: options.fraction,
			audience: Object.values(audience).some((part) => part !== undefined) ? audience : undefined,
		});
		const few = options.fraction ?? 1;
		const more = few < 1 ? `, to ${formatPercent(few)}: \`parapet message raise ${made["id"]}\` shows it to more` : "";
		output.answer(made, `message ${made["id"]} until ${options.ends}${more}`);
	});
}

function addMessageRaise(message: Command, surroundings: Surroundings): void {
	const raise = message
		.command("raise <id>")
		.description("show a message to more firewalls; those that have it do not see it again")
		.requiredOption("--fraction <part>", "of its audience from now on, such as 0.5 or 100%; it only grows");
	runAsOperator(raise, surroundings, { fraction }, async ({ api, operands, options, output }) => {
		const id = readOperand(operands, 0, "id", messageId);
		const done = await api.call("PATCH", `/v1/messages/${id}`, `could not raise ${id}`, anyAnswer, options);
		const share = formatPercent(options.fraction);
		output.answer(done, `message ${id} ${done["changed"] === false ? "was" : "is"} shown to ${share} of its audience`);
	});
}
