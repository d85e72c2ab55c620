// `parapet account …`: customers. The rules live on the server.

import type { Command } from "commander";
import { z } from "zod";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { anyAnswer } from "../http/answers.ts";
import { listAnswer } from "../http/lists.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";
import { addAccountEventsCommand } from "./events.ts";

const accountName = z.string().min(1, "a name is expected").max(200);

export function defineAccount(account: Command, surroundings: Surroundings): void {
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
	addAccountEventsCommand(account, surroundings);
}
