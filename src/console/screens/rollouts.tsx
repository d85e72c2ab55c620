// Rollouts: which are on their way and which need somebody, and of each its ladder, its evidence and what may be done.
import { actionLinks, rolloutPath } from "../actions.tsx";
import { Facts, Mark, percent, Table, Time } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { releasesProduct } from "../view.ts";
import { devicePage, ProductLinks, productsSeen } from "./choose.tsx";
import { actionsOf, describeRegression, describeWait, type Rollout, toneOf } from "./rollout-words.ts";

/** More are seen one by one, by their links. */
const MAX_PRODUCTS = 30;
const URGENCY = ["red", "amber", "green", "plain"];

export async function showRollouts(c: ConsoleContext): Promise<Response> {
	const { api } = c.var;
	const products = await productsSeen(c);
	const shown = products.slice(0, MAX_PRODUCTS);
	const found = await Promise.all(
		shown.map((product) => api.get<{ rollouts: Rollout[] }>(`/v1/products/${encodeURIComponent(product)}/rollouts`)),
	);
	const rollouts = found
		.flatMap((one) => one.rollouts)
		.toSorted((a, b) => URGENCY.indexOf(toneOf(a)) - URGENCY.indexOf(toneOf(b)));
	return render(
		c,
		"Rollouts",
		"rollouts",
		<>
			<ProductLinks path="/console/rollouts" products={products} />
			{shown.length < products.length && (
				<p>Those of the first {MAX_PRODUCTS} products; choose a product for the others.</p>
			)}
			<div
				id="live"
				hx-get={c.req.url.slice(c.req.url.indexOf("/", 8))}
				hx-trigger="every 15s"
				hx-select="#live"
				hx-swap="outerHTML"
			>
				<Table
					label="Rollouts"
					head={["Release", "State", "Step", "Let in", "Failed", "Next"]}
					empty="Nothing is on its way: every release is with everybody who may have it, or has ended."
					rows={rollouts.map((one) => [
						<a href={rolloutPath(one)}>{`${one.product} ${one.version}`}</a>,
						<Mark tone={toneOf(one)}>{one.phase}</Mark>,
						one.step,
						percent(one.fraction),
						String(one.steps.reduce((sum, step) => sum + step.failed, 0)),
						nextOf(one),
					])}
				/>
			</div>
		</>,
	);
}

function nextOf(rollout: Rollout): string {
	const regression = describeRegression(rollout);
	if (regression !== null) return regression;
	if (rollout.phase === "halted") return "look at what failed, then revert it or let it go on";
	return rollout.waits_for.map(describeWait).join("; ") || "nothing: it goes on by itself";
}

export async function showRollout(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const product = c.req.param("product") ?? "";
	const rollout = await api.get<Rollout>(
		`${rolloutPath({ product, version: c.req.param("version") ?? "" }, "/v1/products", "/releases")}/rollout`,
	);
	return render(
		c,
		`${rollout.product} ${rollout.version}`,
		"rollouts",
		<>
			<p>
				<Mark tone={toneOf(rollout)}>{rollout.phase}</Mark> in step {rollout.step}: {nextOf(rollout)}
				{rollout.reason !== null && ` (${rollout.reason})`}
			</p>
			{releasesProduct(view, rollout.product) && actionLinks(rolloutPath(rollout), actionsOf(rollout))}
			<Facts
				of={[
					["Since", <Time at={rollout.since} />],
					["Let in", percent(rollout.fraction)],
					[
						"Permits left",
						rollout.permits_left === null ? "as many as the fraction lets in" : String(rollout.permits_left),
					],
					["Verdict", rollout.verdict],
					["If all that are overdue are dead", rollout.suspicion],
					["Healthy units to pass", String(rollout.healthy_to_pass)],
					["Failures to halt", String(rollout.failures_to_abort)],
					[
						"Its gate notices",
						rollout.notices === null ? "each single failure" : `${percent(rollout.notices)} or more failing`,
					],
					["Plan", rollout.plan],
					["Channel", rollout.channel],
					["Uploaded by", `${rollout.publisher}${rollout.two_people ? ", whose word is not taken" : ""}`],
					["SHA-256", <code>{rollout.sha256}</code>],
					["Team", rollout.team],
					["Evidence", <code>{rollout.evidence}</code>],
				]}
			/>
			<h2>Steps</h2>
			<Table
				label="Steps"
				head={[
					"Step",
					"Permits",
					"Healthy",
					"Failed",
					"Silent",
					"Overdue",
					"Excused",
					"Held back",
					"Verdict",
					"Passed",
				]}
				empty="It has no step."
				rows={rollout.steps.map((step) => [
					step.name === rollout.step ? `▶ ${step.name}` : step.name,
					...[step.permits, step.healthy, step.failed, step.silent, step.overdue, step.excused].map(String),
					step.control.healthy + step.control.failed === 0
						? "–"
						: `${step.control.failed} of ${step.control.healthy + step.control.failed} fell silent`,
					step.verdict ?? "–",
					step.overridden_by.length > 0 ? (
						`let pass by ${step.overridden_by.join(", ")}`
					) : step.passed_at === null ? (
						"–"
					) : (
						<Time at={step.passed_at} />
					),
				])}
			/>
			<h2>Failures</h2>
			<Table
				label="Failures"
				head={["When", "Step", "Device", "Model", "Outcome", "Why", "Rules"]}
				empty="None."
				rows={rollout.failures.map((one) => [
					<Time at={one.at} />,
					one.step,
					one.device === null ? "not for this key" : <a href={devicePage(one.device)}>{one.device}</a>,
					one.model,
					one.outcome,
					one.why ?? "–",
					one.rules.join(", ") || "–",
				])}
			/>
			<h2>Words</h2>
			<Table
				label="Words"
				head={["When", "Who", "Word", "Step"]}
				empty="Nobody has spoken yet."
				rows={rollout.words.map((one) => [
					<Time at={one.at} />,
					one.team === null ? one.by : `${one.by} (${one.team})`,
					one.kind,
					one.step,
				])}
			/>
		</>,
	);
}
