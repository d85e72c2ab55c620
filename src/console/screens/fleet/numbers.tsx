// The numbers of one product: where its devices are, what they run and how their last updates ended. Of the deployment or of an account.
import type { z } from "zod";
import type { fleetBody } from "../../../routes/operator/fleet/fleet-body.ts";
import { Facts, link, Mark, percent, Table } from "../../layout.tsx";
import { type CountryCount, countryName, isFailing, WorldMap } from "../../world-map.tsx";
import { adoptionPath, installedPath } from "./links.tsx";

export type Fleet = Omit<z.infer<typeof fleetBody>, "accounts" | "oldest">;
type Product = Fleet["products"][number];

/** Countries that the table names; the map has all of them. */
const LISTED = 30;

export function Countries({
	of: { product, countries },
	problems,
	version,
	path,
}: {
	of: Product;
	/** of the product, of updates that failed */
	problems: readonly { country: string | null; devices: number }[];
	version: string;
	/** where the screen shows the country */
	path(product: string, country: string): string;
}) {
	const failedIn = Map.groupBy(problems, ({ country }) => country);
	const counts = countries
		.flatMap(({ value, devices }): CountryCount[] => {
			const failed = failedIn.get(value)?.reduce((sum, one) => sum + one.devices, 0) ?? 0;
			return value === null ? [] : [{ country: value, devices, failed }];
		})
		.toSorted((one, two) => two.failed - one.failed || two.devices - one.devices);
	return (
		<>
			<h2>{`Where ${product} runs`}</h2>
			<WorldMap version={version} counts={counts} />
			<Table
				label="Devices by country"
				head={["Country", "Devices", "Failed"]}
				empty="No device was seen in a country that is known."
				rows={counts
					.slice(0, LISTED)
					.map((one) => [
						<a href={path(product, one.country)}>{countryName(one.country)}</a>,
						String(one.devices),
						<Mark tone={isFailing(one) ? "red" : "plain"}>{one.failed}</Mark>,
					])}
			/>
		</>
	);
}

export function ProductNumbers({ of, account }: { of: Product; account: string | null }) {
	const { product, devices, versions, outcomes, models } = of;
	/** The value, and who has it: in an account which devices, in the deployment which accounts have a version. */
	const named = (value: string | null, filter: string) => {
		if (value === null || value === "other") return value ?? "unknown";
		if (account !== null) return <a href={link("/console/devices", { account, product, [filter]: value })}>{value}</a>;
		return filter === "installed" ? <a href={installedPath(product, value)}>{value}</a> : value;
	};
	const counts = (counted: Product["versions"], filter: string) =>
		counted.map(({ value, devices: count }, index) => (
			<>
				{index > 0 && ", "}
				{named(value, filter)}: {count}
			</>
		));
	return (
		<>
			<h2>{account === null ? <a href={adoptionPath(product)}>{product}</a> : product}</h2>
			<Table
				label={`Versions of ${product}`}
				head={["Version", "Devices", "Part"]}
				empty="No device has said what it has."
				rows={versions.map(({ value, devices: count }) => [
					named(value, "installed"),
					String(count),
					<>
						<progress value={count} max={Math.max(devices, 1)} aria-label={`Part of ${value ?? "unknown"}`}></progress>{" "}
						{percent(count / Math.max(devices, 1))}
					</>,
				])}
			/>
			<Facts
				of={[
					["Last outcomes", counts(outcomes, "outcome")],
					["Models", counts(models, "model")],
				]}
			/>
		</>
	);
}
