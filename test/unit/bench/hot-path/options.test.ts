// The options of `npm run bench`: what they select, and what is said about those that are not possible.
import { describe, expect, it } from "vitest";
import { type BenchOptions, parseBenchOptions, USAGE } from "../../../../bench/hot-path/options.ts";

function parse(...args: string[]): BenchOptions {
	const parsed = parseBenchOptions(args);
	if (!parsed.ok) throw new Error(parsed.text);
	return parsed.options;
}

function refusal(...args: string[]): string {
	const parsed = parseBenchOptions(args);
	if (parsed.ok || parsed.isHelp) throw new Error("was not refused");
	return parsed.text;
}

describe("what a run measures", () => {
	it("is everything with a goal, and what that is compared with", () => {
		const { rows, peerRows, probes } = parse();
		expect(rows).toEqual(["bare", "check", "offers", "permit", "token", "stream", "download", "few-devices", "growth"]);
		expect(peerRows).toEqual([]);
		expect(probes).toEqual(["start-up", "reads", "memory"]);
	});

	it("is the yardsticks too with --all", () => {
		expect(parse("--all").rows).toEqual(
			expect.arrayContaining(["verify", "bare-check", "token-once", "stream-memory"]),
		);
	});

	it.each([
		["check,permit", ["bare", "check", "permit"], []],
		["permit, check", ["bare", "check", "permit"], []],
		["download", ["stream", "download"], []],
		["growth", ["few-devices", "growth"], []],
		["verify", ["bare", "verify"], []],
		["bare", ["bare"], []],
		["memory", [], ["memory"]],
		["token,reads", ["bare", "token"], ["reads"]],
	])("with --only %s is that and its base", (only, rows, probes) => {
		expect(parse("--only", only)).toMatchObject({ rows, probes });
	});

	it.each([
		[["--peer"], ["nginx", "nginx-check", "nginx-permit"]],
		[
			["--peer", "--only", "permit"],
			["nginx", "nginx-permit"],
		],
		[["--peer", "--only", "download"], []],
	])("%j has the peer's counterparts of what is measured", (args, peerRows) => {
		expect(parse(...args).peerRows).toEqual(peerRows);
	});
});

describe("how long a run is", () => {
	it("is many short rounds unless it is told otherwise", () => {
		expect(parse()).toMatchObject({ rounds: 20, seconds: 0.5, devices: 2000, smallFleet: 1000, largeFleet: 50_000 });
		expect(parse("--rounds", "3", "--seconds=2", "--devices", "64")).toMatchObject({
			rounds: 3,
			seconds: 2,
			devices: 64,
		});
	});

	it("is one short round with --quick, which single options may lengthen", () => {
		expect(parse("--quick")).toMatchObject({ rounds: 1, seconds: 0.2, devices: 200, megabytes: 20 });
		expect(parse("--quick", "--rounds", "5")).toMatchObject({ rounds: 5, seconds: 0.2 });
	});
});

describe("a refusal says what to do", () => {
	it("about a name that there is not", () => {
		const text = refusal("--only", "check,premit");
		expect(text).toContain('there is no scenario "premit"');
		expect(text).toMatch(/fix: choose from bare, .*check, .*permit, .*memory/);
	});

	it.each([
		[["--rounds", "0"], "--rounds 0 is not possible\n  fix: give a whole number from 1 to 10000"],
		[["--rounds", "2.5"], "--rounds 2.5 is not possible"],
		[["--rounds", "many"], "--rounds many is not possible"],
		[["--seconds", "0.01"], "--seconds 0.01 is not possible\n  fix: give a number from 0.05 to 60"],
		[["--seconds="], "--seconds  is not possible"],
		[["--devices", "31"], "--devices 31 is not possible"],
		[["--fast"], "fix: npm run bench -- --help names the options"],
		[["check"], "fix: npm run bench -- --help names the options"],
		[["--only", ""], 'there is no scenario ""'],
	])("about %j", (args, text) => {
		expect(refusal(...args)).toContain(text);
	});

	it("is none where help was asked for", () => {
		expect(parseBenchOptions(["--help"])).toEqual({ ok: false, isHelp: true, text: USAGE });
	});
});
