// How many calls of the last seconds went wrong. Counts in ten slices, so the oldest calls leave a slice at a time: the
// count covers between nine and ten tenths of the window. No clock of its own, no timers, constant memory.

export interface CallWindow {
	/** @param nowMs unix milliseconds, of the call's end */
	add(nowMs: number, isBad: boolean): void;
	counts(nowMs: number): { readonly calls: number; readonly bad: number };
	clear(): void;
}

const SLICES = 10;

/** @param windowMs length of the window in milliseconds */
export function createCallWindow(windowMs: number): CallWindow {
	const sliceMs = windowMs / SLICES;
	const slices = Array.from({ length: SLICES }, () => ({ number: Number.NEGATIVE_INFINITY, calls: 0, bad: 0 }));

	return {
		add(nowMs, isBad) {
			const number = Math.floor(nowMs / sliceMs);
			const slice = slices[number % SLICES];
			if (slice === undefined) return;
			if (slice.number !== number) Object.assign(slice, { number, calls: 0, bad: 0 });
			slice.calls += 1;
			if (isBad) slice.bad += 1;
		},
		counts(nowMs) {
			const present = Math.floor(nowMs / sliceMs);
			let calls = 0;
			let bad = 0;
			for (const slice of slices) {
				if (slice.number <= present - SLICES || slice.number > present) continue;
				calls += slice.calls;
				bad += slice.bad;
			}
			return { calls, bad };
		},
		clear() {
			for (const slice of slices) slice.number = Number.NEGATIVE_INFINITY;
		},
	};
}
