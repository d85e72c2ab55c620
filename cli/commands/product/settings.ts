// What may be set of a product beside its title: how its next releases reach the fleet, and what is refused of them. Read from
// options, and said in lines.
import type { Command } from "commander";
import { z } from "zod";
import { signing } from "../../../src/content/releases/product-record.ts";
import { type SizeBounds, sizeBounds, USUAL_SIZE_BOUNDS } from "../../../src/content/releases/size-bounds.ts";
import { entitled } from "../../../src/entitlement/entitled.ts";
import { teamName } from "../../../src/entitlement/keys/credential-record.ts";
import { type ClassApprovals, classApprovals } from "../../../src/rollout/class-approvals.ts";
import { type HealthLimits, healthLimits, METRIC_NAMES } from "../../../src/rollout/health.ts";
import { parseMoment } from "../../command-line/moment.ts";
import { UsageError } from "../../errors.ts";
import { PLAN_HELP, readPlan } from "../../rollout/plan-option.ts";
import { formatBytes } from "../../terminal/output.ts";

export const settingsShape = {
	plan: z.string().optional(),
	betaPlan: z.string().optional(),
	team: z.union([z.literal("none"), teamName]).optional(),
	twoPeople: z.enum(["on", "off"]).optional(),
	sizeBounds: z.string().optional(),
	signing: signing.optional(),
	healthLimits: z.string().optional(),
	entitled: entitled.optional(),
	classApprovals: z.string().optional(),
};
export const changeShape = { ...settingsShape, freezes: z.string().optional() };
type SettingsOptions = z.infer<z.ZodObject<typeof settingsShape>>;

export function addSettingsOptions(command: Command): Command {
	return command
		.option("--plan <plan>", `how its next releases reach the fleet: ${PLAN_HELP} (a new product: standard)`)
		.option("--beta-plan <plan>", "the same of releases on beta; same = by --plan (a new product)")
		.option("--team <team>", "whose word its rollouts need; none = anyone's who may release")
		.option(
			"--two-people <word>",
			"on: the word of who uploaded a release counts for nothing, and what is urgent or quick needs two others; off (a new product)",
		)
		.option(
			"--signing <word>",
			"required: nothing is offered that its publisher has not signed; optional (a new product)",
		)
		.option(
			"--size-bounds <range>",
			"refuse what is not 0.5..2 times as large as the current release, of packages above 100 kB; 0.5..2,5000000 = above so many bytes; none = take any",
		)
		.option(
			"--class-approvals <words>",
			"words of persons that a release's first step needs at least by its classes: behaviour:2; none = as many as its plan says",
		)
		.option(
			"--entitled <word>",
			"who may have it: registered = every registered firewall, with or without a license for it; licensed (a new product)",
		)
		.option(
			"--health-limits <limits>",
			'what may change of a firewall\'s health with a release, as "cpu:+20 drops:x2,+100 sessions:x0.5"; beyond it counts as failed; none = anything may',
		);
}

export function addFreezesOption(command: Command): Command {
	return command.option(
		"--freezes <spans>",
		"when no step of a rollout begins: 2026-12-20..2027-01-04, comma-separated, in UTC; with +emergency where emergency releases go on; none = never",
	);
}

/** @returns as the body of a request has them; undefined = not given. @throws UsageError where one is none, or has ended already */
export function readFreezes(text: string | undefined, nowMs: number) {
	if (text === undefined) return undefined;
	if (text === "none") return [];
	return text.split(",").map((span) => {
		const [, from, until, passes] = /^([^.]+)\.\.([^+]+)(\+emergency)?$/.exec(span.trim()) ?? [];
		const [begin, end] = [from, until].map((time) => parseMoment(time ?? "", nowMs));
		if (begin === undefined || end === undefined || Date.parse(begin) >= Date.parse(end))
			throw new UsageError(
				`--freezes ${span} is no span`,
				"give it as 2026-12-20..2027-01-04: dates that there are, or RFC 3339 times, the end after the begin",
			);
		if (Date.parse(end) <= nowMs)
			throw new UsageError(`--freezes ${span} has ended already`, "leave it out: it holds nothing up");
		return { from: begin, until: end, reason: "", emergencies: passes !== undefined };
	});
}

/** @returns the same as the body of a request; what was not given is undefined. @throws UsageError, CliError for a bad plan */
export async function readSettings({ plan, betaPlan, team, sizeBounds: bounds, ...more }: SettingsOptions) {
	const { healthLimits: limits, signing, twoPeople, entitled, classApprovals: byClass } = more;
	const beta = betaPlan === undefined || betaPlan === "same" ? null : await readPlan(betaPlan);
	return {
		plan: plan === undefined ? undefined : await readPlan(plan),
		beta_plan: betaPlan === undefined ? undefined : beta,
		team: team === "none" ? null : team,
		two_people: twoPeople === undefined ? undefined : twoPeople === "on",
		size_bounds: bounds === undefined ? undefined : readSizeBounds(bounds),
		signing,
		entitled,
		class_approvals: byClass === undefined ? undefined : readClassApprovals(byClass),
		health_limits: limits === undefined ? undefined : readHealthLimits(limits),
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

/** "behaviour:2,threat:0" */
function readClassApprovals(text: string): ClassApprovals | null {
	if (text === "none") return null;
	const entries = text.split(",").map((one): [string, number] => {
		const [, name = "", count] = /^ ?([a-z]+):(\d{1,2})$/.exec(one) ?? [];
		return [name, Number(count)];
	});
	const read = classApprovals.safeParse(Object.fromEntries(entries));
	if (read.success && Object.keys(read.data).length === entries.length) return read.data;
	throw new UsageError(
		`--class-approvals ${text} says no words by class`,
		"give it as behaviour:2 or threat:1,behaviour:2, or none",
	);
}

/** "cpu:+20 drops:x2,+100 sessions:x0.5" */
function readHealthLimits(text: string): HealthLimits | null {
	if (text === "none") return null;
	const fault = new UsageError(
		`--health-limits ${text} are no limits`,
		`give them as "cpu:+20 drops:x2,+100 sessions:x0.5"; metrics: ${METRIC_NAMES.join(", ")}`,
	);
	const entries = text
		.trim()
		.split(/\s+/)
		.map((one): [string, object] => {
			const [, metric = "", bounds = ""] = /^([a-z_]+):(.+)$/.exec(one) ?? [];
			return [metric, Object.fromEntries(bounds.split(",").map((bound) => [kindOf(bound), Number(bound.slice(1))]))];
		});
	const read = healthLimits.safeParse(Object.fromEntries(entries));
	if (read.success && Object.keys(read.data).length === entries.length) return read.data;
	throw fault;
}

function kindOf(bound: string): string {
	if (bound.startsWith("+")) return "plus";
	if (bound.startsWith("-")) return "minus";
	return bound.startsWith("x") ? (Number(bound.slice(1)) < 1 ? "down_to" : "times") : "";
}

function describeLimits(limits: HealthLimits): string {
	const said = METRIC_NAMES.flatMap((metric) => {
		const one = limits[metric];
		if (one === undefined) return [];
		const bounds = [
			["x", one.times],
			["+", one.plus],
			["x", one.down_to],
			["-", one.minus],
		] as const;
		return [
			`${metric}:${bounds.flatMap(([sign, value]) => (value === undefined ? [] : [`${sign}${value}`])).join(",")}`,
		];
	});
	return `a firewall whose health changes by more counts as failed: ${said.join(" ")}`;
}

const settings = z.looseObject({
	plan: z.looseObject({ name: z.string(), steps: z.array(z.looseObject({ name: z.string() })) }),
	beta_plan: z.looseObject({ name: z.string() }).nullish(),
	team: z.string().nullable(),
	two_people: z.boolean().nullish(),
	size_bounds: sizeBounds.nullish(),
	health_limits: healthLimits.nullish(),
	signing: signing.nullish(),
	entitled: entitled.nullish(),
	class_approvals: classApprovals.nullish(),
	unsigned_releases: z.number().nullish(),
	freezes: z.array(z.object({ from: z.string(), until: z.string(), emergencies: z.boolean() })).default([]),
});

/** @returns in lines how its releases reach the fleet, and what is refused; none where the answer does not say */
export function describeSettings(answer: unknown): string[] {
	const read = settings.safeParse(answer);
	if (!read.success) return [];
	const { plan, beta_plan: beta, team, size_bounds: bounds, health_limits: limits, freezes } = read.data;
	const { signing: mode, unsigned_releases: unsigned } = read.data;
	const onBeta = beta == null ? [] : [`those on beta go by plan ${beta.name}`];
	const whose = team === null ? "" : `, with the word of team ${team}`;
	const two = read.data.two_people === true;
	const way =
		plan.name === "immediate" && !two
			? "each release reaches everybody at once, without a gate (plan immediate)"
			: `releases go by plan ${plan.name}: ${plan.steps.map(({ name }) => name).join(" → ")}${whose}`;
	return [
		way,
		...onBeta,
		...(two ? [TWO_PEOPLE] : []),
		...(bounds == null ? ["a release may have any size"] : [describeBounds(bounds)]),
		...(limits == null ? [] : [describeLimits(limits)]),
		...(mode == null ? [] : [describeSigning(mode, unsigned ?? 0)]),
		...describeClassApprovals(read.data.class_approvals ?? {}),
		...(read.data.entitled === "registered" ? [FOR_EVERYBODY] : []),
		...freezes.map(
			({ from, until, emergencies }) =>
				`no step begins from ${from} until ${until}${emergencies ? ", but of emergencies" : ""}`,
		),
	];
}

function describeClassApprovals(asked: ClassApprovals): string[] {
	return Object.entries(asked).map(
		([name, count]) => `a release that is ${name} needs the words of ${count} persons at least`,
	);
}

const FOR_EVERYBODY = "every registered firewall may have it, with or without a license for it (entitled registered)";

const TWO_PEOPLE =
	"each release needs somebody else than its uploader, an emergency or one by a quick plan two of them (two-people on)";

function describeSigning(mode: z.infer<typeof signing>, unsigned: number): string {
	if (mode === "optional") return "releases need no signature (signing optional)";
	const count = `${unsigned} of its releases ${unsigned === 1 ? "has" : "have"} none, and nobody is offered ${unsigned === 1 ? "it" : "them"}`;
	return `each release needs a signature (signing required)${unsigned === 0 ? "" : `: ${count}`}`;
}

function describeBounds({ grow, shrink, above }: SizeBounds): string {
	return `a release of more than ${formatBytes(above)} has ${shrink} to ${grow} times the size of the current one`;
}
