// An edge that asks an object for a record did not find it in any store it could reach. Then the stores should get it
// again; but a store that is merely slow to replicate, or down, would make every edge ask, so each key only once a while.
import { createBoundedEntries } from "../../storage/bounded-entries.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxStep } from "./outbox-rows.ts";

const REPUBLISH_INTERVAL_MS = 60_000;
const MAX_REMEMBERED = 1_000;

export class Republisher {
	readonly #ctx: DurableObjectState;
	readonly #outbox: Outbox;
	readonly #offeredMs = createBoundedEntries<number>(MAX_REMEMBERED);

	constructor(ctx: DurableObjectState, outbox: Outbox) {
		this.#ctx = ctx;
		this.#outbox = outbox;
	}

	/** Has the record delivered again, behind the answer, unless it is on its way or was offered a moment ago. */
	offer(step: OutboxStep & { kind: "record" }): void {
		const nowMs = Date.now();
		const lastMs = this.#offeredMs.get(step.key);
		if (this.#outbox.owes(step.key) || (lastMs !== undefined && nowMs - lastMs < REPUBLISH_INTERVAL_MS)) return;
		this.#offeredMs.set(step.key, nowMs);
		this.#outbox.add([step]);
		this.#ctx.waitUntil(this.#outbox.flush());
	}
}
