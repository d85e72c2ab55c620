// The fleet in numbers: what fails and who is silent before what runs where. Of the whole deployment, or of the account that a key names.
import type { z } from "zod";
import type { fleetBody, problemBody } from "../../routes/operator/fleet/fleet-body.ts";
import { Facts, link, Mark, segment, Table, Time } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { accountSeen, chooseAccount } from "./choose.tsx";
import { percent } from "./rollouts.tsx";

type Fleet = Omit<z.infer<typeof fleetBody>, "accounts" | "oldest">;
type FleetProduct = Fleet["products"][number];
type FleetProblem = z.infer<typeof problemBody>;
interface Silent {
	readonly accounts: readonly { account: string; silent: number; devices: number }[];
}
export interface Adoption {
	readonly product: string;
	readonly devices: number;
	readonly releases: readonly {
		version: string;
		released_at: string;
		devices: number;
		protected_after: { p50: number | null; p90: number | null; p99: number | null };
		points: readonly { at: string; devices: number }[];
	}[];
	readonly as_of: string | null;
}

export async function showFleet(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const account = accountSeen(c);
	if (account !== null) {
		const fleet = await api.get<Fleet>(`/v1/accounts/${encodeURIComponent(account)}/fleet`);
		return render(c, `Fleet of ${account}`, "fleet", <Numbers fleet={fleet} account={account} />);
	}
	if (!view.seesAll) return chooseAccount(c, "Fleet", "fleet");
	const { product, country } = c.req.query();
	const [fleet, { problems }, { accounts }] = await Promise.all([
		api.get<Fleet>("/v1/fleet"),
		api.get<{ problems: FleetProblem[] }>("/v1/fleet/problems", { product, country }),
		api.get<Silent>("/v1/fleet/silent"),
	]);
	return render(
		c,
		"Fleet",
		"fleet",
		<>
			<h2>Why updates fail</h2>
			<form method="get" class="filters">
				<label>
					Product
					<input name="product" value={product ?? ""} />
				</label>
				<label>
					Country, as BR
					<input name="country" value={country ?? ""} />
				</label>
				<button type="submit">Filter</button>
			</form>
			<Table
				label="Problems"
				head={["Product", "Version", "Country", "Outcome", "Reason", "Devices"]}
				empty="No last update failed."
				rows={problems.map((one) => [
					one.product,
					one.version ?? "–",
					one.country ?? "–",
					one.outcome,
					one.reason,
					<Mark tone="red">{one.devices}</Mark>,
				])}
			/>
			<h2>Silent for a day</h2>
			<Table
				label="Silent devices by account"
				head={["Account", "Silent", "Of its devices"]}
				empty="Every account is heard of."
				rows={accounts.map(({ account: id, silent, devices }) => [
					<a href={link("/console/devices", { account: id, silent_for: "86400" })}>{id}</a>,
					<Mark tone={silent === devices ? "red" : "amber"}>{silent}</Mark>,
					String(devices),
				])}
			/>
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

function ProductNumbers({ of, account }: { of: FleetProduct; account: string | null }) {
	const { product, devices, versions, outcomes, models, countries } = of;
	const counts = (of: FleetProduct["versions"]) =>
		of.map(({ value, devices }) => `${value ?? "unknown"}: ${devices}`).join(", ");
	return (
		<>
			<h2>{account === null ? <a href={`/console/fleet/${segment(product)}`}>{product}</a> : product}</h2>
			<Table
				label={`Versions of ${product}`}
				head={["Version", "Devices", "Part"]}
				empty="No device has said what it has."
				rows={versions.map(({ value, devices: count }) => [
					account !== null && value !== null && value !== "other" ? (
						<a href={link("/console/devices", { account, product, installed: value })}>{value}</a>
					) : (
						(value ?? "unknown")
					),
					String(count),
					<>
						<progress value={count} max={Math.max(devices, 1)} aria-label={`Part of ${value ?? "unknown"}`}></progress>{" "}
						{percent(count / Math.max(devices, 1))}
					</>,
				])}
			/>
			<Facts
				of={[
					["Last outcomes", counts(outcomes)],
					["Models", counts(models)],
					["Countries", counts(countries)],
				]}
			/>
		</>
	);
}

export async function showAdoption(c: ConsoleContext): Promise<Response> {
	const product = c.req.param("product") ?? "";
	const adoption = await c.var.api.get<Adoption>(`/v1/fleet/products/${encodeURIComponent(product)}`);
	return render(
		c,
		`Adoption of ${adoption.product}`,
		"fleet",
		<>
			<p>
				{adoption.devices} devices may have it and have said anything of it; counted <Time at={adoption.as_of} />.
			</p>
			<Table
				label="Releases"
				head={["Release", "Released", "Devices", "50 % protected after", "90 %", "99 %"]}
				empty="Nothing was released yet."
				rows={adoption.releases.map(({ version, released_at, devices, protected_after: { p50, p90, p99 } }) => [
					version,
					<Time at={released_at} />,
					String(devices),
					...[p50, p90, p99].map(duration),
				])}
			/>
		</>,
	);
}

function duration(seconds: number | null): string {
	if (seconds === null) return "not yet";
	if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
	return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
