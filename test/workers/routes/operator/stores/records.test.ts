// Repairing the stores over HTTP: real objects, real local KV, which a test empties or spoils.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accountObjectName } from "../../../../../src/entitlement/ids.ts";
import type { Outbox } from "../../../../../src/objects/outbox/outbox.ts";
import { createFleet, publish } from "../../../../support/fleet.ts";
import { bindings, replaceStores } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";
import { readStored, sealedText } from "../../../../support/stored-record.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { devicesOf, newFirewall, newProduct, setStatus } from "../../../support/fixtures.ts";

interface Rebuilt {
	readonly records: number;
	readonly next: string | null;
	readonly published: boolean;
}
interface Verified extends Omit<Rebuilt, "published"> {
	readonly stores: readonly { store: string; same: number; pending: number; unanswered: number; drifted: number }[];
	readonly drift: readonly {
		store: string;
		key: string;
		verdict: string;
		store_version: number;
		true_version: number;
	}[];
}
type Owner = { account: string } | { product: string } | { directory: true };

const DIRECTORY: Owner = { directory: true };
let product: string;
let account: string;
let owners: readonly Owner[];

beforeEach(async () => {
	product = await newProduct();
	const fleet = await createFleet({ products: [product] });
	account = fleet.account;
	owners = [{ product }, { account }, DIRECTORY];
	await publish(product, "1.0.0", "rules");
	await publish(product, "1.1.0", "more rules");
	const firewalls = [];
	for (let count = 0; count < 3; count++) firewalls.push(await newFirewall(fleet.code));
	const [suspended, reinstated] = firewalls;
	if (suspended === undefined || reinstated === undefined) expect.fail("no firewall");
	await setStatus(suspended, "suspend");
	await setStatus(reinstated, "suspend");
	await setStatus(reinstated, "reinstate");
	await operated("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] });
	const ends_at = new Date(Date.now() + 3_600_000).toISOString();
	await operated("POST", "/v1/messages", { severity: "info", title: "Hello", body: "There", ends_at });
});
afterEach(reset);

function objectOf(id: string) {
	return bindings.ACCOUNT.getByName(accountObjectName(id));
}

async function storedTexts(): Promise<Record<string, string>> {
	const { keys } = await bindings.RECORDS.list();
	const texts = await Promise.all(keys.map(async ({ name }) => [name, await bindings.RECORDS.get(name)]));
	return Object.fromEntries(texts);
}

async function emptyKv(): Promise<void> {
	const { keys } = await bindings.RECORDS.list();
	await Promise.all(keys.map(({ name }) => bindings.RECORDS.delete(name)));
}

/** Without the revisions that `heads` has left behind, which nobody asks for any more. */
function current(texts: Record<string, string>): Record<string, string> {
	const heads = readStored("heads", texts["heads"] ?? "").body as {
		products: Record<string, number>;
		messages: number;
		denied: number;
	};
	const named = new Set([`messages@${heads.messages}`, `denied@${heads.denied}`]);
	for (const [name, revision] of Object.entries(heads.products)) named.add(`product:${name}@${revision}`);
	return Object.fromEntries(Object.entries(texts).filter(([key]) => !key.includes("@") || named.has(key)));
}

/** Without the seals, which say when a record was written last. */
function unsealed(texts: Record<string, string>) {
	return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, readStored(key, text)]));
}

async function rebuildAll(limit: number): Promise<number> {
	let records = 0;
	for (const owner of owners) {
		for (let after: string | null | undefined; after !== null; ) {
			const page: Rebuilt = await operated("POST", "/v1/records/rebuild", { owner, limit, ...(after && { after }) });
			expect(page.published).toBe(true);
			expect(page.records).toBeLessThanOrEqual(limit);
			records += page.records;
			after = page.next;
		}
	}
	return records;
}

async function driftOf(owner: Owner): Promise<[string, string][]> {
	const { drift } = await operated<Verified>("POST", "/v1/records/verify", { owner });
	return drift.map(({ key, verdict }) => [key, verdict]);
}

describe("an emptied KV", () => {
	test.each([1, 2, 200])("is what it was after a rebuild by pages of %i", async (limit) => {
		const before = current(await storedTexts());
		// Three devices, a product, the denied, the messages, heads.
		expect(Object.keys(before)).toHaveLength(7);
		await emptyKv();
		expect(await rebuildAll(limit)).toBe(7);
		expect(unsealed(await storedTexts())).toEqual(unsealed(before));
		for (const owner of owners) expect(await driftOf(owner)).toEqual([]);
	});

	test("is found out by comparing, record by record, before and after", async () => {
		for (const owner of owners) expect(await driftOf(owner)).toEqual([]);
		const before = current(await storedTexts());
		await emptyKv();
		const missing = (await Promise.all(owners.map(driftOf))).flat();
		expect(missing.toSorted()).toEqual(
			Object.keys(before)
				.map((key) => [key, "missing"])
				.toSorted(),
		);
	});

	test("that still has old records gets the present ones, also where their version was never raised", async () => {
		const before = current(await storedTexts());
		const [deviceKey = ""] = Object.keys(before).filter((key) => key.startsWith("device:"));
		const { version, body } = readStored("heads", before["heads"] ?? "");
		await bindings.RECORDS.put("heads", await sealedText("heads", { version: version - 2, body }));
		await bindings.RECORDS.put(deviceKey, "spoilt");
		expect(await driftOf({ account })).toEqual([[deviceKey, "unreadable"]]);
		expect(await driftOf(DIRECTORY)).toEqual([["heads", "behind"]]);
		await rebuildAll(200);
		expect(unsealed(current(await storedTexts()))).toEqual(unsealed(before));
	});
});

test("a record of messages is the same although one of them has ended since", async () => {
	const key = Object.keys(current(await storedTexts())).find((name) => name.startsWith("messages@")) ?? "";
	const { version, body } = readStored(key, (await bindings.RECORDS.get(key)) ?? "");
	const { messages, ...rest } = body as { messages: { sequence: number; endsAt: number }[] };
	const ended = { ...messages[0], id: "msg-00000000", sequence: 99, endsAt: 1_700_000_000 };
	const withEnded = { ...rest, messages: [ended, ...messages] };
	await bindings.RECORDS.put(key, await sealedText(key, { version, body: withEnded }));
	expect(await driftOf(DIRECTORY)).toEqual([]);
	await bindings.RECORDS.put(key, await sealedText(key, { version, body: { ...rest, messages: [ended] } }));
	expect(await driftOf(DIRECTORY)).toEqual([[key, "different"]]);
});

test("a device whose record was lost is served again, by an edge that reaches the store alone", async () => {
	const fleet = await createFleet({ products: [product] });
	const firewall = await newFirewall(fleet.code, false);
	await emptyKv();
	owners = [{ product }, { account: fleet.account }, DIRECTORY];
	const lost = new Edge();
	lost.setOwners("fails");
	expect((await lost.token(firewall)).status).toBe(503);
	await rebuildAll(200);
	const edge = new Edge();
	edge.setOwners("fails");
	await edge.authenticate(firewall);
	expect(await edge.check(firewall)).toMatchObject({ products: [{ product, status: "offered" }] });
});

test("the pages of an account go on behind any device", async () => {
	const ids = (await devicesOf(account)).map(({ device }) => device).toSorted();
	await emptyKv();
	const page = await operated<Rebuilt>("POST", "/v1/records/rebuild", { owner: { account }, after: ids[0], limit: 1 });
	expect(page).toEqual({ records: 1, next: ids[1], published: true });
	expect(Object.keys(await storedTexts())).toEqual([`device:${ids[1]}`]);
});

describe("while a store takes nothing", () => {
	const path = "/v1/records/rebuild";
	const down = new FakeRecordStore();

	beforeEach(async () => {
		down.break("before");
		await replaceStores(objectOf(account), { kv: down });
	});

	test("a page is on its way, and that is no drift", async () => {
		const rebuilt = await operated<Rebuilt>("POST", path, { owner: { account } });
		expect(rebuilt).toMatchObject({ records: 3, published: false });
		const { stores } = await operated<Verified>("POST", "/v1/records/verify", { owner: { account } });
		expect(stores).toEqual([{ store: "kv", same: 0, pending: 3, unanswered: 0, drifted: 0 }]);
	});

	test("the next page is put off, with a time to come back", async () => {
		await runInDurableObject(objectOf(account), (instance) => {
			const { outbox } = instance as unknown as { outbox: Outbox };
			const steps = Array.from({ length: 200 }, (_, index) => `device:dev-${index}`);
			outbox.add(steps.map((key) => ({ kind: "record", key, version: 1, body: {} })));
		});
		const answer = await operate("POST", path, { owner: { account } });
		await expectProblem(answer.clone(), "unavailable");
		expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(2);
		expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(4);
	});
});

describe("a page is refused", () => {
	test.each([
		["of nobody", {}],
		["of two owners", { owner: { product: "crs", directory: true } }],
		["of a product with an odd name", { owner: { product: "../crs" } }],
		["of no length", { owner: DIRECTORY, limit: 0 }],
		["that is too long", { owner: DIRECTORY, limit: 201 }],
		["for a store that nobody knows", { owner: DIRECTORY, store: "d1" }],
		["for a store that this deployment does not have", { owner: DIRECTORY, store: "redis" }],
	])("%s", async (_, body) => {
		for (const verb of ["rebuild", "verify"]) {
			await expectProblem(await operate("POST", `/v1/records/${verb}`, body), "invalid_request");
		}
	});

	test.each([
		["a product that there is not", () => ({ product: "no-such-product" })],
		["an account id that nobody gave out", () => ({ account: `acct-${"0".repeat(16)}` })],
	])("of %s", async (_, owner) => {
		for (const verb of ["rebuild", "verify"]) {
			await expectProblem(await operate("POST", `/v1/records/${verb}`, { owner: owner() }), "not_found");
		}
	});
});
