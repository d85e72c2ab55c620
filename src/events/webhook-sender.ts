// One attempt to deliver one event to one endpoint, as the Standard Webhooks specification 1.0.0 has it. Takes its `fetch`.
// Never throws and never logs: the URL may carry a secret of the receiver's. The same event is the same text under the same
// id at every attempt; only timestamp and signatures are new.
import { readRetryAfter } from "../retry-after.ts";
import { importMacKeyring, type MacKeyring } from "../signing/keys/mac-keyring.ts";
import { signWebhook, type WebhookSecretRef, webhookSecret } from "../signing/webhook-signature.ts";
import { formatTimestamp } from "../timestamps.ts";
import type { DeliveryAttempt } from "./webhook-attempt.ts";
import { acceptsWebhookUrl, type WebhookUrlSettings } from "./webhook-url.ts";

/** What an event happened in, as receivers are told: an account or a product by its name, the deployment by none. */
export type EventOwner = { readonly account: string } | { readonly product: string } | Readonly<Record<string, never>>;

/** An event as the receiver gets it. */
export interface WebhookEvent {
	/** the same for every endpoint and every attempt */
	readonly id: string;
	readonly type: string;
	/** unix seconds */
	readonly at: number;
	readonly owner: EventOwner;
	readonly actor: string;
	readonly subject: string;
	readonly detail: string;
}

export interface Delivery {
	readonly url: string;
	/** the secrets that count now, the newest first */
	readonly secrets: readonly WebhookSecretRef[];
	readonly event: WebhookEvent;
	/** unix seconds */
	readonly now: number;
}

export interface WebhookSender {
	send(delivery: Delivery): Promise<DeliveryAttempt>;
}

export interface WebhookSenderOptions extends WebhookUrlSettings {
	/** the value of MAC_KEYS */
	readonly macKeys: string;
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const TIMEOUT_MS = 15_000;

export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
	const post = createSignedPost(options);
	return {
		send: ({ url, secrets, event, now }) => post({ url, secrets, id: event.id, body: webhookBody(event), now }),
	};
}

/** What is signed and sent to whoever an operator named. */
export interface SignedMessage {
	readonly url: string;
	/** the secrets that count now, the newest first */
	readonly secrets: readonly WebhookSecretRef[];
	/** the same at every attempt, without a full stop */
	readonly id: string;
	readonly body: string;
	/** unix seconds */
	readonly now: number;
}

/** @param take reads an answer of 2xx; its time is that of the attempt. Not given = what it says is not read */
export type SignedPost = (
	message: SignedMessage,
	take?: (answer: Response) => Promise<void>,
) => Promise<DeliveryAttempt>;

/** One attempt; where `take` throws, the answer did not arrive. Never throws. */
export function createSignedPost(options: WebhookSenderOptions): SignedPost {
	let keyring: Promise<MacKeyring> | undefined;

	return async ({ url, secrets, id, body, now }, take) => {
		// Again at each attempt: the rule may have become stricter since the endpoint was made.
		if (!acceptsWebhookUrl(url, options).ok) return failed("url_refused");
		let signatures: string[];
		try {
			keyring ??= importMacKeyring(options.macKeys);
			const ring = await keyring;
			const bytes = (await Promise.all(secrets.map((ref) => webhookSecret(ring, ref)))).filter((one) => one !== null);
			if (bytes.length === 0) return failed("key_missing");
			signatures = await Promise.all(bytes.map((secret) => signWebhook(secret, id, now, body)));
		} catch {
			return failed("not_configured");
		}
		const headers = {
			"content-type": "application/json",
			"user-agent": "Parapet-Webhooks/1",
			"webhook-id": id,
			"webhook-timestamp": String(now),
			"webhook-signature": signatures.join(" "),
		};
		return send(options, { url, body, headers, now }, take);
	};
}

/** The body of an event: compact JSON, the same text at every attempt. */
export function webhookBody({ id, type, at, owner, actor, subject, detail }: WebhookEvent): string {
	const timestamp = formatTimestamp(at);
	return JSON.stringify({ type, timestamp, data: { id, ...owner, actor, subject, detail } });
}

async function send(
	options: WebhookSenderOptions,
	{ url, body, headers, now }: Pick<SignedMessage, "url" | "body" | "now"> & { headers: Record<string, string> },
	take: ((answer: Response) => Promise<void>) | undefined,
): Promise<DeliveryAttempt> {
	// Not AbortSignal.timeout, which goes on after the answer and keeps the object awake until it ends.
	const controller = new AbortController();
	const { signal } = controller;
	const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
	try {
		// A redirect would lead where nobody has looked: it is an answer like any other, and no delivery.
		const response = await options.fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
		const { status } = response;
		const isTaken = status >= 200 && status < 300;
		if (isTaken) await take?.(response);
		const retryAfterSeconds =
			status === 429 || status === 503 ? readRetryAfter(response.headers.get("retry-after"), now) : null;
		// An unread body would keep the connection; one that was read cannot be cancelled.
		if (!response.bodyUsed) await response.body?.cancel().catch(() => {});
		if (isTaken) return { ok: true, status };
		return { ok: false, reason: status === 410 ? "gone" : "status", status, retryAfterSeconds };
	} catch {
		return failed(signal.aborted ? "timeout" : "unreachable");
	} finally {
		clearTimeout(timer);
	}
}

function failed(reason: Exclude<DeliveryAttempt, { ok: true }>["reason"]): DeliveryAttempt {
	return { ok: false, reason, status: null, retryAfterSeconds: null };
}
