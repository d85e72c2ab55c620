// Which messages of the day are for this device, now and in its language?
import type { DeviceProfile } from "../../entitlement/devices/device-record.ts";
import { type DeviceCircumstances, matchesAudience } from "../audience.ts";
import type { Buckets } from "../releases/rollout-place.ts";
import type { Message } from "./message.ts";
import { sequenceFor } from "./message-waves.ts";

/** A message as one device has it. */
export interface SelectedMessage extends Message {
	/** of the wave that the device's unit came in with */
	readonly sequence: number;
}

export interface MessageSelection {
	/** newest first */
	readonly messages: readonly SelectedMessage[];
	/** unix seconds at which one starts or ends; Infinity = none does */
	readonly holdsUntil: number;
}

/**
 * @param buckets of the device's unit, see `bucketsOf`
 * @param now unix seconds; a message is live from `startsAt` up to, not including, `endsAt`
 */
export function selectMessages(
	messages: readonly Message[],
	device: DeviceProfile,
	circumstances: DeviceCircumstances,
	buckets: Buckets,
	now: number,
): MessageSelection {
	let holdsUntil = Infinity;
	const live: SelectedMessage[] = [];
	for (const message of messages) {
		if (now >= message.endsAt || !matchesAudience(message.audience, device, circumstances)) continue;
		const sequence = sequenceFor(message.waves, buckets.get(message.id));
		if (sequence === null) continue;
		if (now < message.startsAt) {
			holdsUntil = Math.min(holdsUntil, message.startsAt);
			continue;
		}
		holdsUntil = Math.min(holdsUntil, message.endsAt);
		live.push({ ...message, sequence });
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
