// Runs before each file of rules in `npm run test:long`: there, laws that do not say themselves how often they are tried are
// tried ten times as often as fast-check does it.
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: 1_000 });
