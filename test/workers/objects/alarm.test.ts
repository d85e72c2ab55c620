// One alarm for several chores, on real storage, and an account whose outbox and webhooks share it.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMPTY_SUMMARY } from "../../../src/fleet/fleet-summary.ts";
import { Alarm, type Chore } from "../../../src/objects/alarm.ts";
import { createAccount, DAY, OPERATOR } from "../../support/accounts/account-fixture.ts";
import { freshName } from "../../support/fresh-names.ts";
import { bindings, replaceStores } from "../../support/object-bindings.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";
import { receiveWebhooks } from "../../support/stand-ins/webhook-receiver.ts";

const NOW_MS = 4_000_000_000_000;

class FakeChore implements Chore {
	due: number | null;
	runs = 0;
	/** what becomes of `due` when it has run */
	next: number | null = null;
	fails = false;
	constructor(due: number | null) {
		this.due = due;
	}
	dueMs = () => this.due;
	async run(): Promise<void> {
		this.runs += 1;
		this.due = this.next;
		if (this.fails) throw new Error("the chore failed");
	}
}

async function withChores(
	dues: readonly (number | null)[],
	test: (alarm: Alarm, chores: readonly FakeChore[], alarmMs: () => Promise<number | null>) => Promise<void>,
): Promise<void> {
	await runInDurableObject(bindings.ACCOUNT.getByName(freshName()), async (_, { storage }) => {
		const alarm = new Alarm(storage, () => NOW_MS);
		const chores = dues.map((due) => new FakeChore(due));
		for (const chore of chores) alarm.add(chore);
		await test(alarm, chores, () => storage.getAlarm());
		await storage.deleteAlarm();
	});
}

describe("the alarm of an object", () => {
	it.each([
		[[null, NOW_MS + 500, NOW_MS + 200], NOW_MS + 200],
		[[NOW_MS + 500, null], NOW_MS + 500],
		[[0, NOW_MS + 200], NOW_MS + 50],
		[[NOW_MS], NOW_MS + 50],
		[[NOW_MS + 1], NOW_MS + 50],
		[[null, null], null],
		[[], null],
	])("of chores that are due at %j stands at %j", async (dues, expected) => {
		await withChores(dues, async (alarm, _, alarmMs) => {
			await alarm.set();
			expect(await alarmMs()).toBe(expected);
		});
	});

	it("goes when the last chore has nothing to do any more", () =>
		withChores([NOW_MS + 200], async (alarm, [chore], alarmMs) => {
			await alarm.set();
			if (chore !== undefined) chore.due = null;
			await alarm.set();
			expect(await alarmMs()).toBeNull();
		}));

	it("runs what is due, leaves the rest alone, and stands at the rest's time after that", () =>
		withChores([NOW_MS, NOW_MS - 10, NOW_MS + 200, null], async (alarm, chores, alarmMs) => {
			await alarm.ring();
			expect(chores.map(({ runs }) => runs)).toEqual([1, 1, 0, 0]);
			expect(await alarmMs()).toBe(NOW_MS + 200);
		}));

	it("is set for a year from now at most, because the platform takes no date after 2189, and then goes on", () =>
		withChores([NOW_MS * 1_000, null], async (alarm, chores, alarmMs) => {
			await alarm.set();
			expect(await alarmMs()).toBe(NOW_MS + 365 * DAY * 1_000);
			await alarm.ring();
			expect(chores.map(({ runs }) => runs)).toEqual([0, 0]);
			expect(await alarmMs()).toBe(NOW_MS + 365 * DAY * 1_000);
		}));

	it("that rings early counts as the time it was set to", () =>
		withChores([NOW_MS + 200, NOW_MS + 300], async (alarm, chores) => {
			await alarm.ring();
			expect(chores.map(({ runs }) => runs)).toEqual([1, 0]);
		}));

	it("runs the others when one fails, sets itself for what comes next, and says so to the platform", () =>
		withChores([NOW_MS, NOW_MS], async (alarm, [bad, good], alarmMs) => {
			if (bad === undefined || good === undefined) throw new Error("two chores");
			bad.fails = true;
			good.next = NOW_MS + 70;
			await expect(alarm.ring()).rejects.toThrow("the chore failed");
			expect(good.runs).toBe(1);
			expect(await alarmMs()).toBe(NOW_MS + 70);
		}));

	it("tries a chore that throws again after 2 s, then after twice as long each time, up to five minutes, and at once after it went well", () =>
		withChores([NOW_MS], async (alarm, [bad], alarmMs) => {
			if (bad === undefined) throw new Error("one chore");
			[bad.fails, bad.next] = [true, 0];
			const pauses: number[] = [];
			for (let tries = 0, before = NOW_MS; tries < 10; tries++) {
				await expect(alarm.ring()).rejects.toThrow("the chore failed");
				const atMs = (await alarmMs()) ?? 0;
				pauses.push((atMs - before) / 1_000);
				before = atMs;
			}
			expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
			bad.fails = false;
			await alarm.ring();
			expect(await alarmMs()).toBe(NOW_MS + 50);
		}));

	it("has the others ring at their own times while one throws", () =>
		withChores([NOW_MS, NOW_MS + 100], async (alarm, [bad, good], alarmMs) => {
			if (bad === undefined || good === undefined) throw new Error("two chores");
			[bad.fails, bad.next] = [true, 0];
			await expect(alarm.ring()).rejects.toThrow("the chore failed");
			expect(await alarmMs()).toBe(NOW_MS + 100);
			await alarm.ring();
			expect([bad.runs, good.runs]).toEqual([1, 1]);
			expect(await alarmMs()).toBe(NOW_MS + 2_000);
		}));
});

describe("an object with one chore", () => {
	const guard = bindings.REPLAY_GUARD;
	const objects = {
		"the replay guard": {
			every: 600_000,
			use: (name: string) => guard.getByName(name).use(freshName(), 1, 0),
			at: guard,
		},
		"the census": {
			every: 60_000,
			use: (name: string) =>
				bindings.CENSUS.getByName(name).take({ account: freshName(), version: 1, at: 1, summary: EMPTY_SUMMARY }),
			at: bindings.CENSUS,
		},
	};
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it.each(Object.entries(objects))(
		"sets its alarm again at the next call where the platform has lost it, also in the same life: %s",
		async (_, { every, use, at }) => {
			const name = freshName();
			const alarmMs = () => runInDurableObject(at.getByName(name), (_object, { storage }) => storage.getAlarm());
			await use(name);
			const due = NOW_MS + every;
			expect(await alarmMs()).toBe(due);
			// The platform may be late by minutes.
			vi.setSystemTime(due + 900_000);
			await use(name);
			expect(await alarmMs()).toBe(due);
			vi.setSystemTime(due + 1_500_001);
			await use(name);
			expect(await alarmMs()).toBe(due + 1_500_001 + every);
		},
	);
});

describe("an account's outbox and webhooks", () => {
	afterEach(() => {
		vi.restoreAllMocks();
		vi.useRealTimers();
	});

	it("do not take the alarm from each other", async () => {
		vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
		const receiver = receiveWebhooks();
		receiver.answer = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
		const { account, device } = await createAccount({ endsAt: NOW_MS / 1_000 + 365 * DAY, expiresAt: NOW_MS });
		const hook = {
			id: "whk-a",
			url: "https://hooks.example.com/",
			types: ["device"],
			kid: "local1",
		} as const;
		await account().changeWebhook({ ...OPERATOR, ...hook, kind: "create" });
		const kv = new FakeRecordStore();
		await replaceStores(account(), { kv });
		kv.break("before");
		const alarmMs = () => runInDurableObject(account(), (_, { storage }) => storage.getAlarm());

		expect((await account().activate(device(1))).ok).toBe(true);
		// The webhook is due at once, the record in three seconds or a little less.
		expect(await alarmMs()).toBe(NOW_MS + 50);
		await runDurableObjectAlarm(account());
		expect(receiver.types()).toEqual(["device.new"]);
		const retryMs = (await alarmMs()) ?? 0;
		expect(retryMs).toBeGreaterThan(NOW_MS);
		expect(retryMs).toBeLessThanOrEqual(NOW_MS + 3_000);

		kv.repair();
		vi.setSystemTime(retryMs);
		await runDurableObjectAlarm(account());
		expect(kv.puts).toHaveLength(1);
		expect(receiver.received).toHaveLength(1);
		// The index hears of the serial number. The put that failed may land still, so it is made once more.
		for (const atMs of [NOW_MS + 45_000, NOW_MS + 300_000, NOW_MS + 303_000]) {
			expect(await alarmMs()).toBe(atMs);
			vi.setSystemTime(atMs);
			await runDurableObjectAlarm(account());
		}
		expect(kv.puts).toHaveLength(2);
		// The outbox is empty, which must not take the webhook's alarm away.
		expect(await alarmMs()).toBe(NOW_MS + 3_600_000);
		vi.setSystemTime(NOW_MS + 3_600_000);
		receiver.answer = () => new Response(null, { status: 200 });
		await runDurableObjectAlarm(account());
		expect(receiver.types()).toEqual(["device.new", "device.new"]);
		expect(await alarmMs()).toBe(NOW_MS + 275 * DAY * 1_000);
	});
});
