// Messages of the day, and how far this firewall has read.
import { messagesAnswer } from "../answers.ts";
import type { FirewallSession } from "../identity/session.ts";

/** @param locale e.g. "de" or "pt-BR"; undefined = as written */
export async function readMessages(session: FirewallSession, locale?: string) {
	const path = `/v1/messages${locale === undefined ? "" : `?locale=${encodeURIComponent(locale)}`}`;
	const answer = await session.call({ method: "GET", path, what: "could not read the messages" }, messagesAnswer);
	const seen = (await session.home.load("messages"))?.seen ?? 0;
	const fresh = answer.messages.filter((message) => message.sequence > seen);
	await session.home.save("messages", { seen: Math.max(seen, answer.last) });
	return { ...answer, fresh };
}
