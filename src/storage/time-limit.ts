// Waiting for a promise, but not for ever: one that belongs to a cancelled request is never settled.
import { RecordStoreError } from "./record-store.ts";

/** @returns whether the promise is settled, either way, before the time is over */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const timeout = new Promise<boolean>((resolve) => {
		timer = setTimeout(() => resolve(false), ms);
	});
	const settled = promise.then(
		() => true,
		() => true,
	);
	try {
		return await Promise.race([settled, timeout]);
	} finally {
		clearTimeout(timer);
	}
}

/** @throws RecordStoreError `unreachable` when the time is over first */
export async function within<T>(ms: number, key: string, promise: Promise<T>): Promise<T> {
	if (!(await settlesWithin(promise, ms))) throw new RecordStoreError("unreachable", key);
	return promise;
}
