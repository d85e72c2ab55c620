// Devices that are not updated or not heard of become events of their account, by its alarm: one by one, or many as one digest. Whatever
// page the alarm dies behind, each is told once.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { DeviceWord } from "../../../../../src/fleet/device-state.ts";
import { AnchorTables } from "../../../../../src/objects/account/fleet/anchor-tables.ts";
import { StateTables } from "../../../../../src/objects/account/fleet/state-tables.ts";
import { WatchDesk } from "../../../../../src/objects/account/fleet/watch-desk.ts";
import { Alarm } from "../../../../../src/objects/alarm.ts";
import { type AccountFixture, createAccount, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { useFrozenClock } from "../../../support/frozen-clock.ts";

const HOUR = 3_600;
const { moveTo } = useFrozenClock();
const now = () => Math.floor(Date.now() / 1_000);

let fixture: AccountFixture;
beforeEach(async () => {
	fixture = await createAccount({ seats: 100, uses: 1_000, endsAt: NOW + 50 * 365 * 24 * HOUR });
});
const idOf = (number: number) => fixture.device(number).candidateDeviceId;
async function activate(count: number): Promise<void> {
	for (let number = 1; number <= count; number++) await fixture.account().activate(fixture.device(number));
}
const wordOf = (number: number, offered: string | null): DeviceWord => ({
	...{ device: idOf(number), at: now(), country: null, colo: null },
	said: { kind: "checked", engine: null, products: [{ product: "crs", installed: "1", offered }] },
});
/** Says it to the account after so many hours, and rings what is due by then. */
async function hearAt(hours: number, words: () => DeviceWord[]): Promise<void> {
	moveTo(hours * HOUR * 1_000);
	await fixture.account().hearDevices(words());
	await ringTo();
}
async function ringTo(): Promise<void> {
	for (let rings = 0; rings < 50; rings++) {
		const at = await runInDurableObject(fixture.account(), (_, { storage }) => storage.getAlarm());
		if (at === null || at > Date.now()) return;
		await runDurableObjectAlarm(fixture.account());
	}
}
async function events(): Promise<string[]> {
	const page = await fixture.account().events({ after: 0, limit: 1_000, types: ["device"] });
	return (page?.entries ?? [])
		.filter(({ action }) => /stale|silent|trust|digest/.test(action))
		.map(({ action, subject, detail }) => `${action} ${subject} ${detail}`.trim());
}

describe("an account", () => {
	it("tells of a device that stays with what it has although it is there, and when it has updated", async () => {
		await activate(2);
		for (let hour = 0; hour <= 36; hour += 3) await hearAt(hour, () => [wordOf(1, "2"), wordOf(2, null)]);
		expect(await events()).toEqual([`device.stale ${idOf(1)} crs 1, offered 2`]);
		for (let hour = 39; hour <= 54; hour += 3) await hearAt(hour, () => [wordOf(1, null), wordOf(2, null)]);
		expect(await events()).toEqual([`device.stale ${idOf(1)} crs 1, offered 2`, `device.stale_ended ${idOf(1)}`]);
	});

	it("says nothing of a device that is held", async () => {
		await activate(1);
		await fixture
			.account()
			.changePolicy({ ...OPERATOR, now: NOW, rules: [{ for: { device: idOf(1) }, hold: true }], replaces: null });
		for (let hour = 0; hour <= 48; hour += 3) await hearAt(hour, () => [wordOf(1, "2")]);
		expect(await events()).toEqual([]);
	});

	it("tells of a device that fell silent and is heard of again", async () => {
		await activate(2);
		for (let hour = 0; hour <= 48; hour += 3)
			await hearAt(hour, () => (hour === 0 ? [wordOf(1, null), wordOf(2, null)] : [wordOf(2, null)]));
		expect(await events()).toEqual([expect.stringMatching(`^device.silent ${idOf(1)} seen 20`)]);
		for (let hour = 51; hour <= 60; hour += 3) await hearAt(hour, () => [wordOf(1, null), wordOf(2, null)]);
		expect((await events()).at(-1)).toBe(`device.silent_ended ${idOf(1)}`);
	});

	it("tells of a device whose TLS root or certificate soon ends, once it has said so for more than a day, and when it no longer does", async () => {
		await activate(2);
		const begin = now();
		const inDays = (days: number) => begin + days * 24 * HOUR;
		const said = (number: number, endsAt: number | null, certificateEndsAt: number | null = null): DeviceWord => ({
			...wordOf(number, null),
			said: {
				...{ kind: "anchors", tufRoot: null, certificateEndsAt },
				tlsRoot: endsAt === null ? null : { sha256: "ab".repeat(32), name: "A Root", endsAt },
			},
		});
		// What became due at the very time of a word rings a moment later.
		const hearAndRingAt = async (hour: number, words: () => DeviceWord[]) => {
			await hearAt(hour, words);
			moveTo((hour + 1) * HOUR * 1_000);
			await ringTo();
		};
		for (let hour = 0; hour <= 48; hour += 6)
			await hearAndRingAt(hour, () => [said(1, inDays(20)), said(2, inDays(90), inDays(99))]);
		const ends = new Date(inDays(20) * 1_000).toISOString().replace(".000", "");
		expect(await events()).toEqual([`device.trust_expiring ${idOf(1)} TLS root A Root ends ${ends}`]);
		for (let hour = 54; hour <= 66; hour += 6)
			await hearAndRingAt(hour, () => [said(1, inDays(90)), said(2, null, inDays(99))]);
		expect((await events()).slice(1)).toEqual([`device.trust_expiring_ended ${idOf(1)}`]);
	});

	it("tells of many at once in one event", async () => {
		await activate(15);
		await hearAt(0, () => Array.from({ length: 15 }, (_, at) => wordOf(at + 1, null)));
		for (let hour = 6; hour <= 54; hour += 6) await hearAt(hour, () => []);
		const first = [1, 2, 3, 4, 5].map(idOf).join(" ");
		expect(await events()).toEqual([`device.digest acct-${fixture.name}000000 silent: 15 devices, ${first} …`]);
	});

	it("that was set back to an earlier time hears its devices before it calls them silent", async () => {
		await activate(2);
		await hearAt(0, () => [wordOf(1, null), wordOf(2, null)]);
		for (let hour = 90; hour <= 114; hour += 3) await hearAt(hour, () => (hour === 90 ? [] : [wordOf(1, null)]));
		expect(await events()).toEqual([expect.stringMatching(`^device.silent ${idOf(2)}`)]);
	});

	it("goes on behind the page after which it died, and tells each device once", async () => {
		await activate(7);
		await hearAt(0, () => Array.from({ length: 7 }, (_, at) => wordOf(at + 1, null)));
		for (const hour of [12, 24]) await hearAt(hour, () => []);
		moveTo(40 * HOUR * 1_000);
		const found: string[] = [];
		// Each ring is of a new life, which knows what is on disk alone.
		for (let life = 0; life < 6; life++) {
			await runInDurableObject(fixture.account(), async (_, { storage }) => {
				const alarm = new Alarm(storage);
				new WatchDesk({
					...{ storage, alarm, perPage: 3, account: () => "acct", device: () => null },
					audit: (_, action, subject) => void found.push(`${action} ${subject}`),
					...{ states: new StateTables(storage.sql), anchors: new AnchorTables(storage.sql) },
				});
				await alarm.ring();
			});
		}
		expect(found.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7].map((number) => `device.silent ${idOf(number)}`));
	});
});
