// How the releases of a product came to the fleet: who had which version when, and how long it took until devices were protected.
import { rolloutPath } from "../../actions.tsx";
import { Chart, linesOf, MAX_LINES, type Step } from "../../chart.tsx";
import { Table, Time } from "../../layout.tsx";
import { Pages, pageOf } from "../../lists.tsx";
import { type ConsoleContext, render } from "../../render.tsx";
import { adoptionPath } from "./links.tsx";

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

/** @param at RFC 3339 @returns unix seconds */
export const seconds = (at: string) => Math.floor(Date.parse(at) / 1_000);

export async function showAdoption(c: ConsoleContext): Promise<Response> {
	const product = c.req.param("product") ?? "";
	const adoption = await c.var.api.get<Adoption>(`/v1/fleet/products/${encodeURIComponent(product)}`);
	const releases = pageOf(c, adoption.releases, "releases");
	return render(
		c,
		`Adoption of ${adoption.product}`,
		"fleet",
		<>
			<p>
				{adoption.devices} devices may have it and have said anything of it; counted <Time at={adoption.as_of} />.
			</p>
			<VersionsOverTime of={adoption} />
			<Table
				label="Releases"
				head={["Release", "Released", "Devices", "50 % protected after", "90 %", "99 %"]}
				empty="Nothing was released yet."
				rows={releases.rows.map(({ version, released_at, devices, protected_after: { p50, p90, p99 } }) => [
					<a href={rolloutPath({ product, version })}>{version}</a>,
					<Time at={released_at} />,
					String(devices),
					...[p50, p90, p99].map(duration),
				])}
			/>
			<Pages of={releases} />
		</>,
	);
}

/** Of the releases that most devices have had, newest first. */
export function VersionsOverTime({ of: { product, releases, as_of: until } }: { of: Adoption }) {
	const most = ({ points }: Adoption["releases"][number]) => Math.max(0, ...points.map(({ devices }) => devices));
	const chosen = new Set(releases.toSorted((one, two) => most(two) - most(one)).slice(0, MAX_LINES));
	const steps = new Map(
		releases
			.filter((one) => chosen.has(one) && one.points.length > 0)
			.map(({ version, points }) => [
				version,
				points.map(({ at, devices }): Step => ({ at: seconds(at), value: devices })),
			]),
	);
	// A number that is not written down yet is younger than the newest summary.
	const last = Math.max(...[...steps.values()].flatMap((own) => own.map(({ at }) => at)), until ? seconds(until) : 0);
	const drawn = linesOf(steps, last);
	const hasHistory = drawn.lines.some(({ values }) => values.filter((value) => value !== null).length > 1);
	return (
		<>
			<h2>{`Versions of ${product} over time`}</h2>
			{hasHistory ? (
				<Chart label={`Devices by version of ${product}`} {...drawn} />
			) : steps.size > 0 ? (
				<p>
					Counted once so far, <Time at={new Date(last * 1_000).toISOString()} />, as the numbers of its versions say:
					lines are drawn from the next change on.
				</p>
			) : (
				<p>
					There is no history yet: how many devices have a version is written down within a minute of their first word
					of a release, and drawn from then on.
				</p>
			)}
			<p>
				<a href={adoptionPath(product)}>How each release came to the fleet</a>
			</p>
		</>
	);
}

/** @param length seconds */
export function duration(length: number | null): string {
	if (length === null) return "not yet";
	if (length < 7_200) return `${Math.round(length / 60)} min`;
	return length < 172_800 ? `${Math.round(length / 3_600)} h` : `${Math.round(length / 86_400)} d`;
}
