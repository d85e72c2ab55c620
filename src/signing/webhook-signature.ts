// Secrets and signatures of webhooks (Standard Webhooks 1.0.0). A secret is derived from a key of MAC_KEYS, the endpoint
// and a generation, so that none is ever stored; it is as good as its key, and ends with it.
import { decodeBase64url } from "./formats/base64url.ts";
import type { MacKeyring } from "./keys/mac-keyring.ts";
import { sealFields } from "./sealed/framed-mac.ts";

const PURPOSE = ["parapet-webhook", "1"] as const;

/** Names a secret without being one. */
export interface WebhookSecretRef {
	/** of the key in MAC_KEYS that it comes from */
	readonly kid: string;
	/** the trail that the endpoint is told of (events/event-id.ts), and the endpoint's id, which is unique beside it */
	readonly trail: string;
	readonly webhook: string;
	/** 1 for the first secret of the endpoint, one more for each after it */
	readonly generation: number;
}

/** @returns the secret's 32 bytes; null when its key is no longer in the ring */
export async function webhookSecret(
	keyring: MacKeyring,
	{ kid, trail, webhook, generation }: WebhookSecretRef,
): Promise<Uint8Array<ArrayBuffer> | null> {
	const keys = keyring.byKid.get(kid);
	if (keys === undefined) return null;
	return decodeBase64url(await sealFields(keys.webhook, [...PURPOSE, kid, trail, webhook, String(generation)]));
}

/** The secret as its holder gets it: `whsec_` and base64. */
export function formatWebhookSecret(secret: Uint8Array): string {
	return `whsec_${base64(secret)}`;
}

/**
 * One signature for the `webhook-signature` header.
 * @param id without a full stop, or one text could be read as another
 * @param timestamp unix seconds of this attempt
 * @throws RangeError if the id has a full stop
 */
export async function signWebhook(
	secret: Uint8Array<ArrayBuffer>,
	id: string,
	timestamp: number,
	body: string,
): Promise<string> {
	if (id.includes(".")) throw new RangeError("the id of a webhook holds a full stop");
	const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${timestamp}.${body}`));
	return `v1,${base64(new Uint8Array(mac))}`;
}

function base64(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes));
}
