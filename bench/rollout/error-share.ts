// A rule that others use, for comparison: ten groups one after the other; the next begins when half of a group succeeded, and the rollout
// stops when the errors are more than a twentieth of the whole group. Who says nothing is not counted. Reports come one by one, which
// is the best case for the rule.
import type { Random } from "../../test/simulation/random.ts";
import type { Release } from "./fleet.ts";

const GROUPS = 10;
const SUCCESS = 0.5;
const ERRORS = 0.05;

/** @returns units that the release broke, and whether the rule stopped it */
export function runByErrorShare(
	units: number,
	release: Release,
	random: Random,
): { casualties: number; halted: boolean } {
	const size = Math.floor(units / GROUPS);
	let casualties = 0;
	for (let group = 0; group < GROUPS; group++) {
		let succeeded = 0;
		let errors = 0;
		for (let unit = 0; unit < size; unit++) {
			const broken = random.chance(release.breaks);
			if (!broken) succeeded += 1;
			else {
				casualties += 1;
				if (!release.silent) errors += 1;
				if (errors > ERRORS * size) return { casualties, halted: true };
			}
		}
		// Not enough successes: it never goes on, and never stops.
		if (succeeded < SUCCESS * size) return { casualties, halted: false };
	}
	return { casualties, halted: false };
}
