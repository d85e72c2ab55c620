// What may be set of a product beside its title: how its next releases reach the fleet, and what is refused of them. Read from
// options, and said in lines.
import type { Command } from "commander";
import { z } from "zod";
import { signing } from "../../../src/content/product-record.ts";
import { type SizeBounds, sizeBounds, USUAL_SIZE_BOUNDS } from "../../../src/content/size-bounds.ts";
import { teamName } from "../../../src/entitlement/credential-record.ts";
import { UsageError } from "../../errors.ts";
import { PLAN_HELP, readPlan } from "../../rollout/plan-option.ts";
import { formatBytes } from "../../terminal/output.ts";

export const settingsShape = {
	plan: z.string().optional(),
	betaPlan: z.string().optional(),
	team: z.union([z.literal("none"), teamName]).optional(),
	sizeBounds: z.string().optional(),
	signing: signing.optional(),
};
export const changeShape = { ...settingsShape, freezes: z.string().optional() };
type SettingsOptions = z.infer<z.ZodObject<typeof settingsShape>>;

export function addSettingsOptions(command: Command): Command {
	return command
		.option("--plan <plan>", `how its next releases reach the fleet: ${PLAN_HELP} (a new product: standard)`)
		.option("--beta-plan <plan>", "the same of releases on beta; same = by --plan (a new product)")
		.option("--team <team>", "whose word its rollouts need; none = anyone's who may release")
		.option(
			"--signing <word>",
			"required: nothing is offered that its publisher has not signed; optional (a new product)",
		)
		.option(
			"--size-bounds <range>",
			"refuse what is not 0.5..2 times as large as the current release, of packages above 100 kB; 0.5..2,5000000 = above so many bytes; none = take any",
		);
}

export function addFreezesOption(command: Command): Command {
	return command.option(
		"--freezes <spans>",
		"when no step of a rollout begins: 2026-12-20..2027-01-04, comma-separated, in UTC; with +emergency where emergency releases go on; none = never",
	);
}

/** @returns as the body of a request has them; undefined = not given. @throws UsageError */
export function readFreezes(text: string | undefined) {
	if (text === undefined) return undefined;
	if (text === "none") return [];
	return text.split(",").map((span) => {
		const [, from, until, passes] = /^([^.]+)\.\.([^+]+)(\+emergency)?$/.exec(span.trim()) ?? [];
		const [begin, end] = [from, until].map((time) => Date.parse(time ?? ""));
		if (!(Number(begin) < Number(end)))
			throw new UsageError(
				`--freezes ${span} is no span`,
				"give it as 2026-12-20..2027-01-04, the end after the begin",
			);
		const [first, last] = [Number(begin), Number(end)].map((ms) => new Date(ms).toISOString().replace(".000Z", "Z"));
		return { from: first, until: last, reason: "", emergencies: passes !== undefined };
	});
}

/** @returns the same as the body of a request; what was not given is undefined. @throws UsageError, CliError for a bad plan */
export async function readSettings({ plan, betaPlan, team, sizeBounds: bounds, signing }: SettingsOptions) {
	const beta = betaPlan === undefined || betaPlan === "same" ? null : await readPlan(betaPlan);
	return {
		plan: plan === undefined ? undefined : await readPlan(plan),
		beta_plan: betaPlan === undefined ? undefined : beta,
		team: team === "none" ? null : team,
		size_bounds: bounds === undefined ? undefined : readSizeBounds(bounds),
		signing,
	};
}

function readSizeBounds(text: string): SizeBounds | null {
	if (text === "none") return null;
	const [, shrink, grow, above] = /^([\d.]+)\.\.([\d.]+)(?:,(\d+))?$/.exec(text) ?? [];
	const read = sizeBounds.safeParse({
		shrink: Number(shrink),
		grow: Number(grow),
		above: above === undefined ? USUAL_SIZE_BOUNDS.above : Number(above),
	});
	if (read.success) return read.data;
	throw new UsageError(
		`--size-bounds ${text} is no range`,
		"give it as 0.5..2, the first below 1 and the second above",
	);
}

const settings = z.looseObject({
	plan: z.looseObject({ name: z.string(), steps: z.array(z.looseObject({ name: z.string() })) }),
	beta_plan: z.looseObject({ name: z.string() }).nullish(),
	team: z.string().nullable(),
	size_bounds: sizeBounds.nullish(),
	freezes: z.array(z.object({ from: z.string(), until: z.string(), emergencies: z.boolean() })).default([]),
});

/** @returns in lines how its releases reach the fleet, and what is refused; none where the answer does not say */
export function describeSettings(answer: unknown): string[] {
	const read = settings.safeParse(answer);
	if (!read.success) return [];
	const { plan, beta_plan: beta, team, size_bounds: bounds, freezes } = read.data;
	const onBeta = beta == null ? [] : [`those on beta go by plan ${beta.name}`];
	const whose = team === null ? "" : `, with the word of team ${team}`;
	const way =
		plan.name === "immediate"
			? "each release reaches everybody at once, without a gate (plan immediate)"
			: `releases go by plan ${plan.name}: ${plan.steps.map(({ name }) => name).join(" → ")}${whose}`;
	return [
		way,
		...onBeta,
		...(bounds == null ? ["a release may have any size"] : [describeBounds(bounds)]),
		...freezes.map(
			({ from, until, emergencies }) =>
				`no step begins from ${from} until ${until}${emergencies ? ", but of emergencies" : ""}`,
		),
	];
}

function describeBounds({ grow, shrink, above }: SizeBounds): string {
	return `a release of more than ${formatBytes(above)} has ${shrink} to ${grow} times the size of the current one`;
}
