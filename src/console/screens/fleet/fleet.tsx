// The fleet in numbers: what fails and who is silent before what runs where. Of the whole deployment, or of the account that a key names.
import type { z } from "zod";
import type { OutcomeReason } from "../../../fleet/outcome-reason.ts";
import type { problemBody } from "../../../routes/operator/fleet/fleet-body.ts";
import { rolloutPath } from "../../actions.tsx";
import { Facts, link, Mark, Table, Time } from "../../layout.tsx";
import { Choices, Filters, Pages, pageOf } from "../../lists.tsx";
import { type ConsoleContext, render } from "../../render.tsx";
import { accountSeen, chooseAccount } from "../choose.tsx";
import { type Adoption, VersionsOverTime } from "./adoption.tsx";
import { FleetLinks } from "./links.tsx";
import { Countries, type Fleet, ProductNumbers } from "./numbers.tsx";

type FleetProblem = z.infer<typeof problemBody>;
interface Problems {
	readonly problems: readonly FleetProblem[];
}
interface Silent {
	readonly accounts: readonly { account: string; silent: number; devices: number }[];
}

/** As many as the API tells at once. */
const MOST = "1000";
const PATH = "/console/fleet";
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

export async function showFleet(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const { version } = c.env.services;
	const account = accountSeen(c);
	const { product, country } = c.req.query();
	if (account !== null) {
		const fleet = await api.get<Fleet>(`/v1/accounts/${encodeURIComponent(account)}/fleet`);
		const shown = fleet.products.find((one) => one.product === product) ?? fleet.products[0];
		return render(
			c,
			`Fleet of ${account}`,
			"fleet",
			<>
				<Numbers fleet={fleet} account={account} />
				{shown && (
					<Countries of={shown} problems={[]} version={version} path={(one) => link(PATH, { account, product: one })} />
				)}
			</>,
		);
	}
	if (!view.seesAll) return chooseAccount(c, "Fleet", "fleet");
	const [fleet, { problems }, { accounts }] = await Promise.all([
		api.get<Fleet>("/v1/fleet"),
		api.get<Problems>("/v1/fleet/problems", { product, country, limit: MOST }),
		api.get<Silent>("/v1/fleet/silent", { limit: MOST }),
	]);
	const shown = fleet.products.find((one) => one.product === product) ?? fleet.products[0];
	// The map has every country, also where the table above has one.
	const failures =
		shown === undefined || country === undefined || country === ""
			? problems
			: (await api.get<Problems>("/v1/fleet/problems", { product: shown.product, limit: MOST })).problems;
	const adoption = shown && (await api.get<Adoption>(`/v1/fleet/products/${encodeURIComponent(shown.product)}`));
	const failing = pageOf(c, problems, "problems");
	const silent = pageOf(c, accounts, "accounts");
	return render(
		c,
		"Fleet",
		"fleet",
		<>
			<FleetLinks chosen="in numbers" />
			<h2>Why updates fail</h2>
			<Filters
				of={[
					["product", "Product"],
					["country", "Country, as BR"],
				]}
				values={{ product, country }}
			/>
			<Table
				label="Problems"
				head={["Product", "Version", "Country", "Outcome", "Reason", "Devices", "Next"]}
				empty="No last update failed."
				rows={failing.rows.map((one) => [
					one.product,
					one.version ?? "–",
					one.country === null ? "–" : <a href={link(PATH, { product, country: one.country })}>{one.country}</a>,
					one.outcome.replace("_", " "),
					one.reason.replaceAll("_", " "),
					<Mark tone={FAILED.includes(one.outcome) ? "red" : "amber"}>{one.devices}</Mark>,
					NEXT[one.reason as OutcomeReason] ??
						(one.version === null ? (
							"look at the devices"
						) : (
							<a href={rolloutPath({ product: one.product, version: one.version })}>look at its rollout</a>
						)),
				])}
			/>
			<Pages of={failing} />
			<h2>Silent for a day</h2>
			<Table
				label="Silent devices by account"
				head={["Account", "Silent", "Of its devices", "Next"]}
				empty="Every account is heard of."
				rows={silent.rows.map(({ account: id, silent, devices }) => [
					<a href={link(PATH, { account: id })}>{id}</a>,
					<Mark tone={silent === devices ? "red" : "amber"}>{silent}</Mark>,
					String(devices),
					<a href={link("/console/devices", { account: id, silent_for: "86400" })}>which they are</a>,
				])}
			/>
			<Pages of={silent} />
			{shown && adoption && (
				<>
					<Choices
						what="Product"
						of={fleet.products.map((one) => [one.product, link(PATH, { product: one.product, country })] as const)}
						chosen={shown.product}
					/>
					<VersionsOverTime of={adoption} />
					<Countries
						of={shown}
						problems={failures.filter((one) => one.product === shown.product && FAILED.includes(one.outcome))}
						version={version}
						path={(one, code) => link(PATH, { product: one, country: code })}
					/>
				</>
			)}
			<Numbers fleet={fleet} account={null} />
		</>,
	);
}

function Numbers({ fleet, account }: { fleet: Fleet; account: string | null }) {
	return (
		<>
			<h2>Devices</h2>
			<Facts
				of={[
					...Object.entries(fleet.devices).map(([status, count]) => [status, String(count)] as const),
					...fleet.silent.map(({ hours, devices }) => [`silent for ${hours} hours`, String(devices)] as const),
					["Counted", fleet.as_of === null ? "no account has told its numbers yet" : <Time at={fleet.as_of} />],
				]}
			/>
			{fleet.products.map((one) => (
				<ProductNumbers of={one} account={account} />
			))}
			<h2>Licenses in force</h2>
			<Table
				label="Licenses"
				head={["Kind", "Licenses", "Seats", "Taken"]}
				empty="None."
				rows={fleet.licenses.map(({ kind, licenses, seats, taken }) => [kind, ...[licenses, seats, taken].map(String)])}
			/>
		</>
	);
}
