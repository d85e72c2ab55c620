// Objects at the largest that they get: each method and alarm does no more than what takes half of the processor time that the platform gives a
// call. What is held is counted (rows, statements, JSON) at prices that are above what was measured: bench/objects/budget.ts. A method that is
// new misses its call in bench/objects, which does not compile then.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { costOf } from "../../../bench/objects/budget.ts";
import {
	ACCOUNT_CALLS,
	activationOf,
	CENSUS_CALLS,
	DIRECTORY_CALLS,
	NAME,
	type Order,
	summaryOf,
	termsAt,
} from "../../../bench/objects/calls.ts";
import { copyRows, fillProduct } from "../../../bench/objects/fill.ts";
import {
	digestOf,
	PRODUCT_CALLS,
	REPLAY_CALLS,
	SERIAL_CALLS,
	trustCalls,
	WRITER_CALLS,
} from "../../../bench/objects/product-calls.ts";
import { countingWork, type WorkCount } from "../../../bench/workerd/row-counter.ts";
import { recordLanes } from "../../../src/objects/bindings.ts";
import type { Outbox } from "../../../src/objects/outbox/outbox.ts";
import wrangler from "../../../wrangler.toml?raw";
import { unledBindings as bindings } from "../../support/object-bindings.ts";
import { newSigner } from "../../support/tuf/keys.ts";
import { newOperators, roleFile, rootFile, targetsFile } from "../../support/tuf/operator.ts";
import methods from "../../unit/objects/calls-between-versions.txt?raw";

const DEVICES = 100_000;
const LEASES = 100_000;
const ACCOUNTS = 15_000;
/** As many as changeWebhook needs to remove again what it made: nobody is called over the network then. */
const ROUNDS = 3;
const ALARMS = 12;
const NOW = Math.floor(Date.now() / 1_000);
const LIMIT_MS = Number(/^cpu_ms = (\d+)$/m.exec(wrangler)?.[1]) / 2;

const NOWHERE = { get: async (key: unknown) => (Array.isArray(key) ? new Map() : null), put: async () => {} };

type Calls = Readonly<Record<string, (order: Order) => readonly unknown[]>>;

/** @returns by method the most that a call of it did, ms, and what of */
async function measure(stub: DurableObjectStub<never>, calls: Calls): Promise<Record<string, [number, WorkCount]>> {
	const worst: Record<string, [number, WorkCount]> = {};
	await runInDurableObject(stub as DurableObjectStub, (object: object, state: DurableObjectState) =>
		countingWork(state, async (take) => {
			// Stores that take everything at once: 100,000 records are more than a test can wait for.
			const lanes = recordLanes({ ...bindings, RECORDS: NOWHERE as unknown as KVNamespace });
			if ("outbox" in object) (object.outbox as Outbox).lanes = lanes;
			for (const [method, argsOf] of Object.entries(calls)) {
				for (let round = 0; round < (method === "alarm" ? ALARMS : ROUNDS); round++) {
					const args = argsOf({ round, now: NOW, devices: DEVICES });
					take();
					await (Reflect.get(object, method) as (...all: unknown[]) => Promise<unknown>).apply(object, [...args]);
					const work = take();
					if (costOf(work) >= (worst[method]?.[0] ?? 0)) worst[method] = [costOf(work), work];
				}
			}
		}),
	);
	return worst;
}

const above = (worst: Record<string, [number, WorkCount]>) =>
	Object.entries(worst).filter(([, [ms]]) => !(ms < LIMIT_MS));

async function fillAccount(): Promise<DurableObjectStub<never>> {
	const account = bindings.ACCOUNT.getByName(NAME);
	const by = { actor: "operator", now: NOW };
	await account.create({ ...by, id: `acct-${NAME}000000`, name: "large" });
	await account.createLicense({ ...by, id: "lic-a", terms: termsAt(NOW) });
	const code = { id: "code-a", hash: "hash-a", license: "lic-a", uses: 10_000_000, expiresAt: NOW + 86_400 };
	await account.createCode({ ...by, ...code, serial: null, model: null });
	// One as it is made, the others as its copies.
	await account.activate(activationOf(0, NOW) as never);
	await runInDurableObject(account, (_, { storage: { sql } }) => {
		const [first] = sql.exec<{ id: string }>("SELECT id FROM devices").toArray();
		const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)";
		const id = `'dev-${NAME}-' || printf('%016d', i)`;
		copyRows(sql, "devices", `id = '${first?.id}'`, DEVICES - 1, { id, serial: "'SN-' || i", jkt: "'jkt-' || i" });
		copyRows(sql, "seats", "1", DEVICES - 1, { holder: id });
		copyRows(sql, "activations", "1", DEVICES - 1, { device: id });
		// As if one had come every 86 s.
		const entry = { seq: "1000 + i", subject: id, at: `t.at - 86 * (${DEVICES} - i)` };
		copyRows(sql, "audit", "action = 'device.new'", DEVICES - 1, entry);
		sql.exec("UPDATE seat_counts SET taken = ?", DEVICES);
		const numbered = `${numbers} SELECT ${id}`;
		const state = `json_object('installed', '1.0.' || (i % 20), 'permitted', '1.0.1', 'permittedAt', ${NOW}, 'outcome', 'healthy',
			'outcomeVersion', '1.0.1', 'outcomeAt', ${NOW}, 'changedAt', ${NOW})`;
		sql.exec(
			`INSERT INTO device_states (device, seen_at, engine, country, colo, problem, problem_at, products)
				${numbered}, ?, '11.1', 'DE', 'FRA', NULL, NULL, json_object('crs', ${state}, 'threats', ${state}) FROM n`,
			...[DEVICES, NOW],
		);
		// 10,000 pairs of them, whose devices say things and have permits.
		sql.exec(
			`INSERT INTO ha_groups ${numbers} SELECT 'hag-${NAME}-' || printf('%08d', i), 'pair', 'active-active', 'lic-a', 3600, 0, 0 FROM n`,
			10_000,
		);
		sql.exec(`UPDATE devices SET ha_group = 'hag-${NAME}-' || printf('%08d', (CAST(substr(id, -16) AS INTEGER) - 1000) / 2)
			WHERE id >= 'dev-${NAME}-0000000000001002' AND id < 'dev-${NAME}-0000000000021000'`);
		sql.exec(
			`INSERT INTO ha_permits SELECT ha_group, 'crs', id, '1', 1, ?, ?, NULL, NULL, ?, NULL FROM devices WHERE ha_group IS NOT NULL`,
			...[NOW, NOW + 86_400, NOW],
		);
	});
	await evictDurableObject(account);
	return account as unknown as DurableObjectStub<never>;
}

async function fillDirectory(): Promise<DurableObjectStub<never>> {
	const directory = bindings.DIRECTORY.getByName("directory");
	for (let round = 0; round < 50; round++)
		await directory.changeDenials(...DIRECTORY_CALLS.changeDenials({ round: 1_000 + round, now: NOW, devices: 0 }));
	await directory.createAccount({
		actor: "operator",
		now: NOW,
		id: "acct-zzzzzzzzzz000000",
		name: "one",
		isSharedName: false,
	});
	await runInDurableObject(directory, (_, { storage: { sql } }) => {
		sql.exec(
			`WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO accounts (id, name, folded_name, created_at) SELECT 'acct-y' || printf('%015d', i), 'n ' || i, 'n ' || i, 0 FROM n`,
			ACCOUNTS,
		);
	});
	return directory as unknown as DurableObjectStub<never>;
}

async function fillCensus(): Promise<DurableObjectStub<never>> {
	const census = bindings.CENSUS.getByName("census");
	for (let number = 0; number < 20; number++) await census.take(summaryOf(number, NOW));
	await runInDurableObject(census, (_, { storage: { sql } }) => {
		sql.exec(
			`WITH RECURSIVE n(i) AS (SELECT 20 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO summaries SELECT 'acct-' || printf('%016d', i), t.version, t.at, t.body
			FROM n JOIN summaries t ON t.account = 'acct-' || printf('%016d', i % 20)`,
			ACCOUNTS,
		);
	});
	await evictDurableObject(census);
	return census as unknown as DurableObjectStub<never>;
}

async function filledProduct(): Promise<DurableObjectStub<never>> {
	const product = bindings.PRODUCT.getByName("crs");
	await runInDurableObject(product, (object, { storage }) => fillProduct(object, storage.sql, NOW, LEASES));
	await evictDurableObject(product);
	return product as unknown as DurableObjectStub<never>;
}

async function fillTrust(): Promise<{ stub: DurableObjectStub<never>; calls: Calls }> {
	const trust = bindings.TRUST.getByName("trust");
	const [online] = (await trust.state()).online;
	if (online === undefined) throw new Error("the service has no key");
	const [operators, publisher] = [await newOperators(online), await newSigner()];
	const root = await rootFile(operators, 1, NOW);
	const targets = await targetsFile(operators, 1, [{ product: "crs", signers: [publisher] }], NOW);
	expect(await trust.change({ root, targets, now: NOW })).toMatchObject({ ok: true });
	const releases = Object.fromEntries(
		Array.from({ length: 1_000 }, (_, number) => [`1.0.${number}`, digestOf(number)]),
	);
	const files = await Promise.all(
		Array.from({ length: ROUNDS + 2 }, (_, version) => roleFile("crs", version, releases, [publisher], NOW)),
	);
	expect(await trust.publishRole({ product: "crs", file: files[1] ?? "", now: NOW })).toMatchObject({ ok: true });
	const calls = trustCalls(NOW, (version) => files[version] ?? "", root, targets);
	return { stub: trust as unknown as DurableObjectStub<never>, calls: calls as Calls };
}

const PLACES: readonly [string, string, Calls, () => Promise<DurableObjectStub<never>>][] = [
	["Account", "100,000 devices", ACCOUNT_CALLS as unknown as Calls, fillAccount],
	["Directory", "10,000 denials and 15,000 accounts", DIRECTORY_CALLS as unknown as Calls, fillDirectory],
	["Census", "15,000 accounts", CENSUS_CALLS as unknown as Calls, fillCensus],
	["Product", "512 releases, 16 rollouts and 100,000 leases", PRODUCT_CALLS as unknown as Calls, filledProduct],
	[
		"SerialIndex",
		"a page of an account",
		SERIAL_CALLS as unknown as Calls,
		async () => bindings.SERIAL_INDEX.getByName("0") as unknown as DurableObjectStub<never>,
	],
	[
		"RecordWriter",
		"a device's record",
		WRITER_CALLS as unknown as Calls,
		async () => bindings.RECORD_WRITER.getByName("aaaaaaaaaa.0") as unknown as DurableObjectStub<never>,
	],
	[
		"ReplayGuard",
		"no more than there ever is",
		REPLAY_CALLS as unknown as Calls,
		async () => bindings.REPLAY_GUARD.getByName("0") as unknown as DurableObjectStub<never>,
	],
];

describe("within half of what the platform gives a call", () => {
	test.each(PLACES)("is each of %s with %s", { timeout: 300_000 }, async (_, __, calls, fill) => {
		const worst = await measure(await fill(), calls);
		expect(Object.keys(worst)).toEqual(Object.keys(calls));
		expect(above(worst)).toEqual([]);
	});

	test("is each of Trust with a product of 1,000 releases", async () => {
		const { stub, calls } = await fillTrust();
		const worst = await measure(stub, calls);
		expect(above(worst)).toEqual([]);
	});

	test("is looked at of every method that there is", () => {
		const called = PLACES.flatMap(([name, , calls]) => Object.keys(calls).map((method) => `${name}.${method}`));
		const trust = Object.keys(trustCalls(NOW, () => "", "", "")).map((method) => `Trust.${method}`);
		const kept = ["Account", "Product", "Directory", "Trust", "Census"];
		const named = methods.split("\n").flatMap((line) => {
			const [name = "", method] = line.split("(")[0]?.split(".") ?? [];
			return (name === "KeptObject" ? kept : [name]).flatMap((one) => (one === "" ? [] : `${one}.${method}`));
		});
		expect(named.filter((method) => ![...called, ...trust].includes(method))).toEqual([]);
	});
});
