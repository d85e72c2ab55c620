// The rules of a customer's policy as a command line changes and shows them: each command says one thing of everybody, of devices
// with a label or of one device.
import { z } from "zod";

export const ruleAnswer = z.looseObject({
	for: z.union([z.object({ device: z.string() }), z.object({ labels: z.record(z.string(), z.string()) })]).optional(),
	time_zone: z.string().optional(),
	windows: z
		.array(z.object({ days: z.array(z.string()).optional(), from: z.string(), until: z.string() }))
		.nullable()
		.optional(),
	freezes: z.array(z.object({ from: z.string(), until: z.string(), reason: z.string() })).optional(),
	passes: z.array(z.string()).optional(),
	min_age_hours: z.number().optional(),
	min_age_hours_by_class: z.record(z.string(), z.number()).optional(),
	window_from: z.string().nullable().optional(),
	pins: z
		.record(z.string(), z.object({ version: z.string(), downgrade: z.boolean().optional() }).nullable())
		.optional(),
	hold: z.boolean().optional(),
});
export type Rule = z.infer<typeof ruleAnswer>;
export type Target = Rule["for"];

export type RuleChange = (rule: Rule, others: readonly Rule[]) => Rule;

export const policyAnswer = z.looseObject({ version: z.number(), rules: z.array(ruleAnswer) });

/**
 * Changes what is said of a target, in its last rule or in a new one. A new one stands behind those that are about more devices: the
 * last rule that says something counts. A rule that says nothing any more goes.
 * @param change gets the other rules too: what none of them says needs no word against it
 */
export function changeRule(rules: readonly Rule[], target: Target, change: RuleChange): Rule[] {
	const at = rules.findLastIndex((rule) => isSameTarget(rule.for, target));
	const before = rules[at] ?? (target === undefined ? {} : { for: target });
	const after = change(before, at < 0 ? rules : rules.toSpliced(at, 1));
	const left = saysNothing(after) ? [] : [after];
	if (at >= 0) return rules.toSpliced(at, 1, ...left);
	const next = rules.findIndex((rule) => narrowness(rule.for) > narrowness(target));
	return rules.toSpliced(next < 0 ? rules.length : next, 0, ...left);
}

/** @returns the rule without what is undefined in it, and without pins where none is left */
export function withChange(rule: Rule, change: Partial<Rule>): Rule {
	const entries = Object.entries({ ...rule, ...change }).filter(([, value]) => value !== undefined);
	return Object.fromEntries(entries);
}

function saysNothing({ for: _, ...said }: Rule): boolean {
	return Object.keys(said).length === 0;
}

function narrowness(target: Target): number {
	if (target === undefined) return 0;
	return "device" in target ? 2 : 1;
}

function isSameTarget(one: Target, other: Target): boolean {
	if (one === undefined || other === undefined) return one === other;
	if ("device" in one || "device" in other) return "device" in one && "device" in other && one.device === other.device;
	const [a, b] = [Object.entries(one.labels), Object.entries(other.labels)];
	return a.length === b.length && a.every(([key, value]) => other.labels[key] === value);
}

/** Such as `sat,sun 22:00-04:00`, or `22:00-04:00` for every day; several are separated by semicolons. */
export const windowsAsTyped = z.string().transform((text, context) => {
	const windows = text.split(";").map((part) => {
		const match = /^(?:([a-z]{3}(?:,[a-z]{3})*)\s+)?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(part.trim());
		if (match === null) {
			context.addIssue({
				code: "custom",
				message: 'a window is written "sat,sun 22:00-04:00", or "22:00-04:00" for every day; --any-time ends them',
			});
			return z.NEVER;
		}
		const [, days, from = "", until = ""] = match;
		return { ...(days === undefined ? {} : { days: days.split(",") }), from, until };
	});
	return windows;
});

/** @returns a line for each thing that a rule says */
export function describeRules(rules: readonly Rule[]): string[] {
	if (rules.length === 0) return ["the customer says nothing: releases come as the vendor rolls them out"];
	return rules.flatMap((rule) => [`${describeTarget(rule.for)}:`, ...describeRule(rule).map((line) => `  ${line}`)]);
}

export function describeTarget(target: Target): string {
	if (target === undefined) return "every device";
	if ("device" in target) return target.device;
	return `devices with ${Object.entries(target.labels)
		.map(([key, value]) => `${key}=${value}`)
		.join(", ")}`;
}

function describeRule(rule: Rule) {
	const { time_zone: zone, windows, freezes = [], passes, min_age_hours: age, pins = {}, hold } = rule;
	const { window_from: from, min_age_hours_by_class: ages = {} } = rule;
	return [
		...(zone === undefined ? [] : [`time zone ${zone}`]),
		...(windows === null
			? ["at any time"]
			: (windows ?? []).map(({ days, from, until }) => `window ${days?.join(",") ?? "every day"} ${from}-${until}`)),
		...freezes.map(
			({ from, until, reason }) => `frozen from ${from} until ${until}${reason === "" ? "" : `: ${reason}`}`,
		),
		...(passes === undefined
			? []
			: [
					passes.length === 0
						? "nothing passes windows and freezes"
						: `passes windows and freezes: ${passes.join(", ")}`,
				]),
		...(from === undefined
			? []
			: [
					from === null
						? "everything waits for a window"
						: `a ${from} waits for a window, and what interrupts more; less does not`,
				]),
		...(age === undefined ? [] : [`releases are ${age} h old at least`]),
		...Object.entries(ages).map(([name, hours]) => `releases that are ${name} are ${hours} h old at least`),
		...Object.entries(pins).map(([product, pin]) =>
			pin === null
				? `${product} is not pinned`
				: `${product} is pinned to ${pin.version}${pin.downgrade === true ? ", in the place of newer ones too" : ""}`,
		),
		...(hold === undefined ? [] : [hold ? "stays with what it has" : "is not held"]),
	];
}
