// Message of the day: its form, and the replicated record that holds all live ones.
import { z } from "zod";
import { plainText } from "../../plain-text.ts";
import { audience } from "../audience.ts";
import { waves } from "./message-waves.ts";

const seconds = z.int().nonnegative();

// Markup could make a message say another thing on a firewall's web page than it says here.
const MARKUP = /[<>&]/;

function messageText(maxLength: number) {
	return plainText(maxLength)
		.min(1)
		.refine((text) => !MARKUP.test(text), "plain text only: no < > or &");
}

const text = { title: messageText(120), body: messageText(2000) };

export const severity = z.enum(["info", "warning", "critical"]);

export const localeTag = z
	.string()
	.regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, "a locale is a language, or a language and a country: de, pt-BR");

export const message = z.object({
	id: z.string(),
	/** to how many it is shown */
	waves: waves,
	severity: severity,
	...text,
	/** the same message in other languages */
	locales: z.record(localeTag, z.object(text)),
	startsAt: seconds,
	endsAt: seconds,
	audience: audience,
});
export type Message = z.infer<typeof message>;

/** `messages@<revision>`: immutable. */
export const messagesRecord = z.object({
	revision: z.int().nonnegative(),
	messages: z.array(message).readonly(),
});
export type MessagesRecord = z.infer<typeof messagesRecord>;
