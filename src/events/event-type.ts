// Types of events, "device.suspended", and what a subscriber or a reader asks for: a type means itself and all below it,
// so "device" is every event of devices.
import { z } from "zod";
import { sayUnknown } from "../nearest-name.ts";
import { ACCOUNT_EVENTS, DEPLOYMENT_EVENTS, PRODUCT_EVENTS, type WebhookEventType } from "./catalogue.ts";

/** What the name of a type looks like, or the beginning of one up to a full stop. */
export const eventType = z
	.string()
	.max(64)
	.regex(
		/^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$/,
		"an event type is like device.suspended, or the beginning of one like device",
	);

/** Such a name that at least one event of the catalogue answers to. */
function typeOf(catalogue: Readonly<Record<string, string>>) {
	const types = Object.keys(catalogue);
	const known = [...new Set(types.flatMap((type) => [type.split(".", 1)[0] ?? type, type]))];
	return eventType.refine((wanted) => known.includes(wanted), {
		error: ({ input }) => sayUnknown("event type", String(input), known),
	});
}

/** What may be asked of the trail of an account, or by a webhook of it. */
export const accountEventType = typeOf(ACCOUNT_EVENTS);
/** The same of a product. */
export const productEventType = typeOf(PRODUCT_EVENTS);
/** The same of the deployment. */
export const deploymentEventType = typeOf(DEPLOYMENT_EVENTS);

/** Most types that one subscription names. */
export const MAX_EVENT_TYPES = 20;

/** The type of the event that tries one endpoint out: it goes to that one, whatever it subscribed to, and to no other. */
export const TEST_EVENT = "webhook.test" satisfies WebhookEventType;

/** @param wanted types as `eventType` takes them; none = everything */
export function wantsType(wanted: readonly string[], type: string): boolean {
	return wanted.length === 0 || wanted.some((one) => type === one || type.startsWith(`${one}.`));
}
