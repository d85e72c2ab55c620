// Among thousands of seats of one license no decision looks at them all, and a page of a transfer at no more than its own.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { SEATS_PER_PAGE } from "../../../../../src/objects/account/licenses/license-transfer.ts";
import { type AccountFixture, createAccount, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { fillSeats } from "../../../../support/accounts/many-seats.ts";
import { replaceStores } from "../../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";

afterEach(reset);

const SEATS = 5_000;
const FEW = 250;

/** @returns rows that SQLite read meanwhile */
async function rowsReadBy(sql: SqlStorage, run: () => Promise<unknown>): Promise<number> {
	const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
	const prototype: SqlStorage = Object.getPrototypeOf(sql);
	const { exec } = prototype;
	prototype.exec = function counted<T extends Record<string, SqlStorageValue>>(
		this: SqlStorage,
		query: string,
		...values: unknown[]
	) {
		const cursor = exec.call(this, query, ...values);
		cursors.push(cursor);
		return cursor as SqlStorageCursor<T>;
	};
	try {
		await run();
	} finally {
		prototype.exec = exec;
	}
	return cursors.reduce((total, { rowsRead }) => total + rowsRead, 0);
}

type Call = (account: Account, fixture: AccountFixture) => Promise<{ readonly ok: boolean }>;
const transfer: Call = (account) => account.transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-to" });

it.each<[string, number, Call]>([
	["an activation", FEW, (account, { device }) => account.activate(device(9_001))],
	[
		"a deactivation",
		FEW,
		(account, { device }) =>
			account.setDeviceStatus({
				...OPERATOR,
				deviceId: device(7).candidateDeviceId,
				status: "deactivated",
				reason: "",
			}),
	],
	[
		"a renewal",
		FEW,
		(account, { device }) => account.renewSeat({ deviceId: device(7).candidateDeviceId, now: NOW + 800 }),
	],
	["the beginning of a transfer", 2 * SEATS_PER_PAGE * 16, transfer],
])("%s reads few rows", async (_, most, call) => {
	const fixture = await createAccount({ seats: 10_000, leaseSeconds: 900 });
	const { account, name } = fixture;
	const { id: __, status: ___, ...terms } = (await account().license("lic-a", NOW)) ?? {};
	await account().createLicense({ ...OPERATOR, id: "lic-to", terms: terms as never });
	await replaceStores(account(), { kv: new FakeRecordStore() });
	await fillSeats(account(), name, { license: "lic-a", count: SEATS, until: NOW + 900 });
	await runInDurableObject(account(), async (object, { storage }) => {
		expect(await rowsReadBy(storage.sql, async () => expect((await call(object, fixture)).ok).toBe(true))).toBeLessThan(
			most,
		);
		// The same with another transfer under way.
		await transfer(object, fixture);
		const meanwhile = await rowsReadBy(storage.sql, () =>
			call(object, { ...fixture, device: (n) => fixture.device(n + 1) }),
		);
		expect(meanwhile).toBeLessThan(most);
	});
});
