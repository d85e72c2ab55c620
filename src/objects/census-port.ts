// What the accounts tell the Census.
import type { FleetSummary } from "../fleet/fleet-summary.ts";

/** The Census as an Account knows it. */
export interface CensusPort {
	/** @param input `version`: rises with each summary of the account; one that is not newer changes nothing. `at`: unix seconds */
	take(input: { account: string; version: number; at: number; summary: FleetSummary }): Promise<void>;
}
