// How much is tried of what can be tried for ever: sequences of commands, schedules, histories. `npm test` tries what fits
// into seconds, `npm run test:long` many times that.
import { inject } from "vitest";

declare module "vitest" {
	interface ProvidedContext {
		/** whether this is `npm run test:long` (vitest.config.ts) */
		readonly isLong: boolean;
	}
}

/** @returns how often to try: in `npm test`, or in `npm run test:long` */
export function runs<T>(short: T, long: T): T {
	return inject("isLong") ? long : short;
}

/** Timeout of a test that tries so much. */
export const RUNS_TIMEOUT_MS = runs(120_000, 900_000);
