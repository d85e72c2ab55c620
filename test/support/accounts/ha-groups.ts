// HA groups for tests of what their devices report: a group with devices a, b, c …, and ways to see what becomes of it.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import type { Account } from "../../../src/objects/account/account.ts";
import type { HaSettings } from "../../../src/objects/account/ha/ha-desk.ts";
import type { HaReport } from "../../../src/objects/account/ha/ha-reports.ts";
import type { Outbox } from "../../../src/objects/outbox/outbox.ts";
import { trailOf } from "../trail.ts";
import { NOW } from "./account-fixture.ts";
import { nextAlarm } from "./alarms.ts";
import { createHaAccount } from "./ha-fixture.ts";

/** Until what the account owes to the stores has arrived. */
export async function delivered(account: DurableObjectStub<Account>): Promise<void> {
	await runInDurableObject(account, (instance) => (instance as unknown as { outbox: Outbox }).outbox.flush());
}

/** Whose clock is frozen, at NOW. */
export async function newGroup({ devices: count = 2, ...settings }: Partial<HaSettings> & { devices?: number } = {}) {
	const fixture = await createHaAccount();
	const { account, group: id, idOf } = fixture;
	const devices = Array.from({ length: count }, (_, index) => idOf(index + 1));
	const [a = "", b = ""] = devices;
	const { change } = fixture;
	await change({ skewLimitSeconds: 3_600, ...settings });
	for (const [index] of devices.entries()) await fixture.activateIn(index + 1);
	const report = (deviceId: string, words: Partial<HaReport> = {}) =>
		account().reportHa({ deviceId, role: null, priority: null, installed: null, peer: null, now: NOW, ...words });
	return {
		...fixture,
		...{ id, a, b, devices, report, change },
		record: async () => JSON.parse((await account().readRecord(`ha:${id}`)) ?? "null"),
		state: async (now = NOW) => {
			const found = await account().haGroup(id, now);
			if (found === null) throw new Error("there is no such group");
			return found.state;
		},
		events: async () =>
			(await trailOf(account()))
				.filter(({ action }) => /^ha_group\.(failover|split|skew)/.test(action))
				.map(({ at, actor, action, subject, detail }) => {
					expect(subject).toBe(id);
					return { at: at - NOW, actor, action: action.slice("ha_group.".length), detail };
				})
				.reverse(),
		alarmAt: () => nextAlarm(account()),
		/** Rings when the clock says so, as the platform does. */
		ringAt: async (now: number) => {
			vi.setSystemTime(now * 1_000);
			for (let rings = 0; rings < 20; rings++) {
				const at = await runInDurableObject(account(), (_, { storage }) => storage.getAlarm());
				// What is due at once rings a moment later.
				if (at === null || at >= (now + 1) * 1_000) return;
				await runDurableObjectAlarm(account());
			}
			throw new Error("the alarm never comes to rest");
		},
		rowsWritten: (words: HaReport) =>
			runInDurableObject(account(), async (instance, { storage }) => {
				const exec = vi.spyOn(storage.sql, "exec");
				const outcome = await instance.reportHa(words);
				const rows = exec.mock.results.map(({ value }) => (value as SqlStorageCursor<never>).rowsWritten);
				exec.mockRestore();
				return { outcome, rows: rows.reduce((sum, count) => sum + count, 0) };
			}),
	};
}
