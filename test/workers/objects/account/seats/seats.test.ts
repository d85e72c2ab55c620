// Seats of an elastic license in the Account object, as time passes.

import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
	type AccountFixture,
	createAccount,
	IDLE_ALARM_MS,
	NOW,
	OPERATOR,
	TOKENS_END_AFTER,
} from "../../../../support/accounts/account-fixture.ts";
import { nextAlarm } from "../../../../support/accounts/alarms.ts";
import { evict } from "../../../../support/object-bindings.ts";
import { trailOf } from "../../../../support/trail.ts";

const LEASE = 900;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

async function elastic(seats = 2) {
	const fixture = await createAccount({ seats, leaseSeconds: LEASE });
	const { account, device } = fixture;
	const idOf = (number: number) => device(number).candidateDeviceId;
	return {
		...fixture,
		idOf,
		activate: (number: number, now = NOW) => account().activate(device(number, { now })),
		renew: (number: number, now: number) => account().renewSeat({ deviceId: idOf(number), now }),
		taken: async (now: number) => (await account().listLicenses(now)).map(({ seatsTaken }) => seatsTaken),
		events: async () =>
			(await trailOf(account()))
				.filter(({ action }) => action.startsWith("seat."))
				.map(({ at, action, subject }) => ({ at, action, subject }))
				.reverse(),
	};
}

/** Rings when the clock says so, as the platform does; for as long as there is something to do by then. */
async function ringAt({ account }: Pick<AccountFixture, "account">, now: number): Promise<void> {
	vi.setSystemTime(now * 1_000);
	for (let rings = 0; rings < 20; rings++) {
		const at = await runInDurableObject(account(), (_, { storage }) => storage.getAlarm());
		// What is due at once rings a moment later.
		if (at === null || at >= (now + 1) * 1_000) return;
		await runDurableObjectAlarm(account());
	}
	throw new Error("the alarm never comes to rest");
}

const seatRows = ({ account }: Pick<AccountFixture, "account">) =>
	runInDurableObject(account(), (_, { storage }) =>
		storage.sql.exec("SELECT holder AS device, until FROM seats").toArray(),
	);

describe("a seat of an elastic license", () => {
	it("is taken with a lease, which a renewal prolongs once less than two thirds of it are left", async () => {
		const { activate, renew } = await elastic();
		expect(await activate(1)).toMatchObject({ ok: true, device: { lease: LEASE } });
		const until = async (now: number) => {
			const outcome = await renew(1, now);
			return outcome.ok && outcome.lease?.until;
		};
		expect(await until(NOW)).toBe(NOW + LEASE);
		expect(await until(NOW + 300)).toBe(NOW + LEASE);
		expect(await until(NOW + 301)).toBe(NOW + 301 + LEASE);
		expect(await until(NOW + 301 + LEASE - 1)).toBe(NOW + 301 + 2 * LEASE - 1);
	});

	it("writes nothing while two thirds of it are left, and no alarm when it is renewed", async () => {
		const fixture = await elastic();
		const { account, activate, idOf } = fixture;
		await activate(1);
		const rowsWritten = (now: number) =>
			runInDurableObject(account(), async (instance, { storage }) => {
				vi.setSystemTime(now * 1_000);
				const exec = vi.spyOn(storage.sql, "exec");
				const setAlarm = vi.spyOn(storage, "setAlarm");
				await instance.renewSeat({ deviceId: idOf(1), now });
				const rows = exec.mock.results.map(({ value }) => (value as SqlStorageCursor<never>).rowsWritten);
				return { rows: rows.reduce((sum, count) => sum + count, 0), alarms: setAlarm.mock.calls.length };
			});
		expect(await rowsWritten(NOW + 300)).toEqual({ rows: 0, alarms: 0 });
		expect(await rowsWritten(NOW + 301)).toEqual({ rows: 2, alarms: 0 });
	});

	it("is free on the second of its end, for whoever comes first, swept or not", async () => {
		const { activate, renew, taken } = await elastic(1);
		await activate(1);
		expect(await taken(NOW + LEASE - 1)).toEqual([1, 0]);
		expect(await activate(2, NOW + LEASE - 1)).toEqual({ ok: false, reason: "no_seat_left" });
		expect(await taken(NOW + LEASE)).toEqual([0, 0]);
		expect(await activate(2, NOW + LEASE)).toMatchObject({ ok: true, kind: "new" });
		expect(await renew(1, NOW + LEASE)).toEqual({ ok: false, reason: "seat_lost" });
		expect(await renew(2, NOW + LEASE + 1)).toMatchObject({ ok: true });
	});

	it("comes back to its device when one is free again, and the trail has it all", async () => {
		const { activate, renew, taken, events, account, idOf } = await elastic(1);
		await activate(1);
		await activate(2, NOW + LEASE);
		expect(await renew(1, NOW + LEASE + 5)).toEqual({ ok: false, reason: "seat_lost" });
		await account().setDeviceStatus({
			actor: idOf(2),
			now: NOW + LEASE + 9,
			deviceId: idOf(2),
			status: "deactivated",
			reason: "",
		});
		const back = await renew(1, NOW + LEASE + 10);
		expect(back).toEqual({ ok: true, lease: { seconds: LEASE, until: NOW + 2 * LEASE + 10 } });
		expect(await taken(NOW + LEASE + 10)).toEqual([1, 0]);
		expect(await events()).toEqual([
			{ at: NOW, action: "seat.taken", subject: idOf(1) },
			{ at: NOW + LEASE, action: "seat.released", subject: idOf(1) },
			{ at: NOW + LEASE, action: "seat.taken", subject: idOf(2) },
			{ at: NOW + LEASE + 5, action: "seat.refused", subject: idOf(1) },
			{ at: NOW + LEASE + 9, action: "seat.released", subject: idOf(2) },
			{ at: NOW + LEASE + 10, action: "seat.taken", subject: idOf(1) },
		]);
	});

	it("is not kept by a device that is suspended, which gets one again after that", async () => {
		const { account, activate, renew, idOf, taken } = await elastic(1);
		await activate(1);
		const set = (status: "suspended" | "active" | "revoked", now: number) =>
			account().setDeviceStatus({ ...OPERATOR, now, deviceId: idOf(1), status, reason: "" });
		await set("suspended", NOW + 10);
		expect(await renew(1, NOW + 800)).toEqual({ ok: false, reason: "suspended" });
		expect(await taken(NOW + LEASE - 1)).toEqual([1, 0]);
		expect(await taken(NOW + LEASE)).toEqual([0, 0]);
		await set("active", NOW + LEASE + 1);
		expect(await renew(1, NOW + LEASE + 2)).toMatchObject({ ok: true });
		await set("revoked", NOW + LEASE + 3);
		expect(await taken(NOW + LEASE + 3)).toEqual([0, 0]);
		expect(await renew(1, NOW + LEASE + 4)).toEqual({ ok: false, reason: "revoked" });
	});

	it("is kept where seats become fewer, as long as it is renewed; who was away waits", async () => {
		const { account, activate, renew, taken } = await elastic(2);
		await activate(1);
		await activate(2);
		await account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { seats: 1 } });
		expect(await renew(1, NOW + 600)).toMatchObject({ ok: true });
		expect(await renew(2, NOW + 600)).toMatchObject({ ok: true });
		expect(await taken(NOW + 600)).toEqual([2, 0]);
		expect(await renew(1, NOW + 1_200)).toMatchObject({ ok: true });
		expect(await renew(2, NOW + 1_500)).toEqual({ ok: false, reason: "seat_lost" });
	});

	it("is not asked for by devices of others, nor by those of a fixed license", async () => {
		const { account, device, renew } = await elastic();
		await account().activate(device(1, { codeHash: "hash-b" }));
		expect(await renew(1, NOW)).toEqual({ ok: true, lease: null });
		expect(await renew(9, NOW)).toEqual({ ok: false, reason: "unknown_device" });
	});
});

describe("a device that changes between licenses", () => {
	it("has a lease that outlives the tokens of its fixed license, and none when it is back", async () => {
		const { account, device, taken } = await elastic();
		await account().activate(device(1, { codeHash: "hash-b" }));
		const moved = await account().activate(device(1));
		expect(moved).toMatchObject({ ok: true, kind: "moved", device: { lease: LEASE } });
		expect(await taken(NOW + TOKENS_END_AFTER - 1)).toEqual([1, 0]);
		expect(await taken(NOW + TOKENS_END_AFTER)).toEqual([0, 0]);
		expect(await account().transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-b" })).toMatchObject({ ok: true });
		expect(await taken(NOW + 1_000_000)).toEqual([0, 1]);
		expect(await account().device(device(1).candidateDeviceId)).toMatchObject({ lease: null, license: "lic-b" });
		await account().transferLicense({ ...OPERATOR, id: "lic-b", to: "lic-a" });
		expect(await taken(NOW + TOKENS_END_AFTER - 1)).toEqual([1, 0]);
		expect(await taken(NOW + TOKENS_END_AFTER)).toEqual([0, 0]);
	});

	it("is left where it is by a transfer when its lease is over", async () => {
		const { account, activate, taken, idOf } = await elastic(2);
		await activate(1);
		await activate(2, NOW + 500);
		const now = NOW + LEASE;
		expect(await account().transferLicense({ ...OPERATOR, now, id: "lic-a", to: "lic-b" })).toMatchObject({
			ok: true,
			changed: true,
			transfer: { moved: 1, remaining: 0, phase: "ended" },
		});
		expect(await taken(now)).toEqual([0, 1]);
		expect((await account().device(idOf(1)))?.license).toBe("lic-a");
		expect((await account().device(idOf(2)))?.license).toBe("lic-b");
	});
});

describe("devices that vanish", () => {
	it("are swept by the alarm, together with those whose leases end in the same half minute", async () => {
		const fixture = await elastic(3);
		const { activate, events, account } = fixture;
		const released = async () => (await events()).filter(({ action }) => action === "seat.released");
		const start = Math.ceil(NOW / 30) * 30;
		await activate(1, start);
		await activate(2, start + 1);
		await activate(3, start + 30);
		const alarm = () => nextAlarm(account());
		expect(await alarm()).toBe((start + LEASE) * 1_000);
		await ringAt(fixture, start + LEASE);
		expect(await released()).toHaveLength(1);
		expect(await alarm()).toBe((start + LEASE + 30) * 1_000);
		await ringAt(fixture, start + LEASE + 30);
		expect((await released()).map(({ at }) => at)).toEqual([start + LEASE, start + LEASE + 30, start + LEASE + 30]);
		expect(await seatRows(fixture)).toEqual([]);
		expect(await alarm()).toBe(IDLE_ALARM_MS);
	});

	it("lose nothing early by an alarm from before their renewal, also in an object that forgot all", async () => {
		const fixture = await elastic(1);
		const { activate, renew, account, taken } = fixture;
		await activate(1);
		await renew(1, NOW + 600);
		await evict(account());
		vi.setSystemTime((NOW + 930) * 1_000);
		expect(await runDurableObjectAlarm(account())).toBe(true);
		expect(await taken(NOW + 930)).toEqual([1, 0]);
		expect(await seatRows(fixture)).toHaveLength(1);
		await ringAt(fixture, NOW + 1_530);
		expect(await seatRows(fixture)).toEqual([]);
	});

	it("are swept although nothing else was ever due: a seat that came back sets the alarm", async () => {
		const fixture = await elastic(1);
		const { activate, renew, account } = fixture;
		await activate(1);
		await ringAt(fixture, NOW + LEASE + 30);
		const alarm = () => nextAlarm(account());
		expect(await alarm()).toBe(IDLE_ALARM_MS);
		await renew(1, NOW + LEASE + 40);
		await ringAt(fixture, NOW + 2 * LEASE + 70);
		expect(await seatRows(fixture)).toEqual([]);
	});

	it("are swept some at a time when they are many", async () => {
		const fixture = await elastic(2_000);
		const { account, taken } = fixture;
		await runInDurableObject(account(), (_, { storage }) => {
			storage.sql.exec(
				`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
				INSERT INTO seats SELECT 'dev-' || i, 'lic-a', ? FROM n`,
				NOW,
			);
			storage.sql.exec("INSERT INTO seat_counts (license, taken) VALUES ('lic-a', 1200)");
		});
		expect(await taken(NOW)).toEqual([0, 0]);
		await fixture.activate(1);
		expect(await taken(NOW)).toEqual([1, 0]);
		expect(await seatRows(fixture)).toHaveLength(701);
		vi.setSystemTime((NOW + 30) * 1_000);
		await runDurableObjectAlarm(account());
		expect(await seatRows(fixture)).toHaveLength(201);
		await ringAt(fixture, NOW + 30);
		expect(await seatRows(fixture)).toHaveLength(1);
	});
});
