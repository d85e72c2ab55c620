// The drill against the real service: a bad release halts by reports and by silence, the firewalls that had it are back, and what came
// of it stands in the service. The leases of silence take their real minute.
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { operate } from "../support/fleet.ts";
import { type RunningService, startService } from "../support/service.ts";

const PRODUCT = "parapet-drill";
const realTime = { sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, { signal }) };

let service: RunningService;
beforeAll(async () => {
	service = await startService();
});
afterAll(async () => {
	await service?.close();
});

const drill = (...args: string[]) =>
	runCli(["drill", ...args], { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey }, "/nonexistent", realTime);
const history = async () => JSON.parse((await drill("history", "--json")).stdout).drills;

it("has no history before the first drill, and says so", async () => {
	const { exitCode, stderr } = await drill("history");
	expect(exitCode).toBe(1);
	expect(stderr).toContain(`there is no product ${PRODUCT} yet`);
});

it("halts by reports and by silence, with two firewalls of four that had the bad release, and keeps how it went", async () => {
	const { exitCode, stdout, stderr } = await drill("--devices", "4", "--json");
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	const { ok, drills, steps } = JSON.parse(stdout);
	expect(ok).toBe(true);
	expect(drills).toMatchObject([
		{ by: "reports", had_it: 2 },
		{ by: "silence", had_it: 2 },
	]);
	expect(drills[0].halt_ms).toBeLessThan(60_000);
	// No sooner than the lease of the first permit ends, in whole seconds.
	expect(drills[1].halt_ms).toBeGreaterThan(59_000);
	expect(steps.map(({ step }: { step: string }) => step)).toEqual([
		...["product", "account", "fleet", "release_reports", "halt_reports", "revert_reports"],
		...["release_silence", "halt_silence", "revert_silence", "clean_up"],
	]);
	expect(await history()).toMatchObject([{ ok: true, devices: 4, failed: null, drills }]);
	type Events = { events: { type: string; subject: string }[] };
	const path = `/v1/products/${PRODUCT}/events?type=rollout.halted`;
	const { events } = await operate<Events>(service, "GET", path);
	expect(events.map(({ subject }) => subject)).toEqual(["2.1.0", "2.2.0"]);
	type Accounts = { accounts: { closed_at: string | null }[] };
	const { accounts } = await operate<Accounts>(service, "GET", "/v1/accounts");
	expect(accounts.filter((one) => one.closed_at === null)).toEqual([]);
});

it("goes on from the release that the last drill ended with; people read both in a table", async () => {
	const { exitCode, stdout } = await drill("run", "--by", "reports", "--devices", "3");
	expect(exitCode).toBe(0);
	expect(stdout).toMatch(/by reports: halted after \d+\.\d s, everybody back \d+\.\d s later/);
	expect((await history()).map(({ version }: { version: string }) => version)).toEqual(["3.2.0", "2.3.0"]);
	const { stdout: table } = await drill("history");
	expect(table).toMatch(/^AT +BY +HAD IT +HALTED AFTER +ALL BACK AFTER\n/);
	expect(table).toMatch(/silence +2 of 4/);
});

it("does not touch a product that is not its own", async () => {
	await operate(service, "POST", "/v1/products", { product: "crs", title: "Core rule set", plan: "immediate" });
	for (const verb of ["run", "history"]) {
		const { exitCode, stdout, stderr } = await drill(verb, "--product", "crs");
		expect(exitCode).toBe(1);
		expect(stdout + stderr).toContain('crs is not a synthetic product: its title is "Core rule set"');
	}
	const { events } = await operate<{ events: unknown[] }>(service, "GET", "/v1/products/crs/events");
	expect(events).toHaveLength(1);
});

it("cut short by a limit that is too short for silence, it says where, takes everything back and keeps that it failed", async () => {
	const { exitCode, stdout } = await drill("--by", "silence", "--devices", "3", "--step-limit", "15");
	expect(exitCode).toBe(1);
	expect(stdout).toMatch(/✗ halt_silence .*not done within 15 s/);
	expect(stdout).toMatch(/✓ clean_up .* is closed/);
	expect((await history())[0]).toMatchObject({ ok: false, failed: "halt_silence", drills: [] });
	type Releases = { releases: { version: string; status: string }[] };
	const { releases } = await operate<Releases>(service, "GET", `/v1/products/${PRODUCT}/releases`);
	expect(releases.find(({ version }) => version === "4.1.0")?.status).toBe("withdrawn");
});

it("says what is mistyped before it asks anything", async () => {
	expect((await drill("--by", "luck")).exitCode).toBe(2);
	expect((await drill("--devices", "2")).exitCode).toBe(2);
});
