// Some real firewalls, in part in pairs, get a good release and two bad ones from the real service, while its objects and stores are
// killed: `npm run trial:rollout` in small.
import { expect, it } from "vitest";
import { faultsOf, figuresOf } from "../../../bench/trial/judge.ts";
import { runTrial } from "../../../bench/trial/trial.ts";
import { runs } from "../../support/runs.ts";
import { builtBundle } from "../support/built.ts";

const SIZE = runs(
	{ devices: 24, pairs: 4, accounts: 6, breaks: 0.3 },
	{ devices: 40, pairs: 6, accounts: 10, breaks: 0.3 },
);
const MINUTES_5 = 300_000;

it.each(runs([1], [11, 12, 13]))(
	"whatever dies, no pair is touched at once, no cap is passed, and bad releases halt at the first sign (seed %i)",
	async (seed) => {
		const options = { ...SIZE, seed, chaos: true, onProgress: () => {} };
		const course = await runTrial(options, await builtBundle());
		const figures = course.releases.map((release) => figuresOf(release, course.plan));
		expect(faultsOf(course, figures)).toEqual({ pairsAtOnce: [], overCap: [], unknownPermits: [], halts: [] });
		expect(figures.map(({ kind, phase }) => `${kind} ${phase}`)).toEqual(["good done", "silent halted", "loud halted"]);
		// Objects did die, and the bad releases did break something.
		expect(course.chaos.deaths).toBeGreaterThan(20);
		for (const { kind, broken } of figures) expect(broken > 0).toBe(kind !== "good");
	},
	MINUTES_5,
);
