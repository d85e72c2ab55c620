// The releases of a product: where each stands, and how many devices have it.
import type { z } from "zod";
import type { releaseBody } from "../../routes/publisher/release-body.ts";
import { rolloutPath } from "../actions.tsx";
import { Mark, Table, Time, type Tone } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { releasesProduct } from "../view.ts";
import type { Adoption } from "./adoption.tsx";
import { ProductLinks, productsSeen } from "./choose.tsx";

type Release = z.infer<typeof releaseBody>;

const TONES: Readonly<Record<Release["status"], Tone>> = {
	uploaded: "amber",
	waiting: "amber",
	approved: "amber",
	rolling_out: "amber",
	current: "green",
	older: "plain",
	superseded: "plain",
	withdrawn: "plain",
};
const PAGE = 50;

export async function showReleases(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const products = await productsSeen(c);
	const product = products[0];
	if (product === undefined)
		return render(c, "Releases", "releases", <p>There is no product yet: parapet product create makes one.</p>);
	const path = encodeURIComponent(product);
	const [{ releases }, adoption] = await Promise.all([
		api.get<{ releases: Release[] }>(`/v1/products/${path}/releases`),
		view.seesAll ? api.get<Adoption>(`/v1/fleet/products/${path}`).catch(() => null) : null,
	]);
	const first = Math.max(0, Math.floor(Number(c.req.query("from")) || 0));
	const devicesOf = new Map(adoption?.releases.map(({ version, devices }) => [version, devices]));
	return render(
		c,
		`Releases of ${product}`,
		"releases",
		<>
			<ProductLinks path="/console/releases" products={products} />
			<Table
				label="Releases"
				head={["Release", "State", "Channel", "Released", "Everybody since", "Urgency", "Devices", "Notes", "Next"]}
				empty="Nothing was uploaded yet."
				rows={releases
					.slice(first, first + PAGE)
					.map((one) => [
						one.released_at === null ? one.version : <a href={rolloutPath(one)}>{one.version}</a>,
						<Mark tone={TONES[one.status]}>{one.status.replace("_", " ")}</Mark>,
						one.channel ?? "–",
						<Time at={one.released_at} />,
						<Time at={one.out_at} />,
						one.urgency,
						String(devicesOf.get(one.version) ?? "–"),
						one.notes || "–",
						one.released_at !== null && one.status !== "withdrawn" && releasesProduct(view, product) ? (
							<a href={`${rolloutPath(one)}/revert`}>Withdraw</a>
						) : (
							"–"
						),
					])}
			/>
			{first + PAGE < releases.length && (
				<a href={`/console/releases?product=${path}&from=${first + PAGE}`}>Older ones</a>
			)}
		</>,
	);
}
