// Runs before each file of tests. Laws draw the same examples on every machine and day, so that a gate judges the change and
// not the dice; LAWS_SEED names another seed (vitest.config.ts), as each night's run does. In `npm run test:long` laws that do
// not say themselves how often they are tried are tried ten times as often as fast-check does it.
import fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
	interface ProvidedContext {
		/** with which the examples of all laws are drawn */
		readonly lawsSeed: number;
		/** whether laws that do not say how often they are tried are tried as often as in long runs */
		readonly isLongLaw: boolean;
	}
}

fc.configureGlobal({
	...fc.readConfigureGlobal(),
	seed: inject("lawsSeed"),
	...(inject("isLongLaw") ? { numRuns: 1_000 } : {}),
});
