// `parapet account …`, `license …` and `code …`: what a customer has. The rules live on the server.
import type { Command } from "commander";
import { z } from "zod";
import { productName } from "../src/content/names.ts";
import { commaList, moment, readOperand, runAsOperator, wholeNumber } from "./command.ts";
import { anyAnswer, listAnswer } from "./operator-api.ts";
import { formatTable, type Surroundings } from "./output.ts";

const accountId = z.string().regex(/^acct-[0-9a-z]{8,40}$/, "an account looks like acct-…");
const licenseId = z.string().regex(/^lic-[0-9a-z]{4,40}$/, "a license looks like lic-…");
const accountName = z.string().min(1, "a name is expected").max(200);

export function addAccountCommands(program: Command, surroundings: Surroundings): void {
	const account = program.command("account").description("customers");
	runAsOperator(account.command("create <name>").description("add a customer"), surroundings, {}, async (context) => {
		const name = readOperand(context.operands, 0, "name", accountName);
		const made = await context.api.call("POST", "/v1/accounts", "could not create the account", anyAnswer, { name });
		context.output.answer(made, `account ${made["account"]}: ${made["name"]}`);
	});
	const list = account
		.command("list")
		.description("all customers")
		.option("--cursor <cursor>", "go on after an earlier page");
	runAsOperator(list, surroundings, { cursor: z.string().optional() }, async ({ api, options, output }) => {
		const query = options.cursor === undefined ? "" : `?cursor=${encodeURIComponent(options.cursor)}`;
		const found = await api.call("GET", `/v1/accounts${query}`, "could not list accounts", listAnswer("accounts"));
		const table = formatTable(
			["ACCOUNT", "NAME", "CREATED"],
			found.items.map((one) => [one["account"], one["name"], one["created_at"]]),
		);
		const next = typeof found.answer["next"] === "string" ? [`more: --cursor ${found.answer["next"]}`] : [];
		output.answer(found.answer, [...table, ...next]);
	});
}

export function addLicenseCommands(program: Command, surroundings: Surroundings): void {
	const license = program.command("license").description("what a customer bought");
	const create = license
		.command("create <account>")
		.description("products, seats and validity for a customer")
		.requiredOption("--products <names>", "comma-separated")
		.requiredOption("--seats <n>", "how many devices")
		.requiredOption("--ends <when>", "a date, or a span such as 365d")
		.option("--starts <when>", "default: now")
		.option("--grace-days <n>", "days of updates after the end")
		.option("--delay-hours <n>", "how old a release must be");
	const shape = {
		products: commaList.pipe(z.array(productName).min(1)),
		seats: wholeNumber,
		ends: moment(surroundings),
		starts: moment(surroundings).optional(),
		graceDays: wholeNumber.optional(),
		delayHours: wholeNumber.optional(),
	};
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const made = await api.call("POST", `/v1/accounts/${account}/licenses`, "could not create the license", anyAnswer, {
			products: options.products,
			seats: options.seats,
			ends_at: options.ends,
			starts_at: options.starts,
			grace_days: options.graceDays,
			delay_hours: options.delayHours,
		});
		output.answer(
			made,
			`license ${made["license"]}: ${options.seats} seats of ${options.products.join(", ")} until ${options.ends}`,
		);
	});
	const list = license.command("list <account>").description("a customer's licenses");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const found = await api.call(
			"GET",
			`/v1/accounts/${account}/licenses`,
			"could not list licenses",
			listAnswer("licenses"),
		);
		const rows = found.items.map((one) => [
			one["license"],
			one["products"],
			`${one["seats_taken"]}/${one["seats"]}`,
			one["ends_at"],
		]);
		output.answer(found.answer, formatTable(["LICENSE", "PRODUCTS", "SEATS", "ENDS"], rows));
	});
}

export function addCodeCommands(program: Command, surroundings: Surroundings): void {
	const code = program.command("code").description("auth codes, with which devices activate");
	const create = code
		.command("create <account>")
		.description("make an auth code; it is shown once")
		.requiredOption("--license <license>", "the license that devices activate under")
		.option("--uses <n>", "how many devices may use it")
		.option("--expires <when>", "a date, or a span such as 30d");
	const shape = { license: licenseId, uses: wholeNumber.optional(), expires: moment(surroundings).optional() };
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const made = await api.call("POST", `/v1/accounts/${account}/codes`, "could not create the auth code", anyAnswer, {
			license: options.license,
			uses: options.uses,
			expires_at: options.expires,
		});
		output.note("this auth code is shown once:");
		output.answer(made, String(made["code"]));
	});
	const list = code.command("list <account>").description("a customer's auth codes, without the secrets");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const found = await api.call(
			"GET",
			`/v1/accounts/${account}/codes`,
			"could not list auth codes",
			listAnswer("codes"),
		);
		const rows = found.items.map((one) => [
			one["id"],
			one["license"],
			`${one["used"]}/${one["uses"] ?? "∞"}`,
			one["expires_at"],
		]);
		output.answer(found.answer, formatTable(["CODE", "LICENSE", "USED", "EXPIRES"], rows));
	});
}
