// `parapet policy …` against a server that keeps what it is told: which rules each command makes, and what it shows.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";
const DEVICE = "dev-0123456789-0123456789abcdef";
const path = `/v1/accounts/${ACCOUNT}/policy`;

let operator: ScriptedOperator;
let rules: unknown[];
beforeEach(async () => {
	operator = await startScriptedOperator();
	rules = [];
	let version = 4;
	operator.server.answer = ({ method, body }) => {
		if (method === "PUT") {
			rules = JSON.parse(body).rules;
			version++;
		}
		return { body: { version, changed_at: null, rules, published: true, changed: true } };
	};
});
afterEach(() => operator.close());
const run = (verb: string, ...args: string[]) => operator.run("policy", verb, ACCOUNT, ...args);

describe("parapet policy", () => {
	it.each<[string[], object]>([
		[
			["window", "sat,sun 22:00-04:00; 01:00-02:00", "--time-zone", "Europe/Zurich"],
			{
				windows: [
					{ days: ["sat", "sun"], from: "22:00", until: "04:00" },
					{ from: "01:00", until: "02:00" },
				],
				time_zone: "Europe/Zurich",
			},
		],
		[["window", "--any-time"], { windows: null }],
		[
			["window", "02:00-04:00", "--from-impact", "restart"],
			{ windows: [{ from: "02:00", until: "04:00" }], window_from: "restart" },
		],
		[["window", "--any-time", "--from-impact", "none"], { windows: null, window_from: null }],
		[
			["freeze", "--until", "3d", "--reason", "a move"],
			{ freezes: [{ from: "2026-11-20T12:00:00Z", until: "2026-11-23T12:00:00Z", reason: "a move" }] },
		],
		[["pass", "emergency,revert"], { passes: ["emergency", "revert"] }],
		[["pass", "none"], { passes: [] }],
		[["min-age", "24"], { min_age_hours: 24 }],
		[["min-age", "24", "--class", "behaviour"], { min_age_hours_by_class: { behaviour: 24 } }],
		[["pin", "crs", "4.27.0"], { pins: { crs: { version: "4.27.0" } } }],
		[["pin", "crs", "4.27.0", "--downgrade"], { pins: { crs: { version: "4.27.0", downgrade: true } } }],
		[["hold"], { hold: true }],
	])("%j says it of every device, of a label or of one", async (args, said) => {
		const [verb = "", ...rest] = args;
		for (const [target, whom] of [
			[[], {}],
			[["--label", "site=berlin"], { for: { labels: { site: "berlin" } } }],
			[["--device", DEVICE], { for: { device: DEVICE } }],
		] as const) {
			rules = [];
			expect(await run(verb, ...rest, ...target)).toMatchObject({ exitCode: 0 });
			expect(rules).toEqual([{ ...whom, ...said }]);
		}
		// It replaces the very rules that it has read.
		expect(operator.asked().slice(0, 2)).toEqual([
			["GET", path],
			["PUT", path, { rules: [said], replaces: 4 }],
		]);
	});

	it("takes the age of a class back with 0, and says 0 only against another rule", async () => {
		await run("min-age", "24", "--class", "behaviour");
		await run("min-age", "2", "--class", "threat");
		await run("min-age", "0", "--class", "behaviour", "--label", "site=lab");
		expect(rules).toEqual([
			{ min_age_hours_by_class: { behaviour: 24, threat: 2 } },
			{ for: { labels: { site: "lab" } }, min_age_hours_by_class: { behaviour: 0 } },
		]);
		rules = [{ min_age_hours_by_class: { behaviour: 24, threat: 2 } }];
		await run("min-age", "0", "--class", "behaviour");
		expect(rules).toEqual([{ min_age_hours_by_class: { threat: 2 } }]);
		await run("min-age", "0", "--class", "threat");
		expect(rules).toEqual([]);
	});

	it("keeps what else is said, and the more special behind the more general", async () => {
		await run("hold", "--device", DEVICE);
		await run("min-age", "24", "--label", "site=berlin");
		await run("hold", "--label", "site=paris");
		await run("pin", "crs", "1", "--device", DEVICE);
		const told = await run("min-age", "12");
		const [berlin, paris] = ["berlin", "paris"].map((site) => ({ labels: { site } }));
		expect(rules).toEqual([
			{ min_age_hours: 12 },
			{ for: berlin, min_age_hours: 24 },
			{ for: paris, hold: true },
			{ for: { device: DEVICE }, hold: true, pins: { crs: { version: "1" } } },
		]);
		expect(told.stdout).toContain("devices with site=berlin:\n  releases are 24 h old at least");
		expect(told.stdout).toContain(`${DEVICE}:\n  crs is pinned to 1\n  stays with what it has`);
		await run("unpin", "crs", "--device", DEVICE);
		await run("unhold", "--device", DEVICE);
		expect(rules[3]).toEqual({ for: { device: DEVICE }, hold: false });
	});

	it("drops a rule that says nothing any more", async () => {
		await run("hold");
		const told = await run("unhold");
		expect(rules).toEqual([]);
		expect(told.stdout).toContain("the customer says nothing");
		await run("freeze", "--until", "3d");
		await run("freeze", "--clear");
		expect(rules).toEqual([]);
	});

	it("takes back what it shows", async () => {
		await run("pin", "crs", "4.27.0");
		const { stdout } = await run("show", "--json");
		const file = join(await mkdtemp(join(tmpdir(), "policy-")), "rules.json");
		await writeFile(file, stdout);
		rules = [];
		expect(await run("replace", file)).toMatchObject({ exitCode: 0 });
		expect(rules).toEqual([{ pins: { crs: { version: "4.27.0" } } }]);
		await writeFile(file, "{");
		expect(await run("replace", file)).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining("holds no rules"),
		});
		expect(await run("replace", `${file}.gone`)).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining(`cannot read ${file}.gone: there is no such file`),
		});
	});

	it("leaves nothing behind where an end is all that is said", async () => {
		for (const target of [[], ["--label", "site=berlin"], ["--device", DEVICE]]) {
			for (const args of [["unhold"], ["min-age", "0"]] as const) {
				const [verb, ...rest] = args;
				await run(verb, ...rest, ...target);
				expect(rules).toEqual([]);
			}
		}
		await run("min-age", "24");
		await run("min-age", "0", "--device", DEVICE);
		expect(rules).toEqual([{ min_age_hours: 24 }, { for: { device: DEVICE }, min_age_hours: 0 }]);
	});

	it("ends one freeze of several, and makes no second one of the same time", async () => {
		const times = (from: string, until: string) => ["--from", from, "--until", until];
		const [christmas, easter] = [times("2026-12-20", "2027-01-04"), times("2027-03-26", "2027-03-30")];
		for (const span of [christmas, easter, christmas, times("2026-12-24", "2026-12-27")]) await run("freeze", ...span);
		const froms = () => (rules as { freezes: { from: string }[] }[])[0]?.freezes.map(({ from }) => from.slice(0, 10));
		expect(froms()).toEqual(["2027-03-26", "2026-12-20"]);
		await run("freeze", ...times("2026-12-19", "2027-01-05"));
		expect(froms()).toEqual(["2027-03-26", "2026-12-19"]);
		expect(await run("freeze", "--end", "2026-12-20")).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining("no freeze of these devices begins at 2026-12-20T00:00:00Z"),
		});
		await run("freeze", "--end", "2027-03-26");
		expect(froms()).toEqual(["2026-12-19"]);
		await run("freeze", "--end", "2026-12-19T00:00:00Z");
		expect(rules).toEqual([]);
	});

	it("takes labels in a list and one by one", async () => {
		const labels = { labels: { site: "berlin", ring: "volunteer", rack: "4" } };
		await run("hold", "--label", "site=berlin,rack=4", "--label", "ring=volunteer");
		await run("hold", "--label", "ring=volunteer", "--label", "site=berlin", "--label", "rack=4");
		expect(rules).toEqual([{ for: labels, hold: true }]);
	});

	it.each([
		[["--until", "2026-11-19"], '--until "2026-11-19": is over: a freeze that has ended holds nothing up'],
		[["--from", "2d", "--until", "1d"], "--until is not after --from"],
		[["--until", "2027-02-30"], "not a time"],
	])("refuses a freeze %j that would hold nothing up", async (times, said) => {
		expect(await run("freeze", ...times)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
		expect(operator.asked()).toEqual([]);
	});

	it.each([
		[["window"], "--any-time"],
		[["window", "22:00-04:00", "--any-time"], "--any-time"],
		[["window", "Saturday night"], "sat,sun 22:00-04:00"],
		[["window", "none"], "--any-time"],
		[["freeze"], "--until"],
		[["min-age", "soon"], "hours"],
		[["hold", "--device", DEVICE, "--label", "a=b"], "not both"],
		[["pin", "crs", "../1"], "version"],
	])("%j is not understood, and asks nothing", async (args, word) => {
		const [verb = "", ...rest] = args;
		const told = await run(verb, ...rest);
		expect(told).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(word) });
		expect(operator.asked().filter(([method]) => method === "PUT")).toEqual([]);
	});
});
