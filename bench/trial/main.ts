// `npm run trial:rollout`: hundreds of real firewalls get a good release, then one that kills some of them silently, then one that fails,
// from the real service, while its objects and stores are killed. `--json` prints one document, `--devices N`, `--pairs N`,
// `--accounts N`, `--seed N`, `--breaks 0.3`, `--calm` = nothing is killed, `--quick` = a small fleet. Exit code 1 where something
// happened that must never.
import { parseArgs } from "node:util";
import { endProgress, showProgress } from "../progress.ts";
import { faultsOf, figuresOf } from "./judge.ts";
import { formatTrial } from "./report.ts";
import { runTrial } from "./trial.ts";

const FULL = { devices: 300, pairs: 40, accounts: 12 };
const QUICK = { devices: 40, pairs: 6, accounts: 10 };

const { values } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		quick: { type: "boolean", default: false },
		calm: { type: "boolean", default: false },
		devices: { type: "string" },
		pairs: { type: "string" },
		accounts: { type: "string" },
		seed: { type: "string", default: "1" },
		breaks: { type: "string", default: "0.3" },
	},
});

function wholeNumber(name: "devices" | "pairs" | "accounts" | "seed", fallback: number, min: number): number {
	const number = Number(values[name] ?? fallback);
	if (!Number.isSafeInteger(number) || number < min)
		throw new RangeError(`--${name} is a whole number of at least ${min}`);
	return number;
}

try {
	const size = values.quick ? QUICK : FULL;
	const devices = wholeNumber("devices", size.devices, 10);
	const pairs = wholeNumber("pairs", size.pairs, 0);
	if (pairs * 2 > devices) throw new RangeError("--pairs takes two of the --devices each");
	const breaks = Number(values.breaks);
	if (!(breaks > 0 && breaks < 1)) throw new RangeError("--breaks lies between 0 and 1");
	const course = await runTrial({
		...{ devices, pairs, breaks, chaos: !values.calm },
		accounts: wholeNumber("accounts", size.accounts, 1),
		seed: wholeNumber("seed", 1, 0),
		onProgress: showProgress,
	});
	endProgress();
	const figures = course.releases.map((release) => figuresOf(release, course.plan));
	const faults = faultsOf(course, figures);
	process.stdout.write(formatTrial(course, figures, faults, values.json));
	if (Object.values(faults).some((found) => found.length > 0)) process.exitCode = 1;
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
