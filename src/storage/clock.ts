// Time as the storage adapters meet it, passed in so that tests can let it pass.

export interface Clock {
	/** unix milliseconds */
	nowMs(): number;
	/** Runs once after so many milliseconds. @returns cancels it; harmless when it has run */
	after(ms: number, run: () => void): () => void;
}

/** Belongs to the request that calls: at the edge a timer never outlives the request that has set it. */
export const systemClock: Clock = {
	nowMs: () => Date.now(),
	after(ms, run) {
		const timer = setTimeout(run, ms);
		return () => clearTimeout(timer);
	},
};

/** Lets so many milliseconds pass. */
export function pause(clock: Clock, ms: number): Promise<void> {
	return new Promise((resolve) => {
		clock.after(ms, resolve);
	});
}
