// How an account is told that its licenses end: by the alarm of its object, once each, in time.

import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LicenseTerms } from "../../../../../src/entitlement/licenses/license.ts";
import { createAccount, DAY, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { nextAlarm } from "../../../../support/accounts/alarms.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { bindings, evict } from "../../../../support/object-bindings.ts";
import { trailOf } from "../../../../support/trail.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

const END = NOW + 365 * DAY;
const time = (seconds: number) => new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");

async function licensed(change: Partial<LicenseTerms> = {}) {
	const name = freshName();
	const account = () => bindings.ACCOUNT.getByName(name);
	await account().create({ ...OPERATOR, id: `acct-${name}000000`, name: "Test account" });
	const terms: LicenseTerms = {
		...{ products: [{ product: "crs" }], seats: 5, startsAt: NOW - DAY, endsAt: END, graceSeconds: 30 * DAY },
		...{
			criticalSeconds: 0,
			delaySeconds: 0,
			emergencyDelaySeconds: 0,
			overage: "refuse",
			kind: "fixed",
			leaseSeconds: 0,
		},
		...change,
	};
	await account().createLicense({ ...OPERATOR, id: "lic-a", terms });
	return {
		account,
		terms,
		change: (terms: Partial<LicenseTerms>, now: number) =>
			account().changeLicense({ ...OPERATOR, now, id: "lic-a", terms, keepsValidity: false }),
		alarmAt: async () => {
			const ms = await nextAlarm(account());
			return ms === null ? null : ms / 1_000;
		},
		/** Rings whenever the alarm stands, up to a time, and leaves the clock there. */
		async ringUntil(until: number): Promise<void> {
			for (let rings = 0; rings < 100; rings++) {
				const ms = await runInDurableObject(account(), (_, { storage }) => storage.getAlarm());
				// What is due at once rings a moment later.
				if (ms === null || ms >= (until + 1) * 1_000) break;
				vi.setSystemTime(Math.max(ms, Date.now()));
				await runDurableObjectAlarm(account());
			}
			vi.setSystemTime(until * 1_000);
		},
		notices: async () =>
			(await trailOf(account()))
				.reverse()
				.filter(({ action }) => action === "license.expiring" || action === "license.ended")
				.map(({ at, actor, action, subject, detail }) => {
					expect([actor, subject]).toEqual(["service", "lic-a"]);
					return { at, text: `${action} ${detail}` };
				}),
	};
}

const inDays = (days: number, end: number, products = "crs") => ({
	at: end - days * DAY,
	text: `license.expiring in ${days === 1 ? "1 day" : `${days} days`}, at ${time(end)}: ${products}`,
});
const ended = (end: number, products = "crs") => ({
	at: end,
	text: `license.ended at ${time(end)}, grace until ${time(end + 30 * DAY)}: ${products}`,
});
const all = (end: number, from = 90) =>
	[90, 60, 30, 14, 7, 1].filter((one) => one <= from).map((one) => inDays(one, end));

describe("an account is told that a license ends", () => {
	it("90, 60, 30, 14, 7 and 1 days before and at the end, on the second, and then no more", async () => {
		const { ringUntil, notices, alarmAt } = await licensed();
		expect(await alarmAt()).toBe(END - 90 * DAY);
		await ringUntil(END + 400 * DAY);
		expect(await notices()).toEqual([...all(END), ended(END)]);
		expect(await alarmAt()).toBeNull();
	});

	it("not in what is late already when it is made or renewed", async () => {
		const soon = NOW + 20 * DAY;
		const { ringUntil, notices, change } = await licensed({ endsAt: soon });
		await ringUntil(soon - DAY);
		expect(await notices()).toEqual(all(soon, 14));
		const later = soon + 40 * DAY;
		await change({ endsAt: later }, soon - DAY);
		await ringUntil(later);
		expect(await notices()).toEqual([...all(soon, 14), ...all(later, 30), ended(later)]);
	});

	it("of each end of its products, with their names", async () => {
		const early = END - 15 * DAY;
		const products = [{ product: "crs" }, { product: "threats", endsAt: early }, { product: "geo", endsAt: early }];
		const { ringUntil, notices } = await licensed({ products });
		await ringUntil(END);
		const expected = [
			...[90, 60, 30, 14, 7, 1].flatMap((days) => [inDays(days, early, "threats geo"), inDays(days, END)]),
			...[ended(early, "threats geo"), ended(END)],
		];
		expect(await notices()).toEqual(expected.toSorted((a, b) => a.at - b.at));
	});

	it("once, whatever else changes of it meanwhile, and what it is told names the products of then", async () => {
		const { ringUntil, notices, change } = await licensed();
		await ringUntil(END - 61 * DAY);
		// On the second of a notice, and before the alarm.
		vi.setSystemTime((END - 60 * DAY) * 1_000);
		await change({ seats: 7 }, END - 60 * DAY);
		await change({ products: [{ product: "crs" }, { product: "geo" }] }, END - 60 * DAY);
		await ringUntil(END - 30 * DAY);
		expect(await notices()).toEqual([inDays(90, END), inDays(60, END, "crs geo"), inDays(30, END, "crs geo")]);
	});

	it("while it is suspended too, and never once it is revoked", async () => {
		const { account, ringUntil, notices, alarmAt } = await licensed();
		await account().setLicenseStatus({ ...OPERATOR, id: "lic-a", status: "suspended", reason: "" });
		await ringUntil(END - 90 * DAY);
		expect(await notices()).toEqual([inDays(90, END)]);
		await account().setLicenseStatus({ ...OPERATOR, id: "lic-a", status: "revoked", reason: "" });
		await ringUntil(END);
		expect(await notices()).toHaveLength(1);
		expect(await alarmAt()).toBeNull();
	});

	it("by an object that was evicted or died, once each", async () => {
		const { account, ringUntil, notices } = await licensed();
		await evict(account());
		await ringUntil(END - 60 * DAY);
		await abortAllDurableObjects();
		await ringUntil(END - 60 * DAY);
		await ringUntil(END - 30 * DAY);
		expect(await notices()).toEqual(all(END).slice(0, 3));
	});

	it("in the last notice alone that has come, when nobody rang for a while", async () => {
		const { account, notices, alarmAt } = await licensed();
		vi.setSystemTime((END - 10 * DAY) * 1_000);
		await runDurableObjectAlarm(account());
		expect(await notices()).toEqual([{ ...inDays(14, END), at: END - 10 * DAY }]);
		expect(await alarmAt()).toBe(END - 7 * DAY);
	});

	it("not by an alarm that rings early", async () => {
		const { account, notices, alarmAt } = await licensed();
		vi.setSystemTime((END - 90 * DAY - 1) * 1_000);
		await runDurableObjectAlarm(account());
		expect(await notices()).toEqual([]);
		expect(await alarmAt()).toBe(END - 90 * DAY);
	});

	it("with the alarm kept while other things come and go", async () => {
		const { account, device } = await createAccount({ leaseSeconds: 900 });
		const alarm = () => nextAlarm(account());
		await account().activate(device(1));
		expect(await alarm()).toBeLessThan((NOW + DAY) * 1_000);
		vi.setSystemTime((NOW + 930) * 1_000);
		await runDurableObjectAlarm(account());
		expect(await alarm()).toBe((END - 90 * DAY) * 1_000);
	});

	it("for many licenses that end at the same time, some at a time", async () => {
		const { account, terms, ringUntil } = await licensed();
		for (let number = 0; number < 250; number++) {
			await account().createLicense({ ...OPERATOR, id: `lic-${number}`, terms });
		}
		await ringUntil(END);
		const entries = await trailOf(account());
		expect(entries.filter(({ action }) => action === "license.expiring")).toHaveLength(251 * 6);
		expect(entries.filter(({ action }) => action === "license.ended")).toHaveLength(251);
	});
});
