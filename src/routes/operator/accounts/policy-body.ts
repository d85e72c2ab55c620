// What a customer says of the updates of the own devices, on the wire.
import { z } from "@hono/zod-openapi";
import { type ByClass, impact } from "../../../content/releases/release-facts.ts";
import {
	MAX_AGE_DAYS,
	MAX_RULES,
	type PolicyRule,
	pinRules,
	policyRules,
	ruleTarget,
	windowRules,
} from "../../../entitlement/policy/account-policy.ts";
import { passing } from "../../../entitlement/policy/device-policy.ts";
import type { AccountPolicy } from "../../../objects/account/policy/policy-tables.ts";
import { invalidRequest, timestamp, toSeconds, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";

const HOUR = 3_600;

const hours = z
	.number()
	.min(0)
	.max(MAX_AGE_DAYS * 24);

const freeze = z.strictObject({ from: timestamp, until: timestamp, reason: z.string().max(200) }).openapi("Freeze");

const ruleBody = z
	.strictObject({
		for: ruleTarget.optional().meta({
			description: "One device, or those with each of these labels; left out = every device",
		}),
		time_zone: z
			.string()
			.max(48)
			.optional()
			.openapi({ description: "IANA name. Left out everywhere: the device's label `tz`, else UTC" }),
		windows: windowRules.nullable().optional().meta({
			description: "In a week, by the clock on the wall: only in these something is installed; null = at any time",
		}),
		freezes: z.array(freeze).optional().openapi({ description: "Nothing is installed from then until then" }),
		passes: z.array(passing).max(2).optional().openapi({
			description:
				"What is installed outside windows and in freezes all the same: emergency releases (which then need no minimum age either), and what takes the place of a withdrawn release",
		}),
		min_age_hours: hours
			.optional()
			.openapi({ description: "How old a release must be; of this and the license's delay the longer one counts" }),
		min_age_hours_by_class: z
			.strictObject({ threat: hours.optional(), behaviour: hours.optional() })
			.optional()
			.openapi({
				description:
					"The same of releases of a class: the longest age of the classes that a release names counts, of one that names none that of all",
				example: { behaviour: 24 },
			}),
		pins: pinRules
			.optional()
			.meta({ description: "By product: the one version that is offered; null = none is pinned" }),
		window_from: impact.nullable().optional().meta({
			description:
				"What interrupts less than that does not wait for a window: with `restart` a `reload` comes at any time. What a release does not say counts as a reboot; null = everything waits",
			example: "restart",
		}),
		hold: z.boolean().optional().openapi({ description: "Whether the device stays with what it has" }),
	})
	.openapi("PolicyRule");

export const policyBody = z
	.object({
		version: z.int().openapi({ description: "Rises with each change; 0 = nothing was ever said" }),
		changed_at: timestamp.nullable(),
		rules: z.array(ruleBody),
	})
	.openapi("Policy");
export const settledPolicyBody = policyBody
	.extend({
		published: z.boolean(),
		changed: z.boolean().openapi({ description: "`false`: it had been so before" }),
	})
	.openapi("ChangedPolicy");
export const newPolicy = z
	.strictObject({
		rules: z.array(ruleBody).max(MAX_RULES).openapi({
			description: "All of them: of several that say the same of a device the last one counts, and freezes add up",
		}),
		replaces: z.int().min(0).optional().openapi({
			description:
				"`version` that these rules are made from: refused if it is another by now. Left out = whichever it is",
		}),
	})
	.openapi("NewPolicy");

const WIRE_NAMES: Readonly<Record<string, string>> = {
	zone: "time_zone",
	minAge: "min_age_hours",
	minAges: "min_age_hours_by_class",
	windowFrom: "window_from",
};

/** @returns the same classes, each with what comes of its number */
export function mapAges({ threat, behaviour }: ByClass, change: (one: number) => number) {
	return {
		...(threat !== undefined && { threat: change(threat) }),
		...(behaviour !== undefined && { behaviour: change(behaviour) }),
	};
}

/** @throws ProblemError `invalid_request` for what can never be met */
export function readRules(rules: z.infer<typeof newPolicy>["rules"]): PolicyRule[] {
	const read = policyRules.safeParse(
		rules.map(
			({
				time_zone: zone,
				min_age_hours: hours,
				min_age_hours_by_class: ages,
				window_from: windowFrom,
				freezes,
				...rest
			}) => ({
				...rest,
				...(zone === undefined ? {} : { zone }),
				...(windowFrom === undefined ? {} : { windowFrom }),
				...(hours === undefined ? {} : { minAge: Math.round(hours * HOUR) }),
				...(ages === undefined ? {} : { minAges: mapAges(ages, (one) => Math.round(one * HOUR)) }),
				...(freezes === undefined
					? {}
					: {
							freezes: freezes.map(({ from, until, reason }) => ({
								from: toSeconds(from),
								until: toSeconds(until),
								reason,
							})),
						}),
			}),
		),
	);
	if (read.success) return read.data;
	throw invalidRequest({
		issues: read.error.issues.map(({ path, message }) => ({
			path: ["rules", ...path.map((part) => WIRE_NAMES[String(part)] ?? part)],
			message,
		})),
	});
}

export function describePolicy({ version, changedAt, rules }: AccountPolicy): z.infer<typeof policyBody> {
	return { version, changed_at: toTimestampOrNull(changedAt), rules: rules.map(describeRule) };
}

function describeRule({ zone, minAge, minAges, windowFrom, freezes, ...rest }: PolicyRule): z.infer<typeof ruleBody> {
	return {
		...rest,
		...(zone === undefined ? {} : { time_zone: zone }),
		...(windowFrom === undefined ? {} : { window_from: windowFrom }),
		...(minAge === undefined ? {} : { min_age_hours: minAge / HOUR }),
		...(minAges === undefined ? {} : { min_age_hours_by_class: mapAges(minAges, (one) => one / HOUR) }),
		...(freezes === undefined
			? {}
			: {
					freezes: freezes.map(({ from, until, reason }) => ({
						from: toTimestamp(from),
						until: toTimestamp(until),
						reason,
					})),
				}),
	};
}
