// Version skew of an HA group in its Account, as time passes; and the group's record, lost and written again.

import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { VerifyResult } from "../../../../../src/objects/outbox/record-pages.ts";
import { NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { newGroup } from "../../../../support/accounts/ha-groups.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { storedIn } from "../../../../support/stored-record.ts";

const HOUR = 3_600;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

describe("version skew", () => {
	it("is seen at once, and is one event on the second when it has lasted as long as the group allows", async () => {
		const { a, b, report, events, state, ringAt, alarmAt } = await newGroup({ skewLimitSeconds: HOUR });
		await report(a, { installed: { crs: "2" } });
		await report(b, { installed: { crs: "1" }, now: NOW + 100 });
		const versions = [
			{ device: a, version: "2" },
			{ device: b, version: "1" },
		];
		expect((await state()).skew).toEqual([{ product: "crs", versions, since: NOW + 100, told: false }]);
		expect(await alarmAt()).toBe((NOW + 100 + HOUR) * 1_000);
		await ringAt(NOW + 100 + HOUR - 1);
		expect(await events()).toEqual([]);
		await ringAt(NOW + 100 + HOUR);
		await ringAt(NOW + 20 * HOUR);
		expect(await events()).toEqual([
			{ at: 100 + HOUR, actor: "service", action: "skew", detail: `crs: 2 on ${a}, 1 on ${b}` },
		]);
		expect((await state()).skew[0]?.told).toBe(true);
	});

	it("is no event before its time, though the alarm rings for something that is over", async () => {
		const { a, b, report, events, account } = await newGroup({ skewLimitSeconds: HOUR });
		await report(a, { installed: { crs: "2" } });
		await report(b, { installed: { crs: "1" } });
		vi.setSystemTime((NOW + HOUR - 60) * 1_000);
		await runDurableObjectAlarm(account());
		expect(await events()).toEqual([]);
	});

	it("that changes its versions and never ends is one episode", async () => {
		const { a, b, report, events, ringAt } = await newGroup({ skewLimitSeconds: HOUR });
		await report(a, { installed: { crs: "2" } });
		await report(b, { installed: { crs: "1" } });
		await report(a, { installed: { crs: "3" }, now: NOW + HOUR / 2 });
		await report(b, { installed: { crs: "2" }, now: NOW + HOUR / 2 });
		await ringAt(NOW + HOUR);
		await report(a, { installed: { crs: "4" }, now: NOW + 2 * HOUR });
		await ringAt(NOW + 9 * HOUR);
		expect((await events()).map(({ at, detail }) => [at, detail])).toEqual([[HOUR, `crs: 3 on ${a}, 2 on ${b}`]]);
	});

	it("that was an event is one more when it ends; one that was none ends in silence", async () => {
		const { a, b, report, events, ringAt, state } = await newGroup({ skewLimitSeconds: HOUR });
		await report(a, { installed: { crs: "2" } });
		await report(b, { installed: { crs: "1" } });
		await report(b, { installed: { crs: "2" }, now: NOW + HOUR - 1 });
		await ringAt(NOW + HOUR);
		expect(await events()).toEqual([]);
		await report(a, { installed: { crs: "3" }, now: NOW + 2 * HOUR });
		await ringAt(NOW + 3 * HOUR);
		await report(b, { installed: { crs: "3" }, now: NOW + 4 * HOUR });
		await ringAt(NOW + 9 * HOUR);
		expect((await events()).map(({ at, actor, action, detail }) => [at / HOUR, actor, action, detail])).toEqual([
			[3, "service", "skew", `crs: 3 on ${a}, 2 on ${b}`],
			[4, b, "skew_ended", "crs, after 7200 s"],
		]);
		expect((await state()).skew).toEqual([]);
	});

	it("is known of a silent device by its peer's word, until it speaks for itself", async () => {
		const { a, b, report, state } = await newGroup();
		await report(a, { installed: { crs: "2" }, peer: { crs: "1" } });
		expect((await state()).skew.map(({ product }) => product)).toEqual(["crs"]);
		expect((await state()).members[1]).toMatchObject({ versions: { crs: "1" }, reportedAt: null });
		await report(b, { installed: { crs: "2" } });
		expect((await state()).skew).toEqual([]);
	});

	it("ends when the device that was behind is revoked or deactivated, and all that it said is forgotten", async () => {
		for (const status of ["revoked", "deactivated"] as const) {
			const { a, b, account, report, events, state, ringAt } = await newGroup();
			await report(a, { installed: { crs: "2" } });
			await report(b, { role: "active", installed: { crs: "1" } });
			await ringAt(NOW + HOUR);
			vi.setSystemTime(NOW * 1_000);
			const change = { ...OPERATOR, deviceId: b, reason: "" };
			await account().setDeviceStatus({ ...change, status });
			expect((await events()).map(({ action }) => action)).toEqual(["skew", "skew_ended"]);
			expect(await state()).toMatchObject({ skew: [], active: null });
			expect((await state()).members[1]).toMatchObject({ status, role: null, versions: {}, reportedAt: null });
			await runInDurableObject(account(), (_, { storage }) => {
				const { device } = storage.sql.exec("SELECT device FROM ha_reports").one();
				expect(device).toBe(a);
			});
		}
	});

	it("under a limit that was lowered is an event by the new one, on the second", async () => {
		const { a, b, report, events, change, ringAt } = await newGroup({ skewLimitSeconds: 24 * HOUR });
		await report(a, { installed: { crs: "2" } });
		await report(b, { installed: { crs: "1" } });
		await change({ skewLimitSeconds: HOUR });
		await ringAt(NOW + HOUR);
		expect((await events()).map(({ at, action }) => [at, action])).toEqual([[HOUR, "skew"]]);
	});

	it("waits with its event while the group has told too much, and is told to be over only if it was told", async () => {
		const { a, b, report, events, ringAt } = await newGroup({ skewLimitSeconds: 30 });
		await report(a, { role: "active", installed: { crs: "2" } });
		await report(b, { role: "passive", installed: { crs: "1" } });
		for (let second = 1; second <= 6; second++) {
			await report(second % 2 === 1 ? b : a, { role: "active", now: NOW + second });
			await report(second % 2 === 1 ? a : b, { role: "passive", now: NOW + second });
		}
		await ringAt(NOW + 30);
		expect((await events()).map(({ action }) => action)).toEqual(Array.from({ length: 6 }, () => "failover"));
		await ringAt(NOW + 601);
		expect((await events()).slice(6).map(({ at, action }) => [at, action])).toEqual([[601, "skew"]]);
		await report(b, { installed: { crs: "2" }, now: NOW + 602 });
		expect((await events()).at(-1)?.action).toBe("skew_ended");
	});
});

describe("the record of a group", () => {
	it("is found missing and is written again as the devices' records are, one page after the other", async () => {
		const { account, id, a, report, devices } = await newGroup({ devices: 3 });
		await report(a, { role: "active" });
		const pages: (string | null)[] = [];
		const keys: string[] = [];
		for (let after: string | null = ""; after !== null; ) {
			const page: VerifyResult | null = await account().verifyRecords({ after, limit: 2, store: null });
			if (page === null) throw new Error("no such account");
			after = page.next;
			pages.push(after);
			keys.push(...page.drift.map(({ key, verdict }) => `${verdict} ${key}`));
			expect(page.stores.map(({ unanswered }) => unanswered)).toEqual([0]);
		}
		expect(keys).toEqual([]);
		expect(pages.at(0)).toBe(devices[1]);
		await bindings.RECORDS.delete(`ha:${id}`);
		// Devices' records that are to be written anew do not hide it.
		await runInDurableObject(account(), (_, { storage }) => {
			storage.sql.exec("UPDATE account SET renewed_to = ''");
		});
		const missing = await account().verifyRecords({ after: devices[2] ?? "", limit: 2, store: null });
		expect(missing?.drift).toEqual([
			{ store: "kv", key: `ha:${id}`, verdict: "missing", storeVersion: null, trueVersion: 5 },
		]);
		expect(await account().rebuildRecords({ after: devices[2] ?? "", limit: 2, store: null })).toMatchObject({
			records: 1,
		});
		expect((await account().verifyRecords({ after: "", limit: 200, store: null }))?.drift).toEqual([]);
	});

	it("has those who are members now, from the first moment of the group to its last", async () => {
		const { account, id, a, b, devices, join, leave, activate, change, report } = await newGroup({ devices: 0 });
		const stored = async () =>
			(await storedIn(bindings.RECORDS, `ha:${id}`)) as { version: number; body: { members: { device: string }[] } };
		const member = async (seen: { version: number; body: { members: { device: string }[] } }) =>
			seen.body.members.map(({ device }) => device);
		expect([a, b, devices]).toEqual(["", "", []]);
		expect(await stored()).toMatchObject({ version: 1, body: { members: [] } });
		const [one, two] = [await activate(1), await activate(2)].map((done) => (done.ok ? done.device.id : ""));
		await join(1);
		await join(2);
		expect(await member(await stored())).toEqual([one, two]);
		await report(one ?? "", { role: "active" });
		await leave(1);
		expect(await member(await stored())).toEqual([two]);
		await change({ mode: "active-active" });
		expect(await stored()).toMatchObject({ body: { mode: "active-active" } });
		const { version } = await stored();
		await account().changeHaGroup({ kind: "delete", ...OPERATOR, id });
		// For those who hold the old one.
		expect(await stored()).toMatchObject({ version: version + 1, body: { members: [] } });
		expect(await account().readRecord(`ha:${id}`)).toBeNull();
	});
});

describe("a device that", () => {
	it("joins brings its skew along from then on, and takes it away when it leaves", async () => {
		const { a, report, state, join, leave, activate, idOf, events, ringAt } = await newGroup();
		await report(a, { installed: { crs: "2" } });
		await activate(3);
		await join(3, NOW + 100);
		await report(idOf(3), { installed: { crs: "1" }, now: NOW + 200 });
		expect((await state()).skew).toMatchObject([{ product: "crs", since: NOW + 200 }]);
		await ringAt(NOW + 200 + HOUR);
		await leave(3, NOW + 2 * HOUR);
		expect((await state()).skew).toEqual([]);
		expect((await events()).map(({ at, actor, action }) => [at, actor, action])).toEqual([
			[200 + HOUR, "service", "skew"],
			[2 * HOUR, OPERATOR.actor, "skew_ended"],
		]);
	});

	it("left and comes back has said nothing, and one that was deactivated neither", async () => {
		const { a, b, report, state, join, leave, deactivate, activateIn } = await newGroup();
		for (const device of [a, b]) await report(device, { role: "passive", priority: 1, installed: { crs: "1" } });
		await leave(1);
		await join(1);
		await deactivate(2);
		await activateIn(2);
		const silent = { status: "active", role: null, priority: null, versions: {}, reportedAt: null };
		expect((await state()).members).toMatchObject([
			{ device: a, ...silent },
			{ device: b, ...silent },
		]);
	});

	it("takes the place of another has said nothing, and what that one said is forgotten", async () => {
		const { account, a, b, device, idOf, report, state, record, events } = await newGroup();
		await report(a, { role: "active", installed: { crs: "1" } });
		await report(b, { role: "passive", installed: { crs: "2" } });
		const code = { id: "code-r", hash: "hash-r", expiresAt: NOW + HOUR };
		const replacement = { ...OPERATOR, deviceId: a, serial: "FW-9", model: null, reason: "dead", code };
		expect(await account().replaceDevice(replacement)).toMatchObject({ ok: true });
		expect((await state()).skew).toHaveLength(1);
		expect(await account().activate(device(9, { codeHash: "hash-r" }))).toMatchObject({ ok: true });
		expect(await state()).toMatchObject({
			active: null,
			skew: [],
			members: [{ device: b }, { device: idOf(9), role: null }],
		});
		expect((await record()).body.members.map((member: { device: string }) => member.device)).toEqual([b, idOf(9)]);
		// The group has not forgotten who was active last.
		await report(b, { role: "active" });
		expect((await events()).map(({ detail }) => detail)).toEqual([`from ${a} to ${b}`]);
	});

	it("is suspended still counts: it holds the seat, and what it runs is what would be switched to", async () => {
		const { a, b, report, state, setStatus } = await newGroup();
		await report(a, { installed: { crs: "2" } });
		await report(b, { installed: { crs: "1" } });
		await setStatus(2, "suspended");
		expect((await state()).skew).toHaveLength(1);
	});
});
