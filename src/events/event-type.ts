// Types of events, "device.suspended", and what a subscriber or a reader asks for: a type means itself and all below it,
// so "device" is every event of devices.
import { z } from "zod";
import type { AccountEvent } from "./catalogue.ts";

/** A type, or the beginning of one up to a full stop. */
export const eventType = z
	.string()
	.max(64)
	.regex(
		/^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$/,
		"an event type is like device.suspended, or the beginning of one like device",
	);

/** Most types that one subscription names. */
export const MAX_EVENT_TYPES = 20;

/** The type of the event that tries one endpoint out: it goes to that one, whatever it subscribed to, and to no other. */
export const TEST_EVENT = "webhook.test" satisfies AccountEvent;

/** @param wanted types as `eventType` takes them; none = everything */
export function wantsType(wanted: readonly string[], type: string): boolean {
	return wanted.length === 0 || wanted.some((one) => type === one || type.startsWith(`${one}.`));
}
