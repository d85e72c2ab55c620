// Who has a version of a product, over all accounts: from what each told the Census last, a page of accounts at a time.
import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import { EMPTY_SUMMARY, type FleetCell, OTHER } from "../../../../../src/fleet/fleet-summary.ts";
import { createProduct } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newScene } from "../../../support/fixtures.ts";

interface Installed {
	readonly devices: number;
	readonly of_devices: number;
	readonly other: number;
	readonly versions: readonly { version: string; devices: number; accounts: number }[];
	readonly accounts: readonly { account: string; devices: number }[];
	readonly next: string | null;
}

let product: string;
/** of the test: the Census is every test's */
let accountId: (number: number) => string;
let told = 0;
beforeEach(() => {
	product = freshProduct().name;
	const own = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
	accountId = (number) => `acct-${own}${String(number).padStart(4, "0")}`;
});

async function tell(account: string, counts: Readonly<Record<string, number>>): Promise<void> {
	const cells = Object.entries(counts).map(
		([version, devices]): FleetCell => ({
			...{ product, version: version === "" ? null : version, model: "m", country: "BR", outcome: null, devices },
		}),
	);
	told += 1;
	const summary = { ...EMPTY_SUMMARY, cells };
	await bindings.CENSUS.getByName("census").take({ account, version: told, at: 1_800_000_000 + told, summary });
}
const ask = (query: Record<string, string> = {}) =>
	operated<Installed>("GET", `/v1/fleet/installed?${new URLSearchParams({ product, ...query })}`);
const accountsOf = async (installed: string) =>
	Object.fromEntries((await ask({ installed })).accounts.map(({ account, devices }) => [account, devices]));

describe("who has a version", () => {
	test.each([
		["4.26.0", { 1: 5 }],
		["4.26*", { 1: 5, 2: 7 }],
		["4.26.*", { 1: 5, 2: 6 }],
		["4*", { 1: 8, 2: 7 }],
		["4.2", {}],
		["4.26", {}],
		["5*", {}],
		["o*", {}],
		[OTHER, {}],
	])("%j is each account with such devices, and with no others", async (installed, expected) => {
		const [one, two] = [accountId(1), accountId(2)];
		await tell(one, { "4.26.0": 5, "4.27.0": 3, "": 9, [OTHER]: 2 });
		await tell(two, { "4.26.1": 6, "4.260.0": 1 });
		const named = Object.entries(expected).map(([number, devices]) => [accountId(Number(number)), devices]);
		expect(await accountsOf(installed)).toEqual(Object.fromEntries(named));
	});

	test("is told by version, beside how many devices there are, and what is too rare", async () => {
		await tell(accountId(1), { "4.26.0": 5, "4.27.0": 3, "": 9, [OTHER]: 2 });
		await tell(accountId(2), { "4.26.0": 1 });
		const found = await ask({ installed: "4.26*" });
		expect(found).toMatchObject({ devices: 6, of_devices: 20, other: 2, next: null });
		expect(found.versions).toEqual([{ version: "4.26.0", devices: 6, accounts: 2 }]);
		expect((await ask()).versions.map(({ version }) => version)).toEqual(["4.26.0", "4.27.0", OTHER]);
	});

	test("is what the last summary says: what is gone is gone, and an older summary changes nothing", async () => {
		await tell(accountId(1), { "4.26.0": 5, "4.27.0": 3 });
		await tell(accountId(1), { "4.27.0": 8 });
		expect(await accountsOf("4.26*")).toEqual({});
		expect(await accountsOf("4.27.0")).toEqual({ [accountId(1)]: 8 });
		// An object that has to add up the rows first says the same.
		await evictDurableObject(bindings.CENSUS.getByName("census"));
		expect(await accountsOf("4*")).toEqual({ [accountId(1)]: 8 });
		const cells = [{ product, version: "4.26.0", model: "m", country: null, outcome: null, devices: 1 }];
		const late = { account: accountId(1), version: told - 1, at: 1, summary: { ...EMPTY_SUMMARY, cells } };
		await bindings.CENSUS.getByName("census").take(late);
		expect(await accountsOf("4.26*")).toEqual({});
	});

	test("comes a page at a time, each account once, those with most devices first", async () => {
		const counts = [3, 9, 3, 1, 3, 9, 2];
		for (const [number, devices] of counts.entries()) await tell(accountId(number), { "4.26.0": devices });
		const seen: [string, number][] = [];
		for (let after: string | null = ""; after !== null; ) {
			const page: Installed = await ask({ installed: "4.26*", limit: "2", ...(after !== "" && { after }) });
			expect([page.accounts.length <= 2, page.devices]).toEqual([true, 30]);
			seen.push(...page.accounts.map(({ account, devices }): [string, number] => [account, devices]));
			after = page.next;
		}
		expect(seen.map(([account, devices]) => [Number(account.slice(-4)), devices])).toEqual([
			...[[1, 9], [5, 9], [0, 3], [2, 3], [4, 3], [6, 2], [3, 1]], // biome-ignore format: a page a pair
		]);
	});

	test("is as many devices as the account's list names with the same filter", async () => {
		const edge = new Edge();
		const scene = await newScene({}, false);
		expect((await edge.get(scene.firewall, `/v1/check?installed=${scene.product}@0.9.0`)).status).toBe(200);
		await edge.settled();
		await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		const query = `product=${scene.product}&installed=0.9*`;
		expect((await operated<Installed>("GET", `/v1/fleet/installed?${query}`)).accounts).toEqual([
			{ account: scene.account, devices: 1 },
		]);
		const list = `/v1/accounts/${scene.account}/devices?${query}`;
		expect((await operated<{ devices: unknown[] }>("GET", list)).devices).toHaveLength(1);
	});

	test("of a product is nobody where nobody has said anything, and no answer where there is none", async () => {
		await expectProblem(await operate("GET", `/v1/fleet/installed?product=${product}`), "not_found");
		await createProduct(product);
		expect(await ask()).toMatchObject({ devices: 0, of_devices: 0, versions: [], accounts: [], next: null });
	});

	test.each([
		"",
		"product=Crs",
		"installed=*",
		"installed=4*2",
		"installed=%25",
		"after=x",
		"after=1.dev-x",
		"limit=0",
	])("is not asked by a query that is mistyped: %j", async (query) => {
		const given = query.startsWith("product") || query === "" ? query : `product=${product}&${query}`;
		await expectProblem(await operate("GET", `/v1/fleet/installed?${given}`), "invalid_request");
	});
});
