// Work for Node's few cryptography threads, a bounded number of pieces at a time.

/** More at a time only cost memory. */
const BATCH = 256;

/**
 * @param untilMs of `performance.now()`, when no further batch is begun; at least one is
 * @returns what `make` gives for the items, in their order; for the first of them only if time was up
 */
export async function inBatches<T, Made>(
	items: Iterable<T>,
	make: (item: T) => Promise<Made>,
	untilMs = Number.POSITIVE_INFINITY,
): Promise<Made[]> {
	const made: Made[] = [];
	let batch: T[] = [];
	const flush = async (): Promise<void> => {
		made.push(...(await Promise.all(batch.map(make))));
		batch = [];
	};
	for (const item of items) {
		batch.push(item);
		if (batch.length < BATCH) continue;
		await flush();
		if (performance.now() >= untilMs) return made;
	}
	await flush();
	return made;
}
