// Retries are earned by calls, so that they stay a fixed share of them however much fails: when everything fails, trying
// everything twice is what keeps it failing. Starts empty; the savings are bounded.

export interface RetryBudget {
	/** Each first call earns its share of a retry. */
	earn(): void;
	/** @returns whether one retry may be made, which is then spent */
	spend(): boolean;
}

/** In percent of a retry, since tenths do not add up in binary. */
const PRICE = 100;
const MAX_SAVED_RETRIES = 10;

/** @param percent retries per hundred calls, a whole number */
export function createRetryBudget(percent: number): RetryBudget {
	let saved = 0;
	return {
		earn() {
			saved = Math.min(saved + percent, MAX_SAVED_RETRIES * PRICE);
		},
		spend() {
			if (saved < PRICE) return false;
			saved -= PRICE;
			return true;
		},
	};
}
