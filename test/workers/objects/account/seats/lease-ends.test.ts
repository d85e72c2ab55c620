// When the lease of a seat ends that goes from one holder to another: into an HA group and out of it, to a successor, to
// another license. Nobody loses time that was given, and nobody gets time that is another's.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { NOW, OPERATOR, TOKENS_END_AFTER } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";

afterEach(reset);

const LEASE = 900;

async function elastic(options: { seats?: number; leaseSeconds?: number } = {}) {
	const fixture = await createHaAccount({ seats: 3, leaseSeconds: LEASE, ...options });
	const { account, device, activate, activateIn, idOf } = fixture;
	const fromFixed = async (number: number, move: (number: number) => unknown) => {
		await account().activate(device(number, { codeHash: "hash-b" }));
		await move(number);
	};
	return {
		...fixture,
		/** a device whose seat ends later than a lease that begins now, because it was under a fixed license */
		activateFromFixed: (number: number) => fromFixed(number, activate),
		activateInFromFixed: (number: number) => fromFixed(number, activateIn),
		/** seconds from NOW to the end of a device's own lease */
		leaseOf: (number: number) =>
			runInDurableObject(account(), (_, { storage }) => {
				const query = "SELECT until FROM seats WHERE holder = ?";
				const [row] = storage.sql.exec<{ until: number }>(query, idOf(number)).toArray();
				return row && row.until - NOW;
			}),
	};
}

describe("the lease of an HA group", () => {
	it("ends no earlier because another device joins, and later where that one needs it", async () => {
		const { activateIn, activateInFromFixed, state } = await elastic();
		await activateIn(1);
		expect(await state()).toMatchObject({ seat: NOW + LEASE });
		await activateInFromFixed(2);
		expect(await state()).toMatchObject({ seat: NOW + TOKENS_END_AFTER });
		await activateIn(3, NOW + 10);
		expect(await state()).toMatchObject({ seat: NOW + TOKENS_END_AFTER, devices: [1, 2, 3] });
	});

	it("goes on as it was with the last device that leaves", async () => {
		const { activateIn, leave, leaseOf, state } = await elastic();
		await activateIn(1);
		await activateIn(2);
		expect(await leave(2, NOW + 500)).toMatchObject({ ok: true, changed: true });
		expect(await leave(1, NOW + 500)).toMatchObject({ ok: true, changed: true });
		expect(await state()).toEqual({ seat: "none", devices: [] });
		expect(await leaseOf(2)).toBe(500 + LEASE);
		expect(await leaseOf(1)).toBe(LEASE);
	});

	it("is not that of a device which had been deactivated and comes back alone", async () => {
		const { activate, activateIn, activateInFromFixed, deactivate, leaseOf, state } = await elastic();
		await activateInFromFixed(1);
		await activateIn(2);
		await deactivate(2);
		expect(await activate(2, NOW + 20)).toMatchObject({ kind: "returned", device: { haGroup: null } });
		expect(await leaseOf(2)).toBe(20 + LEASE);
		expect(await state()).toEqual({ seat: NOW + TOKENS_END_AFTER, devices: [1] });
	});
});

describe("the lease of a device", () => {
	it("is its successor's, though one that begins now would end earlier", async () => {
		const { account, activateFromFixed, device, idOf, leaseOf } = await elastic();
		await activateFromFixed(1);
		expect(await leaseOf(1)).toBe(TOKENS_END_AFTER);
		const replacement = { deviceId: idOf(1), serial: "FW-2", model: null, reason: "dead" };
		const code = { id: "code-rma", hash: "hash-rma", expiresAt: NOW + 1_000 };
		await account().replaceDevice({ ...OPERATOR, ...replacement, code });
		expect(await account().activate(device(2, { codeHash: "hash-rma" }))).toMatchObject({ ok: true, kind: "new" });
		expect(await leaseOf(2)).toBe(TOKENS_END_AFTER);
	});

	it("is a whole one at least after a transfer from a fixed license, also where a token lives shorter", async () => {
		const leaseSeconds = 2 * TOKENS_END_AFTER;
		const { account, device, leaseOf } = await elastic({ leaseSeconds });
		await account().activate(device(1, { codeHash: "hash-b" }));
		await account().transferLicense({ ...OPERATOR, id: "lic-b", to: "lic-a" });
		expect(await leaseOf(1)).toBe(leaseSeconds);
	});
});
