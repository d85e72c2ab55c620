// `parapet device messages`: the messages of the day.
import { z } from "zod";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { readMessages } from "../../firewall/check/messages.ts";
import { degradedLines } from "./check-lines.ts";
import { openSession } from "./open-session.ts";

const shape = { locale: z.string().optional() };

export const messages: FirewallAction<typeof shape> = {
	shape,
	run: async (context) => {
		const found = await readMessages(await openSession(context), context.options.locale);
		const lines = found.messages.map(({ severity, title, body }) => `[${severity}] ${title}\n  ${body}`);
		context.output.answer(found, [...(lines.length === 0 ? ["no messages"] : lines), ...degradedLines(found)]);
	},
};
