// `parapet device explain` against a server that speaks the contract: who asks what, and what is made of the answer.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	describeExplanation,
	type Explanation,
	explanationAnswer,
} from "../../../../../cli/commands/device/lines/explain.ts";
import { REFUSAL_CODES } from "../../../../../src/entitlement/decision-codes.ts";
import { API_KEY, AUTH_CODE, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { runCli } from "../../support/run-cli.ts";
import { refuse } from "../../support/scripted-server.ts";
import { withoutRoom } from "../../support/without-room.ts";

const DEVICE = "dev-0123456789-0123456789abcdef";
const release = (version: string, verdict: string, more: { ready_at?: string; installed?: boolean } = {}) => ({
	version,
	released_at: "2026-11-20T00:00:00Z",
	urgency: "routine",
	channel: "stable",
	installed: false,
	ready_at: null,
	verdict,
	...more,
});
const TOLD: Explanation = {
	device: DEVICE,
	account: "acct-0123456789abcdef",
	product: "crs",
	at: "2026-11-21T00:00:00Z",
	model: "FW-100",
	channel: "stable",
	engine: null,
	installed: "4.26.0",
	status: "active",
	replaces: null,
	replaced_by: null,
	holds_seat: true,
	ha_group: null,
	seat_holder: DEVICE,
	suspensions: [],
	license: {
		license: "lic-01234567",
		status: "active",
		seats: 10,
		seats_taken: 3,
		delay_hours: 48,
		emergency_delay_hours: 0,
	},
	entitlement: {
		code: "active",
		title: "The license covers the product",
		fix: "Nothing to do.",
		from: "2026-01-01T00:00:00Z",
		until: "2027-01-01T00:00:00Z",
		grace_until: "2027-01-31T00:00:00Z",
		critical_until: "2027-01-31T00:00:00Z",
	},
	releases: [
		release("4.28.0", "too_young", { ready_at: "2026-11-22T00:00:00Z" }),
		release("4.27.1", "withdrawn"),
		release("4.27.0", "chosen"),
		release("4.26.0", "older_than_choice", { installed: true }),
	],
	answer: {
		code: "active",
		status: "offered",
		reason: "newer",
		version: "4.27.0",
		downgrade: false,
		download: "in_offer",
	},
	changes: [
		{
			at: "2026-11-22T00:00:00Z",
			what: "release_ready",
			answer: {
				code: "active",
				status: "offered",
				reason: "newer",
				version: "4.28.0",
				downgrade: false,
				download: "by_permit",
			},
		},
	],
	edge: {
		version: 3,
		denied: null,
		stores: [{ store: "kv", state: "current", version: 3, outdated: false, code: "active" }],
	},
};
const LINES = `${DEVICE}, model FW-100, at 2026-11-21T00:00:00Z
crs: 4.26.0 installed, engine not given

device       active, with a seat
license      lic-01234567 is active, 3 of 10 seats taken, releases 48 h later
             from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z
             grace until 2027-01-31T00:00:00Z
entitlement  active: The license covers the product
             Nothing to do.
answer       4.27.0 is offered (newer), with its download

RELEASE  RELEASED              URGENCY  VERDICT
4.28.0   2026-11-20T00:00:00Z  routine  too_young until 2026-11-22T00:00:00Z
4.27.1   2026-11-20T00:00:00Z  routine  withdrawn
4.27.0   2026-11-20T00:00:00Z  routine  chosen
4.26.0   2026-11-20T00:00:00Z  routine  older_than_choice, installed

WHEN                  WHAT CHANGES IT  ENTITLEMENT  ANSWER
2026-11-22T00:00:00Z  release_ready    active       4.28.0 is offered (newer), to be had by a permit

kv           has the same record (version 3)
`;

let server: ContractServer;
let folder: string;
beforeEach(async () => {
	server = await startContractServer();
	server.explanation = { ...TOLD, unknown: "to this client" };
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true, force: true });
});
const asked = () => server.seen.filter(({ path }) => path.startsWith("/v1/devices/"));

describe("an operator", () => {
	const run = (...args: string[]) =>
		runCli(
			["device", "explain", DEVICE, "--product", "crs", "--url", server.url, "--key", API_KEY, ...args],
			{},
			folder,
			{
				nowMs: () => Date.parse("2026-11-21T00:00:00Z"),
			},
		);

	it("reads the trace: device, license, decision, releases, what would change it, where the edge stands", async () => {
		expect(await run()).toEqual({ exitCode: 0, stderr: "", stdout: LINES });
		expect(asked().map(({ path }) => path)).toEqual([`/v1/devices/${DEVICE}/explain?product=crs`]);
	});

	it("reads of the device's HA group, where it is in one", async () => {
		const ha = { group: "hag-0123456789-01234567", mode: "active-passive", role: "passive", active: null };
		server.explanation = { ...TOLD, ha: { ...ha, split_brain_since: null, devices: [], skew: [] } };
		expect((await run()).stdout).toContain(
			"\nHA group hag-0123456789-01234567, active-passive; this device is passive\n",
		);
		server.explanation = { ...TOLD, ha: { ...ha, role: null, split_brain_since: null, devices: [], skew: [] } };
		expect((await run()).stdout).toContain("active-passive; no role of this device is known\n");
	});

	it.each([["foo"], ["lic-01234567"]])(
		"is told of %s that it is no device, before anything else is missing",
		async (device) => {
			const wrong = await runCli(["device", "explain", device, "--url", server.url, "--key", API_KEY]);
			expect(wrong).toMatchObject({
				exitCode: 2,
				stderr: `error: device "${device}": a device looks like dev-0123456789-0123456789abcdef\n  fix: see parapet device explain --help\n`,
			});
			const missing = await runCli(["device", "explain", DEVICE, "--url", server.url, "--key", API_KEY]);
			expect(missing.stderr).toContain("--product: required and missing");
		},
	);

	it("is told what was known of the device, why a rollout is closed and what a permit would be refused with", async () => {
		const onItsWay = { step: "ten", open: true };
		const told: Explanation = {
			...TOLD,
			from_state: ["installed"],
			releases: [
				{ ...release("4.29.0", "rollout_closed"), rollout: { ...onItsWay, closed: "frozen", permit: "frozen" } },
				{ ...release("4.28.0", "chosen"), rollout: { ...onItsWay, closed: null, permit: "step_full" } },
				release("4.27.0", "unsigned"),
			],
		};
		const lines = describeExplanation(told, "operator").join("\n");
		expect(lines).toContain("crs: 4.26.0 installed (as last heard), engine not given");
		expect(lines).toMatch(
			/4\.29\.0 .* rollout_closed: frozen\n4\.28\.0 .* chosen, no permit now: step_full\n4\.27\.0 .* unsigned/,
		);
	});

	it("asks of any state of the device, and of another time", async () => {
		await run("--installed", "4.26.0", "--engine", "11.1", "--at", "24h");
		const query = "product=crs&installed=4.26.0&engine=11.1&at=2026-11-22T00%3A00%3A00Z";
		expect(asked()[0]?.path).toBe(`/v1/devices/${DEVICE}/explain?${query}`);
	});

	describe("who names a product that the license does not have", () => {
		const told = { ...TOLD, product: "crss", entitlement: { ...TOLD.entitlement, code: "not_included" } };
		const changes = "`parapet license change acct-0123456789abcdef lic-01234567 --products …` adds the product";
		it.each([
			["is told that there is none such", { body: { products: [{ product: "crs" }] } }, "did you mean crs?"],
			["is advised to add one that there is", { body: { products: [{ product: "crss" }] } }, changes],
			["is advised the same with a key that may not see the products", refuse(403, "insufficient_scope"), changes],
		] as const)("%s", async (_, reply, said) => {
			server.explanation = told;
			server.faults.instead = ({ path }) => (path === "/v1/products" ? reply : null);
			const { stdout, exitCode } = await run();
			expect({ stdout, exitCode }).toEqual({ exitCode: 0, stdout: expect.stringContaining(said) });
		});
	});

	it("gets the answer as it came with --json", async () => {
		expect(JSON.parse((await run("--json")).stdout)).toEqual(server.explanation);
	});

	it("is told when the server answers something else", async () => {
		server.explanation = { device: DEVICE };
		expect(await run()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("could not explain") });
	});
});

it("a release that is too large is told with its numbers and the firewall's", () => {
	const large = { ...release("4.28.0", "too_large_for_device"), footprint: { disk: 60_000_000, memory: 200_000_000 } };
	const told = { ...TOLD, disk_free: 1_000_000, memory: null, releases: [large] };
	expect(describeExplanation(explanationAnswer.parse(told), "operator").join("\n")).toContain(
		"too_large_for_device: takes disk 60.0 MB, memory 200.0 MB; the firewall has disk 1.0 MB",
	);
});

describe("the firewall itself", () => {
	const run = (...args: string[]) => runCli(["device", "explain", "--product", "crs", "--home", folder, ...args]);
	const activate = (...args: string[]) =>
		runCli(["device", "activate", AUTH_CODE, "--home", folder, "--url", server.url, ...args]);

	it("asks with its own token, with what it has installed and runs", async () => {
		server.release = { version: "4.27.0", bytes: Buffer.from("rules") };
		await activate("--engine", "11.1");
		await runCli(["device", "update", "--home", folder]);
		expect(await run()).toEqual({ exitCode: 0, stderr: "", stdout: LINES });
		const [request] = asked();
		expect(withoutRoom(request?.path ?? "")).toMatch(
			/^\/v1\/devices\/dev-[^/]+\/explain\?product=crs&installed=4\.27\.0&engine=11\.1$/,
		);
		expect(request?.headers.authorization).toMatch(/^DPoP /);
	});

	it("and with something else where it is told to", async () => {
		await activate();
		await run("--installed", "4.20.0");
		expect(withoutRoom(asked()[0]?.path ?? "")).toMatch(/explain\?product=crs&installed=4\.20\.0$/);
	});

	it("must be activated", async () => {
		expect(await run()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("activate one first") });
	});
});

it.each([
	["no product", ["device", "explain", DEVICE]],
	["a device that is none", ["device", "explain", "acct-0123456789", "--product", "crs"]],
	["a time that is none", ["device", "explain", DEVICE, "--product", "crs", "--at", "soon"]],
	["a device and a home", ["device", "explain", DEVICE, "--product", "crs", "--home", "/nonexistent"]],
])("the command line with %s is wrong", async (_, args) => {
	expect(await runCli([...args, "--key", API_KEY])).toMatchObject({ exitCode: 2, stdout: "" });
});

describe("the lines", () => {
	const lines = (change: Partial<Explanation>) => describeExplanation({ ...TOLD, ...change }, "firewall");

	it("say of a refused device that nothing was looked at, and of a lasting answer that it lasts", () => {
		const answer = { code: "suspended", status: "refused", reason: "suspended", version: null, downgrade: false };
		const shown = lines({ status: "suspended", holds_seat: false, license: null, answer, releases: [], changes: [] });
		expect(shown).toEqual(
			expect.arrayContaining([
				"device       suspended, without a seat",
				"license      none",
				"answer       refused (suspended)",
				"no release is looked at",
				"time alone changes nothing",
			]),
		);
	});

	it("say where nothing was published, and what an answer from old copies is worth", () => {
		const answer = { ...TOLD.answer, status: "unavailable", reason: "no_release", version: null };
		const shown = lines({ answer, releases: [], degraded: true, as_of: "2026-11-20T23:00:00Z" });
		expect(shown).toContain("there is no release");
		expect(shown.at(-1)).toContain("2026-11-20T23:00:00Z");
	});

	it("count the many older releases, and always show the installed one", () => {
		const older = Array.from({ length: 9 }, (_, at) =>
			release(`3.${9 - at}.0`, "older_than_choice", { installed: at === 8 }),
		);
		const shown = lines({ releases: [release("4.0.0", "chosen"), ...older] });
		expect(shown.filter((line) => line.includes("older_than_choice"))).toHaveLength(4);
		expect(shown).toContain("and 5 older ones");
		expect(shown.join("\n")).toContain("older_than_choice, installed");
	});

	it.each([
		[
			{ state: "behind", version: 2, code: "grace" },
			"kv           is behind (version 2, in truth 3): by which it is grace",
		],
		[
			{ state: "behind", version: 2, code: "active", outdated: true },
			"kv           is behind (version 2, in truth 3): known to be outdated, the Account is asked instead",
		],
		[{ state: "missing", version: null, code: null }, "kv           is missing"],
	])("say of a store that differs how: %j", (copy, line) => {
		const [store] = TOLD.edge.stores;
		if (store === undefined) expect.fail("no store");
		expect(lines({ edge: { ...TOLD.edge, stores: [{ ...store, ...copy }] } })).toContain(line);
	});

	it.each([
		["suspended", `\`parapet device reinstate ${DEVICE}\` takes it back`],
		[
			"license_suspended",
			"`parapet license reinstate acct-0123456789abcdef lic-01234567` lets its license count again",
		],
		["expired", "`parapet license change acct-0123456789abcdef lic-01234567 --ends …` renews the license"],
		["not_included", "`parapet license change acct-0123456789abcdef lic-01234567 --products …` adds the product"],
	])("advise an operator in commands, and the firewall to ask one: %s", (code, command) => {
		const told = { ...TOLD, entitlement: { ...TOLD.entitlement, code, fix: "Ask the account's administrator." } };
		expect(describeExplanation(told, "operator")).toContain(`             ${command}`);
		expect(describeExplanation(told, "firewall")).toContain("             Ask the account's administrator.");
	});

	it.each(REFUSAL_CODES)("have a command for an operator where a device is refused: %s", (code) => {
		const told = { ...TOLD, entitlement: { ...TOLD.entitlement, code, fix: "of the server" } };
		expect(describeExplanation(told, "operator").join("\n")).toMatch(/ {13}.*`parapet /);
	});

	it("say who stands on the deny list", () => {
		const denied = { until: "2026-11-21T02:00:00Z" };
		expect(lines({ edge: { ...TOLD.edge, denied } })).toContain(
			"denied       until 2026-11-21T02:00:00Z or until the device is let in",
		);
	});
});

describe("who suspended or revoked it", () => {
	it("stands below what it is about, with the reason where there is one", () => {
		const told: Explanation = {
			...TOLD,
			suspensions: [
				{ type: "device.suspended", subject: DEVICE, at: "2026-11-20T00:00:00Z", actor: "olivia", reason: "stolen" },
				{ type: "license.revoked", subject: "lic-01234567", at: "2026-11-20T01:00:00Z", actor: "omar", reason: "" },
			],
		};
		const lines = describeExplanation(told, "operator");
		const after = (start: string) => lines[lines.findIndex((line) => line.startsWith(start)) + 1];
		expect(after("device ")).toBe("             suspended 2026-11-20T00:00:00Z by olivia: stolen");
		expect(lines).toContain("             revoked 2026-11-20T01:00:00Z by omar");
		expect(lines.findIndex((line) => line.includes("by omar"))).toBeGreaterThan(
			lines.findIndex((line) => line.startsWith("license ")),
		);
	});
});
