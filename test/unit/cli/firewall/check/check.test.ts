// What a firewall asks with its checks, and when an earlier answer is an answer still.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkForUpdates } from "../../../../../cli/firewall/check/check.ts";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { withoutRoom } from "../../support/without-room.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = FIRST;
	await firewall.activate({ engine: "11.1.0+b2" });
});
afterEach(() => firewall.close());

const check = (product?: string) => checkForUpdates(firewall.session, product);
const lastQuery = () => withoutRoom(firewall.asked("/v1/check").at(-1)?.split("?")[1] ?? "");
const etags = () =>
	firewall.server.seen
		.filter(({ path }) => path.startsWith("/v1/check"))
		.map(({ headers }) => headers["if-none-match"] ?? null);

describe("checks", () => {
	it("sends the ETag back and takes 304 for an answer", async () => {
		expect(await check()).toMatchObject({ unchanged: false });
		expect(await check()).toMatchObject({ unchanged: true, answer: { products: [{ status: "offered" }] } });
	});

	it.each([
		[-1, 5],
		[0, 5],
		[5, 5],
		[190_080, 190_080],
		[3_000_000, 190_080],
	])("asks again neither at once nor never, whatever next_check_in says (%s)", async (said, meant) => {
		firewall.server.nextCheckIn = said;
		expect((await check()).answer.next_check_in).toBe(meant);
		expect(await check()).toMatchObject({ unchanged: true, answer: { next_check_in: meant } });
	});

	it("asks anew once something else is installed", async () => {
		await updateFirewall(firewall.session, undefined);
		expect(await check()).toMatchObject({ unchanged: false, answer: { products: [{ status: "current" }] } });
		expect(lastQuery()).toContain("installed=crs@4.27.0");
		expect(await check()).toMatchObject({ unchanged: true });
	});

	it("says nothing new in words", async () => {
		await updateFirewall(firewall.session, undefined);
		await firewall.run("check");
		const run = await firewall.run("check");
		expect(run.stdout).toContain("nothing new");
		expect(run.stdout).toContain("crs: current at 4.27.0");
	});

	it("sends no ETag to another question than the one that it answered", async () => {
		await check();
		await check("crs");
		await check("crs");
		expect(etags()).toEqual([null, null, expect.any(String)]);
	});

	it("sends no ETag once an offer in the answer has 30 s left: 304 would be true and of no use", async () => {
		await check();
		firewall.nowMs += 265_000;
		await check();
		firewall.nowMs += 10_000;
		await check();
		expect(etags()).toEqual([null, expect.any(String), null]);
	});

	it("forgets its ETag when an answer comes without one", async () => {
		await check();
		firewall.server.faults.instead = ({ path }) =>
			path.startsWith("/v1/check") ? { body: { device: "dev-acct-x", products: [] } } : null;
		await check();
		firewall.server.faults = {};
		await check();
		expect(etags()).toEqual([null, expect.any(String), null]);
	});

	it("does not take 304 for an answer to a question without an ETag", async () => {
		firewall.server.faults.instead = ({ path }) => (path.startsWith("/v1/check") ? { status: 304 } : null);
		await expect(check()).rejects.toThrow("answered 304 to a question without an ETag");
		firewall.server.faults = {};
		await check();
		firewall.nowMs += 400_000;
		firewall.server.faults.instead = ({ path }) => (path.startsWith("/v1/check") ? { status: 304 } : null);
		await expect(check()).rejects.toThrow("answered 304 to a question without an ETag");
	});
});

describe("the question", () => {
	it("names the engine, and nothing that is not installed", async () => {
		await check();
		expect(lastQuery()).toBe("engine=11.1.0%2Bb2");
	});

	it("names what is licensed and what is installed beside, asked once per token", async () => {
		const { home } = firewall.session;
		await updateFirewall(firewall.session, undefined);
		const installed = await home.load("installed");
		const crs = installed?.["crs"];
		if (crs === undefined) throw new Error("crs is not installed");
		await home.save("installed", { ...installed, "url-db": { ...crs, version: "7" } });
		await check();
		await check();
		expect(lastQuery()).toContain("installed=crs@4.27.0,url-db@7&");
		expect(firewall.asked("/v1/entitlements")).toHaveLength(1);
		await firewall.session.obtainToken("bound");
		await check();
		expect(firewall.asked("/v1/entitlements")).toHaveLength(2);
	});

	it("names one product where only that is asked for, without its version if it is not installed", async () => {
		await check("threats");
		expect(lastQuery()).toContain("installed=threats&");
	});
});
