// Message of the day: its form, and the replicated record that holds all live ones.
import { z } from "zod";
import { audience } from "./audience.ts";

const seconds = z.int().nonnegative();

// Firewalls show messages in consoles, web pages and syslog. Control characters, bidirectional overrides, invisible
// characters and markup could make a line say another thing there than it says here.
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}<>&]/u;

function plainText(maxLength: number) {
	return z
		.string()
		.min(1)
		.max(maxLength)
		.refine((text) => !FORBIDDEN.test(text), "plain text only: no control, bidirectional or markup characters");
}

const text = { title: plainText(120), body: plainText(2000) };

export const severity = z.enum(["info", "warning", "critical"]);

export const localeTag = z
	.string()
	.regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, "a locale is a language, or a language and a country: de, pt-BR");

export const message = z.object({
	id: z.string(),
	/** position in the history of all messages; only ever rises */
	sequence: z.int().positive(),
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
