// In which order does a device look at the releases of a product? Decided once, where the product's record is made.
import type { Release, VersionOrder } from "./product-record.ts";
import { compareVendorVersions } from "./vendor-version.ts";

/** What of a release says where it stands in its product's line. */
type Placed = Pick<Release, "version" | "sequence" | "channel">;

/**
 * The order in which a device looks at the releases of a product: by sequence, but what beta holds stands before each stable release of
 * an older version. So a fix for stable that comes out later takes nobody off a newer version that is being tried.
 * @param releases newest first @returns newest first within each channel
 */
export function inOfferOrder<R extends Placed>(releases: readonly R[], order: VersionOrder): readonly R[] {
	if (order === "none" || releases.every(({ channel }) => channel === "stable")) return releases;
	const stable = releases.filter(({ channel }) => channel === "stable");
	const places = new Map<R, number>(stable.map((release) => [release, release.sequence]));
	let place = 0;
	for (const beta of releases.filter(({ channel }) => channel === "beta").toReversed()) {
		const passed = stable.find(({ version }) => compareVendorVersions(version, beta.version) < 0);
		place = Math.max(place, beta.sequence, passed?.sequence ?? 0);
		places.set(beta, place);
	}
	const placeOf = (release: R) => places.get(release) ?? 0;
	const isBeta = ({ channel }: R) => (channel === "beta" ? 1 : 0);
	return releases.toSorted((a, b) => placeOf(b) - placeOf(a) || isBeta(b) - isBeta(a) || b.sequence - a.sequence);
}
