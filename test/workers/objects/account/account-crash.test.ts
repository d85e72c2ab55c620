// What is left of an account's change when its object dies, or its stores fail, at the worst moment.
import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { parseRecord } from "../../../../src/storage/record-store.ts";
import {
	type AccountFixture,
	createAccount,
	IDLE_ALARM_MS,
	NOW,
	OPERATOR,
} from "../../../support/accounts/account-fixture.ts";
import { nextAlarm } from "../../../support/accounts/alarms.ts";
import { bindings, evict, replaceStores } from "../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";

afterEach(reset);

async function storedVersion(key: string): Promise<number | null> {
	const text = await bindings.RECORDS.get(key);
	return text === null ? null : parseRecord(key, text).version;
}

/** The object dies while it delivers: after the change is on disk, before the answer. */
async function dieBetweenCommitAndAnswer({ account }: AccountFixture): Promise<void> {
	const store = new FakeRecordStore();
	await replaceStores(account(), { kv: store });
	await runInDurableObject(account(), (_, state) => {
		store.onPut = async () => {
			await state.storage.sync();
			state.abort("died between commit and answer");
		};
	});
}

describe("an activation whose answer is lost with its object", () => {
	it("is the same device when it is tried again, with one seat and one use", async () => {
		const fixture = await createAccount({ seats: 1, uses: 1 });
		const { account, device } = fixture;
		await dieBetweenCommitAndAnswer(fixture);
		const [lost] = await Promise.allSettled([account().activate(device(1))]);
		expect(lost.status).toBe("rejected");
		const retry = await account().activate(device(1, { candidateDeviceId: "dev-other" }));
		expect(retry).toMatchObject({ ok: true, kind: "same", published: true });
		expect(retry.ok && retry.device.id).toBe(device(1).candidateDeviceId);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(1);
		expect(((await account().listCodes()) ?? [])[0]?.used).toBe(1);
		expect(await storedVersion(`device:${device(1).candidateDeviceId}`)).toBe(1);
	});

	it("reaches the store by the alarm when nobody tries again", async () => {
		const fixture = await createAccount();
		const { account, device } = fixture;
		await dieBetweenCommitAndAnswer(fixture);
		const [lost] = await Promise.allSettled([account().activate(device(1))]);
		expect(lost.status).toBe("rejected");
		const key = `device:${device(1).candidateDeviceId}`;
		expect(await storedVersion(key)).toBeNull();
		expect(await runDurableObjectAlarm(account())).toBe(true);
		expect(await storedVersion(key)).toBe(1);
		// Once more when a put that the dead object may have begun cannot land any more; and the Census is told.
		for (let rings = 0; rings < 3; rings++) expect(await runDurableObjectAlarm(account())).toBe(true);
		expect(await nextAlarm(account())).toBe(IDLE_ALARM_MS);
	});

	it("leaves ten devices for ten seats, however often the object dies on the way", async () => {
		const fixture = await createAccount({ seats: 10 });
		const { account, device } = fixture;
		for (let round = 0; round < 4; round++) {
			if (round % 2 === 0) await dieBetweenCommitAndAnswer(fixture);
			const numbers = Array.from({ length: 10 }, (_, index) => round * 5 + index);
			await Promise.allSettled(numbers.map((number) => account().activate(device(number))));
			await abortAllDurableObjects();
		}
		const devices = await account().listDevices();
		expect(devices).toHaveLength(10);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(10);
		expect(((await account().listCodes()) ?? [])[0]?.used).toBe(10);
	});
});

describe("20 seats of an elastic license, and 200 devices that all want one", () => {
	const SEATS = 20;

	interface SeatRow {
		readonly device: string;
		readonly until: number;
	}
	const seatRows = ({ account }: AccountFixture) =>
		runInDurableObject(
			account(),
			(_, { storage }) =>
				storage.sql.exec("SELECT holder AS device, until FROM seats").toArray() as unknown as SeatRow[],
		);

	/** Dies between commit and answer of one of the next activations. */
	async function dieSoon({ account }: AccountFixture, afterPuts: number): Promise<void> {
		const store = new FakeRecordStore();
		await replaceStores(account(), { kv: store });
		await runInDurableObject(account(), (_, state) => {
			store.onPut = async () => {
				if (store.puts.length < afterPuts) return;
				await state.storage.sync();
				state.abort("died between commit and answer");
			};
		});
	}

	it("are never more than 20 live leases, and no device is told that it has a seat that it has not", async () => {
		const fixture = await createAccount({ seats: SEATS, leaseSeconds: 900 });
		const { account, device } = fixture;
		const numbers = Array.from({ length: 200 }, (_, index) => index);
		const idOf = (number: number) => device(number).candidateDeviceId;
		let lost = 0;
		for (let round = 0; round < 12; round++) {
			// Every third round all leases are over, and whoever comes first takes the seats.
			const now = NOW + Math.floor(round / 3) * 1_000 + (round % 3) * 299;
			if (round % 4 !== 3) await dieSoon(fixture, Math.floor(Math.random() * 5));
			const asked = numbers
				.flatMap((number) => [
					{ number, ask: () => account().activate(device(number, { now })) },
					{ number, ask: () => account().renewSeat({ deviceId: idOf(number), now }) },
				])
				.sort(() => Math.random() - 0.5);
			const answers = await Promise.allSettled(asked.map(({ ask }) => ask()));
			lost += answers.filter(({ status }) => status === "rejected").length;
			await abortAllDurableObjects();
			const live = (await seatRows(fixture)).filter(({ until }) => until > now);
			expect(live.length).toBeLessThanOrEqual(SEATS);
			expect((await account().listLicenses(now))[0]?.seatsTaken).toBe(live.length);
			const told = answers.flatMap((answer, index) =>
				answer.status === "fulfilled" && answer.value.ok && "lease" in answer.value ? [asked[index]?.number ?? -1] : [],
			);
			const holders = new Set(live.map((row) => row.device));
			expect(told.filter((number) => !holders.has(idOf(number)))).toEqual([]);
		}
		expect(lost).toBeGreaterThan(0);
		const now = NOW + 5_000;
		await Promise.all(numbers.map((number) => account().activate(device(number, { now }))));
		await Promise.all(numbers.map((number) => account().renewSeat({ deviceId: idOf(number), now })));
		expect((await account().listLicenses(now))[0]?.seatsTaken).toBe(SEATS);
	});
});

describe("an account whose store fails", () => {
	it.each(["before", "after"] as const)(
		"answers, says that it is not published, and publishes by alarm (%s)",
		async (fault) => {
			const { account, device } = await createAccount();
			const store = new FakeRecordStore();
			store.break(fault);
			await replaceStores(account(), { kv: store });
			expect(await account().activate(device(1))).toMatchObject({ ok: true, published: false });
			store.repair();
			expect(await runDurableObjectAlarm(account())).toBe(true);
			expect(store.versionOf(`device:${device(1).candidateDeviceId}`)).toBe(1);
			expect(await account().activate(device(1))).toMatchObject({ kind: "same", published: true });
			expect(store.violations).toEqual([]);
		},
	);

	it("keeps what it owes over an eviction", async () => {
		const { account, device } = await createAccount();
		const store = new FakeRecordStore();
		store.break("before");
		await replaceStores(account(), { kv: store });
		await account().activate(device(1));
		const deviceId = device(1).candidateDeviceId;
		await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "suspended", reason: "" });
		await evict(account());
		expect(await runDurableObjectAlarm(account())).toBe(true);
		expect(await storedVersion(`device:${deviceId}`)).toBe(2);
	});

	it("denies a device although its record cannot be stored", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		const store = new FakeRecordStore();
		store.break("before");
		await replaceStores(account(), { kv: store });
		const deviceId = device(1).candidateDeviceId;
		const result = await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "revoked", reason: "stolen" });
		expect(result).toMatchObject({ ok: true, published: false });
		const denied = await bindings.DIRECTORY.getByName("directory").readRecord("denied@1");
		expect(denied).toContain(deviceId);
		expect(await storedVersion("denied@1")).toBe(1);
	});
});
