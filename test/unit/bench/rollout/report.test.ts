// What `npm run simulate` prints of its goals.
import { expect, it } from "vitest";
import type { FleetOutcome } from "../../../../bench/rollout/fleet.ts";
import { formatRollouts, type RolloutsReport } from "../../../../bench/rollout/report.ts";

const OUTCOME: FleetOutcome = {
	ended: "halted",
	step: 0,
	casualties: 1,
	installed: 5,
	seconds: 3_600,
	revertSeconds: 600,
};
function reportOf(runs: number): RolloutsReport {
	return {
		...{ plan: "standard", runs, seed: 1 },
		fleet: { units: 10_000, pollSeconds: 600, volunteers: 50, silentAnyway: 0, hasControl: true },
		hours: [],
		herd: { devices: 10_000, steady: 1.1, afterRefusals: 3, afterSilence: 6 },
		releases: [
			{
				release: { breaks: 1, silent: false },
				outcomes: Array.from({ length: runs }, () => OUTCOME),
				peers: Array.from({ length: runs }, () => ({ casualties: 9, halted: true })),
			},
		],
	};
}
const metIn = (runs: number) => JSON.parse(formatRollouts(reportOf(runs), true)).lines[0].met;

it("goals are judged by 200 runs and more", () => {
	expect(metIn(200)).toBe(true);
	expect(formatRollouts(reportOf(200), false)).toMatch(/≤ 2 met/);
	expect(formatRollouts(reportOf(200), false)).not.toContain("too few");
});

it("of fewer runs the goals are shown, and that these runs are too few to judge them", () => {
	expect(metIn(199)).toBeNull();
	const text = formatRollouts(reportOf(199), false);
	expect(text).toContain("199 runs are too few to judge the goals by");
	expect(text).toMatch(/≤ 2 /);
	expect(text.split("by error share")[1]).not.toMatch(/\bmet\b|missed/);
});

it("the shape of the herd has goals of its own", () => {
	const lines = formatRollouts(reportOf(1), false).split("\n");
	const goals = lines
		.filter((line) => /≤ (1.5|5) /.test(line))
		.map((line) => line.trim().split(/ +/).slice(-4).join(" "));
	expect(goals).toEqual(["1.10 ≤ 1.5 met", "3.00 ≤ 5 met", "6.00 ≤ 5 MISSED"]);
});
