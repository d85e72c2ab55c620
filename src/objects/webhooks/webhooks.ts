// What operators do with the webhook endpoints of an account, a product or the deployment. Each change stands in the audit trail,
// with the endpoint's origin at most: paths and queries of such URLs often carry secrets of the receiver.
import type { WebhookEventType } from "../../events/catalogue.ts";
import { type Change, lastPlace } from "../audit.ts";
import { WebhookDelivery, type WebhookDeliveryParts } from "./webhook-delivery.ts";
import { type Webhook, WebhookTables } from "./webhook-tables.ts";

export type WebhookResult =
	| { readonly ok: true; readonly webhook: Webhook }
	| {
			readonly ok: false;
			readonly reason: "unknown_owner" | "unknown_webhook" | "id_taken" | "too_many" | "disabled";
	  };

/** Who changes which webhook, and when. */
export type WebhookChange = Change & { readonly id: string };

export interface NewWebhook {
	/** one that `acceptsWebhookUrl` has accepted, in its normal form */
	readonly url: string;
	readonly types: readonly string[];
	/** of the key in MAC_KEYS that the secret comes from */
	readonly kid: string;
}

/** What is to be done with a webhook. */
export type WebhookOrder =
	| (WebhookChange & NewWebhook & { readonly kind: "create" })
	| (WebhookChange & { readonly kind: "delete" | "test" })
	| (WebhookChange & Pick<NewWebhook, "kid"> & { readonly kind: "rotate" })
	| (WebhookChange & { readonly kind: "enable"; readonly skipMissed: boolean });

/** Of an object that was never created. */
export const UNKNOWN_OWNER = { ok: false, reason: "unknown_owner" } as const satisfies WebhookResult;

/** More than this is a message broker's work; each costs requests of the object. */
export const MAX_WEBHOOKS = 10;
/** How long the secret before a new one signs too, so that receivers can change at their own time. */
const OLD_SECRET_SECONDS = 86_400;
/** One who changes more often than this within a day has a receiver that takes any of them. */
const MAX_SECRETS = 5;
/** How long the answer to a test waits; the attempt itself has 15 s. */
const TEST_WAIT_MS = 17_000;

export class Webhooks {
	readonly delivery: WebhookDelivery;
	readonly #storage: DurableObjectStorage;
	readonly #tables: WebhookTables;

	constructor(parts: WebhookDeliveryParts) {
		this.delivery = new WebhookDelivery(parts);
		this.#storage = parts.storage;
		this.#tables = new WebhookTables(parts.storage.sql);
	}

	list(): Webhook[] {
		return this.#tables.all();
	}

	/** @returns the webhook as it is now; for a test after the attempt that it sets off, or after 17 s */
	async obey(order: WebhookOrder): Promise<WebhookResult> {
		switch (order.kind) {
			case "create":
				return this.#create(order);
			case "delete":
				return this.#delete(order);
			case "rotate":
				return this.#rotate(order);
			case "enable":
				return this.#enable(order);
			case "test":
				return this.#test(order);
		}
	}

	#create(input: WebhookChange & NewWebhook): WebhookResult {
		const present = this.#tables.all();
		if (present.some(({ id }) => id === input.id)) return { ok: false, reason: "id_taken" };
		if (present.length >= MAX_WEBHOOKS) return { ok: false, reason: "too_many" };
		return this.#storage.transactionSync(() => {
			this.#append(input, "webhook.create", new URL(input.url).origin);
			const webhook: Webhook = {
				id: input.id,
				url: input.url,
				types: [...input.types],
				secrets: [{ kid: input.kid, generation: 1, until: null }],
				createdAt: input.now,
				// From here on: events from before the webhook was made are in the list of events.
				position: lastPlace(this.#storage.sql),
				failures: 0,
				nextAttemptMs: null,
				disabled: null,
				lastAttemptAt: null,
				lastStatus: null,
				lastResult: null,
			};
			this.#tables.save(webhook);
			return { ok: true, webhook };
		});
	}

	#delete(input: WebhookChange): WebhookResult {
		return this.#change(input, "webhook.delete", (webhook) => {
			this.#tables.remove(webhook.id);
			return webhook;
		});
	}

	/** Gives the endpoint a new secret; the present one signs beside it for a day. */
	#rotate(input: WebhookChange & Pick<NewWebhook, "kid">): WebhookResult {
		return this.#change(input, "webhook.rotate", (webhook) => {
			const generation = Math.max(0, ...webhook.secrets.map((secret) => secret.generation)) + 1;
			const old = webhook.secrets
				.map((secret) => ({ ...secret, until: secret.until ?? input.now + OLD_SECRET_SECONDS }))
				.filter(({ until }) => input.now < until)
				.slice(0, MAX_SECRETS - 1);
			return this.#save({ ...webhook, secrets: [{ kid: input.kid, generation, until: null }, ...old] });
		});
	}

	/** Has a disabled or failing endpoint tried again at once, from where it stopped or, skipping that, from now on. */
	#enable(input: WebhookChange & { readonly skipMissed: boolean }): WebhookResult {
		return this.#change(input, "webhook.enable", (webhook) => {
			const position = input.skipMissed ? lastPlace(this.#storage.sql) : webhook.position;
			return this.#save({ ...webhook, position, failures: 0, nextAttemptMs: Date.now(), disabled: null });
		});
	}

	/** Sends an event of its own to the endpoint, after those that wait for it. @returns how that went */
	async #test(input: WebhookChange): Promise<WebhookResult> {
		if (this.#tables.webhook(input.id)?.disabled) return { ok: false, reason: "disabled" };
		const asked = this.#change(input, "webhook.test", (webhook) =>
			this.#save({ ...webhook, nextAttemptMs: Date.now() }),
		);
		if (!asked.ok) return asked;
		await waitAtMost(TEST_WAIT_MS, this.delivery.deliver(input.id));
		const webhook = this.#tables.webhook(input.id);
		return webhook === null ? { ok: false, reason: "unknown_webhook" } : { ok: true, webhook };
	}

	#change(input: WebhookChange, action: WebhookEventType, change: (webhook: Webhook) => Webhook): WebhookResult {
		if (this.#tables.webhook(input.id) === null) return { ok: false, reason: "unknown_webhook" };
		return this.#storage.transactionSync(() => {
			this.#append(input, action, "");
			// Read after the entry, which may have made an attempt due.
			const webhook = this.#tables.webhook(input.id);
			return webhook === null ? { ok: false, reason: "unknown_webhook" } : { ok: true, webhook: change(webhook) };
		});
	}

	#save(webhook: Webhook): Webhook {
		this.#tables.save(webhook);
		this.delivery.wake();
		return webhook;
	}

	#append({ id, actor, now, via }: WebhookChange, action: WebhookEventType, detail: string): void {
		this.delivery.append({ at: now, actor, action, subject: id, detail, via });
	}
}

async function waitAtMost(ms: number, promise: Promise<void>): Promise<void> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const timeout = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, ms);
	});
	try {
		await Promise.race([promise, timeout]);
	} finally {
		clearTimeout(timer);
	}
}
