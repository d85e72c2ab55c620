// Waiting for a promise, but not for ever: one that belongs to a cancelled request is never settled.
import type { Clock } from "./clock.ts";
import { RecordStoreError } from "./record-store.ts";

/** @returns whether the promise is settled, either way, before the time is over */
export async function settlesWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
	let cancel = () => {};
	const timeout = new Promise<boolean>((resolve) => {
		cancel = clock.after(ms, () => resolve(false));
	});
	const settled = promise.then(
		() => true,
		() => true,
	);
	try {
		return await Promise.race([settled, timeout]);
	} finally {
		cancel();
	}
}

/**
 * @param key what the error names
 * @throws RecordStoreError `unreachable` when the time is over first
 */
export async function within<T>(clock: Clock, ms: number, key: string, promise: Promise<T>): Promise<T> {
	if (!(await settlesWithin(clock, ms, promise))) throw new RecordStoreError("unreachable", key);
	return promise;
}
