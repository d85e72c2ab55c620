// Updates that do not come to their end: what a firewall keeps, what it reports, and what it goes on with.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { packageOf } from "../../support/contract-download.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { inSeconds } from "../../support/contract-replies.ts";
import { runCli } from "../../support/run-cli.ts";
import { refuse } from "../../support/scripted-server.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };
const SECOND = { version: "4.28.0", bytes: Buffer.alloc(300_000, "second release ") };

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = FIRST;
	await firewall.activate();
});
afterEach(() => firewall.close());

const update = () => updateFirewall(firewall.session, undefined);
const outcomes = () => firewall.server.reports.map(({ outcome }) => outcome);

describe("a download that does not end", () => {
	it("is no verdict on the release when its URLs stay refused: nothing is reported", async () => {
		firewall.server.faults.refuseUrls = 100;
		expect((await update()).updates).toMatchObject([{ ok: false, reason: "refused" }]);
		expect(outcomes()).toEqual([]);
		expect(await firewall.session.home.load("reports")).toBeNull();
	});

	it("is none when it breaks off again and again: it goes on from what has come, in a later run", async () => {
		const { server } = firewall;
		// What an earlier run brought, and now nothing more.
		const half = FIRST.bytes.length / 2;
		await mkdir(join(firewall.folder, "downloads"), { recursive: true });
		const part = join(firewall.folder, "downloads", `crs@${packageOf(FIRST).sha256}.part`);
		await writeFile(part, FIRST.bytes.subarray(0, half));
		server.faults.instead = ({ path }) => (path.startsWith("/d/") ? "hang up" : null);
		const run = await firewall.run("update", "--json");
		expect(run.exitCode).toBe(1);
		expect(JSON.parse(run.stdout)).toMatchObject({ updates: [{ ok: false, reason: "interrupted" }] });
		expect(JSON.parse(run.stderr)).toMatchObject({
			error: { code: "interrupted", fix: expect.stringContaining("again") },
		});
		expect(outcomes()).toEqual([]);
		server.faults = {};
		expect((await update()).updates).toMatchObject([{ ok: true, resumedFrom: half }]);
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
		expect(outcomes()).toEqual(["healthy"]);
	});

	it("waits longer after each attempt that brings nothing, and gives up after the fourth", async () => {
		firewall.server.faults.instead = ({ path }) => (path.startsWith("/d/") ? "hang up" : null);
		expect((await update()).updates).toMatchObject([{ ok: false, reason: "interrupted" }]);
		expect(firewall.pauses).toEqual([1000, 4000, 4000]);
	});

	it("of a release that is withdrawn meanwhile ends like a refused permit", async () => {
		const { faults } = firewall.server;
		let permits = 0;
		faults.refuseUrls = 1;
		faults.instead = ({ path }) => {
			if (path !== "/v1/permits") return null;
			permits += 1;
			return permits === 1 ? null : refuse(409, "release_withdrawn");
		};
		const { updates } = await update();
		expect(updates).toMatchObject([
			{ ok: false, reason: "permit_refused", detail: expect.stringContaining("release_withdrawn") },
		]);
		expect(outcomes()).toEqual([]);
	});
});

describe("of several products", () => {
	it("one that is refused keeps none of the others from being updated", async () => {
		const { server, session } = firewall;
		const offer = { ...packageOf(FIRST), sequence: 1, capability: "offer-capability", expires_at: inSeconds(300) };
		const status = { decision: "active", status: "offered", offer };
		server.faults.instead = ({ path, body }) => {
			if (path.startsWith("/v1/check")) {
				const threats = { product: "threats", ...status, offer: { ...offer, capability: "of-threats" } };
				return { body: { device: "dev-acct-x", products: [threats, { product: "crs", ...status }] } };
			}
			return path === "/v1/permits" && body.includes("of-threats") ? refuse(403, "not_entitled") : null;
		};
		expect((await update()).updates).toMatchObject([
			{ product: "threats", ok: false, reason: "permit_refused" },
			{ product: "crs", ok: true },
		]);
		expect(Object.keys((await session.home.load("installed")) ?? {})).toEqual(["crs"]);
		const run = await firewall.run("update");
		expect(run.exitCode).toBe(1);
		expect(run.stdout).toContain("threats 4.27.0: not installed");
		expect(run.stderr).toContain("1 of 2 updates failed: threats 4.27.0");
	});

	it("each keeps what is installed of the others", async () => {
		const { home } = firewall.session;
		const other = {
			version: "7",
			sha256: packageOf(SECOND).sha256,
			size: 1,
			name: "u",
			path: "packages/u",
			installedAt: 1,
		};
		await home.save("installed", { "url-db": other });
		await update();
		expect(await home.load("installed")).toMatchObject({ "url-db": other, crs: { version: FIRST.version } });
	});

	it("only those are installed that the answer calls offered", async () => {
		const offer = { ...packageOf(FIRST), sequence: 1, capability: "offer-capability", expires_at: inSeconds(300) };
		firewall.server.faults.instead = ({ path }) =>
			path.startsWith("/v1/check")
				? { body: { device: "dev-acct-x", products: [{ product: "crs", status: "held", offer }] } }
				: null;
		expect((await update()).updates).toEqual([]);
		expect(firewall.asked("/v1/permits")).toEqual([]);
	});
});

describe("the same version again", () => {
	it("keeps the file: the package of the version that runs is never removed", async () => {
		const { server, session } = firewall;
		await update();
		// As after a restore of an older `installed.json`: the firewall does not know that it has the package.
		server.faults.instead = ({ path }) =>
			path.startsWith("/v1/check")
				? {
						body: {
							device: "dev-acct-x",
							products: [
								{
									product: "crs",
									status: "offered",
									offer: {
										...packageOf(FIRST),
										sequence: 1,
										capability: "offer-capability",
										expires_at: inSeconds(300),
									},
								},
							],
						},
					}
				: null;
		expect((await update()).updates).toMatchObject([{ ok: true, version: FIRST.version }]);
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
		expect(await session.home.load("installed")).toMatchObject({ crs: { version: FIRST.version } });
	});

	it("under another file name leaves the new file alone in its folder", async () => {
		await update();
		const { name, ...rest } = packageOf(FIRST);
		const renamed = { ...rest, name: `again-${name}` };
		firewall.server.faults.instead = ({ path }) => {
			if (path.startsWith("/v1/check")) {
				const offer = { ...renamed, sequence: 1, capability: "offer-capability", expires_at: inSeconds(300) };
				return { body: { device: "dev-acct-x", products: [{ product: "crs", status: "offered", offer }] } };
			}
			if (path !== "/v1/permits") return null;
			const permit = { permit: "permit-2", product: "crs", ...renamed, url: "/d/again", expires_at: inSeconds(300) };
			return { status: 201, body: permit };
		};
		expect((await update()).updates).toMatchObject([{ ok: true }]);
		expect(await firewall.files("packages", "crs", FIRST.version)).toEqual([renamed.name]);
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
	});
});

describe("a permit", () => {
	it("whose URL has run out before the download begins is replaced without trying it", async () => {
		let permits = 0;
		firewall.server.faults.instead = ({ path }) => {
			if (path !== "/v1/permits") return null;
			permits += 1;
			const url = permits === 1 ? "/d/ran-out" : "/d/lives";
			const expires_at = inSeconds(permits === 1 ? -1 : 300);
			return {
				status: 201,
				body: { permit: `permit-${permits}`, product: "crs", ...packageOf(FIRST), url, expires_at },
			};
		};
		expect((await update()).updates).toMatchObject([{ ok: true }]);
		expect(firewall.asked("/d/")).toEqual(["/d/lives"]);
		expect(firewall.server.reports.map(({ permit }) => permit)).toEqual(["permit-2"]);
	});

	it.each([
		["another product", { product: "threats" }],
		["another version", { version: "4.27.1" }],
		["other bytes", { sha256: packageOf(SECOND).sha256 }],
	])("for %s than was offered is not used", async (_, other) => {
		const permit = { permit: "permit-1", product: "crs", ...packageOf(FIRST), url: "/d/x", expires_at: inSeconds(300) };
		firewall.server.faults.instead = ({ path }) =>
			path === "/v1/permits" ? { status: 201, body: { ...permit, ...other } } : null;
		await expect(update()).rejects.toMatchObject({ code: "wrong_permit" });
		expect(firewall.asked("/d/")).toEqual([]);
		expect(await firewall.session.home.load("installed")).toBeNull();
	});
});

describe("what came damaged", () => {
	const MINUTE_MS = 60_000;
	const downloads = () => firewall.server.seen.filter(({ path }) => path.startsWith("/d/")).length;
	/** One run of its own, as by a timer. */
	const cli = async (atMs: number, ...options: string[]) => {
		const run = await runCli(
			["device", "update", "--json", "--home", firewall.folder, ...options],
			{ PARAPET_URL: firewall.server.url },
			firewall.folder,
			{ nowMs: () => atMs },
		);
		return { exitCode: run.exitCode, ...JSON.parse(run.stdout) };
	};

	it("is fetched again by a later run after ten minutes, then after twice as long each time", async () => {
		const start = Date.now();
		firewall.server.faults.corrupt = true;
		const fetched: number[] = [];
		for (const minute of [0, 9, 10, 29, 30]) {
			await cli(start + minute * MINUTE_MS);
			fetched.push(downloads());
		}
		expect(fetched).toEqual([1, 1, 2, 2, 3]);
	});

	it("is said with its pause, which is no failure of the run; `--now` does not wait for its end", async () => {
		const start = Date.now();
		firewall.server.faults.corrupt = true;
		expect(await cli(start)).toMatchObject({ exitCode: 1, updates: [{ reason: "digest_mismatch", retry_in: 600 }] });
		expect(await cli(start + MINUTE_MS)).toMatchObject({
			exitCode: 0,
			updates: [],
			put_off: [{ product: "crs", version: FIRST.version, sha256: packageOf(FIRST).sha256, retry_in: 540 }],
		});
		const { stdout } = await firewall.run("update");
		expect(stdout).toContain("came damaged and is not fetched again for");
		firewall.server.faults = {};
		expect(await cli(start + MINUTE_MS, "--now")).toMatchObject({ exitCode: 0, updates: [{ ok: true }], put_off: [] });
		expect(await firewall.session.home.load("bad")).toBeNull();
	});

	it("keeps nothing waiting where the clock was set back, or another release is offered", async () => {
		const start = Date.now();
		firewall.server.faults.corrupt = true;
		await cli(start);
		await cli(start - MINUTE_MS);
		expect(downloads()).toBe(2);
		firewall.server.faults = {};
		firewall.server.release = SECOND;
		expect(await cli(start)).toMatchObject({ updates: [{ ok: true, version: SECOND.version }] });
	});
});
