// One release: where it stands, what is other than in the release that everybody has now, who signed it and how it came to the fleet.

import { describeRequirement } from "../../content/requires/requires.ts";
import { bytesName } from "../../names.ts";
import { rolloutPath } from "../actions.tsx";
import { Chart, linesOf } from "../chart.tsx";
import { ApiRefusal } from "../console-env.ts";
import { Facts, Mark, Table, Time } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { releasesProduct } from "../view.ts";
import { type Adoption, duration, seconds } from "./fleet/adoption.tsx";
import { Changes, readChanges, UnreadChanges } from "./release-changes.tsx";
import { RELEASE_TONES, type Release, releasePage } from "./releases.tsx";
import type { Rollout } from "./rollout-words.ts";
import { Validated } from "./validated.tsx";

interface Role {
	readonly version: number | null;
	readonly trusted: boolean;
	readonly file: string | null;
}
interface Product {
	readonly signing: string;
}

export async function showRelease(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const product = c.req.param("product") ?? "";
	const version = c.req.param("version") ?? "";
	const path = `/v1/products/${encodeURIComponent(product)}`;
	const [{ releases }, { signing }, role, adoption, changes, rollout] = await Promise.all([
		api.get<{ releases: Release[] }>(`${path}/releases`),
		api.get<Product>(path),
		api.get<Role>(`${path}/role`).catch(noRole),
		view.seesAll ? api.get<Adoption>(`/v1/fleet/products/${encodeURIComponent(product)}`) : null,
		readChanges(api, product, version),
		// Of a version that was never sent on its way there is none.
		api.get<Rollout>(`${path}/releases/${encodeURIComponent(version)}/rollout`).catch(noRollout),
	]);
	const release = releases.find((one) => one.version === version);
	if (release === undefined)
		throw new ApiRefusal({ status: 404, code: "not_found", title: `${product} has no version ${version}` });
	const current = releases.find((one) => one.status === "current" && one.channel === (release.channel ?? "stable"));
	const adopted = adoption?.releases.find((one) => one.version === version);
	return render(
		c,
		`${product} ${version}`,
		"releases",
		<>
			<p>
				<Mark tone={RELEASE_TONES[release.status]}>{release.status.replace("_", " ")}</Mark>: {nextOf(release)}
			</p>
			<p class="actions">
				{release.released_at !== null && (
					<a class="button" href={rolloutPath(release)}>
						Its rollout
					</a>
				)}
				{release.released_at !== null && release.status !== "withdrawn" && releasesProduct(view, product) && (
					<a class="button outline" href={`${rolloutPath(release)}/revert`}>
						Withdraw
					</a>
				)}
			</p>
			<Facts
				of={[
					["Channel", release.channel],
					["Released", <Time at={release.released_at} />],
					["With everybody since", <Time at={release.out_at} />],
					["Signed by its publisher", signedBy(role, product, version)],
					["Signatures of the product", signing],
					["Requires of other products", requiresOf(release)],
					["Devices go back to", release.revert_to],
					["Kind of change", release.classes?.join(", ") ?? "not said"],
					["Interrupts", release.impact ?? "not said"],
					["Takes", takenBy(release)],
					["Sequence", release.sequence === null ? "–" : String(release.sequence)],
					["SHA-256", <code>{release.sha256}</code>],
				]}
			/>
			{release.variants.length > 0 && <Variants release={release} role={role} />}
			{rollout !== null && rollout.validation !== null && <Validated validation={rollout.validation} />}
			{current !== undefined && current.version !== version && <Differences release={release} current={current} />}
			{changes === "unread" && <UnreadChanges />}
			{changes !== null && changes !== "unread" && (
				<Changes product={product} changes={changes} said={release.classes} />
			)}
			{adopted && adoption && (
				<>
					<h2>Adoption</h2>
					<Facts
						of={[
							["Devices", `${adopted.devices} of ${adoption.devices}`],
							["50 % protected after", duration(adopted.protected_after.p50)],
							["90 %", duration(adopted.protected_after.p90)],
							["99 %", duration(adopted.protected_after.p99)],
						]}
					/>
					{adoption.as_of !== null && (
						<Chart
							label={`Devices with ${product} ${version}`}
							{...linesOf(
								new Map([[version, adopted.points.map(({ at, devices }) => ({ at: seconds(at), value: devices }))]]),
								seconds(adoption.as_of),
							)}
						/>
					)}
				</>
			)}
		</>,
	);
}

/** A product for which nobody signs has none. */
function noRole(error: unknown): Role {
	if (error instanceof ApiRefusal && error.problem.status === 404) return { version: null, trusted: false, file: null };
	throw error;
}

function noRollout(error: unknown): null {
	if (error instanceof ApiRefusal && error.problem.status === 404) return null;
	throw error;
}

function nextOf({ status }: Release): string {
	switch (status) {
		case "uploaded":
			return "it reaches nobody until it is released: parapet rollout start";
		case "waiting":
			return "a person is waited for, see its rollout";
		case "approved":
			return "it begins at its time";
		case "rolling_out":
			return "see its rollout";
		case "current":
			return "nothing: everybody on its channel may have it";
		default:
			return "nothing";
	}
}

/** The role file names releases by their path and digest (TUF 1.0.33 §4.5). */
function signedBy({ file, trusted, version: of }: Role, product: string, bytes: string): string {
	if (file === null) return "no: the product has no role file";
	const { signed } = JSON.parse(file) as { signed: { targets: Readonly<Record<string, unknown>> } };
	if (!Object.hasOwn(signed.targets, `${product}/${bytes}`)) return "no: the role file does not name it";
	return trusted ? `yes, in role file ${of}` : "by keys that are not trusted any more";
}

function requiresOf({ requires }: Release): string {
	return requires.length === 0 ? "nothing" : requires.map(describeRequirement).join("; ");
}

/** What is other first. */
function Differences({ release, current }: { release: Release; current: Release }) {
	const told = (one: Release): readonly (readonly [name: string, value: string, amount?: number | null])[] => [
		["Size", `${one.size} bytes`, one.size],
		["Entries", one.entries === null ? "not said" : String(one.entries), one.entries],
		["Urgency", one.urgency],
		["Models", one.models?.join(", ") ?? "all"],
		["Engine", `${one.engine.min ?? "any"} to ${one.engine.max ?? "any"}`],
		["Requires", requiresOf(one)],
		["Unpacked", bytesOf(one.footprint?.unpacked), one.footprint?.unpacked],
		["Disk for its installation", bytesOf(one.footprint?.disk), one.footprint?.disk],
		["Memory", bytesOf(one.footprint?.memory), one.footprint?.memory],
		["Interrupts", one.impact ?? "not said"],
		["Kind of change", one.classes?.join(", ") ?? "not said"],
		["Notes", one.notes || "–"],
	];
	const before = told(current);
	const rows = told(release)
		.map(([name, value, amount], index) => {
			const [, was = "", amountWas] = before[index] ?? [];
			return { name, value, was, change: changeOf(amount, amountWas) };
		})
		.toSorted((one, two) => Number(one.value === one.was) - Number(two.value === two.was));
	return (
		<>
			<h2>
				{"Against "}
				<a href={releasePage(current)}>{current.version}</a>
				{", which everybody has"}
			</h2>
			<Table
				label="Differences"
				head={["", release.version, current.version, "Change"]}
				empty=""
				rows={rows.map(({ name, value, was, change }) => [
					name,
					value,
					was,
					value === was ? "the same" : <Mark tone="amber">{change}</Mark>,
				])}
			/>
		</>
	);
}

/** Whoever gives a word on the release gives it on all of these. */
function Variants({ release: { product, version, variants }, role }: { release: Release; role: Role }) {
	return (
		<>
			<h2>Other packages for some models</h2>
			<Table
				label="Variants"
				head={["Variant", "Models", "Bytes", "Signed by its publisher", "SHA-256"]}
				empty=""
				rows={variants.map(({ variant, models, size, sha256 }) => [
					variant,
					models.join(", "),
					String(size),
					signedBy(role, product, bytesName(version, variant)),
					<code>{sha256}</code>,
				])}
			/>
		</>
	);
}

function takenBy({ footprint }: Release): string {
	const said = Object.entries(footprint ?? {}).map(([name, amount]) => `${name} ${amount} bytes`);
	return said.join(", ") || "not said";
}

function bytesOf(amount: number | undefined): string {
	return amount === undefined ? "not said" : `${amount} bytes`;
}

/** @returns by how much an amount is another; of what is none, or of which one is not known, that it is other */
function changeOf(now: number | null | undefined, before: number | null | undefined): string {
	if (!before || !now) return "other";
	return `${now > before ? "+" : ""}${Math.round(((now - before) / before) * 1_000) / 10} %`;
}
