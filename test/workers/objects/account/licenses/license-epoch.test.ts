// What a change of licenses sets off behind the answer: every device's record is written anew, and edges are told not to
// decide on those from before for as long as a store may have one.

import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DeniedRecord, deniedRecord } from "../../../../../src/content/denied-list.ts";
import type { DeviceRecord } from "../../../../../src/entitlement/devices/device-record.ts";
import { parseRecord } from "../../../../../src/storage/record-store.ts";
import { RECORD_LIFE_SECONDS } from "../../../../../src/storage/sealed-records.ts";
import {
	type AccountFixture,
	createAccount,
	DAY,
	NOW,
	OPERATOR,
	TOKENS_END_AFTER,
} from "../../../../support/accounts/account-fixture.ts";
import { bindings, replaceStores } from "../../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";

const START_MS = Date.now();

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

const directory = () => bindings.DIRECTORY.getByName("directory");
const shorten = ({ account }: AccountFixture) =>
	account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { endsAt: NOW + DAY } });

const keyOf = ({ device }: AccountFixture, number: number) => `device:${device(number).candidateDeviceId}`;

async function withDevices(count: number) {
	const fixture = await createAccount({ seats: count });
	const store = new FakeRecordStore();
	await replaceStores(fixture.account(), { kv: store });
	for (let number = 0; number < count; number++) await fixture.account().activate(fixture.device(number));
	return { ...fixture, store };
}

/** The list as it is after something else has been denied, which drops what has ended. */
async function publishedDenials(id: string): Promise<DeniedRecord> {
	const until = Math.floor(Date.now() / 1000) + 60;
	await directory().changeDenials([{ kind: "deny", scope: "device", id, version: 1, until }]);
	const text = (await directory().readRecord("denied@1")) ?? "";
	return deniedRecord.parse(parseRecord("denied@1", text).body);
}

describe("the news of a change", () => {
	it("stays for as long as a record from before counts, and a token made from that, and then goes", async () => {
		const fixture = await withDevices(1);
		await shorten(fixture);
		const endMs = NOW * 1_000 + (RECORD_LIFE_SECONDS + TOKENS_END_AFTER) * 1_000;
		vi.setSystemTime(endMs - 1_000);
		expect((await publishedDenials("dev-1")).licenseEpochs).toEqual({ [fixture.name]: 1 });
		vi.setSystemTime(endMs + 1_000);
		expect((await publishedDenials("dev-2")).licenseEpochs).toEqual({});
	});
});

describe("records that are written anew", () => {
	it("are several pages in one alarm, so that slow webhooks do not hold them up", async () => {
		const fixture = await withDevices(120);
		await shorten(fixture);
		await runDurableObjectAlarm(fixture.account());
		const keys = Array.from({ length: 120 }, (_, number) => keyOf(fixture, number));
		expect(keys.filter((key) => fixture.store.bodyOf<DeviceRecord>(key).licenseEpoch === 1)).toHaveLength(120);
	});

	it("have a higher version than those from before, without which a store keeps the old ones", async () => {
		const fixture = await withDevices(1);
		expect(fixture.store.versionOf(keyOf(fixture, 0))).toBe(1);
		await shorten(fixture);
		await runDurableObjectAlarm(fixture.account());
		expect(fixture.store.versionOf(keyOf(fixture, 0))).toBe(2);
		expect(fixture.store.violations).toEqual([]);
	});

	it("are never more than a page before a revocation, however long a store is down", async () => {
		const fixture = await withDevices(120);
		const { account, store, device } = fixture;
		store.break("before");
		await shorten(fixture);
		for (let rings = 0; rings < 3; rings++) await runDurableObjectAlarm(account());
		const deviceId = device(119).candidateDeviceId;
		await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "revoked", reason: "stolen" });
		const before = store.puts.length;
		store.repair();
		for (let rings = 0; rings < 3; rings++) await runDurableObjectAlarm(account());
		const delivered = store.puts.slice(before).map((put) => put.split(" ")[0]);
		expect(new Set(delivered).size).toBe(120);
		expect(delivered.indexOf(keyOf(fixture, 119))).toBeLessThanOrEqual(100);
	});

	it("are not called drift while it is not their turn yet", async () => {
		const fixture = await withDevices(60);
		fixture.store.faultOf = (operation) => (operation === "put" ? "before" : null);
		await shorten(fixture);
		await runDurableObjectAlarm(fixture.account());
		const page = { after: "", limit: 200, store: null };
		expect(await fixture.account().verifyRecords(page)).toMatchObject({ drift: [], stores: [{ pending: 60 }] });
		fixture.store.repair();
		for (let count = 0; count < 6; count++) await runDurableObjectAlarm(fixture.account());
		expect(await fixture.account().verifyRecords(page)).toMatchObject({ drift: [], stores: [{ same: 60 }] });
	});

	it("are compared again once they were written, while others still wait for their turn", async () => {
		const fixture = await withDevices(120);
		const { account, store } = fixture;
		const after = store.puts.length + 50;
		store.faultOf = (operation) => (operation === "put" && store.puts.length >= after ? "before" : null);
		await shorten(fixture);
		await runDurableObjectAlarm(account());
		store.texts.delete(keyOf(fixture, 0));
		const page = { after: "", limit: 200, store: null };
		expect(await account().verifyRecords(page)).toMatchObject({
			drift: [{ key: keyOf(fixture, 0) }],
			stores: [{ same: 49, pending: 70 }],
		});
	});
});

describe("records that edges ask for", () => {
	const failing = async (count: number) => {
		const fixture = await withDevices(count);
		fixture.store.faultOf = (operation) => (operation === "put" ? "before" : null);
		return fixture;
	};
	const waiting = ({ account }: AccountFixture) =>
		runInDurableObject(account(), (_, { storage }) =>
			Number(storage.sql.exec("SELECT COUNT(*) AS n FROM outbox").one()["n"]),
		);
	const askForAll = async ({ account, device }: AccountFixture, count: number) => {
		for (let number = 0; number < count; number++) {
			expect(await account().readRecord(`device:${device(number).candidateDeviceId}`)).not.toBeNull();
		}
	};

	it("are not delivered by themselves while all are written anew", async () => {
		const fixture = await failing(110);
		await shorten(fixture);
		await runDurableObjectAlarm(fixture.account());
		expect(await waiting(fixture)).toBe(100);
		await askForAll(fixture, 110);
		expect(await waiting(fixture)).toBe(100);
	});

	it("are not while two hundred wait already, however many have got lost", async () => {
		const fixture = await failing(220);
		await askForAll(fixture, 220);
		expect(await waiting(fixture)).toBe(200);
	});
});

describe("a license whose products end at different times", () => {
	it.each([
		["takes devices until the last one ends", NOW + DAY, { ok: true, kind: "new" }],
		["takes none when all have ended", NOW - 1, { ok: false, reason: "license_expired" }],
	])("%s", async (_, endsAt, outcome) => {
		const { account, device } = await createAccount();
		const products = [
			{ product: "crs", endsAt: NOW - 60 },
			{ product: "threats", endsAt },
		];
		await account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { products, endsAt: NOW - 30 } });
		expect(await account().activate(device(1))).toMatchObject(outcome);
	});
});
