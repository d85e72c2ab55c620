// What a customer says of the updates of all devices: rules, each for every device, for those with a label or for one. Of several rules
// that say the same thing of a device the last one counts; freezes add up. What can never be met is refused.
import { z } from "zod";
import { type Impact, impact } from "../../content/releases/release-facts.ts";
import { type Labels, labels, productName, versionName } from "../../names.ts";
import { placeInFleet } from "../../place-in-fleet.ts";
import { hasDeviceIdForm } from "../ids.ts";
import { MAX_PRODUCTS } from "../licenses/license.ts";
import { type DevicePolicy, type Passing, passing, spreadFreeze, spreadWindow } from "./device-policy.ts";
import { timeZoneNamed, type WeeklyWindow } from "./weekly-windows.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const HOUR = 3_600;
const DAY = 24 * HOUR;
export const MAX_RULES = 100;
/** A window on each of seven days counts as seven. */
const MAX_WINDOWS = 14;
/** Of all rules. */
const MAX_FREEZES = 20;
/** A shorter one gives no device the time to install anything. */
const LEAST_WINDOW_SECONDS = 900;
const MAX_FREEZE_SECONDS = 366 * DAY;
export const MAX_AGE_DAYS = 90;
/** The label by which a device says in which time zone it stands. */
export const TIME_ZONE_LABEL = "tz";

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day is HH:MM, 00:00 to 23:59");
const windowRule = z
	.strictObject({
		/** on which it begins; left out = every day */
		days: z.array(z.enum(DAYS)).min(1).max(7).optional(),
		from: clock,
		/** not after `from`: on the next day */
		until: clock,
	})
	.refine(({ from, until }) => lengthOf(from, until) >= LEAST_WINDOW_SECONDS, {
		path: ["until"],
		message: "a window is open for 15 minutes at least",
	});

/** Unix seconds. */
const freezeRule = z
	.strictObject({
		from: z.int().nonnegative(),
		until: z.int().positive(),
		reason: z.string().max(200),
	})
	.refine(({ from, until }) => from < until && until - from <= MAX_FREEZE_SECONDS, {
		path: ["until"],
		message: "a freeze ends after it begins, and within a year: what is to stay for good is held",
	});

export const windowRules = z
	.array(windowRule)
	.min(1)
	.max(MAX_WINDOWS)
	.refine((windows) => windows.flatMap(weekly).length <= MAX_WINDOWS, `at most ${MAX_WINDOWS} windows in a week`);

const pinRule = z.strictObject({ version: versionName, downgrade: z.boolean().optional() });
/** null = not pinned */
export const pinRules = z
	.record(productName, pinRule.nullable())
	.refine((pins) => Object.keys(pins).length <= MAX_PRODUCTS, `at most ${MAX_PRODUCTS} products`);

export const ruleTarget = z.union([
	z.strictObject({ device: z.string().refine(hasDeviceIdForm, "a device looks like dev-…-…") }),
	z.strictObject({ labels: labels.refine((given) => Object.keys(given).length > 0, "one label at least") }),
]);

const age = z
	.int()
	.min(0)
	.max(MAX_AGE_DAYS * DAY);

const rule = z.strictObject({
	/** left out = every device */
	for: ruleTarget.optional(),
	zone: z
		.string()
		.refine((name) => timeZoneNamed(name) !== null, "a time zone has its IANA name, such as Europe/Zurich")
		.optional(),
	/** null = at any time */
	windows: windowRules.nullable().optional(),
	freezes: z.array(freezeRule).max(MAX_FREEZES).optional(),
	passes: z.array(passing).max(2).optional(),
	/** seconds */
	minAge: age.optional(),
	pins: pinRules.optional(),
	hold: z.boolean().optional(),
	/** seconds, by class of release; of this and `minAge` the longer one counts */
	minAges: z.strictObject({ threat: age.optional(), behaviour: age.optional() }).optional(),
	/** null = everything waits for a window */
	windowFrom: impact.nullable().optional(),
});
export type PolicyRule = z.infer<typeof rule>;

export const policyRules = z
	.array(rule)
	.max(MAX_RULES)
	.refine((rules) => rules.flatMap((one) => one.freezes ?? []).length <= MAX_FREEZES, `at most ${MAX_FREEZES} freezes`);

function lengthOf(from: string, until: string): number {
	const length = secondsOf(until) - secondsOf(from);
	return length > 0 ? length : length + DAY;
}

function secondsOf(text: string): number {
	return Number(text.slice(0, 2)) * HOUR + Number(text.slice(3)) * 60;
}

function weekly({ days = [...DAYS], from, until }: z.infer<typeof windowRule>): WeeklyWindow[] {
	return days.map((day) => ({ start: DAYS.indexOf(day) * DAY + secondsOf(from), length: lengthOf(from, until) }));
}

/** @returns whether the rule is about the device */
export function isAbout({ for: whom }: PolicyRule, device: { readonly id: string; readonly labels: Labels }): boolean {
	if (whom === undefined) return true;
	if ("device" in whom) return whom.device === device.id;
	return Object.entries(whom.labels).every(([key, value]) => device.labels[key] === value);
}

/** @returns what the rules come to for one device, its windows at its own place in the fleet; null = nothing */
export function resolvePolicy(
	rules: readonly PolicyRule[],
	device: { readonly id: string; readonly labels: Labels },
): DevicePolicy | null {
	const ownZone = device.labels[TIME_ZONE_LABEL];
	if (rules.length === 0 && ownZone === undefined) return null;
	let zone: string | null = null;
	let windows: WeeklyWindow[] | null = null;
	let passes: readonly Passing[] = [];
	let minAge = 0;
	let ages: NonNullable<PolicyRule["minAges"]> = {};
	let held = false;
	let windowFrom: Impact | null = null;
	const pins: DevicePolicy["pins"] = {};
	const freezes: DevicePolicy["freezes"][number][] = [];
	for (const one of rules) {
		if (!isAbout(one, device)) continue;
		if (one.zone !== undefined) zone = timeZoneNamed(one.zone);
		if (one.windows !== undefined) windows = one.windows?.flatMap(weekly) ?? null;
		passes = one.passes ?? passes;
		minAge = one.minAge ?? minAge;
		ages = { ...ages, ...one.minAges };
		held = one.hold ?? held;
		if (one.windowFrom !== undefined) windowFrom = one.windowFrom;
		for (const [product, pin] of Object.entries(one.pins ?? {})) {
			if (pin === null) delete pins[product];
			else pins[product] = { version: pin.version, downgrade: pin.downgrade ?? false };
		}
		for (const { from, until } of one.freezes ?? []) freezes.push({ from, until });
	}
	if (zone === null && ownZone !== undefined) zone = timeZoneNamed(ownZone);
	const minAges = Object.fromEntries(Object.entries(ages).filter(([, seconds]) => seconds > minAge));
	const hasAges = Object.keys(minAges).length > 0;
	const saysNothing =
		zone === null &&
		windows === null &&
		freezes.length === 0 &&
		minAge === 0 &&
		!hasAges &&
		!held &&
		Object.keys(pins).length === 0;
	if (saysNothing) return null;
	const place = placeInFleet(device.id);
	return {
		zone,
		windows: windows === null ? null : windows.map((one) => spreadWindow(one, place)),
		freezes: freezes.map((one) => spreadFreeze(one, place)),
		passes: [...passes],
		minAge,
		pins,
		held,
		// Without windows there is nothing to wait for.
		...(windowFrom !== null && windows !== null && { windowFrom }),
		...(hasAges && { minAges }),
	};
}

/** @returns the delays that the customer's minimum age comes to, in seconds */
export function agesOf(policy: DevicePolicy | null): { readonly delay: number; readonly emergencyDelay: number } {
	const delay = policy?.minAge ?? 0;
	return { delay, emergencyDelay: policy?.passes.includes("emergency") ? 0 : delay };
}

/** @returns the grants with the customer's minimum age in them: of two delays the longer one counts */
export function withMinAge<G extends { readonly delay: number; readonly emergencyDelay: number }>(
	grants: Readonly<Record<string, G>>,
	policy: DevicePolicy | null,
): Record<string, G> {
	if (policy === null || policy.minAge === 0) return grants;
	const ages = agesOf(policy);
	return Object.fromEntries(
		Object.entries(grants).map(([product, grant]) => [
			product,
			{
				...grant,
				delay: Math.max(grant.delay, ages.delay),
				emergencyDelay: Math.max(grant.emergencyDelay, ages.emergencyDelay),
			},
		]),
	);
}
