// Messages of the day, and how far this firewall has read.
import { ackAnswer, messagesAnswer } from "../answers.ts";
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

/** Says that somebody has taken note of messages; again changes nothing. @param by who; undefined = not said */
export async function acknowledgeMessages(session: FirewallSession, ids: readonly string[], by?: string) {
	const acknowledged = [];
	for (const id of ids) {
		const request = {
			...({ method: "POST", path: `/v1/messages/${encodeURIComponent(id)}/ack`, body: { by } } as const),
			what: `could not acknowledge ${id}`,
		};
		acknowledged.push(await session.call(request, ackAnswer));
	}
	return acknowledged;
}
