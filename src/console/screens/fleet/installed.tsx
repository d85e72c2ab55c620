// Who still runs a version: of a product the versions, of those that are asked for the accounts, of each of these its devices. Over all
// accounts, from what they told the Census.
import type { z } from "zod";
import type { installedBody } from "../../../routes/operator/fleet/fleet-installed.ts";
import { Facts, link, Mark, percent, Table, Time } from "../../layout.tsx";
import { Choices, cursorPage, Filters, Pages, pageOf } from "../../lists.tsx";
import { type ConsoleContext, render } from "../../render.tsx";
import { FleetLinks, installedPath } from "./links.tsx";

type Installed = z.infer<typeof installedBody>;

const LISTED = "100";
const TITLE = "Who still runs a version";

export async function showInstalled(c: ConsoleContext): Promise<Response> {
	const { api } = c.var;
	const { product: asked, installed, after } = c.req.query();
	const products = await productsOf(c);
	const product = asked || products[0];
	if (product === undefined)
		return render(c, TITLE, "fleet", <p>There is no product yet: parapet product create makes one.</p>);
	const found = await api.get<Installed>("/v1/fleet/installed", { product, installed, after, limit: LISTED });
	const accounts = cursorPage(c, found.accounts, found.next);
	const versions = pageOf(c, found.versions, "versions");
	return render(
		c,
		installed ? `Who still runs ${product} ${installed}` : TITLE,
		"fleet",
		<>
			<FleetLinks chosen="who still runs a version" />
			<Choices
				what="Product"
				of={products.map((one) => [one, installedPath(one, installed)] as const)}
				chosen={product}
			/>
			<Filters of={[["installed", "Version, or its beginning, as 4.26*"]]} values={{ installed }} kept={{ product }} />
			<p>
				<strong>
					{found.devices} of {found.of_devices} devices
				</strong>{" "}
				have {product} {installed || "in some version"}, {percent(found.devices / Math.max(found.of_devices, 1))}.
			</p>
			<Table
				label="Versions"
				head={["Version", "Devices", "Part", "Accounts"]}
				empty="No device has such a version."
				rows={versions.rows.map(({ version, devices, accounts: count }) => [
					<a href={installedPath(product, version)}>{version}</a>,
					String(devices),
					percent(devices / Math.max(found.of_devices, 1)),
					String(count),
				])}
			/>
			<Pages of={versions} />
			<h2>In which accounts</h2>
			<Table
				label="Accounts"
				head={["Account", "Devices", "Next"]}
				empty="In none."
				rows={accounts.rows.map(({ account, devices }) => [
					account,
					String(devices),
					<a href={link("/console/devices", { account, product, installed })}>which they are</a>,
				])}
			/>
			<Pages of={accounts} />
			<Facts
				of={[
					["Counted", found.as_of === null ? "no account has told its numbers yet" : <Time at={found.as_of} />],
					["Too rare to be counted by version", <Mark tone={found.other > 0 ? "amber" : "plain"}>{found.other}</Mark>],
				]}
			/>
		</>,
	);
}

/** All of them, whichever is asked for. */
async function productsOf(c: ConsoleContext): Promise<string[]> {
	const { products } = await c.var.api.get<{ products: { product: string }[] }>("/v1/products");
	return products.map(({ product }) => product);
}
