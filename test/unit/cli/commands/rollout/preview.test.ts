// `parapet rollout preview`: what it asks, what it shows of a release before it starts and while it goes its way, and what is none.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { STANDARD } from "../../../../../src/rollout/built-in-plans.ts";
import { createRollout } from "../../../../../src/rollout/rollout.ts";
import { appendLog } from "../../../../../src/rollout/rollout-log.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse } from "../../support/scripted-server.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const RELEASE = { version: "2.0", status: "uploaded", size: 5_000_000, channel: null, models: null, engine: {} };
const releases = (changes: object = {}) => ({ body: { releases: [{ ...RELEASE, ...changes }] } });
const PRODUCT = { body: { plan: STANDARD, beta_plan: null } };
const ACCOUNTS = {
	body: { accounts: [{ account: "acct-1" }, { account: "acct-2", closed_at: "2026-01-01T00:00:00Z" }] },
};
const device = (at: number, changes: object = {}) => ({
	...{ device: `dev-${at}`, model: `FW-${at % 3}`, labels: at < 2 ? { ring: "volunteer" } : {}, has_seat: true },
	...{ ha_group: null, engine: null, country: null, products: [{ product: "crs", installed: "1.0" }], ...changes },
});
const devices = (from: number, next: string | null, count = 50) => ({
	body: { devices: Array.from({ length: count }, (_, at) => device(from + at)), next },
});
const preview = (...more: string[]) => operator.run("rollout", "preview", "crs", "2.0", ...more);

describe("of a version that is not started", () => {
	beforeEach(() =>
		operator.reply(releases(), PRODUCT, ACCOUNTS, devices(0, "dev-49"), {
			body: { devices: [device(50), device(51, { has_seat: false })], next: null },
		}),
	);

	it("counts the fleet of all open accounts, page after page, and sends nothing", async () => {
		const { exitCode, stdout } = await preview();
		expect(exitCode).toBe(0);
		expect(stdout).toContain("crs 2.0 by plan standard: not started; 51 devices have said something of crs");
		expect(stdout).toMatch(/volunteers +1 of 2 .* 5\.0 MB +2026-11-20T12:00:00Z +2026-11-21T00:00:00Z/);
		expect(stdout).toContain("! volunteers: only 1 of 2 units can take part (ring volunteer)");
		expect(stdout).toContain("which units come first is drawn when it starts");
		expect(stdout).toContain("255.0 MB in all; everybody may have it from 2026-11-24T12:00:00Z on");
		expect(operator.asked().map(([method, path]) => `${method} ${path}`)).toEqual([
			"GET /v1/products/crs/releases",
			"GET /v1/products/crs",
			"GET /v1/accounts?limit=1000",
			"GET /v1/accounts/acct-1/devices?limit=1000&status=active&product=crs",
			"GET /v1/accounts/acct-1/devices?limit=1000&status=active&product=crs&after=dev-49",
		]);
	});

	it("takes the plan, models and time that it is to be started with", async () => {
		const { stdout } = await preview("--plan", "rapid", "--models", "FW-1", "--at", "1h", "--json");
		const answer = JSON.parse(stdout);
		expect(answer).toMatchObject({ plan: "rapid", phase: "waiting", devices: 51 });
		expect(answer.steps[0]).toMatchObject({
			models: ["FW-1"],
			begins: "2026-11-20T13:00:00Z",
			passes: "2026-11-20T13:20:00Z",
		});
		const all = answer.steps.reduce((sum: number, { units }: { units: number }) => sum + units, 0);
		expect(all).toBe(17);
	});
});

describe("of a release on its way", () => {
	it("names the units that come first, by the salt in its log", async () => {
		const now = Date.parse("2026-11-20T11:00:00Z") / 1_000;
		const rollout = createRollout({ plan: STANDARD, salt: "s", publisher: "ci", team: null, startsAt: 0, now });
		const entry = await appendLog(null, { at: now, input: { kind: "start", rollout }, turns: [] });
		const log = [{ body: { entries: [entry] } }, { body: { entries: [] } }];
		operator.reply(releases({ status: "rolling_out", channel: "stable" }), ...log, ACCOUNTS, devices(0, null));
		const { exitCode, stdout } = await preview();
		expect(exitCode).toBe(0);
		expect(stdout).toContain("by plan standard: waiting volunteers; 50 devices");
		expect(stdout).toMatch(/volunteers, by buckets: dev-[01] \(acct-1\)\n/);
	});

	it("does not trust a log that was changed", async () => {
		const log = [{ body: { entries: [{ seq: 1, hash: "x" }] } }, { body: { entries: [] } }];
		operator.reply(releases({ status: "rolling_out", channel: "stable" }), ...log);
		expect(await preview()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("is wrong at entry") });
	});

	it("is by its own plan", async () => {
		operator.reply(releases({ status: "rolling_out", channel: "stable" }));
		const run = await preview("--plan", "rapid");
		expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("leave out all options but --json") });
	});
});

it("of a fleet that nobody has heard of says so, and names no step as one that nobody can take part in", async () => {
	operator.reply(releases(), PRODUCT, ACCOUNTS, devices(0, null, 0));
	const { stdout } = await preview();
	expect(stdout).toContain("! no device has been heard of: who takes part shows once devices have checked for crs");
	expect(stdout.match(/^! /gm)).toHaveLength(1);
});

it("there is none of a version that does not exist", async () => {
	operator.reply({ body: { releases: [] } });
	expect(await preview()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("parapet publish --draft") });
});

it("a key that may not read the fleet is told which may", async () => {
	operator.reply(releases(), PRODUCT, refuse(403, "insufficient_scope"));
	expect(await preview()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("use a key with the scope") });
});
