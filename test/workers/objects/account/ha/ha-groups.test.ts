// HA groups in the Account object: who is in one, and that they have one seat, from the first of them to the last.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { MAX_HA_MEMBERS } from "../../../../../src/entitlement/ha/ha-group.ts";
import { DAY, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount, type HaFixture } from "../../../../support/accounts/ha-fixture.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { readStored } from "../../../../support/stored-record.ts";
import { trailOf } from "../../../../support/trail.ts";

afterEach(reset);

const LEASE = 900;
const holders = ({ account }: HaFixture) =>
	runInDurableObject(account(), (_, { storage }) =>
		storage.sql
			.exec<{ holder: string }>("SELECT holder FROM seats ORDER BY holder")
			.toArray()
			.map(({ holder }) => holder),
	);

describe("a pair under a license of one seat", () => {
	it("activates with a code for its group, and shares the seat", async () => {
		const fixture = await createHaAccount({ seats: 1 });
		const { activateIn, taken, state, group } = fixture;
		expect(await activateIn(1)).toMatchObject({ ok: true, kind: "new", device: { haGroup: group, license: "lic-a" } });
		expect(await activateIn(2)).toMatchObject({ ok: true, kind: "new", device: { haGroup: group } });
		expect(await taken()).toBe(1);
		expect(await state()).toEqual({ seat: "for good", devices: [1, 2] });
		expect(await holders(fixture)).toEqual([group]);
	});

	it("is the same when its answers are lost, and leaves no seat for anybody else", async () => {
		const { activateIn, activate } = await createHaAccount({ seats: 1 });
		await activateIn(1);
		expect(await activateIn(1)).toMatchObject({ ok: true, kind: "same" });
		expect(await activate(2)).toEqual({ ok: false, reason: "no_seat_left" });
		expect(await activateIn(2)).toMatchObject({ ok: true, kind: "new" });
		expect(await activateIn(2)).toMatchObject({ ok: true, kind: "same" });
	});

	it("keeps its seat until the last of them is deactivated or revoked, and not longer", async () => {
		const { activateIn, setStatus, deactivate, activate, taken } = await createHaAccount({ seats: 1 });
		await activateIn(1);
		await activateIn(2);
		await setStatus(1, "suspended");
		await deactivate(2);
		expect([await taken(), await activate(3)]).toEqual([1, { ok: false, reason: "no_seat_left" }]);
		await setStatus(1, "revoked");
		expect(await taken()).toBe(0);
		expect(await activate(3)).toMatchObject({ ok: true });
	});

	it("still lists who is deactivated or revoked, so that a replacement finds the group", async () => {
		const { activateIn, setStatus, deactivate, state, leave } = await createHaAccount();
		await activateIn(1);
		await activateIn(2);
		await setStatus(1, "revoked");
		await deactivate(2);
		expect(await state()).toEqual({ seat: "none", devices: [1, 2] });
		await leave(1);
		expect(await state()).toEqual({ seat: "none", devices: [2] });
	});

	it("takes a deactivated device back with the group's code, and loses it to a plain one", async () => {
		const { activateIn, activate, deactivate, state, taken } = await createHaAccount({ seats: 2 });
		await activateIn(1);
		await activateIn(2);
		await deactivate(2);
		expect(await activateIn(2)).toMatchObject({ ok: true, kind: "returned" });
		expect([await taken(), await state()]).toEqual([1, { seat: "for good", devices: [1, 2] }]);
		await deactivate(2);
		expect(await activate(2)).toMatchObject({ ok: true, kind: "returned", device: { haGroup: null } });
		expect([await taken(), await state()]).toEqual([2, { seat: "for good", devices: [1] }]);
	});
});

describe("a device that is there", () => {
	it("gives up its seat when it joins, and takes one when it leaves; both are news for its record and the trail", async () => {
		const fixture = await createHaAccount({ seats: 2 });
		const { activate, join, leave, taken, state, account, idOf, group } = fixture;
		await activate(1);
		await activate(2);
		expect(await join(1)).toMatchObject({ ok: true, changed: true, published: true });
		expect(await holders(fixture)).toEqual([idOf(2), group].sort());
		await join(2);
		expect([await taken(), await state()]).toEqual([1, { seat: "for good", devices: [1, 2] }]);
		const stored = await bindings.RECORDS.get(`device:${idOf(2)}`);
		expect(readStored(`device:${idOf(2)}`, stored ?? "")).toMatchObject({ version: 2, body: { haGroup: group } });
		expect(await join(2)).toMatchObject({ ok: true, changed: false });
		expect(await leave(1)).toMatchObject({ ok: true, changed: true });
		expect(await leave(1)).toMatchObject({ ok: true, changed: false });
		expect(await holders(fixture)).toEqual([idOf(1), group].sort());
		expect((await account().device(idOf(1)))?.haGroup).toBeNull();
		const trail = (await trailOf(account()))
			.slice(0, 10)
			.map(({ action, subject, detail }) => [action, subject, detail]);
		expect(trail.reverse()).toEqual(
			[
				["device.new", idOf(2), "serial FW-2"],
				["seat.taken", idOf(2), "license lic-a"],
				["license.limit_reached", "lic-a", "2 of 2 seats taken"],
				["ha_group.join", idOf(1), group],
				["seat.released", idOf(1), `license lic-a, joined HA group ${group}`],
				["seat.taken", group, "license lic-a"],
				["ha_group.join", idOf(2), group],
				["seat.released", idOf(2), `license lic-a, joined HA group ${group}`],
				["ha_group.leave", idOf(1), group],
				["seat.taken", idOf(1), "license lic-a"],
				["license.limit_reached", "lic-a", "2 of 2 seats taken"],
			].slice(-10),
		);
	});

	it("does not leave while there is no seat for it; the last one keeps the group's", async () => {
		const fixture = await createHaAccount({ seats: 1 });
		const { activateIn, leave, deactivate, taken, idOf } = fixture;
		await activateIn(1);
		await activateIn(2);
		expect(await leave(1)).toEqual({ ok: false, reason: "no_seat_left" });
		await deactivate(2);
		expect(await leave(1)).toMatchObject({ ok: true, changed: true, group: { seat: null } });
		expect([await taken(), await holders(fixture)]).toEqual([1, [idOf(1)]]);
	});

	it("moves into the group from another license with the group's code, and frees its seat there", async () => {
		const fixture = await createHaAccount({ seats: 1 });
		const { account, device, activateIn, group } = fixture;
		await account().activate(device(1, { codeHash: "hash-b" }));
		await activateIn(2);
		expect(await activateIn(1)).toMatchObject({
			ok: true,
			kind: "moved",
			device: { license: "lic-a", haGroup: group },
		});
		expect(await holders(fixture)).toEqual([group]);
		expect(await account().activate(device(3, { codeHash: "hash-b" }))).toMatchObject({ ok: true });
	});

	it.each<[string, (fixture: HaFixture) => Promise<unknown>, string]>([
		[
			"of another license",
			({ account, device }) => account().activate(device(1, { codeHash: "hash-b" })),
			"other_license",
		],
		[
			"that is deactivated",
			async ({ activate, deactivate }) => [await activate(1), await deactivate(1)],
			"device_deactivated",
		],
		[
			"that is revoked",
			async ({ activate, setStatus }) => [await activate(1), await setStatus(1, "revoked")],
			"device_revoked",
		],
		[
			"of another group",
			async ({ activate, create, idOf, name }) => {
				await activate(1);
				await create(`hag-${name}-00000001`, { devices: [idOf(1)] });
			},
			"other_group",
		],
		["that is unknown", async () => {}, "unknown_device"],
	])("and %s does not join", async (_, prepare, reason) => {
		const fixture = await createHaAccount();
		await prepare(fixture);
		const before = await holders(fixture);
		expect(await fixture.join(1)).toEqual({ ok: false, reason, deviceId: fixture.idOf(1) });
		expect(await holders(fixture)).toEqual(before);
	});

	it("finds a group that is full, listed devices counted, with a code too", async () => {
		const { activateIn, activate, join, setStatus, leave } = await createHaAccount({ seats: 2 });
		for (let number = 1; number <= MAX_HA_MEMBERS; number++) await activateIn(number);
		await setStatus(1, "revoked");
		expect(await activateIn(17)).toEqual({ ok: false, reason: "ha_group_full" });
		await activate(18);
		expect(await join(18)).toMatchObject({ ok: false, reason: "ha_group_full" });
		await leave(1);
		expect(await join(18)).toMatchObject({ ok: true });
	});
});

describe("a group", () => {
	it("is made with its devices, or not at all", async () => {
		const { activate, create, idOf, account, name, taken } = await createHaAccount();
		await activate(1);
		await activate(2);
		const id = `hag-${name}-00000002`;
		const devices = [idOf(1), idOf(2), idOf(3)];
		expect(await create(id, { devices })).toMatchObject({ reason: "unknown_device" });
		expect(await account().haGroup(id, NOW)).toBeNull();
		expect(await taken()).toBe(2);
		expect(await create(id, { devices: devices.slice(0, 2) })).toMatchObject({
			ok: true,
			group: { id, seat: { holder: id, until: null } },
		});
		expect(await taken()).toBe(1);
		expect(await create(id, { devices: [] })).toMatchObject({ reason: "id_taken" });
	});

	it("is made with as many devices as it may have, and not with one more", async () => {
		const { activate, create, idOf, name } = await createHaAccount({ seats: 20 });
		const devices = Array.from({ length: MAX_HA_MEMBERS + 1 }, (_, number) => idOf(number));
		for (const number of devices.keys()) await activate(number);
		const full = { ok: false, reason: "ha_group_full", deviceId: devices.at(-1) };
		expect(await create(`hag-${name}-00000002`, { devices })).toEqual(full);
		expect(await create(`hag-${name}-00000002`, { devices: devices.slice(1) })).toMatchObject({ ok: true });
	});

	it("changes its settings, once", async () => {
		const { change } = await createHaAccount();
		const settings = { name: "core", skewLimitSeconds: 3_600 };
		expect(await change(settings)).toMatchObject({
			changed: true,
			group: { ...settings, mode: "active-passive" },
		});
		expect(await change(settings)).toMatchObject({ changed: false });
	});

	it("goes only when each of its devices gets a seat, and its codes with it", async () => {
		const fixture = await createHaAccount({ seats: 2 });
		const { activateIn, activate, deactivate, remove, account, taken, idOf, group } = fixture;
		await activateIn(1);
		await activateIn(2);
		await activate(3);
		expect(await remove()).toEqual({ ok: false, reason: "no_seat_left" });
		expect((await account().device(idOf(1)))?.haGroup).not.toBeNull();
		await deactivate(3);
		expect(await remove()).toMatchObject({ ok: true });
		expect(await taken()).toBe(2);
		expect((await account().device(idOf(1)))?.haGroup).toBeNull();
		expect(await activateIn(4)).toEqual({ ok: false, reason: "code_revoked" });
		expect(await remove()).toEqual({ ok: false, reason: "unknown_ha_group" });
		const [deleted, ...others] = (await trailOf(account())).filter(({ action }) => action === "ha_group.delete");
		expect(deleted).toMatchObject({ actor: "olivia", subject: group, detail: "edge" });
		expect(others).toEqual([]);
	});

	it("moves with its license, its seat, its devices and its codes", async () => {
		const fixture = await createHaAccount();
		const { account, activateIn, group, idOf, taken, setStatus } = fixture;
		await activateIn(1);
		await activateIn(2);
		await setStatus(2, "revoked");
		expect(await account().transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-b" })).toMatchObject({ ok: true });
		expect([await taken(), await holders(fixture)]).toEqual([0, [group]]);
		expect(await account().haGroup(group, NOW)).toMatchObject({ license: "lic-b", seat: { license: "lic-b" } });
		expect((await account().device(idOf(2)))?.license).toBe("lic-b");
		expect(await activateIn(3)).toMatchObject({ ok: true, device: { license: "lic-b" } });
	});

	it("has codes under its own license only", async () => {
		const { account, group } = await createHaAccount();
		const code = { id: "code-1", hash: "hash-1", uses: 1, expiresAt: NOW + DAY, serial: null, model: null };
		const create = (license: string | null, haGroup: string) =>
			account().createCode({ ...OPERATOR, ...code, license, haGroup });
		expect(await create("lic-b", group)).toEqual({ ok: false, reason: "other_license" });
		expect(await create(null, "hag-0000000000-00000000")).toEqual({ ok: false, reason: "unknown_ha_group" });
		expect(await create("lic-a", group)).toMatchObject({ ok: true, code: { license: "lic-a", haGroup: group } });
	});
});

describe("a group under an elastic license", () => {
	it("keeps its seat while one of its devices is heard of, and loses it for all when none is", async () => {
		const { activateIn, activate, renew, taken, state } = await createHaAccount({ seats: 1, leaseSeconds: LEASE });
		await activateIn(1);
		await activateIn(2);
		expect(await renew(2, NOW + 400)).toMatchObject({ ok: true, lease: { until: NOW + 400 + LEASE } });
		expect(await taken(NOW + LEASE)).toBe(1);
		expect(await taken(NOW + 400 + LEASE)).toBe(0);
		expect((await state(NOW + 400 + LEASE))?.seat).toBe("none");
		await activate(3, NOW + 400 + LEASE);
		expect(await renew(1, NOW + 400 + LEASE)).toEqual({ ok: false, reason: "seat_lost" });
		expect(await renew(2, NOW + 400 + LEASE)).toEqual({ ok: false, reason: "seat_lost" });
		expect(await renew(1, NOW + 401 + 2 * LEASE)).toMatchObject({ ok: true });
		expect(await renew(2, NOW + 402 + 2 * LEASE)).toMatchObject({ ok: true });
		expect(await taken(NOW + 402 + 2 * LEASE)).toBe(1);
	});

	it("counts among the license's seats until the second in which its lease ends", async () => {
		const { account, activateIn } = await createHaAccount({ leaseSeconds: LEASE });
		await activateIn(1);
		const used = async (now: number) => {
			const [usage] = await account().licenseUsage("lic-a", now, 1);
			return usage && [usage.seatsTaken, usage.groupSeats];
		};
		expect(await used(NOW + LEASE - 1)).toEqual([1, 1]);
		expect(await used(NOW + LEASE)).toEqual([0, 0]);
	});

	it("has a lease that outlives the tokens of every device that joins", async () => {
		const { activate, activateIn, renew, join, state } = await createHaAccount({ leaseSeconds: LEASE });
		await activateIn(1);
		await activate(2);
		await renew(2, NOW + 500);
		await join(2, NOW + 501);
		expect((await state(NOW + 501))?.seat).toBe(NOW + 500 + LEASE);
	});

	it("gives a device that leaves a lease that outlives the tokens it got in the group", async () => {
		const fixture = await createHaAccount({ leaseSeconds: LEASE });
		const { activateIn, leave, account, idOf } = fixture;
		await activateIn(1);
		await activateIn(2);
		await leave(2, NOW + 10);
		expect((await account().explainDevice(idOf(2), NOW))?.seat).toMatchObject({
			holder: idOf(2),
			until: NOW + 10 + LEASE,
		});
	});

	it("is left and joined by devices without a seat while the lease is over, and none is made of nothing", async () => {
		const fixture = await createHaAccount({ seats: 1, leaseSeconds: LEASE });
		const { activateIn, leave, join, taken, renew } = fixture;
		await activateIn(1);
		await activateIn(2);
		const later = NOW + LEASE;
		expect(await leave(2, later)).toMatchObject({ ok: true });
		expect(await taken(later)).toBe(0);
		expect(await renew(2, later)).toMatchObject({ ok: true });
		expect(await renew(1, later)).toEqual({ ok: false, reason: "seat_lost" });
		expect(await join(2, later)).toMatchObject({ ok: true });
		expect(await renew(1, later)).toMatchObject({ ok: true });
		expect(await taken(later)).toBe(1);
	});
});
