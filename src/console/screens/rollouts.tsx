// Rollouts: which are on their way and which need somebody, and of each its ladder, its evidence and what may be done.
import { PHASES } from "../../rollout/rollout.ts";
import { actionLinks, rolloutPath } from "../actions.tsx";
import { Facts, Mark, percent, Table, Time } from "../layout.tsx";
import { choicesOf, type Filter, Filters, Pages, pageOf } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { releasesProduct } from "../view.ts";
import { devicePage, productsSeen } from "./choose.tsx";
import { Ladder, PlanOf } from "./ladder.tsx";
import { actionsOf, describeRegression, describeWait, type Rollout, toneOf } from "./rollout-words.ts";
import { Validated } from "./validated.tsx";

/** Products on a page: each is asked for its rollouts. */
const PRODUCTS = 30;
const URGENCY = ["red", "amber", "green", "plain"];
/** Which needs somebody: no phase, but what the colour says. */
const NEEDS_SOMEBODY = "needs_somebody";
const FILTERS: readonly Filter[] = [
	["product", "Product"],
	["state", "State", choicesOf([NEEDS_SOMEBODY, ...PHASES])],
];

function isIn(state: string | undefined, rollout: Rollout): boolean {
	if (!state) return true;
	if (state === NEEDS_SOMEBODY) return ["red", "amber"].includes(toneOf(rollout));
	return rollout.phase === state;
}

export async function showRollouts(c: ConsoleContext): Promise<Response> {
	const { api } = c.var;
	const products = await productsSeen(c);
	const { product, state } = c.req.query();
	const page = pageOf(c, products, "products", PRODUCTS);
	const found = await Promise.all(
		page.rows.map((product) =>
			api.get<{ rollouts: Rollout[] }>(`/v1/products/${encodeURIComponent(product)}/rollouts`),
		),
	);
	const rollouts = found
		.flatMap((one) => one.rollouts)
		.filter((one) => isIn(state, one))
		.toSorted((a, b) => URGENCY.indexOf(toneOf(a)) - URGENCY.indexOf(toneOf(b)));
	return render(
		c,
		"Rollouts",
		"rollouts",
		<>
			<Filters of={FILTERS} values={{ product, state }} />
			{page.rows.length < products.length && (
				<p>
					Of {products.length} products those from {page.rows[0]} to {page.rows.at(-1)}.
				</p>
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
					head={["Release", "State", "Steps", "Let in", "Failed", "Next"]}
					empty={
						state
							? "No rollout is in this state."
							: "Nothing is on its way: every release is with everybody who may have it, or has ended."
					}
					rows={rollouts.map((one) => [
						<a href={rolloutPath(one)}>{`${one.product} ${one.version}`}</a>,
						<Mark tone={toneOf(one)}>{one.phase}</Mark>,
						<Ladder of={one} />,
						percent(one.fraction),
						String(one.steps.reduce((sum, step) => sum + step.failed, 0)),
						nextOf(one),
					])}
				/>
			</div>
			<Pages of={page} />
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
			<Ladder of={rollout} />
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
			{rollout.validation !== null && <Validated validation={rollout.validation} />}
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
			<PlanOf rollout={rollout} />
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
