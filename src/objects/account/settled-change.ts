// Runs a change of an Account as one transaction, and says of a success whether all that it sets off has arrived.
import type { Outbox } from "../outbox/outbox.ts";

/** What a change may come to. */
export interface Outcome {
	readonly ok: boolean;
}
export interface Refused<Reason> {
	readonly ok: false;
	readonly reason: Reason;
}
export type Settled<R> = R extends { readonly ok: true } ? R & { readonly published: boolean } : R;

/** @param change synchronous @returns what came of it and, of a success, whether every store has what it published */
export async function settleChange<R extends Outcome>(
	storage: DurableObjectStorage,
	outbox: Outbox,
	change: () => R,
): Promise<Settled<R>> {
	const result = storage.transactionSync(change);
	return settled(result, !result.ok || (await outbox.flush()));
}

function settled<R extends Outcome>(result: R, published: boolean): Settled<R>;
function settled(result: Outcome, published: boolean) {
	return result.ok ? { ...result, published } : result;
}
