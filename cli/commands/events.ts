// `parapet account events`, `product events`, `events`: the audit trail, one line per event, and followed as it grows.

import type { Command } from "commander";
import { z } from "zod";
import { eventType } from "../../src/events/event-type.ts";
import { productName } from "../../src/names.ts";
import { accountId, deviceId } from "../command-line/ids.ts";
import { readOperand } from "../command-line/read-options.ts";
import { type OperatorContext, runAsOperator } from "../command-line/run-as.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { queryOf } from "../http/query.ts";
import type { Surroundings } from "../terminal/output.ts";

const EVENTS_PER_PAGE = 500;
/** How often a trail that is followed is asked for news. */
const FOLLOW_MS = 2_000;

const event = z.looseObject({
	id: z.string(),
	at: z.string(),
	type: z.string(),
	actor: z.string(),
	subject: z.string(),
	detail: z.string(),
});
const page = z.object({ events: z.array(event), next: z.string(), more: z.boolean() });
export type TrailEvent = z.infer<typeof event>;

const shape = {
	after: z
		.string()
		.regex(/^evt-[a-z0-9-]{1,50}$/, "an event looks like evt-…")
		.optional(),
	type: eventType.optional(),
	follow: z.boolean().default(false),
};
const accountShape = { ...shape, device: deviceId.optional() };
type Options = z.infer<z.ZodObject<typeof shape>> & { readonly device?: string | undefined };

export interface TrailQuery {
	/** of the trail, such as /v1/events */
	readonly path: string;
	readonly after?: string | undefined;
	readonly type?: string | undefined;
	/** of an account's trail: only what is about this one, and those whose place it took */
	readonly device?: string | undefined;
}

/**
 * Reads a trail to its end, and goes on for as long as `wait` says so.
 * @param wait called at the end of what there is; false ends the reading
 * @throws as `OperatorApi.call`
 */
export async function* readTrail(
	api: Pick<OperatorApi, "call">,
	{ path, after, type, device }: TrailQuery,
	wait: () => Promise<boolean>,
): AsyncGenerator<TrailEvent> {
	let cursor = after;
	for (;;) {
		const query = queryOf({ limit: EVENTS_PER_PAGE, after: cursor, type, device });
		const found = await api.call("GET", path + query, "could not read the events", page);
		yield* found.events;
		cursor = found.next;
		if (!found.more && !(await wait())) return;
	}
}

/** What every command that shows a trail has. */
function addTrailOptions(command: Command): Command {
	return command
		.option("--after <event>", "only what came after this event")
		.option("--type <type>", "one type, such as device.suspended, or all that begin with device")
		.option("--follow", "stay, and show what happens from now on; ends with Ctrl-C")
		.addHelpText("after", "\nWith --json each event is one line of JSON.");
}

async function showTrail(
	{ api, options, output, surroundings }: OperatorContext<Options>,
	path: string,
): Promise<void> {
	let shown = 0;
	const wait = async () => {
		if (options.follow) await surroundings.sleep(FOLLOW_MS);
		return options.follow;
	};
	const { after, type, device } = options;
	for await (const one of readTrail(api, { path, after, type, device }, wait)) {
		output.answer(one, formatEvent(one));
		shown += 1;
	}
	if (shown === 0) output.note("no events");
}

function formatEvent({ id, at, type, actor, subject, detail }: TrailEvent): string {
	return [at, id, type.padEnd(18), subject, `by ${actor}`, detail].filter((part) => part !== "").join("  ");
}

export function addAccountEventsCommand(account: Command, surroundings: Surroundings): void {
	const command = account
		.command("events <account>")
		.description("what happened in an account, oldest first")
		.option("--device <device>", "only what is about this one, and about those whose place it took");
	runAsOperator(addTrailOptions(command), surroundings, accountShape, (context) =>
		showTrail(context, `/v1/accounts/${readOperand(context.operands, 0, "account", accountId)}/events`),
	);
}

export function addProductEventsCommand(product: Command, surroundings: Surroundings): void {
	const command = product.command("events <product>").description("what happened to a product, oldest first");
	runAsOperator(addTrailOptions(command), surroundings, shape, (context) =>
		showTrail(context, `/v1/products/${readOperand(context.operands, 0, "product", productName)}/events`),
	);
}

export function defineEvents(events: Command, surroundings: Surroundings): void {
	runAsOperator(addTrailOptions(events), surroundings, shape, (context) => showTrail(context, "/v1/events"));
}
