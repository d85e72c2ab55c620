// The table that grows while a benchmark runs: cells come one by one and must stand under their names.
import { expect, it } from "vitest";
import { formatCell, formatHeader, formatRound } from "../../../../bench/hot-path/live-table.ts";
import type { RowName } from "../../../../bench/hot-path/rows.ts";

const NAMES: readonly RowName[] = ["bare", "offers-dpop", "few-devices", "stream-memory", "nginx-permit"];

it("writes each cell so that it ends where its column's name ends", () => {
	const header = formatHeader(NAMES).split("\n");
	const line = formatRound(12) + NAMES.map((name) => formatCell(name, 12_345.6)).join("");
	expect(header).toHaveLength(2);
	for (const [index] of NAMES.entries()) {
		const upTo =
			formatRound(1) +
			NAMES.slice(0, index + 1)
				.map((name) => formatCell(name, 1))
				.join("");
		const [, lower = ""] = header;
		expect(lower.charAt(upTo.length - 1)).not.toBe(" ");
		expect(lower.charAt(upTo.length)).toMatch(/^ ?$/);
	}
	expect(line).toMatch(/^12 +12346 +12346 +12346 +12346 +12346$/);
});

it("has one line of names when all are short", () => {
	expect(formatHeader(["bare", "check"])).toBe("round      bare   check");
});

it("calls the first round what it is", () => {
	expect(formatRound(0).trim()).toBe("warm-up");
});
