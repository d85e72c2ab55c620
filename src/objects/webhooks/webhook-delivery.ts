// Tells webhook endpoints of the audit trail: each has a place in it and is told of what comes after, in order, one event at
// a time, by the object's alarm. Nothing is copied. An event counts as told once the endpoint's place is past it on disk, so
// a crash in between tells it twice, under the same id. An endpoint that fails holds up itself alone.
import { formatEventId } from "../../events/event-id.ts";
import { TEST_EVENT, wantsType } from "../../events/event-type.ts";
import { type DeliveryAttempt, decideAttempt } from "../../events/webhook-attempt.ts";
import type { EventOwner, WebhookSender } from "../../events/webhook-sender.ts";
import type { Alarm } from "../alarm.ts";
import { appendAudit, type NewEntry, readTrail, SERVICE, type TrailEntry } from "../audit.ts";
import { type Webhook, WebhookTables } from "./webhook-tables.ts";

/** Whose trail it is that webhooks are told of. */
export interface WebhookOwner {
	/** as in events/event-id.ts */
	readonly trail: string;
	/** as receivers are told */
	readonly named: EventOwner;
}

export interface WebhookDeliveryParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly sender: WebhookSender;
	readonly owner: () => WebhookOwner;
}

/** Events per endpoint and run: with ten endpoints half of the 1,000 requests that one invocation has. */
const EVENTS_PER_RUN = 50;
/** No new attempt after this: the outbox may wait for the same alarm, and a slow receiver must not keep records from edges. */
const RUN_MS = 5_000;
/** An invocation has six connections. Endpoints that do not answer hold one each for 15 s; records need the others. */
const ENDPOINTS_AT_ONCE = 2;

export class WebhookDelivery {
	readonly #storage: DurableObjectStorage;
	readonly #alarm: Alarm;
	readonly #sender: WebhookSender;
	readonly #owner: () => WebhookOwner;
	readonly #tables: WebhookTables;
	readonly #running = new Map<string, Promise<void>>();

	constructor({ storage, alarm, sender, owner }: WebhookDeliveryParts) {
		this.#storage = storage;
		this.#alarm = alarm;
		this.#sender = sender;
		this.#owner = owner;
		this.#tables = new WebhookTables(storage.sql);
		alarm.add({ dueMs: () => this.#tables.earliestAttemptMs(), run: (nowMs) => this.#run(nowMs) });
	}

	/** Appends to the audit trail and has the endpoints told that want it. Part of the transaction of the change. @param place as of `appendAudit` */
	append(entry: NewEntry, place: number | null = null): void {
		appendAudit(this.#storage.sql, entry, place);
		for (const webhook of this.#tables.all()) {
			// One that waits for something already comes to this in its turn.
			const isIdle = webhook.disabled === null && webhook.nextAttemptMs === null;
			if (isIdle && wants(webhook, entry)) this.#tables.save({ ...webhook, nextAttemptMs: Date.now() });
		}
		// Also for those that were due before: should their alarm ever have been lost, this is where it comes back.
		if (this.#tables.earliestAttemptMs() !== null) this.wake();
	}

	/** To be called in the transaction that changed when an endpoint is due. */
	wake(): void {
		void this.#alarm.set();
	}

	/** Tells one endpoint what it has not been told. Whoever comes while that is under way joins it. */
	deliver(id: string): Promise<void> {
		const running = this.#running.get(id);
		if (running !== undefined) return running;
		const run = this.#deliver(id).finally(() => this.#running.delete(id));
		this.#running.set(id, run);
		return run;
	}

	async #run(nowMs: number): Promise<void> {
		const dueMs = ({ nextAttemptMs }: Webhook) => nextAttemptMs ?? Number.POSITIVE_INFINITY;
		const due = this.#tables.all().filter((one) => dueMs(one) <= nowMs);
		// Longest due first, so that none is overtaken by endpoints that fail again and again.
		const queue = due.sort((one, other) => dueMs(one) - dueMs(other)).map(({ id }) => id);
		const until = Date.now() + RUN_MS;
		const deliverInTurn = async () => {
			for (let id = queue.shift(); id !== undefined && Date.now() < until; id = queue.shift()) await this.deliver(id);
		};
		await Promise.all(Array.from({ length: ENDPOINTS_AT_ONCE }, deliverInTurn));
	}

	async #deliver(id: string): Promise<void> {
		const until = Date.now() + RUN_MS;
		for (let count = 0; count < EVENTS_PER_RUN && Date.now() < until; count++) {
			const next = this.#next(id);
			if (next === null) break;
			const attempt = await this.#attempt(next.webhook, next.entry);
			if (!this.#storage.transactionSync(() => this.#note(id, next.entry, attempt))) break;
		}
		await this.#alarm.set();
	}

	/** The endpoint as it is now, and what it is to be told; null when there is nothing, or it is gone or disabled. */
	#next(id: string): { webhook: Webhook; entry: TrailEntry } | null {
		let webhook = this.#tables.webhook(id);
		if (webhook === null || webhook.disabled !== null) return null;
		const types = webhook.types.length === 0 ? [] : [...webhook.types, TEST_EVENT];
		for (;;) {
			const { entries, next, more } = readTrail(this.#storage.sql, { after: webhook.position, limit: 1, types });
			const [entry] = entries;
			if (entry !== undefined && wants(webhook, entry)) return { webhook, entry };
			webhook = { ...webhook, position: next };
			if (more) continue;
			this.#tables.save({ ...webhook, nextAttemptMs: null });
			return null;
		}
	}

	#attempt(webhook: Webhook, { seq, at, actor, action, subject, detail }: TrailEntry): Promise<DeliveryAttempt> {
		const now = Math.floor(Date.now() / 1000);
		const { trail, named } = this.#owner();
		const id = formatEventId(trail, seq);
		return this.#sender.send({
			url: webhook.url,
			secrets: webhook.secrets
				.filter(({ until }) => until === null || now < until)
				.map(({ kid, generation }) => ({ kid, generation, trail, webhook: webhook.id })),
			event: { id, type: action, at, owner: named, actor, subject, detail },
			now,
		});
	}

	/** @returns whether to go on with the next event */
	#note(id: string, { seq }: TrailEntry, attempt: DeliveryAttempt): boolean {
		// Read again: it may have been changed, or removed, while the attempt was under way.
		const webhook = this.#tables.webhook(id);
		if (webhook === null) return false;
		const nowMs = Date.now();
		const at = Math.floor(nowMs / 1000);
		const decision = decideAttempt(attempt, webhook.failures, Math.random());
		const tried: Webhook = {
			...webhook,
			lastAttemptAt: at,
			lastStatus: attempt.status,
			lastResult: attempt.ok ? "delivered" : attempt.reason,
		};
		switch (decision.kind) {
			case "delivered":
				this.#tables.save({ ...tried, failures: 0, position: Math.max(webhook.position, seq) });
				return true;
			case "retry":
				this.#tables.save({ ...tried, failures: webhook.failures + 1, nextAttemptMs: nowMs + decision.afterMs });
				return false;
			case "disable": {
				const { reason } = decision;
				this.#tables.save({ ...tried, failures: webhook.failures + 1, nextAttemptMs: null, disabled: reason });
				const detail = attempt.status === null ? reason : `${reason}, status ${attempt.status}`;
				this.append({ at, actor: SERVICE, action: "webhook.disabled", subject: id, detail });
				return false;
			}
		}
	}
}

function wants(webhook: Webhook, { action, subject }: { readonly action: string; readonly subject: string }): boolean {
	return action === TEST_EVENT ? subject === webhook.id : wantsType(webhook.types, action);
}
