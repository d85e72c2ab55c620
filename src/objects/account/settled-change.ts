// Runs a change of an Account as one transaction, and says of a success whether all that it sets off has arrived.
import type { Outbox } from "../outbox/outbox.ts";

export type Settled<R> = R extends { readonly ok: true } ? R & { readonly published: boolean } : R;

/** @param change synchronous @returns what came of it and, of a success, whether every store has what it published */
export async function settleChange<R extends { readonly ok: boolean }>(
	storage: DurableObjectStorage,
	outbox: Outbox,
	change: () => R,
): Promise<Settled<R>> {
	const result = storage.transactionSync(change);
	return settled(result, !result.ok || (await outbox.flush()));
}

function settled<R extends { readonly ok: boolean }>(result: R, published: boolean): Settled<R>;
function settled(result: { readonly ok: boolean }, published: boolean) {
	return result.ok ? { ...result, published } : result;
}
