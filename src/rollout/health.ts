// How a firewall does, before it installed a release and after, and by how much that may change: a release that installs well and
// then eats the processor has failed. Numbers come from devices, which may say anything; each speaks for its own unit alone.
import { z } from "zod";
import { ruleId } from "../content/releases/disabled-rules.ts";

const percent = z.number().min(0).max(100);
const amount = z.number().min(0).max(1_000_000_000_000);

/** What a limit can be on. */
const METRICS = {
	/** percent of the processor that is busy */
	cpu: percent,
	/** percent of the memory that is used */
	memory: percent,
	/** sessions that are open */
	sessions: amount,
	/** packets that are dropped for want of resources, per second */
	drops: amount,
	/** percent of the sessions that are blocked */
	block_rate: percent,
} as const;
export type Metric = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as readonly Metric[];

/** At one moment. What a device does not measure is left out. */
export const healthSample = z
	.strictObject({
		...METRICS,
		/** ids of the rules that match most, most first */
		top_rules: z.array(ruleId).max(10),
	})
	.partial();
export type HealthSample = z.infer<typeof healthSample>;

export const healthReport = z.strictObject({ before: healthSample, after: healthSample });
export type HealthReport = z.infer<typeof healthReport>;

/** Of one metric. What is given of a rise (`plus`, `times`) has to be passed together, and of a fall (`minus`, `down_to`). */
const limit = z
	.strictObject({
		/** higher by more than so much */
		plus: z.number().gt(0).max(1_000_000_000_000).optional(),
		/** more than so many times as high */
		times: z.number().gt(1).max(1_000_000).optional(),
		/** lower by more than so much */
		minus: z.number().gt(0).max(1_000_000_000_000).optional(),
		/** less than so many times as high */
		down_to: z.number().gt(0).lt(1).optional(),
	})
	.refine(
		(value) => Object.values(value).some((one) => one !== undefined),
		"a limit says at least one of plus, times, minus, down_to",
	);
export type HealthLimit = z.infer<typeof limit>;

export const healthLimits = z.strictObject({
	cpu: limit.optional(),
	memory: limit.optional(),
	sessions: limit.optional(),
	drops: limit.optional(),
	block_rate: limit.optional(),
});
export type HealthLimits = z.infer<typeof healthLimits>;

export interface BrokenLimit {
	readonly metric: Metric;
	readonly from: number;
	readonly to: number;
}

/**
 * @param limits null = the product has none
 * @param health null = the device says nothing of it, which is no failure: few can
 * @returns the first limit that the change breaks; null = none. A metric that is missing before or after breaks none.
 */
export function findBrokenLimit(limits: HealthLimits | null, health: HealthReport | null): BrokenLimit | null {
	if (limits === null || health === null) return null;
	for (const metric of METRIC_NAMES) {
		const [one, from, to] = [limits[metric], health.before[metric], health.after[metric]];
		if (one !== undefined && from !== undefined && to !== undefined && isBroken(one, from, to))
			return { metric, from, to };
	}
	return null;
}

function isBroken({ plus, times, minus, down_to: downTo }: HealthLimit, from: number, to: number): boolean {
	const rose = (plus !== undefined || times !== undefined) && to - from > (plus ?? 0) && to > from * (times ?? 1);
	const fell = (minus !== undefined || downTo !== undefined) && from - to > (minus ?? 0) && to < from * (downTo ?? 1);
	return rose || fell;
}

/** @returns for status, log and events: "cpu 12 -> 47" */
export function describeBroken({ metric, from, to }: BrokenLimit): string {
	return `${metric} ${from} -> ${to}`;
}
