// `parapet account …`: customers. The rules live on the server.

import type { Command } from "commander";
import { z } from "zod";
import { JURISDICTIONS, LOCATIONS, PLACES } from "../../../src/entitlement/place.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";
import { addAccountEventsCommand } from "../events.ts";
import { addRewindCommand } from "./rewind.ts";
import { addTripwireCommand } from "./tripwire.ts";

const SAME_NAME = ["--same-name", "also where another customer has that name"] as const;
const nameShape = { sameName: z.boolean().optional() };
const accountName = z.string().min(1, "a name is expected").max(200);

export function defineAccount(account: Command, surroundings: Surroundings): void {
	const create = account
		.command("create <name>")
		.description("add a customer")
		.option(
			"--place <place>",
			`where its data lives, for good: near ${LOCATIONS.join("|")}, or within ${JURISDICTIONS.join("|")}`,
		)
		.option(...SAME_NAME);
	const createShape = { ...nameShape, place: z.enum(PLACES).optional() };
	runAsOperator(create, surroundings, createShape, async ({ api, options, operands, output }) => {
		const { place, sameName } = options;
		const body = { name: readOperand(operands, 0, "name", accountName), same_name: sameName, place };
		const made = await api.call("POST", "/v1/accounts", "could not create the account", anyAnswer, body);
		output.answer(made, `account ${made["account"]}: ${made["name"]}`);
	});
	const rename = account
		.command("rename <account> <name>")
		.description("give a customer another name")
		.option(...SAME_NAME);
	runAsOperator(rename, surroundings, nameShape, async ({ api, options, operands, output }) => {
		const id = readOperand(operands, 0, "account", accountId);
		const body = { name: readOperand(operands, 1, "name", accountName), same_name: options.sameName };
		const done = await api.call("PATCH", `/v1/accounts/${id}`, `could not rename ${id}`, anyAnswer, body);
		output.answer(done, `account ${id} is called ${done["name"]} now`);
	});
	const close = account
		.command("close <account>")
		.description(
			"end a customer's account for good, once each of its licenses is revoked and its claims are given back",
		)
		.option("--reason <text>", "kept in the audit trail");
	addYesOption(close);
	const closeShape = { reason: z.string().optional() };
	runAsOperator(close, surroundings, closeShape, async ({ api, options, operands, output, confirm }) => {
		const id = readOperand(operands, 0, "account", accountId);
		await confirm(`${id} is closed for good, and is given no license, code or claim any more`);
		const path = `/v1/accounts/${id}/close`;
		const done = await api.call("POST", path, `could not close ${id}`, anyAnswer, { reason: options.reason });
		output.answer(done, `account ${id} (${done["name"]}) is closed`);
	});
	const list = account
		.command("list")
		.description("all customers")
		.option("--after <account>", "go on after an earlier page");
	runAsOperator(list, surroundings, { after: accountId.optional() }, async ({ api, options, output }) => {
		const query = options.after === undefined ? "" : `?after=${options.after}`;
		const found = await api.call("GET", `/v1/accounts${query}`, "could not list accounts", listAnswer("accounts"));
		const table = formatTable(
			["ACCOUNT", "NAME", "PLACE", "CREATED", "CLOSED"],
			found.items.map((one) => [one["account"], one["name"], one["place"], one["created_at"], one["closed_at"]]),
		);
		const next = typeof found.answer["next"] === "string" ? [`more: --after ${found.answer["next"]}`] : [];
		output.answer(found.answer, [...table, ...next]);
	});
	addRewindCommand(account, surroundings);
	addTripwireCommand(account, surroundings);
	addAccountEventsCommand(account, surroundings);
}
