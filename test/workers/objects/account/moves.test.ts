// What a device takes along when it leaves its license for another, and what it leaves behind; and how that differs from one
// that was gone and comes back.

import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { deviceRecord } from "../../../../src/entitlement/devices/device-record.ts";
import { NOW, OPERATOR } from "../../../support/accounts/account-fixture.ts";
import { ringAll } from "../../../support/accounts/alarms.ts";
import { createHaAccount } from "../../../support/accounts/ha-fixture.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { readStored } from "../../../support/stored-record.ts";

afterEach(reset);

const LATER = NOW + 500;

/** Device 1 under lic-a, and the code of lic-b for whoever is to move. */
async function movable() {
	const fixture = await createHaAccount();
	const { account, device, idOf, activate } = fixture;
	await activate(1);
	return {
		...fixture,
		move: (number = 1, now = LATER) => account().activate(device(number, { codeHash: "hash-b", now })),
		published: async (number = 1) => {
			const key = `device:${idOf(number)}`;
			return deviceRecord.parse(readStored(key, (await bindings.RECORDS.get(key)) ?? "").body);
		},
		actions: async () => {
			const page = await account().events({ after: 0, limit: 100, types: ["device", "seat"] });
			return page?.entries.map(({ action }) => action);
		},
	};
}

describe("a device that registers with the code of another license", () => {
	it("stays suspended: its record says so, and an operator can reinstate it there", async () => {
		const { move, setStatus, published, account, idOf } = await movable();
		await setStatus(1, "suspended");
		expect(await move()).toMatchObject({ ok: true, kind: "moved", device: { license: "lic-b", status: "suspended" } });
		expect(await published()).toMatchObject({ license: "lic-b", status: "suspended" });
		await setStatus(1, "active");
		expect(await account().device(idOf(1))).toMatchObject({ license: "lic-b", status: "active" });
	});

	it("keeps its id and the day of its activation", async () => {
		const { move, published, idOf } = await movable();
		expect(await move()).toMatchObject({ device: { id: idOf(1), activatedAt: NOW } });
		expect(await published()).toMatchObject({ id: idOf(1), activatedAt: NOW });
	});

	it("leaves its HA group, and its seat to others", async () => {
		const { move, join, state, account, idOf, taken } = await movable();
		await join(1);
		expect(await move()).toMatchObject({ ok: true, device: { license: "lic-b", haGroup: null } });
		expect([await taken(), (await state())?.devices]).toEqual([0, []]);
		const page = await account().events({ after: 0, limit: 100, types: ["ha_group.leave"] });
		expect(page?.entries).toMatchObject([{ subject: idOf(1), at: LATER }]);
	});

	it("is the successor still of the device that it replaced", async () => {
		const { move, account, device, idOf } = await movable();
		await account().replaceDevice({
			...{ ...OPERATOR, deviceId: idOf(1), reason: "dead", serial: "FW-2", model: null },
			code: { id: "code-rma", hash: "hash-rma", expiresAt: LATER },
		});
		await account().activate(device(2, { codeHash: "hash-rma" }));
		expect(await move(2)).toMatchObject({ kind: "moved", device: { license: "lic-b", replaces: idOf(1) } });
		const history = await account().events({ after: 0, limit: 100, types: ["device.new"] }, idOf(2));
		expect(history?.entries.map(({ subject }) => subject)).toEqual([idOf(1), idOf(2)]);
	});

	it("has what it says of itself from now on, not what it said before", async () => {
		const { account, device, published } = await movable();
		const said = { model: "PA-460", labels: { rack: "7" }, dpopBound: true };
		await account().activate(device(1, { codeHash: "hash-b", ...said }));
		expect(await published()).toMatchObject(said);
	});

	it("is told as moved, with the seat that it left and the one that it took", async () => {
		const { move, actions } = await movable();
		await move();
		expect(await actions()).toEqual(["device.new", "seat.taken", "device.moved", "seat.released", "seat.taken"]);
	});
});

it("a device that was deactivated and comes back starts afresh; one that is suspended cannot lift that so", async () => {
	const { setStatus, deactivate, move, published } = await movable();
	await setStatus(1, "suspended");
	expect((await deactivate(1)).ok).toBe(false);
	await setStatus(1, "active");
	await deactivate(1);
	expect(await move()).toMatchObject({
		...{ ok: true, kind: "returned" },
		device: { license: "lic-b", status: "active", activatedAt: LATER },
	});
	expect(await published()).toMatchObject({ status: "active", activatedAt: LATER });
});

it("a license's transfer moves its suspended devices as suspended ones", async () => {
	const { setStatus, account, published } = await movable();
	await setStatus(1, "suspended");
	await account().transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-b" });
	await ringAll(account());
	expect(await published()).toMatchObject({ license: "lic-b", status: "suspended", activatedAt: NOW });
});
