// The table that grows while a benchmark runs: cells come one by one and must stand under their names.
import { beforeEach, describe, expect, it } from "vitest";
import { createFindings } from "../../../../bench/hot-path/findings.ts";
import { openLiveTable } from "../../../../bench/hot-path/live-table.ts";
import { parseBenchOptions } from "../../../../bench/hot-path/options.ts";
import type { RowName } from "../../../../bench/hot-path/rows.ts";
import type { Turn } from "../../../../bench/statistics.ts";

const NAMES: readonly RowName[] = ["bare", "check", "offers-dpop", "few-devices", "nginx-check"];

let text: string;

beforeEach(() => {
	text = "";
});

function open(names: readonly RowName[]) {
	const parsed = parseBenchOptions([]);
	if (!parsed.ok) throw new Error(parsed.text);
	const findings = createFindings("a machine", parsed.options);
	const table = openLiveTable(names, findings, (more) => {
		text += more;
	});
	return { findings, table };
}

function turn(requestsPerSecond: number): Turn {
	return { requestsPerSecond, p50: 1, p99: 2, cpuMicroseconds: 80, others: 0, generatorBusy: 0.4 };
}

/** Without the line above the table. */
function lines(): string[] {
	return text.split("\n").slice(1);
}

describe("the live table", () => {
	it("writes each cell at once, to end where its column's name ends", () => {
		const { table } = open(NAMES);
		table.onRound(1);
		const [, lower = ""] = lines();
		for (const name of NAMES) {
			table.onTurn(name, 1, turn(12_345.6));
			const line = lines().at(-1) ?? "";
			expect(line.endsWith(" 12346")).toBe(true);
			expect(lower.slice(0, line.length)).toMatch(/\S$/);
			expect(lower.charAt(line.length)).toMatch(/^ ?$/);
		}
	});

	it("has one line of names when all are short", () => {
		open(["bare", "check"]);
		expect(lines()).toEqual(["round      bare   check"]);
	});

	it("shows the warm-up, and counts it for nothing", () => {
		const { table, findings } = open(["bare"]);
		table.onRound(0);
		table.onTurn("bare", 0, turn(1));
		expect(lines().at(-1)).toBe("warm-up       1");
		expect(findings.report().rows).toEqual([]);
	});

	it("shows the ratios so far after each fifth round, ours to a bare Worker and to nginx", () => {
		const { table } = open(["bare", "check", "nginx-check"]);
		for (let round = 0; round <= 6; round++) {
			table.onRound(round);
			table.onTurn("bare", round, turn(1000));
			table.onTurn("check", round, turn(800));
			table.onTurn("nginx-check", round, turn(1600));
		}
		const shown = lines().filter((line) => line.startsWith("ratio"));
		expect(shown).toEqual(["ratio              0.80    0.50"]);
		expect(lines().at(-2)).toBe(shown[0]);
	});
});
