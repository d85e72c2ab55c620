// What does not work on a firewall, or is damaged there and cannot be had again: said with its checks, and for how long.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import type { Reply } from "../../support/scripted-server.ts";

const RELEASE = { version: "4.27.0", bytes: Buffer.from("rules") };
const DAY_MS = 86_400_000;

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = RELEASE;
	await firewall.activate();
	await updateFirewall(firewall.session, undefined);
});
afterEach(() => firewall.close());

const lastQuestion = () => firewall.asked("/v1/check").at(-1);

it("says for a day what it was told that does not work, and then may try it again", async () => {
	expect((await firewall.run("check", "--failed", "crs@4.28.0")).exitCode).toBe(0);
	const question = lastQuestion();
	expect(question).toContain("&failed=crs@4.28.0");
	firewall.nowMs += DAY_MS - 2_000;
	await firewall.run("update");
	expect(lastQuestion()).toBe(question);
	firewall.nowMs += 2_000;
	await firewall.run("update");
	expect(lastQuestion()).not.toContain("failed");
});

it("takes the last word on a product, and keeps the words on others", async () => {
	await firewall.run("check", "--failed", "crs@4.28.0,url-db@7");
	await firewall.run("check", "--failed", "crs@4.29.0");
	expect(lastQuestion()).toContain("&failed=crs@4.29.0,url-db@7");
});

it.each(["crs", "crs@", "!", "crs@1,crs@2"])("refuses %s, and says what is expected", async (word) => {
	const run = await firewall.run("check", "--failed", word);
	expect(run.exitCode).toBe(2);
	expect(run.stderr).toContain("product@version, joined by commas, is expected");
	expect(await firewall.session.home.load("failed")).toBeNull();
});

it("takes what else there is where it has nothing sound, and the offer is not to be had", async () => {
	const refusal = {
		type: "about:blank",
		title: "Not yet",
		status: 409,
		code: "exposure_limited",
		rollout_code: "step_full",
	};
	const headers = { "content-type": "application/problem+json", "retry-after": "300" };
	const replies: Reply[] = [{ status: 409, headers, body: JSON.stringify(refusal) }];
	firewall.server.faults.instead = ({ path }) => (path === "/v1/permits" ? (replies.shift() ?? null) : null);
	const { path = "" } = (await firewall.session.home.load("installed"))?.["crs"] ?? {};
	await rm(join(firewall.folder, path));
	const { updates } = await updateFirewall(firewall.session, undefined);
	expect(updates).toMatchObject([{ ok: false, reason: "not_yet" }, { ok: true }]);
	expect(lastQuestion()).toContain("&damaged=crs&failed=crs@4.27.0");
	// It was no word on the release: with the next check it may come.
	await updateFirewall(firewall.session, undefined);
	expect(lastQuestion()).not.toContain("failed");
});
