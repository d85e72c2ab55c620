// `parapet product create|change`: what bounds its releases, as it is typed, sent and said. Plans and teams: rollout.test.ts.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { STANDARD } from "../../../../../src/rollout/built-in-plans.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const sent = () => operator.asked().map(([, , body]) => body);
const DETAILS = { product: "crs", title: "Rules", plan: STANDARD, team: null };

describe("bounds of sizes", () => {
	it("are sent as numbers, and taken away by the word none", async () => {
		for (const range of ["0.5..2", "0.8..1.5,5000000", "none"])
			await operator.run("product", "change", "crs", "--size-bounds", range);
		expect(sent()).toEqual([
			{ size_bounds: { shrink: 0.5, grow: 2, above: 100_000 } },
			{ size_bounds: { shrink: 0.8, grow: 1.5, above: 5_000_000 } },
			{ size_bounds: null },
		]);
	});

	it.each(["2", "2..0.5", "0.5..", "..2", "0..2", "0.5..1", "1..2", "a..b", "0.5..2,", "0.5..2,-1", "1.2.3..2"])(
		"%s is refused before anything is sent",
		async (range) => {
			const run = await operator.run("product", "create", "crs", "--size-bounds", range);
			expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("give it as 0.5..2") });
			expect(operator.asked()).toEqual([]);
		},
	);

	it("are said by show", async () => {
		operator.reply({ body: { ...DETAILS, size_bounds: { grow: 2, shrink: 0.5, above: 100_000 } } });
		expect((await operator.run("product", "show", "crs")).stdout).toContain(
			"a release of more than 100.0 kB has 0.5 to 2 times the size of the current one",
		);
		operator.reply({ body: { ...DETAILS, size_bounds: null } });
		expect((await operator.run("product", "show", "crs")).stdout).toContain("a release may have any size");
	});
});

describe("words by class", () => {
	it("are sent, taken away by the word none, and said", async () => {
		operator.reply({ body: { ...DETAILS, class_approvals: { behaviour: 2 } } });
		const { stdout } = await operator.run("product", "change", "crs", "--class-approvals", "threat:0,behaviour:2");
		expect(stdout).toContain("a release that is behaviour needs the words of 2 persons at least");
		await operator.run("product", "change", "crs", "--class-approvals", "none");
		expect(sent()).toEqual([{ class_approvals: { threat: 0, behaviour: 2 } }, { class_approvals: null }]);
	});

	it.each(["2", "behaviour", "behaviour:", "behaviour:11", "other:1", "threat:1,threat:2", "behaviour:2,", ""])(
		"%j is refused before anything is sent",
		async (words) => {
			expect(await operator.run("product", "change", "crs", "--class-approvals", words)).toMatchObject({ exitCode: 2 });
			expect(operator.asked()).toEqual([]);
		},
	);
});

describe("who may have it", () => {
	it("is sent, and said where it is every registered firewall", async () => {
		operator.reply({ body: { ...DETAILS, entitled: "registered" } });
		const { stdout } = await operator.run("product", "change", "crs", "--entitled", "registered");
		expect(sent()).toEqual([{ entitled: "registered" }]);
		expect(stdout).toContain("every registered firewall may have it");
		operator.reply({ body: { ...DETAILS, entitled: "licensed" } });
		expect((await operator.run("product", "show", "crs")).stdout).not.toContain("registered");
	});

	it("is one of two words", async () => {
		expect(await operator.run("product", "change", "crs", "--entitled", "everybody")).toMatchObject({ exitCode: 2 });
		expect(operator.asked()).toEqual([]);
	});
});

it("a change of nothing is refused before anything is sent", async () => {
	const run = await operator.run("product", "change", "crs");
	expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("nothing to change is given") });
	expect(operator.asked()).toEqual([]);
});

describe("freezes", () => {
	it("are sent as times, and taken away by the word none", async () => {
		const spans = "2026-11-01..2026-12-01, 2026-12-20T12:00:00Z..2027-01-04+emergency";
		await operator.run("product", "change", "crs", "--freezes", spans);
		await operator.run("product", "change", "crs", "--freezes", "none");
		const [first, second] = [
			["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
			["2026-12-20T12:00:00Z", "2027-01-04T00:00:00Z"],
		].map(([from, until]) => ({ from, until, reason: "" }));
		const freezes = [
			{ ...first, emergencies: false },
			{ ...second, emergencies: true },
		];
		expect(sent()).toEqual([{ freezes }, { freezes: [] }]);
	});

	it.each([
		["2026-11-10..2026-11-11", "has ended already"],
		["2026-12-20..2027-01-04,2026-11-19..2026-11-20T12:00:00Z", "has ended already"],
		["2027-02-30..2027-03-04", "is no span"],
		["2027-03-04..2027-03-04", "is no span"],
		["2027-03-04", "is no span"],
		["2026-12-20T10:00..2026-12-21", "is no span"],
	])("%s is refused before anything is sent", async (spans, said) => {
		const run = await operator.run("product", "change", "crs", "--freezes", spans);
		expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
		expect(operator.asked()).toEqual([]);
	});
});

describe("signatures", () => {
	it.each([
		["optional", 3, "releases need no signature (signing optional)"],
		["required", 0, "each release needs a signature (signing required)"],
		["required", 1, "(signing required): 1 of its releases has none, and nobody is offered it"],
		["required", 3, "(signing required): 3 of its releases have none, and nobody is offered them"],
	])("%s, with %i unsigned releases, are said by change and by show", async (signing, unsigned, said) => {
		const body = { ...DETAILS, size_bounds: null, signing, unsigned_releases: unsigned };
		for (const args of [
			["change", "crs", "--signing", signing],
			["show", "crs"],
		]) {
			operator.reply({ body });
			const { stdout } = await operator.run("product", ...args);
			expect(stdout.split("\n").filter((line) => line.endsWith(said))).toHaveLength(1);
		}
	});
});

describe("two people", () => {
	it.each(["on", "off"])("are switched %s, and said where they are on", async (word) => {
		operator.reply({ body: { ...DETAILS, size_bounds: null, two_people: word === "on" } });
		const { stdout } = await operator.run("product", "change", "crs", "--two-people", word);
		expect(operator.asked().at(-1)).toContainEqual({ two_people: word === "on" });
		expect(stdout.includes("(two-people on)")).toBe(word === "on");
	});
});

describe("limits of health", () => {
	it("are sent by metric, said by show, and taken away by the word none", async () => {
		const limits = {
			cpu: { plus: 20 },
			drops: { times: 2, plus: 100 },
			sessions: { down_to: 0.5 },
			memory: { minus: 5 },
		};
		const text = "cpu:+20 memory:-5 sessions:x0.5 drops:x2,+100";
		await operator.run("product", "change", "crs", "--health-limits", text);
		await operator.run("product", "change", "crs", "--health-limits", "none");
		expect(sent()).toEqual([{ health_limits: limits }, { health_limits: null }]);
		operator.reply({ body: { ...DETAILS, size_bounds: null, health_limits: limits } });
		expect((await operator.run("product", "show", "crs")).stdout).toContain(`counts as failed: ${text}`);
	});

	it.each(["", "cpu", "cpu:20", "cpu:+", "cpu:+a", "heat:+20", "cpu:x1", "cpu:+20 cpu:+30", "cpu:+20,", "cpu:+-1"])(
		"%j is refused before anything is sent",
		async (text) => {
			expect((await operator.run("product", "change", "crs", "--health-limits", text)).exitCode).toBe(2);
			expect(operator.asked()).toEqual([]);
		},
	);
});

describe("rules that do harm", () => {
	it.each(["disable", "enable"])("%s: several at once, with the reason", async (what) => {
		const published = { rules: [], changed: true, published: true };
		operator.reply({ body: published }, { body: { ...published, changed: false, published: false } });
		const args = ["product", `${what}-rule`, "crs", "942100", "1:2000419", "--reason", "harm"];
		expect((await operator.run(...args)).stdout).toContain("crs 1:2000419 is");
		const again = await operator.run(...args);
		expect(again.stdout).toMatch(/crs 942100 was (disabled before|not disabled)/);
		expect(again.stdout).toContain("a store still waits for it");
		const asked = [
			"POST",
			`/v1/products/crs/disabled-rules/${what}`,
			{ rules: ["942100", "1:2000419"], reason: "harm" },
		];
		expect(operator.asked()).toEqual([asked, asked]);
	});

	it.each([[[]], [["94 2100"]], [["942100", "../x"]]])("%j are refused before anything is sent", async (rules) => {
		expect((await operator.run("product", "disable-rule", "crs", ...rules, "--reason", "harm")).exitCode).toBe(2);
		expect(operator.asked()).toEqual([]);
	});

	it("are listed with who disabled them and why", async () => {
		operator.reply({ body: { rules: [{ rule: "942100", at: "then", by: "olivia", reason: "harm" }] } });
		expect((await operator.run("product", "disabled-rules", "crs")).stdout).toMatch(/942100 +then +olivia +harm/);
	});
});

it("what a release takes, interrupts and changes goes with it, bytes as people write them", async () => {
	const said = ["--unpacked", "40MB", "--disk", "60M", "--memory", "1.5 GB", "--impact", "reload"];
	await operator.run("rollout", "start", "crs", "4.28.0", ...said, "--classes", "threat,behaviour");
	expect(sent()[0]).toMatchObject({
		footprint: { unpacked: 40_000_000, disk: 60_000_000, memory: 1_500_000_000 },
		...{ impact: "reload", classes: ["threat", "behaviour"] },
	});
	await operator.run("rollout", "start", "crs", "4.28.0", "--unpacked", "512");
	expect(sent().at(-1)).toMatchObject({ footprint: { unpacked: 512 } });
	const before = sent().length;
	for (const wrong of [
		["--disk", "much"],
		["--disk", "0"],
		["--impact", "some"],
		["--classes", "other"],
	])
		expect(await operator.run("rollout", "start", "crs", "4.28.0", ...wrong)).toMatchObject({ exitCode: 2 });
	expect(sent()).toHaveLength(before);
});

it("a size that is meant, and the number of entries, go with the release", async () => {
	await operator.run(
		"rollout",
		"start",
		"crs",
		"4.28.0",
		"--entries",
		"41500",
		"--allow-size",
		"it is a whole set again",
	);
	expect(sent()[0]).toMatchObject({ entries: 41_500, allow_size: "it is a whole set again" });
	expect((await operator.run("rollout", "start", "crs", "4.28.0", "--entries", "many")).exitCode).toBe(2);
	expect(await operator.run("rollout", "start", "crs", "4.28.0", "--entries", "12x")).toMatchObject({
		exitCode: 2,
		stderr: expect.stringContaining('--entries "12x": a whole number from 0 on is expected'),
	});
});
