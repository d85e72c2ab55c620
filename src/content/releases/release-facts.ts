// What a publisher says of a release beside what it is for: what it takes up, what its installation interrupts, and what kind of change
// it is. Each may be left out: then nothing is known of it.
import { z } from "zod";

/** 1 TiB: no appliance's content takes more, and every number up to it is exact. */
const MAX_BYTES = 2 ** 40;
/** One number of a footprint. */
export const byteCount = z.int().positive().max(MAX_BYTES);

export const footprint = z
	.strictObject({
		/** of its content, unpacked */
		unpacked: byteCount.optional(),
		/** that have to be free for its installation, download and all; not given = those of the package and of its content, unpacked */
		disk: byteCount.optional(),
		/** that a device must have for its content to be loaded */
		memory: byteCount.optional(),
	})
	.refine((said) => Object.keys(said).length > 0, "one of unpacked, disk and memory at least");
export type Footprint = z.infer<typeof footprint>;

/** What its installation interrupts, from the least to the most. */
export const IMPACTS = ["none", "reload", "restart", "reboot"] as const;
export const impact = z.enum(IMPACTS);
export type Impact = z.infer<typeof impact>;

/** threat: it recognizes more of what is known to be bad. behaviour: traffic that passed may be handled otherwise. */
export const RELEASE_CLASSES = ["threat", "behaviour"] as const;
export const releaseClass = z.enum(RELEASE_CLASSES);
export type ReleaseClass = z.infer<typeof releaseClass>;
export const releaseClasses = z
	.array(releaseClass)
	.min(1)
	.max(RELEASE_CLASSES.length)
	.refine((given) => new Set(given).size === given.length, "each class once");

/** As a release's record has them, each left out where it is not said. */
export const factsShape = {
	footprint: footprint.optional(),
	impact: impact.optional(),
	classes: releaseClasses.readonly().optional(),
};
const facts = z.object(factsShape);
export type ReleaseFacts = z.infer<typeof facts>;

/** @returns what is said, in one order, so that the same twice is the same text */
export function orderFacts({ footprint: size, impact: interrupts, classes }: ReleaseFacts): ReleaseFacts {
	return {
		...(size !== undefined && {
			footprint: {
				...(size.unpacked !== undefined && { unpacked: size.unpacked }),
				...(size.disk !== undefined && { disk: size.disk }),
				...(size.memory !== undefined && { memory: size.memory }),
			},
		}),
		...(interrupts !== undefined && { impact: interrupts }),
		...(classes !== undefined && { classes: RELEASE_CLASSES.filter((one) => classes.includes(one)) }),
	};
}

/** @returns whether the release interrupts as much as that, or more; what is not said may interrupt anything */
export function interrupts(said: Impact | undefined, least: Impact): boolean {
	return IMPACTS.indexOf(said ?? "reboot") >= IMPACTS.indexOf(least);
}

/** A number for each class; one that is left out is 0. */
export type ByClass = { readonly [Class in ReleaseClass]?: number | undefined };

/** @param numbers undefined = 0 each @returns the most that is said of the release's classes; one that says none may be any */
export function mostOf(numbers: ByClass | undefined, classes: readonly ReleaseClass[] = RELEASE_CLASSES): number {
	if (numbers === undefined) return 0;
	return Math.max(0, ...classes.map((one) => numbers[one] ?? 0));
}
