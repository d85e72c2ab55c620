// What an account's trail tells of seats: each that is taken, freed or refused, and when none is left.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LicenseTerms } from "../../../../../src/entitlement/licenses/license.ts";
import { createAccount, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";
import { trailOf } from "../../../../support/trail.ts";

const LEASE = 900;
const HOUR = 3_600;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

async function trail(options: { seats?: number; leaseSeconds?: number } = {}) {
	const fixture = await createAccount(options);
	const { account, device } = fixture;
	const idOf = (number: number) => device(number).candidateDeviceId;
	let seen = (await trailOf(account())).length;
	return {
		...fixture,
		idOf,
		activate: (number: number, now = NOW, codeHash = "hash-a") => account().activate(device(number, { now, codeHash })),
		setStatus: (number: number, status: "active" | "suspended" | "revoked", now = NOW) =>
			account().setDeviceStatus({ ...OPERATOR, now, deviceId: idOf(number), status, reason: "" }),
		deactivate: (number: number, now = NOW) =>
			account().setDeviceStatus({
				actor: idOf(number),
				now,
				deviceId: idOf(number),
				status: "deactivated",
				reason: "",
			}),
		renew: (number: number, now: number) => account().renewSeat({ deviceId: idOf(number), now }),
		change: (terms: Partial<LicenseTerms>, now = NOW) =>
			account().changeLicense({ ...OPERATOR, now, id: "lic-a", terms }),
		/** what was written since it was asked last, of seats and limits */
		news: async () => {
			const all = (await trailOf(account())).reverse();
			const fresh = all.slice(seen);
			seen = all.length;
			return fresh
				.filter(({ action }) => action.startsWith("seat.") || action === "license.limit_reached")
				.map(({ action, subject, detail }) => `${action} ${subject.replace(/^dev-.*-0*/, "#")}: ${detail}`);
		},
	};
}

describe("seats of a fixed license", () => {
	it("are taken and released with their devices, and moved from license to license", async () => {
		const { activate, setStatus, deactivate, news } = await trail();
		await activate(1);
		expect(await news()).toEqual(["seat.taken #1: license lic-a"]);
		await activate(1);
		await setStatus(1, "suspended");
		await setStatus(1, "active");
		expect(await news()).toEqual([]);
		await deactivate(1);
		expect(await news()).toEqual(["seat.released #1: license lic-a, device deactivated"]);
		await activate(1);
		await activate(2);
		await news();
		await activate(2, NOW, "hash-b");
		expect(await news()).toEqual([
			"seat.released #2: license lic-a, left for license lic-b",
			"seat.taken #2: license lic-b",
			"license.limit_reached lic-b: 1 of 1 seats taken",
		]);
		await setStatus(1, "revoked");
		await deactivate(1);
		expect(await news()).toEqual(["seat.released #1: license lic-a, device revoked"]);
	});

	it("are taken beyond the license's own where that is allowed", async () => {
		const { activate, change, news } = await trail({ seats: 1 });
		await change({ overage: "allow" });
		await activate(1);
		await activate(2);
		await activate(3);
		expect(await news()).toEqual([
			"seat.taken #1: license lic-a",
			"license.limit_reached lic-a: 1 of 1 seats taken",
			"seat.taken #2: license lic-a",
			"seat.overage #2: license lic-a, 2 of 1 seats taken",
			"seat.taken #3: license lic-a",
			"seat.overage #3: license lic-a, 3 of 1 seats taken",
		]);
	});

	it("are refused once an hour to the same serial number, and for nothing else than a lack of seats", async () => {
		const { account, device, activate, news } = await trail({ seats: 1 });
		await activate(1);
		await news();
		const told = "seat.refused FW-2: license lic-a has 1 seats, serial FW-2";
		expect(await activate(2)).toEqual({ ok: false, reason: "no_seat_left" });
		expect(await news()).toEqual([told]);
		for (let minute = 1; minute < 60; minute++) await activate(2, NOW + minute * 60);
		expect(await news()).toEqual([]);
		await activate(2, NOW + HOUR);
		expect(await news()).toEqual([told]);
		await activate(3, NOW + HOUR);
		expect(await news()).toEqual(["seat.refused FW-3: license lic-a has 1 seats, serial FW-3"]);

		expect(await activate(4, NOW, "hash-none")).toEqual({ ok: false, reason: "unknown_code" });
		const copied = await account().activate(device(1, { serial: "FW-9" }));
		expect(copied).toEqual({ ok: false, reason: "serial_changed" });
		const taken = await account().activate(device(5, { serial: "FW-1" }));
		expect(taken).toEqual({ ok: false, reason: "serial_taken" });
		await account().setLicenseStatus({ ...OPERATOR, id: "lic-a", status: "suspended", reason: "" });
		expect(await activate(6)).toEqual({ ok: false, reason: "license_suspended" });
		expect(await news()).toEqual([]);
	});

	it("are refused to any number of serial numbers with 20 events an hour and a bounded memory", async () => {
		const { account, activate, news } = await trail({ seats: 1 });
		await activate(0);
		await news();
		for (let number = 1; number <= 50; number++) await activate(number, NOW + number);
		expect(await news()).toHaveLength(20);
		for (let number = 51; number <= 55; number++) await activate(number, NOW + HOUR + 5);
		// The hour before this has room again for those that were told in its first five seconds.
		expect(await news()).toHaveLength(5);
		await activate(100, NOW + 26 * HOUR);
		const rows = await runInDurableObject(account(), (_, { storage }) =>
			storage.sql.exec("SELECT who FROM seat_refusals").toArray(),
		);
		expect(rows).toEqual([{ who: "FW-100" }]);
	});
});

describe("seats of an elastic license", () => {
	it("are released when a lease ends, taken again by its device, and refused to it by its id", async () => {
		const { activate, renew, deactivate, news } = await trail({ seats: 1, leaseSeconds: LEASE });
		await activate(1);
		expect(await renew(1, NOW + LEASE)).toMatchObject({ ok: true });
		expect(await news()).toEqual([
			"seat.taken #1: license lic-a",
			"license.limit_reached lic-a: 1 of 1 seats taken",
			`seat.released #1: license lic-a, lease ended at ${NOW + LEASE}`,
			"seat.taken #1: license lic-a",
			"license.limit_reached lic-a: 1 of 1 seats taken",
		]);
		await activate(2, NOW + 2 * LEASE);
		await news();
		for (let seconds = 0; seconds < 600; seconds += 60) await renew(1, NOW + 2 * LEASE + seconds);
		expect(await news()).toEqual(["seat.refused #1: license lic-a has 1 seats, serial FW-1"]);
		await deactivate(2, NOW + 2 * LEASE + 601);
		await renew(1, NOW + 2 * LEASE + 602);
		expect((await news()).map((line) => line.split(":")[0])).toEqual([
			"seat.released #2",
			"seat.taken #1",
			"license.limit_reached lic-a",
		]);
	});

	it("write nothing when they are renewed, and nothing when a refusal was told", async () => {
		const { account, activate, renew, idOf } = await trail({ seats: 1, leaseSeconds: LEASE });
		await activate(1);
		await activate(2, NOW + LEASE);
		await renew(1, NOW + LEASE + 1);
		const rowsWritten = (number: number, now: number) =>
			runInDurableObject(account(), async (instance, { storage }) => {
				vi.setSystemTime(now * 1_000);
				const exec = vi.spyOn(storage.sql, "exec");
				await instance.renewSeat({ deviceId: idOf(number), now });
				const rows = exec.mock.results.map(({ value }) => (value as SqlStorageCursor<never>).rowsWritten);
				exec.mockRestore();
				return rows.reduce((sum, count) => sum + count, 0);
			});
		expect(await rowsWritten(1, NOW + LEASE + 60)).toBe(0);
		// The seat and its place among the ends.
		expect(await rowsWritten(2, NOW + LEASE + 301)).toBe(2);
	});
});

describe("seats of HA groups", () => {
	it("are those of the group, and one that goes from a device to its group or back leaves the license as full as it was", async () => {
		const { account, activate, activateIn, join, leave, group, renew } = await createHaAccount({
			...{ seats: 1, leaseSeconds: LEASE },
		});
		const news = async () =>
			(await trailOf(account()))
				.reverse()
				.filter(({ action }) => action.startsWith("seat.") || action === "license.limit_reached")
				.map(({ action, subject }) => `${action} ${subject.replace(/^dev-.*-0*/, "#")}`);
		await account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { overage: "allow" } });
		await activate(1);
		await join(1);
		await activateIn(2);
		const joined = [
			...["seat.taken #1", "license.limit_reached lic-a"],
			...["seat.released #1", `seat.taken ${group}`],
		];
		expect(await news()).toEqual(joined);
		await leave(2);
		const left = [...joined, "seat.taken #2", "seat.overage #2"];
		expect(await news()).toEqual(left);
		await leave(1);
		expect(await news()).toEqual([...left, `seat.released ${group}`, "seat.taken #1"]);

		await account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { overage: "refuse" } });
		await join(1);
		await activate(3, NOW + LEASE);
		for (const seconds of [0, 60, 120]) await renew(1, NOW + LEASE + seconds);
		expect((await news()).at(-1)).toBe(`seat.refused ${group}`);
	});

	it("are refused once an hour to the group, whichever of its devices comes", async () => {
		const { account, activate, activateIn, group } = await createHaAccount({ seats: 1 });
		await activate(1);
		for (const number of [2, 3, 4]) {
			expect(await activateIn(number, NOW + number)).toEqual({ ok: false, reason: "no_seat_left" });
		}
		const refused = (await trailOf(account())).filter(({ action }) => action === "seat.refused");
		expect(refused).toMatchObject([{ subject: group, detail: "license lic-a has 1 seats, serial FW-2" }]);
	});

	it("are told as beyond the license's own only for those that are, when a group is dissolved", async () => {
		const { account, activateIn, remove, idOf } = await createHaAccount({ seats: 2 });
		await account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { overage: "allow" } });
		for (const number of [1, 2, 3]) await activateIn(number);
		expect(await remove()).toMatchObject({ ok: true });
		const beyond = (await trailOf(account())).filter(({ action }) => action === "seat.overage");
		expect(beyond).toMatchObject([{ subject: idOf(3), detail: "license lic-a, 3 of 2 seats taken" }]);
	});
});

describe("the limit of a license", () => {
	const LIMIT = (taken: number, seats: number) => `license.limit_reached lic-a: ${taken} of ${seats} seats taken`;

	it("is reached once while a fleet breathes around it, and again after a tenth of it was free", async () => {
		const { activate, deactivate, news } = await trail({ seats: 20 });
		const limits = async () => (await news()).filter((line) => line.startsWith("license."));
		for (let number = 1; number <= 19; number++) await activate(number);
		expect(await limits()).toEqual([]);
		await activate(20);
		expect(await limits()).toEqual([LIMIT(20, 20)]);
		for (let breath = 0; breath < 5; breath++) {
			await deactivate(20);
			await activate(20);
		}
		expect(await limits()).toEqual([]);
		await deactivate(19);
		await deactivate(20);
		await activate(19);
		expect(await limits()).toEqual([]);
		await activate(20);
		expect(await limits()).toEqual([LIMIT(20, 20)]);
	});

	it("is reached again when all leases have ended in between, although nobody has swept them", async () => {
		const { account, activate, news } = await trail({ seats: 2, leaseSeconds: LEASE });
		await activate(1);
		await activate(2);
		// Leases of another license that ended before, more than the decisions below sweep.
		await runInDurableObject(account(), (_, { storage }) => {
			storage.sql.exec(
				`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
				INSERT INTO seats SELECT 'old-' || i, 'lic-b', ? FROM n`,
				NOW,
			);
			storage.sql.exec("INSERT INTO seat_counts (license, taken) VALUES ('lic-b', 3000)");
		});
		expect(await news()).toContain(LIMIT(2, 2));
		await activate(3, NOW + LEASE);
		await activate(4, NOW + LEASE);
		expect((await news()).filter((line) => line.startsWith("license."))).toEqual([LIMIT(2, 2)]);
	});

	it("is reached when there are fewer seats, and not told of again while it is full", async () => {
		const { activate, change, news } = await trail({ seats: 10 });
		for (let number = 1; number <= 5; number++) await activate(number);
		await news();
		await change({ seats: 6 });
		expect(await news()).toEqual([]);
		await change({ seats: 3 });
		expect(await news()).toEqual([LIMIT(5, 3)]);
		await change({ seats: 2 });
		expect(await news()).toEqual([]);
		await change({ seats: 10 });
		await change({ seats: 5 });
		expect(await news()).toEqual([LIMIT(5, 5)]);
	});

	it("is reached by a transfer, which is one event for all its seats and leaves room", async () => {
		const { account, activate, news } = await trail({ seats: 2 });
		const terms = (await account().listLicenses())[0];
		if (terms === undefined) throw new Error("no license");
		const { id: _, status: __, createdAt: ___, seatsTaken: ____, ...rest } = terms;
		await account().createLicense({ ...OPERATOR, id: "lic-c", terms: rest });
		await activate(1);
		await activate(2);
		await news();
		await account().transferLicense({ ...OPERATOR, id: "lic-a", to: "lic-c" });
		expect(await news()).toEqual(["license.limit_reached lic-c: 2 of 2 seats taken"]);
		await activate(3);
		await activate(4);
		expect((await news()).filter((line) => line.startsWith("license."))).toEqual([LIMIT(2, 2)]);
	});

	it("of an account from before it was kept is told with the first refusal", async () => {
		const { account, activate, news } = await trail({ seats: 1 });
		await activate(1);
		await news();
		await runInDurableObject(account(), (_, { storage }) => storage.sql.exec("UPDATE seat_counts SET is_full = 0"));
		await activate(2);
		await activate(3);
		expect((await news()).map((line) => line.split(":")[0])).toEqual([
			"license.limit_reached lic-a",
			"seat.refused FW-2",
			"seat.refused FW-3",
		]);
	});
});
