// How fast something goes and how long it will take, from what it did in the last seconds.
import { formatCount } from "../../../terminal/output.ts";

const WINDOW_MS = 15_000;

export class Pace {
	readonly #seen: { readonly done: number; readonly atMs: number }[] = [];

	/** @param done so far, at @param nowMs; @param total null = not known @returns "1,204/s, 1:13 left" */
	describe(done: number, total: number | null, nowMs: number): string {
		this.#seen.push({ done, atMs: nowMs });
		while (this.#seen.length > 2 && nowMs - (this.#seen[0]?.atMs ?? nowMs) > WINDOW_MS) this.#seen.shift();
		const first = this.#seen[0];
		const ms = nowMs - (first?.atMs ?? nowMs);
		const perSecond = ms <= 0 ? 0 : ((done - (first?.done ?? done)) * 1_000) / ms;
		const rate = `${formatCount(Math.round(perSecond))}/s`;
		if (total === null || perSecond <= 0) return rate;
		const left = Math.ceil((total - done) / perSecond);
		return `${rate}, ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
	}
}
