// A firewall without a folder: its state in memory, its packages where the caller keeps them. It speaks as one with a home does.
import { Agent } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askPermit, checkForUpdates } from "../../../../../cli/firewall/check/check.ts";
import { type FirewallState, keepInMemory } from "../../../../../cli/firewall/home/firewall-state.ts";
import { activateFirewall, deactivateFirewall } from "../../../../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../../../../cli/firewall/identity/session.ts";
import { findDamaged } from "../../../../../cli/firewall/installed/installed-content.ts";
import { fetchPackage } from "../../../../../cli/firewall/update/fetch-package.ts";
import { noteInstalled } from "../../../../../cli/firewall/update/install.ts";
import { reportInstalled } from "../../../../../cli/firewall/update/reports.ts";
import { AUTH_CODE, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";

const RELEASE = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };

let server: ContractServer;
let agent: Agent;
let home: FirewallState;
let session: FirewallSession<FirewallState>;
let pauses: number[];

beforeEach(async () => {
	server = await startContractServer();
	server.release = RELEASE;
	agent = new Agent({ keepAlive: true, maxSockets: 1 });
	pauses = [];
	home = keepInMemory();
	const sleep = async (ms: number) => void pauses.push(ms);
	session = createSession(home, server.url, { nowMs: Date.now, sleep, agent });
	await activateFirewall({ home, server: server.url, code: AUTH_CODE, nowMs: Date.now, agent });
});
afterEach(async () => {
	agent.destroy();
	await server.close();
});

async function permitted() {
	const { answer } = await checkForUpdates(session);
	const [{ product, offer } = {}] = answer.products;
	if (product === undefined || offer == null) throw new Error("nothing is offered");
	const ask = () => askPermit(session, product, offer);
	return { permit: await ask(), ask };
}
const downloads = () => server.seen.filter(({ path }) => path.startsWith("/d/")).length;

describe("a package in memory", () => {
	it("is the permit's, installed where its keeper says, reported, and named by the next check", async () => {
		const { permit, ask } = await permitted();
		const got = await fetchPackage(session, permit, ask);
		expect(got.ok && got.bytes.equals(RELEASE.bytes)).toBe(true);
		await noteInstalled(home, permit, "in the cloud", 1_000);
		await reportInstalled(session, permit);
		expect(await home.load("installed")).toMatchObject({ crs: { version: "4.27.0", path: "in the cloud" } });
		expect(await home.load("permits")).toBeNull();
		expect(server.reports).toMatchObject([{ outcome: "healthy" }]);
		await checkForUpdates(session);
		expect(server.seen.at(-1)?.path).toContain("installed=crs@4.27.0");
	});

	it("is not looked at by a check: there is no file", async () => {
		const { permit } = await permitted();
		await noteInstalled(home, permit, "in the cloud", 1_000);
		expect(await findDamaged(home, 2_000, "now")).toEqual([]);
		expect((await checkForUpdates(session)).damaged).toEqual([]);
	});

	it("that is not what was promised is handed to nobody", async () => {
		const { permit, ask } = await permitted();
		server.release = { ...RELEASE, bytes: Buffer.alloc(200_000, "other bytes!! ") };
		expect(await fetchPackage(session, permit, ask)).toMatchObject({ ok: false, reason: "digest_mismatch" });
	});

	it("with a URL that is turned down is asked for with another permit", async () => {
		const { permit, ask } = await permitted();
		server.faults.refuseUrls = 1;
		expect(await fetchPackage(session, permit, ask)).toMatchObject({ ok: true });
		expect(downloads()).toBe(2);
	});

	it("from a server that is down is asked for three times, with pauses", async () => {
		const { permit, ask } = await permitted();
		server.faults.instead = ({ path }) => (path.startsWith("/d/") ? { status: 500, body: "" } : null);
		expect(await fetchPackage(session, permit, ask)).toMatchObject({ ok: false, reason: "interrupted" });
		expect([downloads(), pauses]).toEqual([3, [1_000, 1_000]]);
	});
});

describe("state in memory", () => {
	it("goes on from what was kept elsewhere, and is not changed by what is done with its copy", async () => {
		const kept = { key: await home.load("key"), identity: await home.load("identity") };
		if (kept.key === null || kept.identity === null) throw new Error("it is not activated");
		const from = { key: kept.key, identity: kept.identity };
		const later = keepInMemory(from);
		await checkForUpdates(createSession(later, server.url, session));
		expect(await later.load("token")).not.toBeNull();
		expect(Object.keys(from)).toEqual(["key", "identity"]);
	});

	it("is forgotten with the seat, but for what is installed", async () => {
		const { permit } = await permitted();
		await noteInstalled(home, permit, "in the cloud", 1_000);
		await deactivateFirewall(home, server.url, Date.now, agent);
		expect([await home.load("key"), await home.load("identity"), await home.load("token")]).toEqual([null, null, null]);
		expect(await home.load("installed")).not.toBeNull();
		await expect(session.currentToken()).rejects.toMatchObject({
			code: "not_activated",
			message: "this firewall is not activated",
		});
	});
});

it("sends everything by the connections that it is given", async () => {
	const { permit, ask } = await permitted();
	await fetchPackage(session, permit, ask);
	const ports = new Set(server.seen.map(({ headers }) => headers.connection));
	expect([...ports]).toEqual(["keep-alive"]);
});
