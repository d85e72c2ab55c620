// An edge that asks an object for a record did not find it in any store it could reach. Then the stores should get it
// again; but a store that is merely slow to replicate, or down, would make every edge ask, so each key only once a while, and
// none while much waits anyway: after a change of licenses every device asks.
import { createBoundedEntries } from "../../storage/bounded-entries.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxStep } from "./outbox-rows.ts";

const REPUBLISH_INTERVAL_MS = 60_000;
const MAX_REMEMBERED = 1_000;
/** Records in a lane that are enough: another one would wait for all of them. */
const MAX_WAITING = 200;

export class Republisher {
	readonly #ctx: DurableObjectState;
	readonly #outbox: Outbox;
	readonly #isRewriting: () => boolean;
	readonly #offeredMs = createBoundedEntries<number>(MAX_REMEMBERED);

	/** @param isRewriting whether the object writes all its records anew at the time */
	constructor(ctx: DurableObjectState, outbox: Outbox, isRewriting: () => boolean = () => false) {
		this.#ctx = ctx;
		this.#outbox = outbox;
		this.#isRewriting = isRewriting;
	}

	/** Has the record delivered again, behind the answer, unless it is on its way, was offered a moment ago, or much waits. */
	offer(step: OutboxStep & { kind: "record" }): void {
		const nowMs = Date.now();
		const lastMs = this.#offeredMs.get(step.key);
		if (lastMs !== undefined && nowMs - lastMs < REPUBLISH_INTERVAL_MS) return;
		if (this.#isRewriting() || this.#outbox.owes(step.key) || this.#hasMuch()) return;
		this.#offeredMs.set(step.key, nowMs);
		this.#outbox.add([step]);
		this.#ctx.waitUntil(this.#outbox.flush());
	}

	#hasMuch(): boolean {
		return this.#outbox.lanes.some(({ name }) => this.#outbox.waitingIn(name) >= MAX_WAITING);
	}
}
