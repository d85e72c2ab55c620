// The devices of a license move to another in more pages than the answer waits for: what others see, may and may not meanwhile.

import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SEATS_PER_PAGE } from "../../../../../src/objects/account/licenses/license-transfer.ts";
import { createAccount, DAY, NOW, OPERATOR, TOKENS_END_AFTER } from "../../../../support/accounts/account-fixture.ts";
import { ringAll } from "../../../../support/accounts/alarms.ts";
import { addHaGroup } from "../../../../support/accounts/ha-fixture.ts";
import { fillSeats } from "../../../../support/accounts/many-seats.ts";
import { replaceStores } from "../../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";
import { trailOf } from "../../../../support/trail.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

/** Two pages go over with the answer. */
const AT_ONCE = 2 * SEATS_PER_PAGE;
const SEATS = AT_ONCE + SEATS_PER_PAGE / 2;

async function large({ count = SEATS, seatsOfB = SEATS, seatsOfA = SEATS + 10, leaseOfA = 0, leaseOfB = 0 } = {}) {
	const fixture = await createAccount({ seats: seatsOfA, leaseSeconds: leaseOfA });
	const { account, device, name } = fixture;
	const terms = {
		...{ products: [{ product: "threats" }], seats: seatsOfB, startsAt: NOW - DAY, endsAt: NOW + 365 * DAY },
		...{ graceSeconds: 0, criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0, overage: "refuse" as const },
		...{ kind: leaseOfB === 0 ? ("fixed" as const) : ("elastic" as const), leaseSeconds: leaseOfB },
	};
	await account().createLicense({ ...OPERATOR, id: "lic-to", terms });
	const code = { id: "code-to", hash: "hash-to", license: "lic-to", uses: 1_000, expiresAt: NOW + DAY };
	await account().createCode({ ...OPERATOR, ...code, serial: null, model: null });
	const store = new FakeRecordStore();
	await replaceStores(account(), { kv: store });
	await fillSeats(account(), name, { license: "lic-a", count, until: leaseOfA === 0 ? null : NOW + leaseOfA });
	const idOf = (number: number) => device(number).candidateDeviceId;
	return {
		...fixture,
		store,
		idOf,
		transfer: (to = "lic-to", id = "lic-a") => account().transferLicense({ ...OPERATOR, id, to }),
		show: async (id = "lic-a") => {
			const license = await account().license(id, NOW);
			if (license === null) throw new Error("no such license");
			return license;
		},
		activate: (number: number, codeHash: string) => account().activate(device(number, { codeHash })),
		licenseOf: async (number: number) => (await account().device(idOf(number)))?.license,
		/** The alarm rings until the transfer has ended. */
		ring: async () => {
			do await runDurableObjectAlarm(account());
			while ((await account().license("lic-a", NOW))?.transfer?.endedAt === null);
		},
		seatOf: (number: number) =>
			runInDurableObject(account(), (_, { storage }) =>
				storage.sql.exec("SELECT license, until FROM seats WHERE holder = ?", idOf(number)).one(),
			),
	};
}
const revoke = { ...OPERATOR, status: "revoked", reason: "" } as const;

describe("a transfer of many seats", () => {
	it("goes on by the alarm behind the answer, and tells when it begins and when all have moved", async () => {
		const { account, transfer, show, ring } = await large();
		const begun = { from: "lic-a", to: "lic-to", phase: "moving", moved: AT_ONCE, remaining: SEATS - AT_ONCE };
		expect(await transfer()).toMatchObject({ ok: true, changed: true, transfer: begun });
		expect((await show()).transfer).toMatchObject({ ...begun, actor: "olivia", startedAt: NOW, endedAt: null });
		expect(await show()).toMatchObject({ seatsTaken: SEATS - AT_ONCE, seatsPromised: 0 });
		expect(await show("lic-to")).toMatchObject({ seatsTaken: AT_ONCE, seatsPromised: SEATS - AT_ONCE });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", moved: SEATS, remaining: 0, endedAt: NOW });
		expect(await show("lic-to")).toMatchObject({ seatsTaken: SEATS, seatsPromised: 0 });
		const devices = await runInDurableObject(account(), (_, { storage }) =>
			storage.sql.exec("SELECT license, version, COUNT(*) AS n FROM devices GROUP BY license, version").toArray(),
		);
		expect(devices).toEqual([{ license: "lic-to", version: 2, n: SEATS }]);
		const told = (await trailOf(account())).filter(({ action }) => action.startsWith("license.trans")).reverse();
		expect(told.map(({ actor, action, detail }) => `${actor} ${action}: ${detail}`)).toEqual([
			`olivia license.transfer: ${SEATS} seats to lic-to`,
			`service license.transferred: ${SEATS} seats to lic-to`,
		]);
	});

	it("outdates tokens and records once, when the last has moved, and writes each record anew", async () => {
		const { account, transfer, ring, store, idOf } = await large();
		await transfer();
		expect((await account().info())?.licenseEpoch).toBe(0);
		expect([await account().device(idOf(1)), await account().device(idOf(SEATS))]).toMatchObject([
			{ grants: { threats: {} }, licenseEpoch: 0 },
			{ grants: { crs: {} }, licenseEpoch: 0 },
		]);
		await ring();
		expect((await account().info())?.licenseEpoch).toBe(1);
		await ringAll(account());
		for (const number of [1, SEATS]) {
			expect(store.bodyOf(`device:${idOf(number)}`)).toMatchObject({ license: "lic-to", licenseEpoch: 1 });
		}
		expect(store.violations).toEqual([]);
	});

	it("shows no drift of the records that are still to be written", async () => {
		const { account, transfer } = await large();
		await transfer();
		const page = await account().verifyRecords({ after: "", limit: 200, store: null });
		expect(page?.drift).toEqual([]);
	});

	it("moves HA groups with their devices and codes, each of them whole", async () => {
		const { account, transfer, ring, name, activate } = await large({ seatsOfB: SEATS + 1 });
		const { group } = await addHaGroup({ account, name });
		await activate(9_001, "hash-ha");
		await activate(9_002, "hash-ha");
		const places = async () => {
			const found = await account().haGroup(group, NOW);
			const codes = (await account().listCodes()) ?? [];
			return [found?.license, ...(found?.devices ?? []).map(({ license }) => license), codes.at(-1)?.license];
		};
		await transfer();
		expect(await places()).toEqual(["lic-a", "lic-a", "lic-a", "lic-a"]);
		await ring();
		expect(await places()).toEqual(["lic-to", "lic-to", "lic-to", "lic-to"]);
		expect(await activate(9_003, "hash-ha")).toMatchObject({ ok: true, device: { license: "lic-to", haGroup: group } });
	});
});

describe("while seats go over", () => {
	it("nobody gets one that is promised, of whichever license", async () => {
		const { transfer, activate, ring, show } = await large();
		await transfer();
		expect(await activate(9_001, "hash-to")).toEqual({ ok: false, reason: "no_seat_left" });
		expect(await activate(9_001, "hash-a")).toEqual({ ok: false, reason: "no_seat_left" });
		await ring();
		expect((await show("lic-to")).seatsTaken).toBe(SEATS);
		// The license that was left has room again, and its own terms.
		expect(await activate(9_001, "hash-a")).toMatchObject({ ok: true, device: { license: "lic-a" } });
	});

	it("a device that gets a seat of the license that is left follows the others", async () => {
		const { transfer, activate, ring, show, licenseOf } = await large({ seatsOfB: SEATS + 1 });
		await transfer();
		// Its number is before those that are still to move: pages do not go by where the last one ended.
		expect(await activate(0, "hash-a")).toMatchObject({ ok: true, kind: "new" });
		expect(await activate(9_001, "hash-to")).toEqual({ ok: false, reason: "no_seat_left" });
		await ring();
		expect(await licenseOf(0)).toBe("lic-to");
		expect((await show()).transfer).toMatchObject({ phase: "ended", moved: SEATS + 1 });
	});

	it("a device on its way may go ahead with a code of the other license, though that is full with the promised", async () => {
		const { transfer, activate, ring, show } = await large();
		await transfer();
		expect(await activate(SEATS, "hash-to")).toMatchObject({ ok: true, kind: "moved" });
		await ring();
		expect(await show("lic-to")).toMatchObject({ seatsTaken: SEATS });
		expect((await show()).transfer).toMatchObject({ phase: "ended", moved: SEATS - 1 });
	});

	it("the same request joins, and any other transfer of the account waits", async () => {
		const { account, transfer, ring, show } = await large();
		const first = await transfer();
		expect(await transfer()).toMatchObject({ ok: true, changed: false, transfer: first.ok && first.transfer });
		const waits = { ok: false, reason: "transfer_running" };
		expect(await transfer("lic-b")).toEqual(waits);
		expect(await transfer("lic-a", "lic-to")).toEqual(waits);
		expect(await transfer("lic-to", "lic-b")).toEqual(waits);
		await ring();
		expect(await transfer()).toMatchObject({ ok: true, changed: false, transfer: { phase: "ended", moved: SEATS } });
		const begun = (await trailOf(account())).filter(({ action }) => action === "license.transfer");
		expect(begun).toHaveLength(1);
		expect((await show("lic-to")).seatsTaken).toBe(SEATS);
	});

	it("an object that dies goes on where it was, and counts no seat twice", async () => {
		const { account, transfer, ring, show } = await large();
		await transfer();
		await abortAllDurableObjects();
		expect((await show()).transfer).toMatchObject({ phase: "moving", moved: AT_ONCE });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", moved: SEATS });
		expect((await show("lic-to")).seatsTaken).toBe(SEATS);
		expect((await account().listDevices()).every(({ license }) => license === "lic-to")).toBe(true);
	});

	it("fewer seats for the other license take none back that is promised", async () => {
		const { account, transfer, ring, show } = await large();
		await transfer();
		await account().changeLicense({ ...OPERATOR, id: "lic-to", terms: { seats: 1 } });
		await ring();
		expect(await show("lic-to")).toMatchObject({ seats: 1, seatsTaken: SEATS });
	});
});

describe("a transfer that is under way", () => {
	it("stops when the other license is revoked: what has moved is there, the rest stays and is as it was", async () => {
		const { account, transfer, ring, show, licenseOf, idOf, activate } = await large();
		await transfer();
		await account().setLicenseStatus({ ...revoke, id: "lic-to" });
		const stopped = { phase: "ended", isStopped: true, moved: AT_ONCE, remaining: 0, endedAt: NOW };
		expect((await show()).transfer).toMatchObject(stopped);
		await ring();
		expect((await show()).transfer).toMatchObject(stopped);
		expect([await licenseOf(1), await licenseOf(SEATS)]).toEqual(["lic-to", "lic-a"]);
		expect(await account().device(idOf(SEATS))).toMatchObject({ hold: null, grants: { crs: {} } });
		expect(await activate(9_001, "hash-a")).toMatchObject({ ok: true });
		const [told] = (await trailOf(account())).filter(({ action }) => action === "license.transfer_stopped");
		expect(told).toMatchObject({ subject: "lic-a", detail: `${AT_ONCE} seats went to lic-to before it was revoked` });
	});

	it.each(["revoked", "suspended"] as const)("goes on when the license that is left is %s", async (status) => {
		const { account, transfer, ring, show, idOf } = await large();
		await transfer();
		await account().setLicenseStatus({ ...revoke, id: "lic-a", status });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", isStopped: false, moved: SEATS });
		expect(await account().device(idOf(SEATS))).toMatchObject({ hold: null, license: "lic-to" });
	});

	it.each(["lic-a", "lic-to"])("goes on when %s ends, or is suspended", async (id) => {
		const { account, transfer, ring, show } = await large();
		await transfer();
		await account().changeLicense({ ...OPERATOR, id, terms: { endsAt: NOW - 1 } });
		await account().setLicenseStatus({ ...revoke, id, status: "suspended" });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", isStopped: false, moved: SEATS });
	});
});

describe("seats of a fixed license that go over to an elastic one", () => {
	const LEASE = 900;

	it("get their leases when no record from before counts any more, none of them earlier", async () => {
		const { account, transfer, seatOf, ring, show, idOf } = await large({ leaseOfB: LEASE });
		await transfer();
		// Devices get tokens by records of the fixed license until then, however long the transfer takes.
		const now = NOW + 2 * TOKENS_END_AFTER;
		vi.setSystemTime(now * 1_000);
		expect(await seatOf(1)).toEqual({ license: "lic-to", until: null });
		const lease = { seconds: LEASE, until: now + TOKENS_END_AFTER };
		expect(await account().renewSeat({ deviceId: idOf(1), now })).toEqual({ ok: true, lease });
		expect(await account().renewSeat({ deviceId: idOf(SEATS), now })).toEqual({ ok: true, lease: null });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", moved: SEATS });
		for (const number of [1, SEATS]) {
			expect(await seatOf(number)).toEqual({ license: "lic-to", until: now + TOKENS_END_AFTER });
		}
		vi.setSystemTime((now + TOKENS_END_AFTER + 31) * 1_000);
		await ringAll(account());
		expect(await account().license("lic-to", now + TOKENS_END_AFTER + 31)).toMatchObject({ seatsTaken: 0 });
	});

	it("get them also when they go to another holder meanwhile, at a place where all have theirs", async () => {
		const count = 3.5 * SEATS_PER_PAGE;
		const { account, transfer, seatOf, ring, show, name, activate, idOf } = await large({
			...{ count, seatsOfB: count + 1, leaseOfB: LEASE, seatsOfA: count + 1 },
		});
		const { group } = await addHaGroup({ account, name });
		await activate(0, "hash-ha");
		await transfer();
		await runDurableObjectAlarm(account());
		expect((await show()).transfer).toMatchObject({ phase: "leasing", moved: count + 1 });
		expect(await account().changeHaGroup({ kind: "leave", ...OPERATOR, id: group, deviceId: idOf(0) })).toMatchObject({
			ok: true,
		});
		expect(await seatOf(0)).toEqual({ license: "lic-to", until: null });
		await ring();
		expect(await seatOf(0)).toEqual({ license: "lic-to", until: NOW + TOKENS_END_AFTER });
	});

	it("get them also when the elastic one was revoked on the way", async () => {
		const { account, transfer, seatOf, ring, show } = await large({ leaseOfB: LEASE });
		await transfer();
		await account().setLicenseStatus({ ...revoke, id: "lic-to" });
		expect((await show()).transfer).toMatchObject({ phase: "leasing", isStopped: true });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", isStopped: true, moved: AT_ONCE });
		expect([await seatOf(1), await seatOf(SEATS)]).toEqual([
			{ license: "lic-to", until: NOW + TOKENS_END_AFTER },
			{ license: "lic-a", until: null },
		]);
	});
});

describe("leases that end while seats go over", () => {
	it("leave their devices where they were, and no seat is kept for them", async () => {
		const { account, transfer, seatOf, ring, show, licenseOf } = await large({ leaseOfA: 900 });
		await transfer();
		vi.setSystemTime((NOW + 900) * 1_000);
		expect(await account().license("lic-to", NOW + 900)).toMatchObject({ seatsTaken: AT_ONCE, seatsPromised: 0 });
		await ring();
		expect((await show()).transfer).toMatchObject({ phase: "ended", moved: AT_ONCE });
		expect(await licenseOf(SEATS)).toBe("lic-a");
		expect(await seatOf(1)).toEqual({ license: "lic-to", until: null });
	});
});
