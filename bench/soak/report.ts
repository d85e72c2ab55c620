// What a soak has shown, as tables or as one JSON document.
import { mark } from "../progress.ts";
import type { SoakResult } from "./soak.ts";

/** What must never be. */
export function violationsOf({ verdict, faults, memory }: Pick<SoakResult, "verdict" | "faults" | "memory">): string[] {
	return [
		...verdict.lost.map((one) => `lost: ${one}`),
		...verdict.wrong.map((one) => `wrong: ${one}`),
		...faults,
		...(memory.isFlat === false ? [`the runtime grew from ${mib(memory.firstBytes)} to ${mib(memory.lastBytes)}`] : []),
	];
}

/** @returns the text to print, with its last line feed */
export function formatSoak(result: SoakResult, json: boolean): string {
	const { options, stores, verdict, memory, budget, done, acknowledged, seconds, installed, faults } = result;
	if (json) {
		const maps = { answers: sorted(result.answers), refusals: sorted(result.refusals) };
		const codes = { ...budget, byCode: sorted(budget.byCode) };
		return `${JSON.stringify({ ...result, ...maps, budget: codes, violations: violationsOf(result) }, null, "\t")}\n`;
	}
	const goal = (name: string, found: readonly string[]) =>
		`${name.padEnd(58)}${String(found.length).padStart(6)}  ${mark(found.length === 0)}${found.length === 0 ? "" : `: ${found.slice(0, 5).join("; ")}`}`;
	const list = (counts: Readonly<Record<string, number>>) =>
		Object.entries(counts)
			.map(([name, count]) => `${count} × ${name}`)
			.join(", ");
	const flat =
		memory.isFlat === null ? "too short to say" : memory.isFlat ? mark(true) : `${mark(false)}: at most 15 % more`;
	return [
		`${options.firewalls} firewalls, ${options.accounts} accounts, ${options.minutes} minutes, stores ${stores}, seed ${options.seed}`,
		`activated in ${seconds.begin} s, soaked ${seconds.soak} s, settled in ${seconds.settle} s; ${installed} packages installed at the end`,
		`done: ${list(done)}`,
		`acknowledged: ${list(acknowledged)}`,
		"",
		goal("acknowledged, and lost", verdict.lost),
		goal("devices on a wrong release", verdict.wrong),
		goal("packages that were not what was promised, and surprises", faults),
		`${"memory of the runtime, warm".padEnd(58)}${`${mib(memory.firstBytes)} → ${mib(memory.lastBytes)} in ${Math.round(memory.seconds)} s`}  ${flat}`,
		"",
		`error budget: ${budget.failed} of ${budget.requests} requests failed by themselves (${(budget.share * 100).toFixed(4)} %), ${budget.injected} beside what was injected, in ${Math.round(result.injectedShare * 100)} % of the time`,
		...rows(budget.byCode),
		"",
		"refused, by code:",
		...rows(result.refusals),
		"",
		"answers, by route and status:",
		...rows(result.answers),
		"",
	].join("\n");
}

const sorted = (counts: ReadonlyMap<string, number>) => Object.fromEntries([...counts].toSorted());
const rows = (counts: ReadonlyMap<string, number>) =>
	[...counts].toSorted().map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
const mib = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;
