// Halting a rollout, and what its log says of how it went.
import type { LogEntry } from "../../../rollout/rollout-log.ts";
import type { Once } from "../once-desk.ts";
import type { ProductDesks } from "../product-desks.ts";
import { NO_ROLLOUT, type RolloutView, viewRollout } from "./rollout-approval.ts";

/** The rollout after it; changed: there was one to halt. */
export interface Halted {
	readonly ok: true;
	readonly changed: boolean;
	readonly view: RolloutView;
}

/**
 * One person, at once: nobody gets the release who has not got it.
 * @param turn runs the change in a transaction, and waits until the stores have it
 */
export async function haltRollout(
	desks: ProductDesks,
	{ version, reason, once, ...change }: Once & { readonly version: string; readonly reason: string },
	turn: (work: () => boolean) => Promise<boolean>,
): Promise<Halted | typeof NO_ROLLOUT> {
	const halt = () => desks.rolloutDesk.halt(change, version, reason);
	const changed = await turn(() => desks.once.run(once, halt));
	const view = await viewRollout(desks, version, change.now);
	return view === null ? NO_ROLLOUT : { ok: true, changed, view };
}

/** @param after place after which to begin; 0 = from the first @returns null where there is no such rollout */
export async function readLog(
	{ rollouts, rolloutDesk }: Pick<ProductDesks, "rollouts" | "rolloutDesk">,
	version: string,
	after: number,
	limit: number,
): Promise<LogEntry[] | null> {
	if (rollouts.rollout(version) === null) return null;
	await rolloutDesk.chain(version);
	return rollouts.entries(version, after, limit);
}
