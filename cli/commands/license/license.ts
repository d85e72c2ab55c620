// `parapet license …`: what a customer bought, and what becomes of it. The rules live on the server.

import type { Command } from "commander";
import { z } from "zod";
import { licenseKind, overagePolicy } from "../../../src/entitlement/licenses/license.ts";
import { productName } from "../../../src/names.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { collect, commaList, moment, pairs, wholeNumber } from "../../command-line/values.ts";
import { UsageError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";
import { readLicense } from "./license-operands.ts";
import { addShowCommand } from "./show.ts";
import { addTransferCommand } from "./transfer.ts";
import { addUsageCommand } from "./usage.ts";

const VERDICTS = {
	suspend: "hold a license: its devices get nothing new and keep what they have",
	reinstate: "let a suspended license count again",
	revoke: "end a license for good",
} as const;

export function defineLicense(license: Command, surroundings: Surroundings): void {
	addCreate(license, surroundings);
	addList(license, surroundings);
	addShowCommand(license, surroundings);
	addUsageCommand(license, surroundings);
	addChange(license, surroundings);
	addTransferCommand(license, surroundings);
	for (const [verdict, description] of Object.entries(VERDICTS)) {
		const command = license
			.command(`${verdict} <account> <license>`)
			.description(description)
			.option("--reason <text>", "kept in the audit trail");
		if (verdict === "revoke") addYesOption(command);
		const shape = { reason: z.string().optional() };
		runAsOperator(command, surroundings, shape, async ({ api, options, operands, output, confirm }) => {
			const { path, id } = readLicense(operands);
			if (verdict === "revoke") await confirm(`${id} ends for good, and its devices get nothing new any more`);
			const body = { reason: options.reason };
			const done = await api.call("POST", `${path}/${verdict}`, `could not ${verdict} ${id}`, anyAnswer, body);
			output.answer(done, describe(done));
		});
	}
}

function addCreate(license: Command, surroundings: Surroundings): void {
	const create = license
		.command("create <account>")
		.description("products, seats and validity for a customer")
		.requiredOption("--products <names>", "comma-separated")
		.requiredOption("--seats <n>", "how many devices")
		.requiredOption("--ends <when>", "a date, or a span such as 365d");
	addTermOptions(create);
	create.option(
		"--kind <fixed|elastic>",
		"elastic: a device that is not heard of for a lease gives its seat back (default: fixed)",
	);
	const { products, seats, ends, ...optional } = termShape(surroundings);
	const required = { products: products.unwrap(), seats: seats.unwrap(), ends: ends.unwrap() };
	const shape = { ...optional, ...required, kind: licenseKind.optional() };
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		if (options.starts === undefined && Date.parse(options.ends) <= surroundings.nowMs()) {
			throw new UsageError(
				`--ends: ${options.ends} is past`,
				"give a later one, or also --starts for a time that is over",
			);
		}
		const path = `/v1/accounts/${account}/licenses`;
		const made = await api.call("POST", path, "could not create the license", anyAnswer, {
			...bodyOf(options),
			kind: options.kind,
		});
		output.answer(
			made,
			`license ${made["license"]}: ${options.seats} seats of ${options.products.join(", ")} until ${options.ends}`,
		);
	});
}

function addChange(license: Command, surroundings: Surroundings): void {
	const change = license
		.command("change <account> <license>")
		.description("renew a license or change its terms; what is not named stays")
		.option("--products <names>", "comma-separated: all of them, not only the new ones", collect)
		.option("--seats <n>", "fewer than are taken: those who have one keep it")
		.option("--ends <when>", "a date, or a span such as 365d");
	addTermOptions(change);
	runAsOperator(change, surroundings, termShape(surroundings), async ({ api, options, operands, output }) => {
		const { path } = readLicense(operands);
		const done = await api.call("PATCH", path, "could not change the license", anyAnswer, bodyOf(options));
		output.answer(done, describe(done));
	});
}

function addList(license: Command, surroundings: Surroundings): void {
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
			one["status"],
			one["products"],
			`${one["seats_taken"]}/${one["seats"]}`,
			one["kind"] === "elastic" ? `elastic, ${one["lease_minutes"]} min` : one["kind"],
			one["ends_at"],
		]);
		output.answer(found.answer, formatTable(["LICENSE", "STATUS", "PRODUCTS", "SEATS", "KIND", "ENDS"], rows));
	});
}

function addTermOptions(command: Command): void {
	command
		.option("--starts <when>", "a date, or a span such as 7d (default of a new license: now)")
		.option("--product-ends <product=when,…>", "products that end at another time (with --products)", collect)
		.option("--grace-days <n>", "days after the end during which all updates still come (default of a new license: 30)")
		.option(
			"--critical-days <n>",
			"days after the grace during which emergency releases still come (default of a new license: 0)",
		)
		.option("--delay-hours <n>", "how old a release must be (default of a new license: 0)")
		.option("--emergency-delay-hours <n>", "how old an emergency release must be (default of a new license: 0)")
		.option("--overage <refuse|allow>", "what happens when every seat is taken (default of a new license: refuse)")
		.option(
			"--lease-minutes <n>",
			"of an elastic license: how long a seat lasts unless its device renews it (default: 15)",
		);
}

function termShape(surroundings: Surroundings) {
	return {
		products: commaList
			.pipe(z.array(productName).min(1))
			.transform((names) => [...new Set(names)])
			.optional(),
		seats: wholeNumber.optional(),
		ends: moment(surroundings).optional(),
		starts: moment(surroundings).optional(),
		productEnds: pairs.pipe(z.record(productName, moment(surroundings))).optional(),
		graceDays: wholeNumber.optional(),
		criticalDays: wholeNumber.optional(),
		delayHours: wholeNumber.optional(),
		emergencyDelayHours: wholeNumber.optional(),
		overage: overagePolicy.optional(),
		leaseMinutes: wholeNumber.optional(),
	};
}

type Terms = z.infer<z.ZodObject<ReturnType<typeof termShape>>>;

function bodyOf({ productEnds, ...options }: Terms) {
	const validity = Object.entries(productEnds ?? {}).map(([product, ends_at]) => [product, { ends_at }]);
	return {
		products: options.products,
		product_validity: productEnds && Object.fromEntries(validity),
		seats: options.seats,
		starts_at: options.starts,
		ends_at: options.ends,
		grace_days: options.graceDays,
		critical_days: options.criticalDays,
		delay_hours: options.delayHours,
		emergency_delay_hours: options.emergencyDelayHours,
		overage: options.overage,
		lease_minutes: options.leaseMinutes,
	};
}

function describe(done: z.infer<typeof anyAnswer>): string {
	const { license, status, seats, seats_taken: taken, ends_at: ends } = done;
	const late = done["published"] === false ? "; not every store has it yet" : "";
	return `license ${license} is ${status}: ${taken} of ${seats} seats taken, until ${ends}${late}`;
}
