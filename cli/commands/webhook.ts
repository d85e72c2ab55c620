// `parapet webhook …`: where the events of an account, a product or the deployment are sent, and how that goes.

import type { Command } from "commander";
import { z } from "zod";
import { eventType, MAX_EVENT_TYPES } from "../../src/events/event-type.ts";
import { productName } from "../../src/names.ts";
import { addYesOption } from "../command-line/confirmation.ts";
import { accountId } from "../command-line/ids.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { collect, commaList } from "../command-line/values.ts";
import { CliError } from "../errors.ts";
import { anyAnswer } from "../http/answers.ts";
import { listAnswer } from "../http/lists.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";

const webhookId = z.string().regex(/^whk-[0-9a-z]{4,40}$/, "a webhook looks like whk-01234567");
/** Whose webhooks, as the path of their list. */
const owner = z.string().transform((text, context) => {
	if (text === "deployment") return "/v1/webhooks";
	if (accountId.safeParse(text).success) return `/v1/accounts/${text}/webhooks`;
	const product = productName.safeParse(/^product:(.*)$/.exec(text)?.[1]);
	if (product.success) return `/v1/products/${product.data}/webhooks`;
	context.addIssue({
		code: "custom",
		message: "an account such as acct-0123456789abcdef, product:<name> or deployment is expected",
	});
	return z.NEVER;
});
const webhookUrl = z.string().regex(/^https?:\/\/\S+$/, "a URL is expected, such as https://hooks.example.com/parapet");

export function defineWebhook(webhook: Command, surroundings: Surroundings): void {
	addCreate(webhook, surroundings);
	const list = webhook.command("list <whose>").description("webhooks and how they are doing");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const path = readOwner(operands);
		const found = await api.call("GET", path, "could not list webhooks", listAnswer("webhooks"));
		const rows = found.items.map((one) => [
			one["webhook"],
			one["state"],
			describeLast(one),
			one["next_attempt_at"],
			Array.isArray(one["types"]) && one["types"].length > 0 ? one["types"] : "all",
			one["url"],
		]);
		output.answer(found.answer, formatTable(["WEBHOOK", "STATE", "LAST", "NEXT", "TYPES", "URL"], rows));
	});
	const remove = webhook.command("delete <whose> <webhook>").description("send nothing there any more");
	addYesOption(remove);
	runAsOperator(remove, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const { path, id } = readTarget(operands);
		await confirm(`${id} is told of nothing any more, and its secret is gone`);
		await api.call("DELETE", path, "could not remove the webhook", anyAnswer);
		output.answer({ webhook: id, deleted: true }, `webhook ${id} is removed`);
	});
	const rotate = webhook
		.command("rotate <whose> <webhook>")
		.description("make a new secret; the old one signs beside it for 24 hours");
	runAsOperator(rotate, surroundings, {}, async ({ api, operands, output }) => {
		const { path } = readTarget(operands);
		const made = await api.call("POST", `${path}/rotate`, "could not make a new secret", anyAnswer);
		output.note("this secret is shown once; the old one signs too for 24 hours:");
		output.answer(made, String(made["secret"]));
	});
	const enable = webhook
		.command("enable <whose> <webhook>")
		.description("try a disabled or failing webhook again at once")
		.option("--skip-missed", "go on with what happens from now on");
	runAsOperator(enable, surroundings, { skipMissed: z.boolean().default(false) }, async (context) => {
		const { path, id } = readTarget(context.operands);
		const body = { skip_missed: context.options.skipMissed };
		const now = await context.api.call("POST", `${path}/enable`, "could not enable the webhook", anyAnswer, body);
		context.output.answer(now, `webhook ${id} is ${now["state"]}`);
	});
	const test = webhook.command("test <whose> <webhook>").description("send a webhook.test event and say how that went");
	runAsOperator(test, surroundings, {}, async ({ api, operands, output }) => {
		const { path, id } = readTarget(operands);
		const now = await api.call("POST", `${path}/test`, "could not send the test", anyAnswer);
		if (now["last_result"] !== "delivered") {
			throw new CliError(`webhook ${id} did not take it: ${describeLast(now)}`, {
				code: "not_delivered",
				fix:
					now["state"] === "disabled"
						? "repair the receiver, then `webhook enable`"
						: "it is tried again; see `webhook list`",
			});
		}
		if (now["next_attempt_at"] !== null) {
			throw new CliError(`the test waits behind other events for webhook ${id}`, {
				code: "not_delivered_yet",
				fix: "see `webhook list` in a moment",
			});
		}
		output.answer(now, `webhook ${id} took it: ${describeLast(now)}`);
	});
}

function addCreate(webhook: Command, surroundings: Surroundings): void {
	const create = webhook
		.command("create <whose> <url>")
		.description("have events sent to a URL; its secret is shown once")
		.option("--types <types>", "comma-separated, such as device,license.create; every event if left out", collect);
	const shape = { types: commaList.pipe(z.array(eventType).min(1).max(MAX_EVENT_TYPES)).optional() };
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const path = readOwner(operands);
		const url = readOperand(operands, 1, "url", webhookUrl);
		const body = { url, types: options.types };
		const made = await api.call("POST", path, "could not create the webhook", anyAnswer, body);
		output.note(`webhook ${made["webhook"]}; this secret is shown once:`);
		output.answer(made, String(made["secret"]));
	});
}

function readOwner(operands: readonly string[]): string {
	return readOperand(operands, 0, "whose", owner);
}

function readTarget(operands: readonly string[]): { path: string; id: string } {
	const path = readOwner(operands);
	const id = readOperand(operands, 1, "webhook", webhookId);
	return { id, path: `${path}/${id}` };
}

function describeLast(webhook: Readonly<Record<string, unknown>>): string {
	const { last_result: result, last_status: status, disabled_reason: disabled } = webhook;
	if (result === null) return "-";
	const said = status === null ? String(result) : `${result} ${status}`;
	return disabled === null || disabled === result ? said : `${said}, ${disabled}`;
}
