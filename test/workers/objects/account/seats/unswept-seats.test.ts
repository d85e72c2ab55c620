// Seats whose lease is over and that nobody has swept yet: so many others have ended before them that a decision, which
// sweeps some, does not come to them. They count as free, are told of as ended, and hold nothing up.

import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sweepTime } from "../../../../../src/entitlement/seats/seat-lease.ts";
import { NOW, OPERATOR, TOKENS_END_AFTER } from "../../../../support/accounts/account-fixture.ts";
import { nextAlarm } from "../../../../support/accounts/alarms.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";
import { trailOf } from "../../../../support/trail.ts";

const LEASE = 900;
const VANISHED = 3_000;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

async function elastic(options: { seats?: number } = {}) {
	const fixture = await createHaAccount({ seats: 3, leaseSeconds: LEASE, ...options });
	const { account, group } = fixture;
	return {
		...fixture,
		/** Leases of another license end, before all those of lic-a and more than some decisions sweep. */
		vanish: () =>
			runInDurableObject(account(), (_, { storage }) => {
				storage.sql.exec(
					`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${VANISHED})
					INSERT INTO seats SELECT 'old-' || i, 'lic-old', ? FROM n`,
					NOW + 1,
				);
				storage.sql.exec("INSERT INTO seat_counts (license, taken) VALUES ('lic-old', ?)", VANISHED);
			}),
		left: () =>
			runInDurableObject(account(), (_, { storage }) =>
				Number(storage.sql.exec("SELECT COUNT(*) AS n FROM seats WHERE license = 'lic-old'").one()["n"]),
			),
		alarm: () => nextAlarm(account()),
		/** what the trail tells of lic-a and its seats, the earliest first */
		told: async () =>
			(await trailOf(account()))
				.filter(({ action }) => action.startsWith("seat.") || action === "license.limit_reached")
				.filter(({ subject }) => !subject.startsWith("old-"))
				.map(({ action, subject, detail }) => {
					const who = subject === group ? "group" : subject.replace(/^dev-.*-0*/, "#");
					return `${action} ${who}: ${detail}`;
				})
				.reverse(),
	};
}

describe("a seat whose lease is over and that was not swept", () => {
	it("is told of as ended when its HA group takes one again", async () => {
		const { activateIn, vanish, told } = await elastic();
		await activateIn(1);
		await vanish();
		expect(await activateIn(2, NOW + LEASE)).toMatchObject({ ok: true, kind: "new" });
		expect(await told()).toEqual([
			"seat.taken group: license lic-a",
			`seat.released group: license lic-a, lease ended at ${NOW + LEASE}`,
			"seat.taken group: license lic-a",
		]);
	});

	it("was free before: that its device takes another makes the license full, which is news", async () => {
		const { activate, activateIn, vanish, told } = await elastic({ seats: 1 });
		await activate(1);
		await vanish();
		expect(await activateIn(1, NOW + LEASE)).toMatchObject({ ok: true, kind: "moved" });
		const full = "license.limit_reached lic-a: 1 of 1 seats taken";
		expect((await told()).filter((line) => line === full)).toHaveLength(2);
	});

	it("of one license does not hold up the transfer of another", async () => {
		const { account, activate, device, vanish, left, taken } = await elastic();
		await activate(1);
		await account().activate(device(2, { codeHash: "hash-b" }));
		await vanish();
		const now = NOW + 2;
		const transfer = await account().transferLicense({ ...OPERATOR, now, id: "lic-b", to: "lic-a" });
		expect(transfer).toMatchObject({ ok: true, changed: true });
		expect([await taken(now), await left()]).toEqual([2, VANISHED]);
	});
});

describe("a seat that came back", () => {
	it("is swept at the end of its own lease, though the alarm waited for a later one", async () => {
		const { account, activate, device, renew, alarm } = await elastic();
		await account().activate(device(1, { codeHash: "hash-b" }));
		await activate(1);
		await activate(2);
		expect(await alarm()).toBe(sweepTime(NOW + LEASE) * 1_000);
		vi.setSystemTime((NOW + 1_000) * 1_000);
		await runDurableObjectAlarm(account());
		expect(await alarm()).toBe(sweepTime(NOW + TOKENS_END_AFTER) * 1_000);
		expect(await renew(2, NOW + 1_000)).toMatchObject({ ok: true });
		expect(await alarm()).toBe(sweepTime(NOW + 1_000 + LEASE) * 1_000);
	});
});
