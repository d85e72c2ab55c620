// Lets an assertion id be used once. A Durable Object, because KV has no compare-and-set: two replays at the same moment
// would both find nothing there. Guarantees one `true` per id until well after the assertion can pass any other check.
// Sharded by the caller; the platform's name of an instance is the number of its shard.
import { DurableObject } from "cloudflare:workers";
import { createBoundedEntries } from "../../storage/bounded-entries.ts";
import { setUnlessSet } from "../alarm.ts";
import type { ObjectBindings } from "../bindings.ts";
import { nowSeconds } from "../clock.ts";
import { UsedIds } from "./used-ids.ts";

/** An id is kept this long after the assertion's end: more than the clock tolerance with which assertions are accepted. */
const KEEP_AFTER_END_SECONDS = 600;
const CLEAN_INTERVAL_MS = 600_000;
/** So long the one who used an id may use it again: a double click, or a form that is sent again because no answer came. */
const AGAIN_SECONDS = 10;
/** Uses that are remembered with who they were by. */
const MAX_REMEMBERED = 1_000;

export class ReplayGuard extends DurableObject<ObjectBindings> {
	readonly #ids: UsedIds;
	/** In memory: with the object's life ends no more than the right to use an id again. */
	readonly #users = createBoundedEntries<{ readonly by: string /** unix seconds */; readonly at: number }>(
		MAX_REMEMBERED,
	);
	/** unix ms: until then the alarm stands, as far as this life of the object knows */
	#lookAgainMs = 0;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env);
		this.#ids = new UsedIds(ctx.storage.sql);
	}

	/**
	 * @param idHash of client id and assertion id
	 * @param exp end of the assertion, unix seconds
	 * @param by hash of a secret of whoever uses it, who may do so again within moments; null = nobody may
	 * @returns whether this is the first use, or such a one; false also for an id too old to have been remembered
	 */
	async use(idHash: string, exp: number, now: number, by: string | null = null): Promise<boolean> {
		if (exp + KEEP_AFTER_END_SECONDS <= now) return false;
		const isFirst = this.#ids.use(idHash, exp + KEEP_AFTER_END_SECONDS);
		if (isFirst && by !== null) this.#users.set(idHash, { by, at: now });
		await this.#scheduleCleaning();
		return isFirst || (by !== null && this.#mayAgain(idHash, by, now));
	}

	override async alarm(): Promise<void> {
		this.#lookAgainMs = 0;
		this.#ids.forget(nowSeconds());
		if (!this.#ids.isEmpty) await this.#scheduleCleaning();
	}

	#mayAgain(idHash: string, by: string, now: number): boolean {
		const first = this.#users.get(idHash);
		return first !== undefined && first.by === by && Math.abs(now - first.at) <= AGAIN_SECONDS;
	}

	/** Looked at once in a while: an alarm is a write, and most uses have no need of another. */
	async #scheduleCleaning(): Promise<void> {
		const nowMs = Date.now();
		if (nowMs < this.#lookAgainMs) return;
		this.#lookAgainMs = nowMs + CLEAN_INTERVAL_MS;
		await setUnlessSet(this.ctx.storage, CLEAN_INTERVAL_MS);
	}
}
