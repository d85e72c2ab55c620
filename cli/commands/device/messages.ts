// `parapet device messages`: the messages of the day.
import { z } from "zod";
import { acknowledgedBy } from "../../../src/fleet/message-receipt.ts";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { UsageError } from "../../errors.ts";
import { acknowledgeMessages, readMessages } from "../../firewall/check/messages.ts";
import { degradedLines } from "./lines/check.ts";
import { openSession } from "./open-session.ts";

const shape = {
	locale: z.string().optional(),
	ack: z.boolean().default(false),
	by: acknowledgedBy.optional(),
};

export const messages: FirewallAction<typeof shape> = {
	shape,
	run: async (context) => {
		const { locale, ack, by } = context.options;
		if (by !== undefined && !ack) throw new UsageError("--by says who acknowledges: it goes with --ack");
		const session = await openSession(context);
		const found = await readMessages(session, locale);
		const acknowledged = ack
			? await acknowledgeMessages(
					session,
					found.messages.map(({ id }) => id),
					by,
				)
			: undefined;
		const lines = found.messages.map(({ severity, title, body }) => `[${severity}] ${title}\n  ${body}`);
		const done = (acknowledged ?? []).map(
			({ message, acknowledged_at: at, acknowledged_by: who }) =>
				`${message} acknowledged ${at}${who ? ` by ${who}` : ""}`,
		);
		context.output.answer({ ...found, acknowledged }, [
			...(lines.length === 0 ? ["no messages"] : lines),
			...done,
			...degradedLines(found),
		]);
	},
};
