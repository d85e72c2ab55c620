// The releases of a product: where each stands, and how many devices have it.
import type { z } from "zod";
import type { releaseBody } from "../../routes/publisher/release-body.ts";
import { rolloutPath } from "../actions.tsx";
import { Mark, Table, Time, type Tone } from "../layout.tsx";
import { choicesOf, Filters, Pages, pageOf } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { releasesProduct } from "../view.ts";
import { ProductLinks, productsSeen } from "./choose.tsx";
import type { Adoption } from "./fleet/adoption.tsx";

export type Release = z.infer<typeof releaseBody>;

export const RELEASE_TONES: Readonly<Record<Release["status"], Tone>> = {
	uploaded: "amber",
	waiting: "amber",
	approved: "amber",
	rolling_out: "amber",
	current: "green",
	older: "plain",
	superseded: "plain",
	withdrawn: "plain",
};

export function releasePage({ product, version }: Pick<Release, "product" | "version">): string {
	return rolloutPath({ product, version }, "/console/releases");
}

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
	const status = c.req.query("status") ?? "";
	const list = pageOf(
		c,
		releases.filter((one) => status === "" || one.status === status),
		"releases",
	);
	const devicesOf = new Map(adoption?.releases.map(({ version, devices }) => [version, devices]));
	return render(
		c,
		`Releases of ${product}`,
		"releases",
		<>
			<ProductLinks path="/console/releases" products={products} />
			<Filters
				of={[["status", "State", choicesOf(Object.keys(RELEASE_TONES))]]}
				values={{ status }}
				kept={{ product }}
			/>
			<Table
				label="Releases"
				head={["Release", "State", "Channel", "Released", "Everybody since", "Urgency", "Devices", "Notes", "Next"]}
				empty="There is none."
				rows={list.rows.map((one) => [
					<a href={releasePage(one)}>{one.version}</a>,
					<Mark tone={RELEASE_TONES[one.status]}>{one.status.replace("_", " ")}</Mark>,
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
			<Pages of={list} />
		</>,
	);
}
