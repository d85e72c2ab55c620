// What is installed is looked at before it is named: a firewall does not believe to have what a power failure has emptied.
import { mkdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { refuse } from "../../support/scripted-server.ts";
import { withoutRoom } from "../../support/without-room.ts";

const RELEASE = { version: "4.27.0", bytes: Buffer.alloc(200_000, "a release ") };
const CHANGED = Buffer.alloc(200_000, "no release");
const DAY_MS = 86_400_000;

let firewall: ContractFirewall;
let file: string;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = RELEASE;
	await firewall.activate();
	await update();
	file = join(firewall.folder, (await firewall.session.home.load("installed"))?.["crs"]?.path ?? "");
	// Looks at it for the first time.
	await update();
	firewall.server.reports.length = 0;
});
afterEach(() => firewall.close());

const update = () => updateFirewall(firewall.session, undefined);
const lastQuestion = () => withoutRoom(firewall.asked("/v1/check").at(-1) ?? "");

describe("an installed package", () => {
	it.each([
		["is missing", () => rm(file), "its file is missing"],
		["is empty", () => truncate(file, 0), "its file has 0 bytes, not 200000"],
		["is short by a byte", () => truncate(file, 199_999), "its file has 199999 bytes, not 200000"],
		[
			"is a folder",
			async () => {
				await rm(file);
				await mkdir(file);
				await rm(file, { recursive: true });
			},
			"its file is missing",
		],
	])("that %s is asked for again at the next update, and put in its place", async (_, damage, why) => {
		await damage();
		const run = await firewall.run("update", "--json");
		expect(run.exitCode).toBe(0);
		const { damaged, updates } = JSON.parse(run.stdout);
		expect(damaged).toEqual([{ product: "crs", version: RELEASE.version, path: file, why }]);
		expect(updates).toMatchObject([{ ok: true, version: RELEASE.version }]);
		expect(await readFile(file)).toEqual(RELEASE.bytes);
		expect(firewall.server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
		await update();
		expect(lastQuestion()).toContain(`crs@${RELEASE.version}`);
	});

	it("of the right size with other bytes is found by a check that is made by hand", async () => {
		await writeFile(file, CHANGED);
		const run = await firewall.run("check");
		expect(run.stdout).toContain(`crs: ${RELEASE.version} is damaged, the SHA-256 of its file is`);
		expect(run.stdout).toContain(file);
		expect(lastQuestion()).toBe("/v1/check?installed=crs@4.27.0&damaged=crs");
	});

	it("is read as a whole once a day, and whenever the clock has been set back", async () => {
		await writeFile(file, CHANGED);
		expect((await update()).check.damaged).toEqual([]);
		firewall.nowMs += DAY_MS - 2000;
		expect((await update()).check.damaged).toEqual([]);
		firewall.nowMs += 2000;
		expect((await update()).check.damaged).toMatchObject([{ product: "crs" }]);
		await update();
		await writeFile(file, CHANGED);
		firewall.nowMs -= 2 * DAY_MS;
		expect((await update()).check.damaged).toMatchObject([{ product: "crs" }]);
	});

	it("that is damaged stays so, and is said to be, until there is another: nothing is removed", async () => {
		await writeFile(file, CHANGED);
		firewall.nowMs += DAY_MS;
		firewall.server.faults.refusePermits = true;
		for (const _ of ["first", "second"]) {
			expect(await update()).toMatchObject({
				check: { damaged: [{ product: "crs" }] },
				updates: [{ ok: false, reason: "permit_refused" }],
			});
			expect(await readFile(file)).toEqual(CHANGED);
			expect(await firewall.session.home.load("installed")).toMatchObject({ crs: { version: RELEASE.version } });
		}
	});

	it("is not read at every check", async () => {
		const longAgo = new Date(0);
		await utimes(file, longAgo, longAgo);
		await update();
		// The time of the last reading stays as it is where the file system does not keep one (noatime).
		expect((await stat(file)).atimeMs).toBe(0);
	});

	it("of another product does not suffer", async () => {
		const { home } = firewall.session;
		const installed = (await home.load("installed")) ?? {};
		const path = "packages/url-db/7/u";
		const sha256 = "0".repeat(64);
		const other = { version: "7", sha256, size: 4, name: "u", path, installedAt: 1 };
		await mkdir(join(firewall.folder, "packages/url-db/7"), { recursive: true });
		await writeFile(join(firewall.folder, path), "work");
		await home.save("installed", { ...installed, "url-db": other });
		await rm(file);
		const { damaged } = (await update()).check;
		expect(damaged.map(({ product }) => product)).toEqual(["crs", "url-db"]);
		expect(lastQuestion()).toBe("/v1/check?installed=crs@4.27.0,url-db@7&damaged=crs,url-db");
		expect(await readFile(join(firewall.folder, path), "utf8")).toBe("work");
	});
});

describe("a login page that answers in the service's place", () => {
	const page = { headers: { "content-type": "text/html" }, body: "<h1>Please log in</h1>" };

	it("takes no report: it is sent with the next update", async () => {
		const { server } = firewall;
		server.release = { version: "4.28.0", bytes: Buffer.from("another") };
		server.faults.instead = ({ path }) => (path === "/v1/reports" ? page : null);
		expect(await update()).toMatchObject({ updates: [{ ok: true }], waitingReports: 1 });
		server.faults = {};
		expect(await update()).toMatchObject({ waitingReports: 0 });
		expect(server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
	});

	it.each([
		["a page", page],
		["a page that leads elsewhere", { status: 302, headers: { location: "http://login.test/" }, body: "" }],
		["a proxy's refusal", { status: 407, headers: { "content-type": "text/html" }, body: "who are you?" }],
		["a refusal in JSON", refuse(404, "not_found")],
	])("as %s instead of a package is no verdict on the release", async (_, reply) => {
		const { server } = firewall;
		server.release = { version: "4.28.0", bytes: Buffer.from("another") };
		server.faults.instead = ({ path }) => (path.startsWith("/d/") ? reply : null);
		expect((await update()).updates).toMatchObject([{ ok: false }]);
		expect(server.reports).toEqual([]);
		expect(await readFile(file)).toEqual(RELEASE.bytes);
	});
});
