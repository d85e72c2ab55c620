// An offer that carries its download saves the permit: for half a minute, and for nothing that a permit would not have given.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { offer as offerShape } from "../../../../../cli/firewall/answers.ts";
import { openHome } from "../../../../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../../../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../../../../cli/firewall/identity/session.ts";
import { permitInOffer } from "../../../../../cli/firewall/update/offered-download.ts";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { AUTH_CODE, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { withoutRoom } from "../../support/without-room.ts";

const DIRECT = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release "), direct: true };

let server: ContractServer;
let folder: string;
let session: FirewallSession;
/** ms that the firewall's clock is ahead of the machine's */
let later: number;

beforeEach(async () => {
	server = await startContractServer();
	folder = join(await mkdtemp(join(tmpdir(), "parapet-test-")), "firewall");
	later = 0;
	session = createSession(openHome(folder), server.url, { nowMs: () => Date.now() + later, sleep: async () => {} });
	server.release = DIRECT;
	await activateFirewall({ home: session.home, server: server.url, code: AUTH_CODE, nowMs: Date.now });
});
afterEach(async () => {
	await server.close();
	await rm(join(folder, ".."), { recursive: true, force: true });
});

const permits = () => server.seen.filter(({ path }) => path === "/v1/permits").length;
const lastCheck = () => withoutRoom(server.seen.findLast(({ path }) => path.startsWith("/v1/check"))?.path ?? "");
const downloads = () =>
	server.seen.filter(({ path }) => path.startsWith("/d/")).map(({ path }) => path.split("?s=")[1]);

describe("an offer with its download", () => {
	it("is installed without a permit, and reported on by its capability", async () => {
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true, version: "4.27.0" }]);
		expect([permits(), downloads()]).toEqual([0, ["direct"]]);
		expect(server.reports).toMatchObject([{ permit: "offer-capability", outcome: "healthy" }]);
	});

	it("needs a permit before it is put in place later than half a minute after the check", async () => {
		const { updates } = await updateFirewall(session, undefined, { onDownloaded: () => (later = 31_000) });
		expect(updates).toMatchObject([{ ok: true }]);
		expect([permits(), downloads()]).toEqual([1, ["direct"]]);
		expect(server.reports).not.toMatchObject([{ permit: "offer-capability" }]);
	});

	it.each([31_000, -3_600_000])(
		"stays uninstalled where that permit is refused: its clock moves by %s ms",
		async (ms) => {
			server.faults.refusePermits = true;
			const { updates } = await updateFirewall(session, undefined, { onDownloaded: () => (later = ms) });
			expect(updates).toMatchObject([{ ok: false, reason: "permit_refused" }]);
			expect(await session.home.load("installed")).toBeNull();
		},
	);

	it("is handed in for a permit when its URL is turned down", async () => {
		server.faults.refuseUrls = 1;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true }]);
		expect(permits()).toBe(1);
		expect(downloads()[0]).toBe("direct");
	});

	it("that wants no report of success has none: each check says since when it is installed", async () => {
		server.release = { ...DIRECT, untold: true };
		await updateFirewall(session, undefined);
		await updateFirewall(session, undefined);
		expect(server.reports).toEqual([]);
		const { installedAt } = (await session.home.load("installed"))?.["crs"] ?? {};
		expect(lastCheck()).toContain(`installed=crs@4.27.0&installed_at=crs@4.27.0@${installedAt}`);
		server.release = { ...DIRECT, version: "4.28.0" };
		await updateFirewall(session, undefined);
		await updateFirewall(session, undefined);
		expect(withoutRoom(server.seen.at(-1)?.path ?? "")).toMatch(/installed=crs@4\.28\.0$/);
		expect(server.reports).toMatchObject([{ outcome: "healthy" }]);
	});

	it("is told with those before it, until an answer says that they were heard; then only the last is said again", async () => {
		server.heardUntil = new Date(Date.now() + 3_600_000).toISOString();
		for (const version of ["4.27.0", "4.28.0"]) {
			server.release = { ...DIRECT, version, untold: true };
			await updateFirewall(session, undefined);
		}
		expect(lastCheck()).toContain(`&heard_until=${Math.floor(Date.parse(server.heardUntil) / 1_000)}`);
		await updateFirewall(session, undefined);
		expect(lastCheck()).toMatch(/&installed_at=crs@4\.27\.0@\d+,crs@4\.28\.0@\d+&heard_until=/);
		// It has run out: this check tells.
		later = 3_601_000;
		server.heardUntil = new Date(Date.now() + later + 3_600_000).toISOString();
		await updateFirewall(session, undefined);
		expect(lastCheck()).toMatch(/&installed_at=crs@4\.27\.0@\d+,crs@4\.28\.0@\d+$/);
		await updateFirewall(session, undefined);
		expect(lastCheck()).toMatch(/&installed_at=crs@4\.28\.0@\d+&heard_until=/);
	});

	it("that wants no report of success is reported on as failed all the same", async () => {
		server.release = { ...DIRECT, untold: true };
		server.faults.corrupt = true;
		await updateFirewall(session, undefined);
		expect(server.reports).toMatchObject([{ outcome: "failed" }]);
	});

	it("is reported on as failed when its bytes are others", async () => {
		server.faults.corrupt = true;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([
			{ ok: false, reason: "digest_mismatch" },
		]);
		expect(server.reports).toMatchObject([{ permit: "offer-capability", outcome: "failed" }]);
	});
});

describe("what stands in the place of a permit", () => {
	const sha256 = "a".repeat(64);
	const expires_at = "2027-03-01T12:05:00Z";
	const made = { version: "1", sequence: 1, sha256, size: 1, name: "p", capability: "text", expires_at };
	const download = { url: "https://example.com/d/x", expires_at };
	const checkedMs = Date.parse("2027-03-01T12:00:00Z");
	it.each([
		["is there from the check on", download, checkedMs, true],
		["is there for thirty seconds", download, checkedMs + 30_000, true],
		["is there no longer", download, checkedMs + 30_001, false],
		["is not there where the clock was set back", download, checkedMs - 1, false],
		[
			"is not there once the URL has run out",
			{ ...download, expires_at: "2027-03-01T12:00:10Z" },
			checkedMs + 10_000,
			false,
		],
		["is not there in an offer without a download", undefined, checkedMs, false],
		["is not there in an offer whose download is null", null, checkedMs, false],
	])("%s", (_, given, nowMs, isThere) => {
		const found = permitInOffer("crs", offerShape.parse({ ...made, download: given }), checkedMs, nowMs);
		expect(found).toEqual(
			isThere ? { permit: "text", product: "crs", version: "1", sha256, size: 1, name: "p", ...download } : null,
		);
	});
});
