// What a drill leaves behind of itself: each ends by releasing the good content once more, and the notes of that release tell how the
// drill went. So the history is where the service keeps releases, for whoever may read the product.
import { z } from "zod";
import { parseJson } from "../../json.ts";
import type { SyntheticRelease } from "../../synthetic/product.ts";

export const way = z.enum(["reports", "silence"]);
export type Way = z.infer<typeof way>;

export const drilled = z.object({
	by: way,
	/** firewalls that had the bad release */
	had_it: z.number(),
	/** from the release to its halt */
	halt_ms: z.number(),
	/** from the halt to the last firewall back at the good release */
	revert_ms: z.number(),
});
export type Drilled = z.infer<typeof drilled>;

const record = z.object({
	ok: z.boolean(),
	devices: z.number(),
	failed: z.string().nullable(),
	drills: z.array(drilled),
});
export type DrillRecord = z.infer<typeof record>;

/** @returns the notes of the release that ends a drill */
export function notesOf(told: DrillRecord): string {
	return JSON.stringify(told);
}

/** @param releases newest first @returns the drills that ended, newest first */
export function readHistory(releases: readonly SyntheticRelease[]) {
	return releases.flatMap(({ notes, version, released_at: at }) => {
		const read = record.safeParse(parseJson(notes));
		return read.success ? [{ at, version, ...read.data }] : [];
	});
}

/** @returns 61500 → "61.5 s" */
export function formatSeconds(ms: number): string {
	return `${(ms / 1000).toFixed(1)} s`;
}

export function historyRows(history: ReturnType<typeof readHistory>): string[][] {
	return history.flatMap(({ at, devices, failed, drills }) => [
		...drills.map((one) => [
			...[at ?? "", one.by, `${one.had_it} of ${devices}`],
			...[formatSeconds(one.halt_ms), formatSeconds(one.revert_ms)],
		]),
		...(failed === null ? [] : [[at ?? "", `failed at ${failed}`, "", "", ""]]),
	]);
}
