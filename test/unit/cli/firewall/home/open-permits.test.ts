// A firewall that is stopped around its permit: before the answer has come, before anything was installed, and before it has written down
// what became of it. The next check says so, and no outcome is lost.
import { afterEach, beforeEach, expect, it } from "vitest";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { refuse } from "../../support/scripted-server.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };
const SECOND = { version: "4.28.0", bytes: Buffer.alloc(300_000, "second release ") };

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = FIRST;
	await firewall.activate();
	await update();
	firewall.server.reports.length = 0;
	firewall.server.seen.length = 0;
	firewall.server.release = SECOND;
});
afterEach(() => firewall.close());

const update = () => updateFirewall(firewall.session, undefined);
const home = () => firewall.session.home;
const lastCheck = () => firewall.asked("/v1/check").at(-1);
/** The line goes down at the first request to that path, and stays so. */
function cutAt(prefix: string): void {
	let isDown = false;
	firewall.server.faults.instead = ({ path }) => {
		isDown ||= path.startsWith(prefix);
		return isDown ? refuse(503, "unavailable") : null;
	};
}

it("says in the next check that it asked for a permit whose answer it never got", async () => {
	cutAt("/v1/permits");
	await expect(update()).resolves.toMatchObject({ updates: [{ ok: false }] });
	expect(await home().load("permits")).toEqual({ crs: { version: "4.28.0" } });
	firewall.server.faults = {};
	expect((await update()).updates).toMatchObject([{ ok: true, version: "4.28.0" }]);
	expect(lastCheck()).toContain("&permitted=crs@4.28.0");
	expect(await home().load("permits")).toBeNull();
	await update();
	expect(lastCheck()).not.toContain("permitted");
});

it("says so where its download broke off", async () => {
	cutAt("/d/");
	await update();
	firewall.server.faults = {};
	await update();
	expect(lastCheck()).toContain("&permitted=crs@4.28.0");
	expect(firewall.server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
});

it.each([
	["step_full", false],
	["failed_before", false],
	["halted", true],
	["outside_window", true],
])("refused with %s it may still have one: %s", async (code, isKept) => {
	const body = { type: "about:blank", title: "Not yet", status: 409, code: "exposure_limited", rollout_code: code };
	const limited = { status: 409, headers: { "content-type": "application/problem+json" }, body: JSON.stringify(body) };
	firewall.server.faults.instead = ({ path }) => (path === "/v1/permits" ? limited : null);
	await update();
	expect(Object.keys((await home().load("permits")) ?? {})).toEqual(isKept ? ["crs"] : []);
});

it("refused for want of room it has none, and what is installed stays", async () => {
	const body = { type: "about:blank", title: "No room", status: 409, code: "too_large_for_device" };
	const refused = { status: 409, headers: { "content-type": "application/problem+json" }, body: JSON.stringify(body) };
	firewall.server.faults.instead = ({ path }) => (path === "/v1/permits" ? refused : null);
	const { updates } = await update();
	expect(updates).toMatchObject([{ ok: false, reason: "not_yet", rolloutCode: "too_large_for_device" }]);
	expect(await home().load("permits")).toBeNull();
	expect(firewall.server.reports).toEqual([]);
});

it("reports what it has installed, where it was stopped before that was written down", async () => {
	await update();
	const [told] = firewall.server.reports.splice(0);
	await home().save("permits", { crs: { version: "4.28.0", permit: told?.permit, report_by: null } });
	await update();
	expect(firewall.server.reports).toMatchObject([{ permit: told?.permit, outcome: "healthy" }]);
	expect(await home().load("permits")).toBeNull();
});

it("reports nothing of what is damaged, or of another version than runs", async () => {
	await update();
	firewall.server.reports.length = 0;
	await home().save("permits", { crs: { version: "4.29.0", permit: "of-another" } });
	await update();
	expect(firewall.server.reports).toEqual([]);
	firewall.server.release = null;
	await home().save("permits", { crs: { version: "4.28.0", permit: "of-the-damaged" } });
	const installed = (await home().load("installed")) ?? {};
	await home().save("installed", { crs: { ...installed["crs"], path: "missing" } as (typeof installed)[string] });
	await update();
	expect(firewall.server.reports).toEqual([]);
});
