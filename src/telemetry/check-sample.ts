// Which checks that were answered become rows of the history: they are nearly all requests, and nearly all alike. The first of an hour are each
// written, so that a small fleet is seen as it is; of further ones one in a hundred, with its weight. Either way the weights add up to
// the number of checks, on average.

/** Of so many further checks one is written. */
export const CHECK_WEIGHT = 100;
/** In each isolate. */
export const WRITTEN_EACH_HOUR = 10;
const HOUR_MS = 3_600_000;

/** @returns for how many checks the row of the one that came then stands; 0 = it is not written */
export type WeighCheck = (nowMs: number) => number;

/** @param random 0 ≤ x < 1 */
export function createCheckSample(random: () => number): WeighCheck {
	let hour = -1;
	let written = 0;
	return (nowMs) => {
		const thisHour = Math.floor(nowMs / HOUR_MS);
		if (thisHour !== hour) [hour, written] = [thisHour, 0];
		if (written < WRITTEN_EACH_HOUR) {
			written += 1;
			return 1;
		}
		return random() * CHECK_WEIGHT < 1 ? CHECK_WEIGHT : 0;
	};
}
