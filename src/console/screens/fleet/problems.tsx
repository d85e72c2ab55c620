// Why last updates did not take place, and what to do about each reason: of the deployment, or of an account, whose devices it leads to.
import type { z } from "zod";
import type { OutcomeReason } from "../../../fleet/outcome-reason.ts";
import type { problemBody } from "../../../routes/operator/fleet/fleet-body.ts";
import { rolloutPath } from "../../actions.tsx";
import { link, Mark, Table } from "../../layout.tsx";
import { type Page, Pages } from "../../lists.tsx";

export type FleetProblem = z.infer<typeof problemBody>;

/** What is to be done about it, where it is not to look at the release. */
const NEXT: Partial<Record<OutcomeReason, string>> = {
	disk: "make room on the devices",
	memory: "give the devices memory, or make the release smaller",
	network: "see whether they reach the hosts of docs/network.md: parapet doctor on their network",
	digest_mismatch: "see what stands between: a proxy that changes downloads",
	unsigned: "see the product's role file: parapet trust show",
	wrong_platform: "publish it for the right models",
	engine_too_old: "update the engines, or publish with an engine range",
	engine_busy: "nothing: they try again",
	commit_locked: "nothing: they try again",
	maintenance_window: "nothing: their windows come",
	operator_choice: "ask the account why",
	ha_peer: "look at the other firewall of the group",
};
/** Outcomes after which a device does not run what it was to run; others were put off. */
const FAILED: readonly string[] = ["failed", "rolled_back"];

export function isFailure({ outcome }: FleetProblem): boolean {
	return FAILED.includes(outcome);
}

/** @param account whose they are; null = of all @param path where the screen shows a country */
export function ProblemTable({
	of,
	account,
	path,
}: {
	of: Page<FleetProblem>;
	account: string | null;
	path(country: string): string;
}) {
	return (
		<>
			<Table
				label="Problems"
				head={["Product", "Version", "Country", "Outcome", "Reason", "Devices", "Next"]}
				empty="No last update failed."
				rows={of.rows.map((one) => [
					one.product,
					one.version ?? "–",
					one.country === null ? "–" : <a href={path(one.country)}>{one.country}</a>,
					one.outcome.replace("_", " "),
					one.reason.replaceAll("_", " "),
					<Mark tone={isFailure(one) ? "red" : "amber"}>
						{account === null ? one.devices : <a href={devicesWith(one, account)}>{one.devices}</a>}
					</Mark>,
					NEXT[one.reason as OutcomeReason] ??
						(one.version === null || account !== null ? (
							"look at the devices"
						) : (
							<a href={rolloutPath({ product: one.product, version: one.version })}>look at its rollout</a>
						)),
				])}
			/>
			<Pages of={of} />
		</>
	);
}

function devicesWith({ product, outcome, reason }: FleetProblem, account: string): string {
	// What is counted together has no name by which devices could be found.
	return link("/console/devices", { account, product, outcome, ...(reason !== "other" && { reason }) });
}
