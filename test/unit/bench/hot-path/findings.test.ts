// The report of a run at any moment: whole, stopped, or before anything was measured.
import { describe, expect, it } from "vitest";
import { createFindings } from "../../../../bench/hot-path/findings.ts";
import { parseBenchOptions } from "../../../../bench/hot-path/options.ts";
import { formatReport } from "../../../../bench/hot-path/report.ts";
import type { Turn } from "../../../../bench/statistics.ts";

const TURN: Turn = { requestsPerSecond: 1000, p50: 1, p99: 2, cpuMicroseconds: 80, others: 0, generatorBusy: 0.4 };

function start(rounds = "6") {
	const parsed = parseBenchOptions(["--rounds", rounds]);
	if (!parsed.ok) throw new Error(parsed.text);
	return createFindings("a machine", parsed.options);
}

describe("a run that was stopped", () => {
	it("reports what it had measured, and says that this is not all", () => {
		const findings = start();
		findings.add({ bundle: { bytes: 1024, gzipped: 512 } });
		findings.addTurn("bare", TURN);
		findings.addTurn("check", { ...TURN, requestsPerSecond: 850 });
		findings.addTurn("bare", TURN);
		findings.fail("stopped by SIGINT");
		const report = findings.report();
		expect(report).toMatchObject({ isComplete: false, error: "stopped by SIGINT" });
		expect(report.rows.map(({ name, rates }) => [name, rates.length])).toEqual([
			["bare", 2],
			["check", 1],
		]);
		const text = formatReport(report);
		expect(text).toContain("in 2 alternating rounds of 6");
		expect(text).toContain("NOT COMPLETE: stopped by SIGINT");
		expect(text).toMatch(/check, nothing new \(304\) +850 .* 0\.85 +0\.85 +1\.00 +≥ 0\.80 {2}met/);
		expect(text).toContain("1 KiB minified");
		expect(text).not.toContain("memory");
	});

	it("can be reported before anything was measured", () => {
		const findings = start();
		findings.fail("wrangler could not build the Worker");
		expect(formatReport(findings.report())).toBe(
			[
				"a machine",
				"one workerd, 2000 devices, turns of 0.5 s in 0 alternating rounds of 6",
				"NOT COMPLETE: wrangler could not build the Worker",
			].join("\n"),
		);
	});
});

describe("a run of few rounds", () => {
	it.each([
		["4", true],
		["5", false],
	])("of %s says that it proves nothing: %s", (rounds, isSaid) => {
		const text = formatReport(start(rounds).report());
		expect(text.includes("so few rounds show that everything runs, and no more")).toBe(isSaid);
	});
});

describe("a whole run", () => {
	it("says whether each goal was met, and where the ways disagree by which it was", () => {
		const findings = start();
		findings.addTurn("bare", TURN);
		findings.addTurn("check", { ...TURN, requestsPerSecond: 700, cpuMicroseconds: 160 });
		findings.addTurn("permit", { ...TURN, requestsPerSecond: 600, cpuMicroseconds: 240 });
		findings.complete();
		const text = formatReport(findings.report());
		expect(text).toMatch(/check, nothing new .* ≥ 0\.80 {2}MISSED/);
		expect(text).toMatch(/permit, record in memory .* ≥ 0\.50 {2}by median, best only/);
		expect(text).toContain("What this does not measure");
		expect(text).not.toContain("NOT COMPLETE");
	});

	it("marks what was measured of the generator instead of the server", () => {
		const findings = start();
		findings.addTurn("bare", TURN);
		expect(formatReport(findings.report())).not.toContain("*");
		findings.addTurn("bare", { ...TURN, generatorBusy: 0.9 });
		expect(formatReport(findings.report())).toMatch(/bare Worker +1000\* [\s\S]*\n\* the generator was the limit/);
	});

	it("says who is ahead of the peer, or why there is none", () => {
		const findings = start();
		findings.add({ peer: { machine: "peer: nginx" } });
		findings.addTurn("check", TURN);
		findings.addTurn("nginx-check", { ...TURN, requestsPerSecond: 500, cpuMicroseconds: 100 });
		expect(formatReport(findings.report())).toMatch(/check, nothing new \(304\) .* 2\.00 +2\.00 +1\.25 +parapet/);
		findings.add({ peer: { reason: "nginx is not installed" } });
		expect(formatReport(findings.report())).toContain("the peer was not measured: nginx is not installed");
	});
});
