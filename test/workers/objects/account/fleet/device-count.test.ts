// An account's devices in numbers: however they came about, by counting all or change by change, they are the same; and a summary reads
// no more rows of a large account than of a small one.
import { reset, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { DeviceWord, Said } from "../../../../../src/fleet/device-state.ts";
import { EMPTY_SUMMARY, type FleetSummary } from "../../../../../src/fleet/fleet-summary.ts";
import { DeviceCount } from "../../../../../src/objects/account/fleet/device-count.ts";
import { createAccount, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { evict } from "../../../../support/object-bindings.ts";
import { runs } from "../../../../support/runs.ts";

afterEach(reset);

const HOUR = 3_600;

async function newFleet(devices: number) {
	const fixture = await createAccount({ seats: 1_000 });
	const { account, device } = fixture;
	const idOf = (number: number) => device(number).candidateDeviceId;
	for (let number = 1; number <= devices; number++) await account().activate(device(number));
	const word = (number: number, at: number, said: Said): DeviceWord => ({
		...{ device: idOf(number), at, country: "BR", colo: "GRU", said },
	});
	return {
		...{ ...fixture, idOf },
		hear: (number: number, at: number, said: Said) => account().hearDevices([word(number, at, said)]),
		summary: async () => {
			const asked = await account().fleet(NOW);
			return asked === "counting" || asked === null ? null : asked.summary;
		},
	};
}

const has = (installed: string): Said => ({
	kind: "checked",
	engine: "11",
	products: [{ product: "crs", installed, offered: null }],
});
const failed = (version: string): Said => ({
	...{ kind: "reported", product: "crs", from: null, version, outcome: "failed", reason: "disk", detail: null },
});
const sorted = ({ devices, cells, problems, seen }: FleetSummary) => ({
	devices: Object.fromEntries(Object.entries(devices).toSorted()),
	cells: cells.map((one) => JSON.stringify(one)).toSorted(),
	problems: problems.map((one) => JSON.stringify(one)).toSorted(),
	seen: seen.toSorted((one, two) => one.hour - two.hour),
});

describe("the numbers of an account", () => {
	it("are the same counted anew as kept with each change, in pages of whatever size", async () => {
		const DEVICES = 5;
		const step = fc.record({
			number: fc.integer({ min: 1, max: DEVICES + 2 }),
			hours: fc.integer({ min: 0, max: 30 }),
			kind: fc.constantFrom("one", "two", "failed", "refused", "suspended", "active", "revoked", "activated"),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), async (steps, perPage) => {
				const { account, idOf, hear, device, summary } = await newFleet(DEVICES);
				// A count that is only half way when the changes come, beside the account's own, which is complete.
				expect(await summary()).not.toBeNull();
				for (const { number, hours, kind } of steps) {
					const at = NOW + hours * HOUR;
					if (kind === "activated") await account().activate(device(number));
					else if (kind === "one" || kind === "two") await hear(number, at, has(kind));
					else if (kind === "failed") await hear(number, at, failed("2"));
					else if (kind === "refused") await hear(number, at, { kind: "refused", problem: "offer_expired" });
					else await account().setDeviceStatus({ ...OPERATOR, deviceId: idOf(number), status: kind, reason: "law" });
				}
				const anew = await runInDurableObject(account(), (_, { storage }) => {
					const count = new DeviceCount(storage.sql, perPage);
					while (!count.countOn());
					return count.summary();
				});
				expect(sorted((await summary()) ?? EMPTY_SUMMARY)).toEqual(sorted(anew));
			}),
			{ numRuns: runs(15, 150) },
		);
	});

	it("are right where a device changes that is not counted yet, or is already", async () => {
		const { account, idOf } = await newFleet(4);
		const found = await runInDurableObject(account(), async (_, { storage }) => {
			const count = new DeviceCount(storage.sql, 2);
			expect(count.countOn()).toBe(false);
			for (const number of [1, 4]) {
				count.changing(idOf(number));
				storage.sql.exec("UPDATE devices SET status = 'revoked' WHERE id = ?", idOf(number));
			}
			await Promise.resolve();
			while (!count.countOn());
			return count.summary();
		});
		expect(found.devices).toEqual({ active: 2, revoked: 2 });
	});

	it("do not change with a transaction that is undone", async () => {
		const { account, idOf } = await newFleet(2);
		const found = await runInDurableObject(account(), async (_, { storage }) => {
			const count = new DeviceCount(storage.sql);
			count.countOn();
			expect(() =>
				storage.transactionSync(() => {
					count.changing(idOf(1));
					storage.sql.exec("UPDATE devices SET status = 'revoked' WHERE id = ?", idOf(1));
					throw new Error("undone");
				}),
			).toThrow("undone");
			await Promise.resolve();
			return count.summary();
		});
		expect(found.devices).toEqual({ active: 2 });
	});

	it("say at once who was revoked", async () => {
		const { account, idOf, hear, summary } = await newFleet(2);
		await hear(1, NOW, has("1"));
		expect(await summary()).toMatchObject({ devices: { active: 2 }, cells: [{ version: "1", devices: 1 }] });
		await account().setDeviceStatus({ ...OPERATOR, deviceId: idOf(1), status: "revoked", reason: "stolen" });
		expect(await summary()).toMatchObject({ devices: { active: 1, revoked: 1 }, cells: [] });
	});

	it("are counted anew after the object was thrown out of memory", async () => {
		const { account, hear, summary } = await newFleet(3);
		await hear(2, NOW, has("1"));
		const before = await summary();
		await evict(account());
		expect(await summary()).toEqual(before);
	});
});
