// What the accounts tell the Census.
import type { LateInstallation } from "../fleet/adoption.ts";
import type { FleetSummary } from "../fleet/fleet-summary.ts";

export interface TakenSummary {
	readonly account: string;
	readonly version: number;
	readonly at: number;
	readonly summary: FleetSummary;
	/** of the devices of the summary, who had what they have before they told so, since the last summary; not given = none */
	readonly late?: readonly LateInstallation[];
}

/** The Census as an Account knows it. */
export interface CensusPort {
	/** @param input `version`: rises with each summary of the account; one that is not newer changes nothing. `at`: unix seconds */
	take(input: TakenSummary): Promise<void>;
}
