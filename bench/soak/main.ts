// `npm run soak -- --minutes 10`: 5,000 firewalls of the client library, a day of publishes, rollouts and license changes, objects and stores that
// die, a second version in the middle. `--json` prints one document, `--firewalls N`, `--accounts N`, `--seed N`, `--previous` = it begins with
// the version before (test/fixtures). Exit code 1 where something was lost, wrong or grew.
import { parseArgs } from "node:util";
import { endProgress, showProgress } from "../progress.ts";
import { formatSoak, violationsOf } from "./report.ts";
import { runSoak } from "./soak.ts";

const { values } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		previous: { type: "boolean", default: false },
		minutes: { type: "string", default: "10" },
		firewalls: { type: "string", default: "5000" },
		accounts: { type: "string" },
		seed: { type: "string", default: "1" },
	},
});

function wholeNumber(name: "firewalls" | "accounts" | "seed", text: string, min: number): number {
	const number = Number(text);
	if (!Number.isSafeInteger(number) || number < min)
		throw new RangeError(`--${name} is a whole number of at least ${min}`);
	return number;
}

try {
	const minutes = Number(values.minutes);
	if (!(minutes > 0 && minutes <= 1_440)) throw new RangeError("--minutes lies between 0 and 1440");
	const firewalls = wholeNumber("firewalls", values.firewalls, 2);
	const accounts = wholeNumber("accounts", values.accounts ?? String(Math.ceil(firewalls / 100)), 1);
	if (accounts > firewalls) throw new RangeError("--accounts are at most as many as --firewalls");
	const seed = wholeNumber("seed", values.seed, 0);
	const options = { minutes, firewalls, accounts, seed, fromPrevious: values.previous, onProgress: showProgress };
	const result = await runSoak(options);
	endProgress();
	process.stdout.write(formatSoak(result, values.json));
	if (violationsOf(result).length > 0) process.exitCode = 1;
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
	process.exitCode = 1;
}
