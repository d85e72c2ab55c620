// Accounts: one of a name unless that is meant, other names, and their end.
import { beforeEach, describe, expect, test } from "vitest";
import { createFleet } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";

interface AccountBody {
	readonly account: string;
	readonly name: string;
	readonly closed_at: string | null;
}
const create = (name: string, more = {}) => operate("POST", "/v1/accounts", { name, ...more });
const created = (name: string, more = {}) => operated<AccountBody>("POST", "/v1/accounts", { name, ...more });
const listed = async (id: string) =>
	(await operated<{ accounts: AccountBody[] }>("GET", "/v1/accounts?limit=1000")).accounts.find(
		({ account }) => account === id,
	);
const trail = async (path: string) =>
	(await operated<{ events: { type: string; subject: string; detail: string }[] }>("GET", path)).events;

let name: string;
beforeEach(() => {
	name = `Account ${crypto.randomUUID()}`;
});

describe("a name", () => {
	test("that an open account has, in whatever case, is refused with that account, so that a repetition makes no second one", async () => {
		const first = await created(name);
		const problem = await expectProblem(await create(name.toUpperCase()), "already_exists");
		expect(problem).toMatchObject({ account: first.account, detail: `${first.account} has that name` });
	});

	test("is taken twice where that is said", async () => {
		const first = await created(name);
		expect((await created(name, { same_name: true })).account).not.toBe(first.account);
	});

	test("of a closed account is free", async () => {
		const { account } = await created(name);
		await operated("POST", `/v1/accounts/${account}/close`, {});
		expect((await create(name)).status).toBe(201);
	});

	test("is changed by the same rules, in the list and in both trails", async () => {
		const { account } = await created(name);
		const other = await created(`${name} too`);
		const rename = (to: string, more = {}) => operate("PATCH", `/v1/accounts/${account}`, { name: to, ...more });
		await expectProblem(await rename(other.name), "already_exists");
		expect((await rename(name)).status).toBe(200);
		expect((await rename(`${name} Ltd`)).status).toBe(200);
		expect((await rename(other.name, { same_name: true })).status).toBe(200);
		expect((await listed(account))?.name).toBe(other.name);
		const renames = { type: "account.rename", subject: account, detail: `${name} Ltd` };
		expect(await trail(`/v1/accounts/${account}/events`)).toContainEqual(expect.objectContaining(renames));
		expect(await trail("/v1/events?type=account.rename&limit=500")).toContainEqual(expect.objectContaining(renames));
	});

	test("goes to one of those who want it at the same moment, whether for a new account or for one that is there", async () => {
		const statuses = async (calls: readonly Promise<Response>[]) =>
			(await Promise.all(calls)).map(({ status }) => status).toSorted();
		expect(await statuses(Array.from({ length: 5 }, () => create(name)))).toEqual([201, 409, 409, 409, 409]);
		const { accounts } = await operated<{ accounts: AccountBody[] }>("GET", "/v1/accounts?limit=1000");
		expect(accounts.filter((one) => one.name === name)).toHaveLength(1);

		const others = await Promise.all(["b", "c", "d"].map((suffix) => created(`${name} ${suffix}`)));
		const wanted = { name: `${name} Ltd` };
		const renames = others.map(({ account }) => operate("PATCH", `/v1/accounts/${account}`, wanted));
		expect(await statuses([...renames, create(wanted.name)])).toEqual([expect.any(Number), 409, 409, 409]);
		const now = await operated<{ accounts: AccountBody[] }>("GET", "/v1/accounts?limit=1000");
		expect(now.accounts.filter((one) => one.name === wanted.name)).toHaveLength(1);
	});

	test("of an account that there is not is not changed", async () => {
		await expectProblem(await operate("PATCH", "/v1/accounts/acct-0000000000000000", { name }), "invalid_identifier");
	});
});

describe("closing an account", () => {
	test("waits until each license is revoked, and is then for good", async () => {
		const { account, license } = await createFleet({ products: ["crs"] });
		const close = (reason: string) => operate("POST", `/v1/accounts/${account}/close`, { reason });
		const problem = await expectProblem(await close("gone"), "conflict");
		expect(problem).toMatchObject({ detail: "1 license of it is not revoked: revoke them first" });
		expect((await listed(account))?.closed_at).toBeNull();
		await operated("POST", `/v1/accounts/${account}/licenses/${license}/revoke`, {});
		for (const reason of ["gone", "again"]) expect((await close(reason)).status).toBe(200);
		expect((await listed(account))?.closed_at).toMatch(/Z$/);
		const events = (await trail(`/v1/accounts/${account}/events`)).filter(({ type }) => type === "account.close");
		expect(events).toMatchObject([{ subject: account, detail: "gone" }]);
		const told = await trail("/v1/events?type=account.close&limit=500");
		expect(told.filter(({ subject }) => subject === account)).toMatchObject([{ detail: "gone" }]);
		const terms = { products: ["crs"], seats: 1, ends_at: "2099-01-01T00:00:00Z" };
		await expectProblem(await operate("POST", `/v1/accounts/${account}/licenses`, terms), "conflict");
	});
});
