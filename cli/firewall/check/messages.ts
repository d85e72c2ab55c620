// Messages of the day, and how far this firewall has read.
import { ackAnswer, messagesAnswer } from "../answers.ts";
import type { FirewallState } from "../home/firewall-state.ts";
import type { FirewallSession } from "../identity/session.ts";
import type { Acknowledged, Message, MessagesAnswer } from "../wire-types.ts";

export interface ReadMessages extends MessagesAnswer {
	/** those that were not read before */
	readonly fresh: readonly Message[];
}

/** Reads the messages of the day, and remembers how far. @param locale e.g. "de" or "pt-BR"; undefined = as written */
export async function readMessages(session: FirewallSession<FirewallState>, locale?: string): Promise<ReadMessages> {
	const path = `/v1/messages${locale === undefined ? "" : `?locale=${encodeURIComponent(locale)}`}`;
	const answer = await session.call({ method: "GET", path, what: "could not read the messages" }, messagesAnswer);
	const seen = (await session.home.load("messages"))?.seen ?? 0;
	const fresh = answer.messages.filter((message) => message.sequence > seen);
	await session.home.save("messages", { seen: Math.max(seen, answer.last) });
	return { ...answer, fresh };
}

/** Says that somebody has taken note of messages; again changes nothing. @param by who; undefined = not said */
export async function acknowledgeMessages(
	session: FirewallSession<FirewallState>,
	ids: readonly string[],
	by?: string,
): Promise<readonly Acknowledged[]> {
	const acknowledged: Acknowledged[] = [];
	for (const id of ids) {
		const request = {
			...({ method: "POST", path: `/v1/messages/${encodeURIComponent(id)}/ack`, body: { by } } as const),
			what: `could not acknowledge ${id}`,
		};
		acknowledged.push(await session.call(request, ackAnswer));
	}
	return acknowledged;
}
