// `parapet policy …`: when a customer's devices install releases, and which. The rules live on the server.
import type { Command } from "commander";
import { z } from "zod";
import { impact, releaseClass } from "../../../src/content/releases/release-facts.ts";
import { productName, versionName } from "../../../src/names.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { accountId, deviceId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { type OperatorContext, runAsOperator } from "../../command-line/run-as.ts";
import { collect, comingMoment, commaList, moment, pairs } from "../../command-line/values.ts";
import { UsageError } from "../../errors.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { notesOnPins } from "./pin-notes.ts";
import {
	changeRule,
	describeRules,
	describeTarget,
	policyAnswer,
	type Rule,
	type RuleChange,
	type Target,
	windowsAsTyped,
	withChange,
} from "./rules.ts";
import { inTermsOfFile, readRulesFile } from "./rules-file.ts";

const targetShape = { device: deviceId.optional(), label: pairs.optional() };
type Targeted = { device?: string | undefined; label?: Record<string, string> | undefined };
type Context = OperatorContext<Targeted>;

export function definePolicy(policy: Command, surroundings: Surroundings): void {
	const show = policy.command("show <account>").description("what a customer says of updates");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const found = await api.call("GET", pathOf(account), "could not read the policy", policyAnswer);
		output.answer(found, describeRules(found.rules));
	});
	const replace = policy
		.command("replace <account> <file>")
		.description("say it all anew: a JSON file with the rules, as `show --json` prints them");
	runAsOperator(replace, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const file = readRulesFile(readOperand(operands, 1, "file", z.string()));
		const body = { rules: file.rules };
		const done = await api
			.call("PUT", pathOf(account), "could not change the policy", policyAnswer, body)
			.catch((error: unknown) => Promise.reject(inTermsOfFile(error, file)));
		output.answer(done, describeRules(done.rules));
		for (const note of await notesOnPins(
			api,
			done.rules.map(({ pins }) => pins),
		))
			output.note(note);
	});

	const window = targeted(policy.command("window <account> [windows]"))
		.description('install only in these: "sat,sun 22:00-04:00; wed 02:00-03:00", by the clock on the wall')
		.option("--any-time", "no windows for these devices")
		.option(
			"--from-impact <word>",
			"what interrupts less than this comes at any time: reload, restart, reboot, or none = everything waits",
		)
		.option("--time-zone <name>", "IANA name, such as Europe/Zurich; default: the device's label tz, else UTC");
	const windowShape = {
		...targetShape,
		...{ anyTime: z.boolean().optional(), timeZone: z.string().optional(), fromImpact: impact.optional() },
	};
	runAsOperator(window, surroundings, windowShape, async (context) => {
		const { anyTime, timeZone, fromImpact } = context.options;
		const typed = context.operands[1];
		if ((typed === undefined) === (anyTime !== true))
			throw new UsageError('give windows, such as "sat 22:00-04:00", or --any-time');
		const windows = typed === undefined ? null : readOperand(context.operands, 1, "windows", windowsAsTyped);
		await say(context, (rule) =>
			withChange(rule, {
				windows,
				time_zone: timeZone ?? rule.time_zone,
				...(fromImpact !== undefined && { window_from: fromImpact === "none" ? null : fromImpact }),
			}),
		);
	});

	const freeze = targeted(policy.command("freeze <account>"))
		.description("install nothing for a time")
		.option("--from <when>", "default: now")
		.option("--until <when>", "a date, or a span such as 3d")
		.option("--reason <text>", "kept beside it")
		.option("--end <from>", "end the one that begins then, as `policy show` says")
		.option("--clear", "end each freeze of these devices");
	const freezeShape = {
		...targetShape,
		...{
			from: moment(surroundings).optional(),
			until: comingMoment(surroundings, "a freeze that has ended holds nothing up").optional(),
		},
		...{ reason: z.string().max(200).default(""), clear: z.boolean().optional(), end: moment(surroundings).optional() },
	};
	runAsOperator(freeze, surroundings, freezeShape, async (context) => {
		const { from, until, reason, clear, end } = context.options;
		if ([until !== undefined, clear === true, end !== undefined].filter(Boolean).length !== 1)
			throw new UsageError("give --until, --end or --clear, one of them");
		if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until))
			throw new UsageError("a freeze ends after it begins: --until is not after --from");
		const now = formatTimestamp(Math.floor(surroundings.nowMs() / 1_000));
		await say(context, ({ freezes = [], ...rule }) => {
			const added = until === undefined ? [] : [{ from: from ?? now, until, reason }];
			const left = freezes.filter(
				(one) => clear !== true && !isAt(one.from, end) && !added.some((own) => isWithin(one, own)),
			);
			if (end !== undefined && left.length === freezes.length)
				throw new UsageError(`no freeze of these devices begins at ${end}`, "`parapet policy show` lists them");
			const all = [...left, ...added.filter((own) => !left.some((one) => isWithin(own, one)))];
			return withChange(rule, { freezes: all.length === 0 ? undefined : all });
		});
	});

	const pass = targeted(policy.command("pass <account> [what]")).description(
		"what comes outside windows and in freezes too: emergency, revert, both with a comma, or none",
	);
	runAsOperator(pass, surroundings, targetShape, async (context) => {
		const passes = readOperand([context.operands[1] ?? ""], 0, "what", commaList);
		await say(context, (rule) => withChange(rule, { passes: passes.filter((one) => one !== "none") }));
	});

	const minAge = targeted(policy.command("min-age <account> <hours>")).description(
		"let no release in that is younger; of this and the license's delay the longer one counts",
	);
	minAge.option("--class <class>", "of releases that are threat or behaviour (default: of every release)");
	runAsOperator(minAge, surroundings, { ...targetShape, class: releaseClass.optional() }, async (context) => {
		const hours = readOperand(context.operands, 1, "hours", z.coerce.number("a number of hours is expected").min(0));
		const ofClass = context.options.class;
		if (ofClass !== undefined) {
			await say(context, (rule, others) => {
				const { [ofClass]: _, ...ages } = rule.min_age_hours_by_class ?? {};
				const isAsked = hours > 0 || others.some((one) => (one.min_age_hours_by_class?.[ofClass] ?? 0) > 0);
				const left = isAsked ? { ...ages, [ofClass]: hours } : ages;
				return withChange(rule, { min_age_hours_by_class: Object.keys(left).length === 0 ? undefined : left });
			});
			return;
		}
		// 0 is said only against another rule that may be about these devices too.
		const isSaid = (others: readonly Rule[]) => hours > 0 || others.some((one) => (one.min_age_hours ?? 0) > 0);
		const isForAll = targetOf(context) === undefined;
		await say(context, (rule, others) =>
			withChange(rule, { min_age_hours: (isForAll ? hours > 0 : isSaid(others)) ? hours : undefined }),
		);
	});

	const pin = targeted(policy.command("pin <account> <product> <version>"))
		.description("offer this one version alone, as soon as the vendor's rollout lets it in")
		.option("--downgrade", "in the place of a newer release too");
	runAsOperator(pin, surroundings, { ...targetShape, downgrade: z.boolean().optional() }, async (context) => {
		const product = readOperand(context.operands, 1, "product", productName);
		const version = readOperand(context.operands, 2, "version", versionName);
		const downgrade = context.options.downgrade === true ? { downgrade: true } : {};
		const pin = { [product]: { version, ...downgrade } };
		await say(context, (rule) => withChange(rule, { pins: { ...rule.pins, ...pin } }));
		for (const note of await notesOnPins(context.api, [pin])) context.output.note(note);
	});
	const unpin = targeted(policy.command("unpin <account> <product>")).description("offer the newest again");
	runAsOperator(unpin, surroundings, targetShape, async (context) => {
		const product = readOperand(context.operands, 1, "product", productName);
		await say(context, ({ pins = {}, ...rule }) => {
			const { [product]: _, ...left } = pins;
			return withChange(rule, { pins: Object.keys(left).length === 0 ? undefined : left });
		});
	});

	const hold = targeted(policy.command("hold <account>")).description("have devices stay with what they have");
	runAsOperator(hold, surroundings, targetShape, (context) => say(context, (rule) => withChange(rule, { hold: true })));
	const unhold = targeted(policy.command("unhold <account>")).description("end a hold");
	// Where another rule holds devices, these are let go by name: it may be about them too.
	runAsOperator(unhold, surroundings, targetShape, (context) => {
		const isForAll = targetOf(context) === undefined;
		return say(context, (rule, others) =>
			withChange(rule, { hold: !isForAll && others.some(({ hold: isHeld }) => isHeld) ? false : undefined }),
		);
	});
}

type Freeze = NonNullable<Rule["freezes"]>[number];

function isAt(time: string, other: string | undefined): boolean {
	return other !== undefined && Date.parse(time) === Date.parse(other);
}

/** Whether a freeze adds nothing to another one. */
function isWithin(one: Freeze, other: Freeze): boolean {
	return Date.parse(one.from) >= Date.parse(other.from) && Date.parse(one.until) <= Date.parse(other.until);
}

function targeted(command: Command): Command {
	return command
		.option("--device <device>", "of this one device")
		.option(
			"--label <key=value>",
			"of devices with these labels, comma-separated or repeated (default: of every device)",
			collect,
		);
}

/** Reads the rules, changes what is said of the target, and writes them, unless somebody else has meanwhile. */
async function say(context: Context, change: RuleChange): Promise<void> {
	const { api, operands, output } = context;
	const account = readOperand(operands, 0, "account", accountId);
	const target = targetOf(context);
	const what = "could not change the policy";
	const known = await api.call("GET", pathOf(account), what, policyAnswer);
	const rules = changeRule(known.rules, target, change);
	const done = await api.call("PUT", pathOf(account), what, policyAnswer, { rules, replaces: known.version });
	output.note(`of ${describeTarget(target)}:`);
	output.answer(done, describeRules(done.rules));
}

function targetOf({ options: { device, label } }: Context): Target {
	if (device !== undefined && label !== undefined) throw new UsageError("give --device or --label, not both");
	if (device !== undefined) return { device };
	return label === undefined ? undefined : { labels: label };
}

function pathOf(account: string): string {
	return `/v1/accounts/${account}/policy`;
}
