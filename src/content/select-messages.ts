// Which messages of the day are for this device, now and in its language?
import type { DeviceProfile } from "../entitlement/device-record.ts";
import { type DeviceCircumstances, matchesAudience } from "./audience.ts";
import type { Message } from "./message.ts";

export interface MessageSelection {
	/** newest first */
	readonly messages: readonly Message[];
	/** unix seconds at which one starts or ends; Infinity = none does */
	readonly holdsUntil: number;
}

/** @param now unix seconds; a message is live from `startsAt` up to, not including, `endsAt` */
export function selectMessages(
	messages: readonly Message[],
	device: DeviceProfile,
	circumstances: DeviceCircumstances,
	now: number,
): MessageSelection {
	let holdsUntil = Infinity;
	const live: Message[] = [];
	for (const message of messages) {
		if (now >= message.endsAt || !matchesAudience(message.audience, device, circumstances)) continue;
		if (now < message.startsAt) {
			holdsUntil = Math.min(holdsUntil, message.startsAt);
			continue;
		}
		holdsUntil = Math.min(holdsUntil, message.endsAt);
		live.push(message);
	}
	live.sort((a, b) => b.sequence - a.sequence);
	return { messages: live, holdsUntil };
}

/** Title and body in the wanted locale: `de-AT`, else `de`, else as written. */
export function localizedText(message: Message, locale: string | null): { title: string; body: string } {
	const language = locale?.split("-")[0];
	return (
		(locale !== null ? message.locales[locale] : undefined) ??
		(language !== undefined ? message.locales[language] : undefined) ?? { title: message.title, body: message.body }
	);
}
