// `npm run simulate`: how many firewalls a bad release breaks before its rollout stops itself, and how often a good one is stopped for
// nothing: seeded releases in a fleet in virtual time, against the rules of the service. `--json` prints one document, `--runs N` how
// often each, `--plan standard|rapid`, `--units N`, `--seed N`; `--devices N` that ask, for the shape of the herd. A missed goal is no error.
import { parseArgs } from "node:util";
import { RAPID, STANDARD } from "../../src/rollout/built-in-plans.ts";
import { createRandom } from "../../test/simulation/random.ts";
import { endProgress, showProgress } from "../progress.ts";
import { runByErrorShare } from "./error-share.ts";
import { type FleetOutcome, runRelease } from "./fleet.ts";
import { herdOf } from "./herd.ts";
import { roughHours } from "./hours.ts";
import { formatRollouts, type ReleaseFigures, type RolloutsReport } from "./report.ts";

const PLANS = { standard: STANDARD, rapid: RAPID };
const RELEASES = [
	...[1, 0.3, 0.1, 0.03].flatMap((breaks) => [false, true].map((silent) => ({ breaks, silent }))),
	{ breaks: 0.002, silent: false },
];

const { values: options } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		runs: { type: "string", default: "500" },
		units: { type: "string", default: "10000" },
		seed: { type: "string", default: "1" },
		plan: { type: "string", default: "standard" },
		devices: { type: "string", default: "1000000" },
	},
});

function numberOf(name: "runs" | "units" | "seed" | "devices", min: number): number {
	const number = Number(options[name]);
	if (!Number.isSafeInteger(number) || number < min)
		throw new RangeError(`--${name} is a whole number of at least ${min}`);
	return number;
}

function isPlan(name: string): name is keyof typeof PLANS {
	return Object.hasOwn(PLANS, name);
}

function simulate(): RolloutsReport {
	const { plan: planName } = options;
	if (!isPlan(planName)) throw new RangeError(`--plan is one of ${Object.keys(PLANS).join(", ")}`);
	const runs = numberOf("runs", 1);
	// Of a control no unit fails in such hours, so it would change nothing.
	const calm = { silentAnyway: 0, hasControl: false };
	const fleet = { units: numberOf("units", 1_000), pollSeconds: 600, volunteers: 50, ...calm };
	const seed = numberOf("seed", 0);
	const releases: ReleaseFigures[] = RELEASES.map((release, index) => {
		showProgress(`${(release.breaks * 100).toFixed(1)} % break${release.silent ? ", silently" : ""}`);
		const random = (run: number) => createRandom(seed + index * 1_000_003 + run * 7);
		const outcomes: FleetOutcome[] = Array.from({ length: runs }, (_, run) =>
			runRelease(PLANS[planName], fleet, release, random(run)),
		);
		const peers = Array.from({ length: runs }, (_, run) => runByErrorShare(fleet.units, release, random(run)));
		return { release, outcomes, peers };
	});
	const hours = roughHours(PLANS[planName], fleet, runs, seed);
	const devices = numberOf("devices", 10_000);
	showProgress(`${devices} devices ask, as ever and after an outage`);
	return { plan: planName, runs, seed, fleet, releases, hours, herd: herdOf(devices, createRandom(seed)) };
}

try {
	const report = simulate();
	endProgress();
	process.stdout.write(formatRollouts(report, options.json));
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
