// A device is replaced by another appliance: the seat is reserved, moved, and never there twice; labels, HA group and
// history go along.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import type { ActivationInput } from "../../../../../src/objects/account/devices/device-desk.ts";
import { DAY, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";
import { bindings, replaceStores } from "../../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";
import { trailOf } from "../../../../support/trail.ts";

afterEach(reset);

const LEASE = 900;
const refused = (reason: string) => ({ ok: false, reason });

async function replaceable(options: Parameters<typeof createHaAccount>[0] = {}) {
	const fixture = await createHaAccount({ seats: 1, ...options });
	const { account, device, idOf } = fixture;
	let calls = 0;
	return {
		...fixture,
		/** device 1 by the appliance with the serial of `by`; its code is hash-rma-1, hash-rma-2, … */
		replace: (by: number, more: { model?: string; now?: number; device?: number } = {}) => {
			calls += 1;
			return account().replaceDevice({
				...{ ...OPERATOR, now: more.now ?? NOW, deviceId: idOf(more.device ?? 1), reason: "dead" },
				...{ serial: `FW-${by}`, model: more.model ?? null },
				code: { id: `code-rma-${calls}`, hash: `hash-rma-${calls}`, expiresAt: NOW + 30 * DAY },
			});
		},
		takeOver: (number: number, call = 1, change: Partial<ActivationInput> = {}) =>
			account().activate(device(number, { codeHash: `hash-rma-${call}`, ...change })),
		holders: () =>
			runInDurableObject(account(), (_, { storage }) =>
				storage.sql
					.exec<{ holder: string }>("SELECT holder FROM seats ORDER BY holder")
					.toArray()
					.map(({ holder }) => holder),
			),
		history: async (number: number) => {
			const page = await account().events({ after: 0, limit: 100, types: [] }, idOf(number));
			return page?.entries.map(({ action, subject }) => `${action} ${Number(subject.slice(-16))}`);
		},
	};
}

describe("a dead device", () => {
	it("is refused at once and keeps its seat, until the other appliance has it", async () => {
		const { activate, replace, takeOver, taken, holders, account, idOf } = await replaceable();
		await activate(1);
		const asked = await replace(2);
		expect(asked).toMatchObject({
			ok: true,
			published: true,
			device: { status: "suspended", replacedBy: null },
			code: { id: "code-rma-1", serial: "FW-2", model: null, uses: 1, replaces: idOf(1) },
		});
		expect([await taken(), await activate(3)]).toEqual([1, refused("no_seat_left")]);
		expect(await takeOver(2, 1, { labels: { rack: "7" } })).toMatchObject({
			ok: true,
			kind: "new",
			device: {
				id: idOf(2),
				license: "lic-a",
				status: "active",
				replaces: idOf(1),
				labels: { rack: "7", site: "berlin" },
			},
		});
		expect([await taken(), await holders()]).toEqual([1, [idOf(2)]]);
		expect(await account().device(idOf(1))).toMatchObject({ status: "revoked", replacedBy: idOf(2) });
		expect(await activate(1)).toEqual(refused("key_revoked"));
	});

	it("has its history go on with the one that took its place", async () => {
		const { activate, replace, takeOver, history, account, idOf } = await replaceable();
		await activate(1);
		await replace(2);
		await takeOver(2);
		await account().setDeviceStatus({ ...OPERATOR, deviceId: idOf(2), status: "suspended", reason: "" });
		const ofFirst = [
			...["device.new 1", "seat.taken 1", "device.replacement 1", "device.suspended 1"],
			...["device.replaced 1", "seat.released 1"],
		];
		expect(await history(2)).toEqual([...ofFirst, "device.new 2", "seat.taken 2", "device.suspended 2"]);
		expect(await history(1)).toEqual(ofFirst);
		expect(await history(9)).toBeUndefined();
		const [replaced] = (await trailOf(account())).filter(({ action }) => action === "device.replaced");
		expect(replaced).toMatchObject({ subject: idOf(1), actor: "code:code-rma-1", detail: `by ${idOf(2)}` });
	});

	it("is replaced by itself with a new key after a factory reset, not with its old one", async () => {
		const { activate, replace, takeOver, device, idOf, taken } = await replaceable();
		await activate(1);
		await replace(1);
		expect(await takeOver(1)).toEqual(refused("code_bound"));
		const { jwk, jkt, candidateDeviceId } = device(2);
		expect(await takeOver(1, 1, { jwk, jkt, candidateDeviceId })).toMatchObject({
			ok: true,
			kind: "new",
			device: { id: idOf(2), serial: "FW-1", replaces: idOf(1) },
		});
		expect(await taken()).toBe(1);
	});

	it("gives its place to the appliance that the code is for, once", async () => {
		const { activate, replace, takeOver } = await replaceable();
		await activate(1);
		await replace(2, { model: "PA-440" });
		expect(await takeOver(3)).toEqual(refused("code_bound"));
		expect(await takeOver(2, 1, { model: "PA-220" })).toEqual(refused("code_bound"));
		expect(await takeOver(2)).toMatchObject({ ok: true, kind: "new" });
		expect(await takeOver(2)).toMatchObject({ ok: true, kind: "same" });
		expect(await takeOver(4, 1, { serial: "FW-2" })).toEqual(refused("code_used_up"));
	});

	it("is not replaced once it is reinstated: the code is revoked", async () => {
		const { activate, replace, takeOver, setStatus, taken } = await replaceable();
		await activate(1);
		await replace(2);
		await setStatus(1, "active");
		expect(await takeOver(2)).toEqual(refused("code_revoked"));
		expect(await taken()).toBe(1);
	});

	it("is asked about again: another code for the same or for another appliance, and the earlier one is revoked", async () => {
		const { activate, replace, takeOver, idOf } = await replaceable();
		await activate(1);
		await replace(2);
		await replace(2);
		expect(await replace(3)).toMatchObject({ ok: true, code: { id: "code-rma-3", serial: "FW-3" } });
		expect(await takeOver(2, 1)).toEqual(refused("code_revoked"));
		expect(await takeOver(2, 2)).toEqual(refused("code_revoked"));
		expect(await takeOver(3, 3)).toMatchObject({ ok: true });
		expect(await replace(3)).toMatchObject({ ok: true, code: null, device: { replacedBy: idOf(3) } });
		expect(await replace(2)).toEqual({ ...refused("already_replaced"), by: idOf(3) });
	});

	it("that was revoked before needs a free seat for the other one, but not to be told so", async () => {
		const { activate, replace, takeOver, setStatus, taken, deactivate } = await replaceable();
		await activate(1);
		await setStatus(1, "revoked");
		await activate(3);
		expect(await replace(2)).toMatchObject({ ok: true, device: { status: "revoked" } });
		expect(await takeOver(2)).toEqual(refused("no_seat_left"));
		await deactivate(3);
		expect(await takeOver(2)).toMatchObject({ ok: true, device: { labels: { site: "berlin" } } });
		expect(await taken()).toBe(1);
	});

	it("has a successor that comes back with its code to where it was, though the license was transferred meanwhile", async () => {
		const { activate, replace, takeOver, deactivate, account, join, group, idOf } = await replaceable();
		await activate(1);
		await replace(2);
		await account().transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-b" });
		await takeOver(2);
		await deactivate(2);
		expect(await takeOver(2)).toMatchObject({ kind: "returned", device: { license: "lic-b", haGroup: null } });
		await account().transferLicense({ ...OPERATOR, id: "lic-b", to: "lic-a" });
		await join(2);
		await deactivate(2);
		expect(await takeOver(2)).toMatchObject({ kind: "returned", device: { license: "lic-a", haGroup: group } });
		expect(await takeOver(2)).toMatchObject({ kind: "same", device: { id: idOf(2) } });
		expect(await takeOver(3)).toEqual(refused("code_bound"));
	});

	it("that was deactivated and comes back by itself is not replaced", async () => {
		const { activate, replace, takeOver, deactivate } = await replaceable();
		await activate(1);
		await deactivate(1);
		await replace(2);
		expect(await activate(1)).toMatchObject({ ok: true, kind: "returned" });
		expect(await takeOver(2)).toEqual(refused("code_revoked"));
	});

	it("is replaced under a license that has ended or is suspended: the seat is given already", async () => {
		const { activate, replace, takeOver, account } = await replaceable({ seats: 1, endsAt: NOW + DAY });
		await activate(1);
		await replace(2, { now: NOW + 2 * DAY });
		await account().setLicenseStatus({ ...OPERATOR, id: "lic-a", status: "suspended", reason: "" });
		expect(await takeOver(2, 1, { now: NOW + 2 * DAY })).toMatchObject({
			ok: true,
			device: { hold: "license_suspended" },
		});
	});

	it("is followed to the license to which it was moved meanwhile", async () => {
		const { activate, replace, takeOver, account } = await replaceable();
		await activate(1);
		await replace(2);
		await account().transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-b" });
		expect(await takeOver(2)).toMatchObject({ ok: true, device: { license: "lic-b" } });
		expect((await account().listLicenses(NOW)).map(({ seatsTaken }) => seatsTaken)).toEqual([0, 1]);
	});

	it("may itself have been a replacement: the history is that of the place", async () => {
		const { activate, replace, takeOver, history, idOf } = await replaceable();
		await activate(1);
		await replace(2);
		await takeOver(2);
		await replace(3, { device: 2 });
		expect(await takeOver(3, 2)).toMatchObject({ ok: true, device: { replaces: idOf(2) } });
		expect((await history(3))?.filter((line) => line.startsWith("device.new"))).toEqual([
			"device.new 1",
			"device.new 2",
			"device.new 3",
		]);
	});
});

describe("an appliance that has activated by itself", () => {
	it("takes the place at once, and its own seat is free", async () => {
		const { activate, replace, taken, holders, account, device, idOf } = await replaceable({ seats: 2 });
		await activate(1);
		await account().activate(device(2, { labels: {} }));
		expect(await replace(2)).toMatchObject({
			ok: true,
			code: null,
			device: { status: "revoked", replacedBy: idOf(2) },
		});
		expect([await taken(), await holders()]).toEqual([1, [idOf(2)]]);
		expect(await account().device(idOf(2))).toMatchObject({ labels: { site: "berlin" }, replaces: idOf(1) });
	});

	it("takes the place of one that is refused at once, whatever tokens it holds", async () => {
		const { activate, replace, idOf } = await replaceable({ seats: 2 });
		await activate(1);
		await activate(2);
		await replace(2);
		const denied = await bindings.DIRECTORY.getByName("directory").readRecord("denied@1");
		expect(JSON.parse(denied ?? "{}")).toMatchObject({ body: { devices: { [idOf(1)]: expect.any(Number) } } });
		expect(denied).not.toContain(idOf(2));
	});

	it("may take two places, and the history is that of both", async () => {
		const { activate, replace, history, taken } = await replaceable({ seats: 3 });
		for (const number of [1, 2, 3]) await activate(number);
		await replace(2);
		await replace(2, { device: 3 });
		expect(await taken()).toBe(1);
		const lines = await history(2);
		expect(lines?.filter((line) => line.startsWith("device.replaced"))).toEqual([
			"device.replaced 1",
			"device.replaced 3",
		]);
	});

	it("comes from another license, and from another device's code that is void then", async () => {
		const { activate, replace, takeOver, account, device, holders, idOf } = await replaceable();
		await activate(1);
		await replace(2);
		await account().activate(device(2, { codeHash: "hash-b" }));
		expect(await replace(2)).toMatchObject({ ok: true, code: null, device: { replacedBy: idOf(2) } });
		expect(await account().device(idOf(2))).toMatchObject({ license: "lic-a" });
		expect(await holders()).toEqual([idOf(2)]);
		expect(await takeOver(4, 1, { serial: "FW-2" })).toEqual(refused("code_revoked"));
	});

	it("may use the code instead, with the same effect", async () => {
		const { activate, replace, takeOver, account, device, holders, idOf } = await replaceable();
		await activate(1);
		await replace(2);
		await account().activate(device(2, { codeHash: "hash-b" }));
		expect(await takeOver(2)).toMatchObject({
			ok: true,
			kind: "moved",
			device: { license: "lic-a", replaces: idOf(1) },
		});
		expect(await holders()).toEqual([idOf(2)]);
	});

	it("must be active, and of the model that is meant; nothing changes otherwise", async () => {
		const { activate, replace, setStatus, account, idOf } = await replaceable({ seats: 2 });
		await activate(1);
		await activate(2);
		expect(await replace(2, { model: "PA-220" })).toEqual({ ...refused("other_model"), by: idOf(2) });
		await setStatus(2, "suspended");
		expect(await replace(2)).toEqual({ ...refused("successor_suspended"), by: idOf(2) });
		expect(await account().device(idOf(1))).toMatchObject({ status: "active", replacedBy: null });
	});
});

describe("a device of an HA group", () => {
	it("gives its part to the other appliance, in a group that is full, of a license without a seat left", async () => {
		const { activateIn, replace, takeOver, state, taken, group, account, idOf } = await replaceable();
		for (let number = 1; number <= 16; number++) await activateIn(number);
		await replace(20);
		expect(await takeOver(20)).toMatchObject({ ok: true, device: { haGroup: group } });
		expect(await taken()).toBe(1);
		expect((await state())?.devices).toEqual([...Array.from({ length: 15 }, (_, at) => at + 2), 20]);
		expect(await account().device(idOf(1))).toMatchObject({ haGroup: null, status: "revoked" });
	});

	it("has its group found though it was revoked before, alone, with a free seat for the group", async () => {
		const { activateIn, setStatus, replace, takeOver, state, taken } = await replaceable();
		await activateIn(1);
		await setStatus(1, "revoked");
		expect(await taken()).toBe(0);
		await replace(2);
		expect(await takeOver(2)).toMatchObject({ ok: true });
		expect([await taken(), await state()]).toEqual([1, { seat: "for good", devices: [2] }]);
	});

	it("is replaced by its peer, if somebody wants that: the group has one device less", async () => {
		const { activateIn, replace, state, taken } = await replaceable();
		await activateIn(1);
		await activateIn(2);
		expect(await replace(2)).toMatchObject({ ok: true, code: null });
		expect([await taken(), await state()]).toEqual([1, { seat: "for good", devices: [2] }]);
	});
});

describe("under an elastic license", () => {
	it("the other appliance goes on with the lease", async () => {
		const { activate, replace, takeOver, taken, renew } = await replaceable({ leaseSeconds: LEASE });
		await activate(1);
		await replace(2);
		expect(await takeOver(2, 1, { now: NOW + LEASE - 1 })).toMatchObject({ ok: true });
		expect(await taken(NOW + LEASE)).toBe(1);
		expect(await renew(2, NOW + LEASE)).toMatchObject({ ok: true, lease: { until: NOW + 2 * LEASE - 1 } });
	});

	it("it needs a free seat when the lease is over", async () => {
		const { activate, replace, takeOver, taken, deactivate } = await replaceable({ leaseSeconds: LEASE });
		await activate(1);
		await replace(2);
		const now = NOW + LEASE;
		await activate(3, now);
		expect(await takeOver(2, 1, { now })).toEqual(refused("no_seat_left"));
		await deactivate(3, now);
		expect(await takeOver(2, 1, { now })).toMatchObject({ ok: true });
		expect(await taken(now)).toBe(1);
	});
});

describe("a replacement whose answer is lost with its object", () => {
	async function dieBetweenCommitAndAnswer({ account }: Awaited<ReturnType<typeof replaceable>>): Promise<void> {
		const store = new FakeRecordStore();
		await replaceStores(account(), { kv: store });
		await runInDurableObject(account(), (_, state) => {
			store.onPut = async () => {
				await state.storage.sync();
				state.abort("died between commit and answer");
			};
		});
	}

	it("is one replacement when it is asked for again, with a code that is good", async () => {
		const fixture = await replaceable();
		const { activate, replace, takeOver, taken } = fixture;
		await activate(1);
		await dieBetweenCommitAndAnswer(fixture);
		expect((await Promise.allSettled([replace(2)]))[0].status).toBe("rejected");
		expect(await replace(2)).toMatchObject({ ok: true, published: true, code: { id: "code-rma-2" } });
		expect([await taken(), await takeOver(2, 1)]).toEqual([1, refused("code_revoked")]);
		expect(await takeOver(2, 2)).toMatchObject({ ok: true });
	});

	it("is done once when the activation is tried again", async () => {
		const fixture = await replaceable();
		const { activate, replace, takeOver, taken, holders, idOf, account } = fixture;
		await activate(1);
		await replace(2);
		await dieBetweenCommitAndAnswer(fixture);
		expect((await Promise.allSettled([takeOver(2)]))[0].status).toBe("rejected");
		expect(await takeOver(2, 1, { candidateDeviceId: "dev-other" })).toMatchObject({
			ok: true,
			kind: "same",
			published: true,
			device: { id: idOf(2), replaces: idOf(1) },
		});
		expect([await taken(), await holders()]).toEqual([1, [idOf(2)]]);
		expect(await account().device(idOf(1))).toMatchObject({ status: "revoked" });
	});

	it("is done once when the other appliance was there already", async () => {
		const fixture = await replaceable({ seats: 2 });
		const { activate, replace, taken, idOf } = fixture;
		await activate(1);
		await activate(2);
		await dieBetweenCommitAndAnswer(fixture);
		expect((await Promise.allSettled([replace(2)]))[0].status).toBe("rejected");
		expect(await replace(2)).toMatchObject({ ok: true, code: null, device: { replacedBy: idOf(2) } });
		expect(await taken()).toBe(1);
	});
});
