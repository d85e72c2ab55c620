// Some hundreds of the histories that `node test/linearizability/main.ts` records by the thousand, and the same with accounts
// that are broken on purpose.
import { describe, expect, it } from "vitest";
import { RUNS_TIMEOUT_MS, runs } from "../support/runs.ts";
import { BROKEN_ACCOUNTS } from "./broken-accounts.ts";
import { explore, formatFailure } from "./explore.ts";

const HISTORIES = runs(50, 3_000);
/** Within so many each of the broken accounts is found out. */
const HISTORIES_OF_BROKEN = 300;
const SEED = 20_261_015;

it(
	"whoever calls an account at once, its seats are those of one call after the other",
	async () => {
		const { failure, histories, calls, lostAnswers, deaths } = await explore({ histories: HISTORIES, seed: SEED });
		expect(failure === null ? null : formatFailure(failure)).toBeNull();
		expect(histories).toBe(HISTORIES);
		expect(calls).toBeGreaterThan(HISTORIES * 20);
		expect(lostAnswers).toBeGreaterThan(HISTORIES * 4);
		expect(deaths).toBeGreaterThan(HISTORIES * 2);
	},
	RUNS_TIMEOUT_MS,
);

it(
	"a history is what its seed says",
	async () => {
		const [once, again] = [await explore({ histories: 5, seed: 7 }), await explore({ histories: 5, seed: 7 })];
		expect(again).toEqual(once);
	},
	RUNS_TIMEOUT_MS,
);

describe("an account that is broken is found out:", () => {
	it.each(Object.entries(BROKEN_ACCOUNTS))(
		"it %s",
		async (_, makeWrap) => {
			const { failure } = await explore({ histories: HISTORIES_OF_BROKEN, seed: SEED, makeWrap, shrinkMs: 0 });
			expect(failure?.findings.map(({ broken }) => broken)).toContain("order");
		},
		RUNS_TIMEOUT_MS,
	);
});
