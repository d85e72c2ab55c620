// The fleet in numbers: what fails and who is silent before what runs where. Of the whole deployment, or of the account that a key names.
import { Facts, link, Mark, Table, Time } from "../../layout.tsx";
import { Choices, type Filter, Filters, Pages, pageOf, silentFor } from "../../lists.tsx";
import { type ConsoleContext, render } from "../../render.tsx";
import { accountSeen, chooseAccount } from "../choose.tsx";
import { type Adoption, VersionsOverTime } from "./adoption.tsx";
import { FleetLinks } from "./links.tsx";
import { Countries, type Fleet, ProductNumbers } from "./numbers.tsx";
import { type FleetProblem, isFailure, ProblemTable } from "./problems.tsx";

interface Problems {
	readonly problems: readonly FleetProblem[];
}
interface Silent {
	readonly accounts: readonly { account: string; silent: number; devices: number }[];
}

/** As many as the API tells at once. */
const MOST = "1000";
const PATH = "/console/fleet";
const FILTERS: readonly Filter[] = [
	["product", "Product"],
	["country", "Country, as BR"],
];
const SILENT_FILTERS: readonly Filter[] = [["not_seen_since", "Not seen since the day", "date"]];

export async function showFleet(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const { version } = c.env.services;
	const account = accountSeen(c);
	const { product, country: typed, not_seen_since: day } = c.req.query();
	const country = typed?.toUpperCase();
	if (account !== null) return showAccount(c, account);
	if (!view.seesAll) return chooseAccount(c, "Fleet", "fleet");
	const [fleet, { problems }, { accounts }] = await Promise.all([
		api.get<Fleet>("/v1/fleet"),
		api.get<Problems>("/v1/fleet/problems", { product, country, limit: MOST }),
		api.get<Silent>("/v1/fleet/silent", { limit: MOST, silent_for: silentFor(day, c.env.now) }),
	]);
	const shown = fleet.products.find((one) => one.product === product) ?? fleet.products[0];
	// The map has every country, also where the table above has one.
	const [{ problems: failures }, adoption] = await Promise.all([
		shown === undefined || country === undefined || country === ""
			? { problems }
			: api.get<Problems>("/v1/fleet/problems", { product: shown.product, limit: MOST }),
		shown && api.get<Adoption>(`/v1/fleet/products/${encodeURIComponent(shown.product)}`),
	]);
	const failing = pageOf(c, problems, "problems");
	const silent = pageOf(c, accounts, "accounts");
	return render(
		c,
		"Fleet",
		"fleet",
		<>
			<FleetLinks chosen="in numbers" />
			<h2>Why updates fail</h2>
			<Filters of={FILTERS} values={{ product, country }} />
			<ProblemTable of={failing} account={null} path={(one) => link(PATH, { product, country: one })} />
			<h2>{day ? `Not seen since ${day}` : "Silent for a day"}</h2>
			<Filters of={SILENT_FILTERS} values={{ not_seen_since: day }} />
			<Table
				label="Silent devices by account"
				head={["Account", "Silent", "Of its devices", "Next"]}
				empty="Every account is heard of."
				rows={silent.rows.map(({ account: id, silent, devices }) => [
					<a href={link(PATH, { account: id })}>{id}</a>,
					<Mark tone={silent === devices ? "red" : "amber"}>{silent}</Mark>,
					String(devices),
					<a
						href={link("/console/devices", {
							account: id,
							...(day ? { not_seen_since: day } : { silent_for: "86400" }),
						})}
					>
						which they are
					</a>,
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
						problems={failures.filter((one) => one.product === shown.product && isFailure(one))}
						version={version}
						path={(one, code) => link(PATH, { product: one, country: code })}
					/>
				</>
			)}
			<Numbers fleet={fleet} account={null} />
		</>,
	);
}

async function showAccount(c: ConsoleContext, account: string): Promise<Response> {
	const { product, country: typed } = c.req.query();
	const country = typed?.toUpperCase();
	const fleet = await c.var.api.get<Fleet & Problems>(`/v1/accounts/${encodeURIComponent(account)}/fleet`);
	const shown = fleet.products.find((one) => one.product === product) ?? fleet.products[0];
	const asked = fleet.problems.filter(
		(one) => (!product || one.product === product) && (!country || one.country === country),
	);
	const path = (of: { product?: string | undefined; country?: string }) => link(PATH, { account, ...of });
	return render(
		c,
		`Fleet of ${account}`,
		"fleet",
		<>
			<h2>Why updates fail</h2>
			<Filters of={FILTERS} values={{ product, country }} kept={{ account }} />
			<ProblemTable
				of={pageOf(c, asked, "problems")}
				account={account}
				path={(one) => path({ product, country: one })}
			/>
			<Numbers fleet={fleet} account={account} />
			{shown && (
				<Countries
					of={shown}
					problems={fleet.problems.filter((one) => one.product === shown.product && isFailure(one))}
					version={c.env.services.version}
					path={(one, code) => path({ product: one, country: code })}
				/>
			)}
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
