import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { activateFirewall } from "../../../../cli/firewall/activation.ts";
import { checkForUpdates } from "../../../../cli/firewall/check.ts";
import { createSession, type FirewallSession } from "../../../../cli/firewall/session.ts";
import { openHome } from "../../../../cli/firewall/state.ts";
import { updateFirewall } from "../../../../cli/firewall/update.ts";
import { AUTH_CODE, startContractServer } from "../support/contract-server.ts";
import type { ContractServer } from "../support/contract-state.ts";
import { runCli } from "../support/run-cli.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };

let server: ContractServer;
let folder: string;
let session: FirewallSession;

beforeEach(async () => {
	server = await startContractServer();
	folder = join(await mkdtemp(join(tmpdir(), "parapet-test-")), "firewall");
	session = createSession(openHome(folder), server.url, Date.now);
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

describe("activation", () => {
	it.each(["ES256", "Ed25519"] as const)("registers an %s key that it proves to hold", async (algorithm) => {
		const { device } = await activate(algorithm);
		expect(device.id).toMatch(/^dev-/);
		expect(await session.obtainToken("bound")).toMatchObject({ type: "DPoP" });
	});

	it("keeps keys and tokens from everybody else", async () => {
		await activate();
		await session.obtainToken("bound");
		for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
	});

	it("tries again with the same key and serial when the reply was lost", async () => {
		const wrong = activateFirewall({ home: session.home, server: server.url, code: "WRONG-CODE", nowMs: Date.now });
		await expect(wrong).rejects.toMatchObject({ code: "invalid_token" });
		const key = await session.home.load("key");
		const serial = (await session.home.load("identity"))?.serial;
		const made = await activate();
		expect(await session.home.load("key")).toEqual(key);
		expect(made.serial).toBe(serial);
	});

	it("refuses to activate twice", async () => {
		await activate();
		await expect(activate()).rejects.toMatchObject({ code: "already_activated" });
	});

	it("deactivates, and keeps what is installed", async () => {
		await activate();
		await updateFirewall(session, undefined);
		const run = await runCli(["device", "deactivate", "--home", folder]);
		expect(run).toMatchObject({ exitCode: 0 });
		expect(await session.home.load("identity")).toBeNull();
		expect(await installedBytes()).toEqual(FIRST.bytes);
	});
});

describe("tokens", () => {
	it("keeps using a token while it lives", async () => {
		await activate();
		await checkForUpdates(session);
		await checkForUpdates(session);
		expect(requestsTo("/oauth2/token")).toHaveLength(1);
	});

	it("gets another one, once, when the server no longer takes it", async () => {
		await activate();
		await checkForUpdates(session);
		server.faults.refuseTokens = 1;
		await checkForUpdates(session);
		expect(requestsTo("/oauth2/token")).toHaveLength(2);
		server.faults.refuseTokens = 2;
		await expect(checkForUpdates(session)).rejects.toMatchObject({ code: "invalid_token" });
	});

	it("prints by how much the clock is off when that is why the server refuses", async () => {
		await activate();
		server.faults.serverTime = Math.floor(Date.now() / 1000) + 95;
		const run = await runCli(["device", "token", "--home", folder]);
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toMatch(/9[4-6] s behind the server's/);
	});

	it("prints an unbound token on request", async () => {
		await activate();
		const run = await runCli(["device", "token", "--bearer", "--home", folder]);
		expect(run.stdout).toMatch(/^token-[0-9a-f-]+\n$/);
	});
});

describe("checks", () => {
	it("sends the ETag back and takes 304 for an answer", async () => {
		await activate();
		expect(await checkForUpdates(session)).toMatchObject({ unchanged: false });
		expect(await checkForUpdates(session)).toMatchObject({
			unchanged: true,
			answer: { products: [{ status: "offered" }] },
		});
	});

	it("asks anew once something else is installed", async () => {
		await activate();
		await updateFirewall(session, undefined);
		expect(await checkForUpdates(session)).toMatchObject({
			unchanged: false,
			answer: { products: [{ status: "current" }] },
		});
		expect(requestsTo("/v1/check").at(-1)?.path).toContain("installed=crs@4.27.0");
		expect(await checkForUpdates(session)).toMatchObject({ unchanged: true });
	});

	it("says nothing new in words", async () => {
		await activate();
		await updateFirewall(session, undefined);
		await runCli(["device", "check", "--home", folder]);
		const run = await runCli(["device", "check", "--home", folder]);
		expect(run.stdout).toContain("nothing new");
		expect(run.stdout).toContain("crs: current at 4.27.0");
	});
});

it("shows messages and remembers how far it has read", async () => {
	await activate();
	const run = await runCli(["device", "messages", "--home", folder]);
	expect(run.stdout).toBe("[info] Hello\n  There\n");
	await checkForUpdates(session);
	expect(requestsTo("/v1/check").at(-1)?.path).toContain("seen=7");
});
