// Accounts: one of a name unless that is meant, other names, and their end.
import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createFleet } from "../../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../../support/secrets.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";

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

/** What the names of an account were changed to, by a trail. */
const namesIn = async (path: string, account: string) =>
	(await trail(path))
		.filter((one) => one.type === "account.rename" && one.subject === account)
		.map((one) => one.detail);

/** The namespace of accounts, whose objects hear of the first new name only after the second. */
function inOtherOrder() {
	const { promise: isSecondThere, resolve } = Promise.withResolvers<void>();
	let isFirst = true;
	const noteName = async (
		stub: ReturnType<typeof env.ACCOUNT.getByName>,
		input: Parameters<typeof stub.noteName>[0],
	) => {
		const waits = isFirst;
		isFirst = false;
		if (waits) await isSecondThere;
		const result = await stub.noteName(input);
		resolve();
		return result;
	};
	const getByName = (objectName: string) => {
		const stub = env.ACCOUNT.getByName(objectName);
		return { noteName: (input: Parameters<typeof stub.noteName>[0]) => noteName(stub, input) };
	};
	return { getByName };
}

let name: string;
beforeEach(() => {
	name = `Account ${crypto.randomUUID()}`;
});

describe("a name", () => {
	test("that an open account has, however it is written, is refused with that account, so that a repetition makes no second one", async () => {
		const first = await created(`${name} Škoda`);
		const others = [`${name} Škoda`, `${name.toUpperCase()} ŠKODA`, `${name}  s\u030ckoda`, `${name} ｓ\u030cｋｏｄａ`];
		for (const other of others) {
			const problem = await expectProblem(await create(other), "already_exists");
			expect(problem).toMatchObject({ account: first.account, detail: `${first.account} has that name` });
		}
		await expectProblem(
			await operate("PATCH", `/v1/accounts/${(await created(name)).account}`, { name: others[1] }),
			"already_exists",
		);
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
		const names = [`${name} Ltd`, other.name];
		expect(await namesIn(`/v1/accounts/${account}/events`, account)).toEqual(names);
		expect(await namesIn("/v1/events?type=account.rename&limit=500", account)).toEqual(names);
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

	test("that is given by two at one moment is what the later of them gave, in the list and at the end of both trails", async () => {
		const { account } = await created(name);
		const edge = new Edge("kv", { ACCOUNT: inOtherOrder() });
		const rename = (to: string) =>
			edge.sendJson("PATCH", `/v1/accounts/${account}`, TEST_SECRETS.BOOTSTRAP_KEY, { name: to });
		const earlier = rename(`${name} 1`);
		await vi.waitFor(async () => expect((await listed(account))?.name).toBe(`${name} 1`));
		const later = rename(`${name} 2`);
		expect(await (await earlier).json()).toMatchObject({ name: `${name} 1` });
		expect(await (await later).json()).toMatchObject({ name: `${name} 2` });
		expect((await listed(account))?.name).toBe(`${name} 2`);
		expect(await namesIn(`/v1/accounts/${account}/events`, account)).toEqual([`${name} 2`]);
		expect(await namesIn("/v1/events?type=account.rename&limit=500", account)).toEqual([`${name} 1`, `${name} 2`]);
	});

	test("stays given where the account's object dies before it hears of it, which hears of it with the same again", async () => {
		const { account } = await created(name);
		const edge = new Edge();
		const rename = () =>
			edge.sendJson("PATCH", `/v1/accounts/${account}`, TEST_SECRETS.BOOTSTRAP_KEY, { name: `${name} Ltd` });
		edge.account.mood = "fails";
		await expectProblem(await rename(), "unavailable");
		await abortAllDurableObjects();
		expect((await listed(account))?.name).toBe(`${name} Ltd`);
		await expectProblem(await create(`${name} Ltd`), "already_exists");
		edge.account.mood = "well";
		for (let time = 0; time < 2; time++) {
			const again = await rename();
			expect(again.status).toBe(200);
			expect(await again.json()).toMatchObject({ account, name: `${name} Ltd` });
		}
		expect(await namesIn(`/v1/accounts/${account}/events`, account)).toEqual([`${name} Ltd`]);
		expect(await namesIn("/v1/events?type=account.rename&limit=500", account)).toEqual([`${name} Ltd`]);
		expect((await operated<AccountBody>("POST", `/v1/accounts/${account}/close`, {})).name).toBe(`${name} Ltd`);
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
