// What a device's account says of its updates, as an explanation tells it, and what a permit would be told by that.
import { z } from "@hono/zod-openapi";
import type { Explanation } from "../../../content/check/explain.ts";
import { impact } from "../../../content/releases/release-facts.ts";
import {
	type DevicePolicy,
	PUT_OFF_REASONS,
	type PutOffReason,
	passing,
	pin,
	pinOf,
} from "../../../entitlement/policy/device-policy.ts";
import type { ExplainedReleases } from "../../../objects/product/releases/explained-releases.ts";
import { orNull, timestamp, toTimestamp } from "../../http/openapi.ts";
import { mapAges } from "../../operator/accounts/policy-body.ts";

export const explainedPolicyBody = z
	.object({
		time_zone: z.string().nullable().openapi({ description: "null = UTC" }),
		windows: z
			.array(z.object({ opens: z.string(), minutes: z.number() }))
			.nullable()
			.openapi({ description: "As this device has them, moved by its own place in the fleet; null = at any time" }),
		freezes: z.array(z.object({ from: timestamp, until: timestamp })),
		passes: z.array(passing),
		min_age_hours: z.number().openapi({ description: "It counts as the license's delay where it is longer" }),
		min_age_hours_by_class: z
			.object({ threat: z.number().optional(), behaviour: z.number().optional() })
			.openapi({ description: "The same of releases of a class, where that is longer", example: { behaviour: 24 } }),
		pin: orNull(z.object(pin.shape).openapi("ExplainedPin")).openapi({ description: "Of the product; null = none" }),
		held: z.boolean(),
		window_from: impact
			.nullable()
			.meta({ description: "What interrupts less than that waits for no window; null = everything waits" }),
	})
	.openapi("ExplainedPolicy");

export type Permit =
	| Exclude<ExplainedReleases["permits"][string], "again">
	| "pinned"
	| "too_young"
	| "too_large_for_device"
	| PutOffReason;

/** What the account says of its devices is asked first, as for a permit. */
export function permitOf(
	verdict: string,
	{ selection }: Explanation["answer"],
	permit: ExplainedReleases["permits"][string] | null,
): Permit | null {
	if (permit === null) return null;
	if (verdict === "not_pinned") return "pinned";
	if (verdict === "too_young" || verdict === "too_large_for_device") return verdict;
	const off = PUT_OFF_REASONS.find((reason) => reason === selection?.reason);
	if (verdict === "chosen" && off !== undefined) return off;
	// An offer for the permit that the device had is worth no new one.
	const isAgain = verdict === "chosen" && selection?.status === "offered" && selection.isAgain === true;
	if (isAgain && permit === "given") return "step_full";
	return permit === "again" ? "given" : permit;
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** @returns what it says of the product */
export function describePolicy(policy: DevicePolicy, product: string): z.infer<typeof explainedPolicyBody> {
	const { zone, windows, freezes, passes, minAge, held, windowFrom = null, minAges = {} } = policy;
	return {
		time_zone: zone,
		windows: windows?.map(({ start, length }) => ({ opens: wallTime(start), minutes: length / 60 })) ?? null,
		freezes: freezes.map(({ from, until }) => ({ from: toTimestamp(from), until: toTimestamp(until) })),
		passes: [...passes],
		min_age_hours: minAge / 3_600,
		min_age_hours_by_class: mapAges(minAges, (one) => one / 3_600),
		pin: pinOf(policy, product),
		held,
		window_from: windowFrom,
	};
}

/** @param second of the week, from Monday 0:00 @returns such as "sat 22:04:10" */
function wallTime(second: number): string {
	const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
	const ofDay = second % 86_400;
	return `${DAYS[Math.floor(second / 86_400)]} ${two(ofDay / 3_600)}:${two((ofDay / 60) % 60)}:${two(ofDay % 60)}`;
}
