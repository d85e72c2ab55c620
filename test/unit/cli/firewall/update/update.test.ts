// How the firewall of the command line installs what it is offered: it resumes broken downloads, verifies the bytes before
// it replaces anything, and loses no report. Damaged state files never make it guess.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHome } from "../../../../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../../../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../../../../cli/firewall/identity/session.ts";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { packageOf } from "../../support/contract-download.ts";
import { AUTH_CODE, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { runCli } from "../../support/run-cli.ts";
import { refuse } from "../../support/scripted-server.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };
const SECOND = { version: "4.28.0", bytes: Buffer.alloc(300_000, "second release ") };

let server: ContractServer;
let folder: string;
let session: FirewallSession;

beforeEach(async () => {
	server = await startContractServer();
	folder = join(await mkdtemp(join(tmpdir(), "parapet-test-")), "firewall");
	session = createSession(openHome(folder), server.url, { nowMs: Date.now, sleep: async () => {} });
	server.release = FIRST;
});
afterEach(async () => {
	await server.close();
	await rm(join(folder, ".."), { recursive: true, force: true });
});

function activate(algorithm?: "ES256" | "Ed25519") {
	return activateFirewall({ home: session.home, server: server.url, code: AUTH_CODE, algorithm, nowMs: Date.now });
}

async function installedBytes(product = "crs"): Promise<Buffer> {
	const installed = await session.home.load("installed");
	return readFile(join(folder, installed?.[product]?.path ?? "missing"));
}

function requestsTo(prefix: string) {
	return server.seen.filter(({ path }) => path.startsWith(prefix));
}

describe("updates", () => {
	it("downloads, verifies, installs and reports what is offered", async () => {
		await activate();
		const run = await runCli(["device", "update", "--json", "--home", folder]);
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(JSON.parse(run.stdout)).toMatchObject({
			updates: [{ ok: true, product: "crs", version: "4.27.0", resumed_from: 0 }],
		});
		expect(await installedBytes()).toEqual(FIRST.bytes);
		expect(server.reports.map((report) => report.outcome)).toEqual(["healthy"]);
	});

	it.each([
		[
			"reports what a command of its own measures",
			`echo '{"cpu":12}'`,
			{ before: { cpu: 12 }, after: { cpu: 12 } },
			/^$/,
		],
		["reports no values where the command fails", "exit 1", undefined, /--health failed: .* no health values/],
		["reports no values where it prints nothing", "true", undefined, /--health printed nothing: /],
		["reports no values where it prints something else", "echo fine", undefined, /did not print health values as JSON/],
		["reports no values that no report may have", `echo '{"cpu":1000}'`, undefined, /did not print health values/],
	])("%s, and says so", async (_, command, health, note) => {
		await activate();
		const { exitCode, stderr } = await runCli(["device", "update", "--home", folder, "--health", command]);
		expect(exitCode).toBe(0);
		expect(stderr).toMatch(note);
		expect(server.reports.map((report) => [report.outcome, "health" in report ? report.health : undefined])).toEqual([
			["healthy", health],
		]);
	});

	it("writes down which rules are disabled, before it installs and without an update, and forgets them when none is", async () => {
		await activate();
		const file = join(folder, "disabled-rules", "crs.txt");
		server.disabledRules = ["1:51", "942100"];
		const run = await runCli(["device", "update", "--home", folder]);
		expect(run.stdout).toContain(`crs: the content is to be loaded without 1:51, 942100\n  ${file}`);
		expect(await readFile(file, "utf8")).toBe("1:51\n942100\n");
		expect((await updateFirewall(session, "crs")).rules).toEqual([]);
		server.disabledRules = ["942100"];
		const rules = { product: "crs", rules: ["942100"], path: file };
		expect(await updateFirewall(session, "crs")).toMatchObject({ updates: [], rules: [rules] });
		server.disabledRules = [];
		expect((await updateFirewall(session, "crs")).rules).toEqual([{ ...rules, rules: [] }]);
		await expect(readFile(file)).rejects.toThrow("ENOENT");
	});

	it("takes no rule that is no name: the whole answer is refused, and nothing is written", async () => {
		await activate();
		server.disabledRules = ["../../etc/passwd\n942100"];
		await expect(updateFirewall(session, "crs")).rejects.toMatchObject({ code: "unexpected_answer" });
		await expect(readdir(join(folder, "disabled-rules"))).rejects.toThrow("ENOENT");
	});

	it("replaces the old package, and leaves nothing else behind", async () => {
		await activate();
		await updateFirewall(session, "crs");
		server.release = SECOND;
		await updateFirewall(session, "crs");
		expect(await installedBytes()).toEqual(SECOND.bytes);
		expect(await readdir(join(folder, "packages", "crs"))).toEqual(["4.28.0"]);
		expect(await readdir(join(folder, "downloads"))).toEqual([]);
	});

	it("goes on where a broken download stopped", async () => {
		await activate();
		const large = { version: "5.0.0", bytes: Buffer.alloc(8_000_000, "a large release ") };
		server.release = large;
		server.faults.cutAt = 6_000_000;
		const { updates } = await updateFirewall(session, undefined);
		expect(updates).toMatchObject([{ ok: true }]);
		const [, second] = requestsTo("/d/");
		expect(second?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
		expect(second?.headers["if-range"]).toBe(`"${packageOf(large).sha256}"`);
		expect((await installedBytes()).equals(large.bytes)).toBe(true);
	});

	it("goes on in a later run, under a new permit", async () => {
		await activate();
		const { sha256 } = packageOf(FIRST);
		await runCli(["device", "check", "--home", folder]);
		await mkdir(join(folder, "downloads"), { recursive: true });
		await writeFile(join(folder, "downloads", `crs@${sha256}.part`), FIRST.bytes.subarray(0, 150_000));
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true, resumedFrom: 150_000 }]);
		expect(requestsTo("/d/")[0]?.headers.range).toBe("bytes=150000-");
	});

	it("starts over once when what an earlier run left was bad", async () => {
		await activate();
		const { sha256 } = packageOf(FIRST);
		await mkdir(join(folder, "downloads"), { recursive: true });
		await writeFile(join(folder, "downloads", `crs@${sha256}.part`), Buffer.alloc(150_000, "rubbish"));
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true }]);
		expect(await installedBytes()).toEqual(FIRST.bytes);
	});

	it("asks for another permit when the signed URL has run out", async () => {
		await activate();
		server.faults.refuseUrls = 1;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true }]);
		expect(requestsTo("/v1/permits")).toHaveLength(2);
	});

	it("goes on with a new permit where it stopped, when the signed URL runs out in the middle of a download", async () => {
		await activate();
		server.release = { version: "5.0.0", bytes: Buffer.alloc(8_000_000, "a large release ") };
		server.faults.cutAt = 6_000_000;
		// The connection breaks, and by then the first URL has expired.
		server.faults.instead = ({ path, headers }) =>
			path.startsWith("/d/") && headers.range !== undefined && requestsTo("/v1/permits").length === 1
				? refuse(403, "signed_url_expired")
				: null;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true }]);
		expect(requestsTo("/v1/permits")).toHaveLength(2);
		const [whole, refused, rest] = requestsTo("/d/");
		expect([whole, refused, rest].map((one) => one?.headers.range !== undefined)).toEqual([false, true, true]);
		expect(rest?.headers.range).toBe(refused?.headers.range);
		expect((await installedBytes()).equals(server.release.bytes)).toBe(true);
	});

	it("gives up on URLs that stay refused, and replaces nothing", async () => {
		await activate();
		server.faults.refuseUrls = 100;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: false, reason: "refused" }]);
		expect(await session.home.load("installed")).toBeNull();
	});

	it.each([
		{ faults: { corrupt: true }, reason: "digest_mismatch" },
		{ faults: { tooLong: true }, reason: "size_mismatch" },
	])("never installs other bytes than promised ($reason), and reports it", async ({ faults, reason }) => {
		await activate();
		await updateFirewall(session, undefined);
		server.release = SECOND;
		server.faults = faults;
		const run = await runCli(["device", "update", "--json", "--home", folder]);
		expect(run.exitCode).toBe(1);
		expect(JSON.parse(run.stdout)).toMatchObject({ updates: [{ ok: false, reason }] });
		expect(await installedBytes()).toEqual(FIRST.bytes);
		expect(server.reports.at(-1)).toMatchObject({ outcome: "failed", detail: expect.stringContaining(reason) });
		expect(await readdir(join(folder, "downloads"))).toEqual([]);
	});

	it("keeps running with what it has when the permit is refused", async () => {
		await activate();
		server.faults.refusePermits = true;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: false, reason: "permit_refused" }]);
		expect(server.reports).toEqual([]);
	});

	it("saves a report that does not get through, and sends it with the next update", async () => {
		await activate();
		server.faults.dropReports = true;
		expect(await updateFirewall(session, undefined)).toMatchObject({ waitingReports: 1, updates: [{ ok: true }] });
		server.faults.dropReports = false;
		expect(await updateFirewall(session, undefined)).toMatchObject({ waitingReports: 0, updates: [] });
		expect(server.reports.map((report) => report.outcome)).toEqual(["healthy"]);
	});

	it.each(["key.json", "identity.json"])("says that %s is damaged instead of guessing who it is", async (name) => {
		await activate();
		await writeFile(join(folder, name), "{");
		await expect(updateFirewall(session, undefined)).rejects.toMatchObject({ code: "damaged_state" });
	});

	it.each(["token", "installed", "last-check", "messages", "reports", "ha"])(
		"goes on without a damaged %s.json, and keeps it for whoever wants to see it",
		async (name) => {
			await activate();
			await updateFirewall(session, undefined);
			server.release = SECOND;
			for (const damage of ["", "\0".repeat(512), "{", "[]", "null"]) {
				await writeFile(join(folder, `${name}.json`), damage);
				expect((await updateFirewall(session, undefined)).check.answer.products).toHaveLength(1);
			}
			expect(await installedBytes()).toEqual(SECOND.bytes);
			expect(await readdir(folder)).toContain(`${name}.json.damaged`);
		},
	);
});
