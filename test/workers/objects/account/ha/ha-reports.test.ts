// What the devices of an HA group report to their Account, and who is active by that: the group's record, failovers, split
// brains.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HaReport } from "../../../../../src/objects/account/ha/ha-reports.ts";
import { createAccount, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { delivered, newGroup } from "../../../../support/accounts/ha-groups.ts";
import { replaceStores } from "../../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";

const HOUR = 3_600;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

describe("a report", () => {
	it("makes the group's record, with its account, its mode, and everybody's role and priority", async () => {
		const { id, a, b, report, record } = await newGroup();
		expect(await report(a, { role: "active", priority: 200 })).toBe("taken");
		expect(await record()).toEqual({
			key: `ha:${id}`,
			version: 4,
			body: {
				id,
				account: expect.stringMatching(/^acct-/),
				mode: "active-passive",
				members: [
					{ device: a, role: "active", priority: 200 },
					{ device: b, role: null, priority: null },
				],
			},
		});
	});

	it("is delivered to the stores, and again only when a role, a priority or the mode is another one", async () => {
		const { a, report, record, change } = await newGroup();
		const versions: number[] = [];
		const reports: Partial<HaReport>[] = [
			{ role: "active", installed: { crs: "1" } },
			{ role: "active", installed: { crs: "2" } },
			{ role: "active", peer: { crs: "2" } },
			{ role: "active", priority: 7 },
			{ priority: 7 },
			{ role: "passive" },
		];
		for (const words of reports) {
			await report(a, words);
			versions.push((await record()).version);
		}
		expect(versions).toEqual([4, 4, 4, 5, 5, 6]);
		await change({ mode: "active-active" });
		expect(await record()).toMatchObject({ version: 7, body: { mode: "active-active" } });
	});

	it("is delivered behind the answer, not only when the alarm rings", async () => {
		const { id, a, b, account, report } = await newGroup();
		const store = new FakeRecordStore();
		await replaceStores(account(), { kv: store });
		// Alarms that are set from now on do not ring within the test.
		vi.setSystemTime((NOW + 24 * HOUR) * 1_000);
		expect(await report(a, { role: "active", now: NOW + 24 * HOUR })).toBe("taken");
		await expect.poll(() => store.versionOf(`ha:${id}`)).toBe(4);
		expect(store.bodyOf(`ha:${id}`)).toMatchObject({
			members: [
				{ device: a, role: "active" },
				{ device: b, role: null },
			],
		});
	});

	it("of installed versions asks nothing of a store: the group's record does not have them", async () => {
		const { id, a, account, report } = await newGroup();
		const store = new FakeRecordStore();
		await replaceStores(account(), { kv: store });
		await report(a, { role: "active", installed: { crs: "1" } });
		await delivered(account());
		expect(store.puts).toEqual([`ha:${id} 4`]);
		expect(await report(a, { role: "active", installed: { crs: "2" } })).toBe("taken");
		await delivered(account());
		expect(store.puts).toEqual([`ha:${id} 4`]);
	});

	it("that says nothing new writes nothing; one that does writes", async () => {
		const { a, rowsWritten } = await newGroup();
		const words = {
			deviceId: a,
			role: "active",
			priority: 1,
			installed: { crs: "1" },
			peer: { crs: "1" },
			now: NOW,
		} as const;
		expect((await rowsWritten(words)).rows).toBeGreaterThan(0);
		expect(await rowsWritten({ ...words, now: NOW + 3 * HOUR })).toEqual({ outcome: "known", rows: 0 });
		expect(await rowsWritten({ ...words, installed: null, peer: null })).toEqual({ outcome: "known", rows: 0 });
		expect(await rowsWritten({ ...words, role: null, priority: null })).toEqual({ outcome: "known", rows: 0 });
		expect((await rowsWritten({ ...words, installed: { crs: "2" } })).rows).toBeGreaterThan(0);
	});

	it("keeps what it does not speak of, and forgets products that the license does not name", async () => {
		const { a, report, state } = await newGroup();
		await report(a, { role: "active", priority: 3, installed: { crs: "1", stranger: "9" } });
		await report(a, { installed: { stranger: "9" } });
		const [member] = (await state()).members;
		expect(member).toMatchObject({ role: "active", priority: 3 });
		expect(member?.versions).toEqual({ crs: "1" });
	});

	it("that a later one of the same device has overtaken on its way is not heard", async () => {
		const { a, report, state } = await newGroup();
		await report(a, { role: "passive", now: NOW + 5 });
		expect(await report(a, { role: "active", now: NOW + 4 })).toBe("known");
		expect((await state()).members[0]).toMatchObject({ role: "passive", reportedAt: NOW + 5 });
	});

	it("of a device in no group, of an unknown one, and to an account that there is not, leaves no trace", async () => {
		const { report, events, state, activate, idOf } = await newGroup();
		const { device, account: other } = await createAccount();
		const loner = device(1).candidateDeviceId;
		await other().activate(device(1));
		await activate(7);
		expect(await report(idOf(7), { role: "active" })).toBe("no_member");
		const words = {
			deviceId: loner,
			role: "active",
			priority: 1,
			installed: { crs: "1" },
			peer: null,
			now: NOW,
		} as const;
		expect(await other().reportHa(words)).toBe("no_member");
		expect(await report(loner, { role: "active" })).toBe("no_member");
		expect(await events()).toEqual([]);
		const tables = ["ha_reports", "ha_states", "ha_conditions"];
		await runInDurableObject(other(), (_, { storage: { sql } }) => {
			for (const table of tables) expect(sql.exec(`SELECT * FROM ${table}`).toArray()).toEqual([]);
		});
		expect((await state()).members.map(({ role }) => role)).toEqual([null, null]);
	});
});

describe("a failover", () => {
	it("is an event: from which device to which, by whose word", async () => {
		const { a, b, report, events, state } = await newGroup();
		await report(a, { role: "active" });
		await report(b, { role: "passive" });
		expect(await events()).toEqual([]);
		await report(b, { role: "active", now: NOW + 60 });
		expect(await events()).toEqual([{ at: 60, actor: b, action: "failover", detail: `from ${a} to ${b}` }]);
		expect(await state()).toMatchObject({
			active: b,
			splitBrainSince: null,
			members: [{ role: null }, { role: "active" }],
		});
	});

	it("from a device that is revoked is one too, and its return is that of a stranger", async () => {
		const { a, b, account, report, events, record } = await newGroup();
		await report(a, { role: "active", priority: 9 });
		await account().setDeviceStatus({ ...OPERATOR, deviceId: a, status: "revoked", reason: "stolen" });
		expect((await record()).body.members).toEqual([{ device: b, role: null, priority: null }]);
		expect(await report(a, { role: "active" })).toBe("no_member");
		await report(b, { role: "active" });
		expect((await events()).map(({ detail }) => detail)).toEqual([`from ${a} to ${b}`]);
	});

	it("is told six times at once and then once in ten minutes, with the number of those left out", async () => {
		const { a, b, report, events, state } = await newGroup();
		await report(a, { role: "active" });
		// Each device is heard ten times at once, and once a minute after that.
		for (let second = 1; second <= 16; second++) {
			const [up, down] = second % 2 === 1 ? [b, a] : [a, b];
			await report(down, { role: "passive", now: NOW + second });
			await report(up, { role: "active", now: NOW + second });
		}
		expect((await events()).length).toBe(6);
		const { active } = await state();
		const [other = ""] = [a, b].filter((one) => one !== active);
		await report(other, { role: "active", now: NOW + 10 * 60 + 1 });
		expect((await events()).length).toBe(7);
		expect((await events())[6]?.detail).toMatch(/after \d+ more since the last one told$/);
		const former = other === a ? b : a;
		await report(other, { role: "passive", now: NOW + 15 * 60 });
		await report(former, { role: "active", now: NOW + 20 * 60 + 2 });
		// All were told since then, so none is counted again.
		expect((await events())[7]?.detail).toBe(`from ${other} to ${former}`);
	});
});

describe("a device that says something else all the time", () => {
	it("is heard ten times at once and once a minute after that, and is told to say it again", async () => {
		const { a, report } = await newGroup();
		const flap = async (from: number, count: number) => {
			const outcomes: string[] = [];
			for (let time = 0; time < count; time++) {
				outcomes.push(await report(a, { priority: (from + time) % 250, now: NOW + from }));
			}
			return outcomes.filter((outcome) => outcome === "taken").length;
		};
		expect(await flap(0, 30)).toBe(10);
		expect(await flap(60, 30)).toBe(1);
		expect(await flap(3_600, 30)).toBe(10);
		expect(await report(a, { priority: 255, now: NOW + 3_600 })).toBe("too_soon");
	});
});

describe("a split brain", () => {
	it("is an event when a device goes on saying active after another took over, and once more when it is over", async () => {
		const { a, b, report, events, state, record } = await newGroup();
		await report(a, { role: "active" });
		await report(b, { role: "active", now: NOW + 10 });
		await report(a, { role: "active", now: NOW + 20 });
		await report(b, { role: "active", now: NOW + 30 });
		expect(await state()).toMatchObject({ active: null, splitBrainSince: NOW + 20 });
		expect((await record()).body.members.map(({ role }: { role: string }) => role)).toEqual(["active", "active"]);
		await report(b, { role: "passive", now: NOW + 80 });
		expect(await state()).toMatchObject({ active: a, splitBrainSince: null });
		expect(await events()).toEqual([
			{ at: 10, actor: b, action: "failover", detail: `from ${a} to ${b}` },
			{ at: 20, actor: a, action: "split_brain", detail: `active: ${a}, ${b}` },
			{ at: 80, actor: b, action: "failover", detail: `from ${b} to ${a}` },
			{ at: 80, actor: b, action: "split_brain_ended", detail: "after 60 s" },
		]);
	});

	it("is none in an active-active group", async () => {
		const { devices, report, events } = await newGroup({ mode: "active-active", devices: 3 });
		for (const one of [...devices, ...devices]) await report(one, { role: "active" });
		expect(await events()).toEqual([]);
	});
});
