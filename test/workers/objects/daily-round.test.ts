// The daily round: every owner of records is called once a day, has a lost alarm set again, and gives the stores again what they
// have not as they should.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { goRound } from "../../../src/daily-round.ts";
import { IMMEDIATE } from "../../../src/rollout/built-in-plans.ts";
import type { Objects } from "../../../src/services.ts";
import { type AccountFixture, createAccount, DAY, NOW, OPERATOR } from "../../support/accounts/account-fixture.ts";
import { bindings, replaceStores } from "../../support/object-bindings.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

const directory = () => bindings.DIRECTORY.getByName("directory");
const objects = {
	directory,
	account: (name: string) => bindings.ACCOUNT.getByName(name),
	product: (name: string) => bindings.PRODUCT.getByName(name),
} as unknown as Objects;

async function withDevices(count: number): Promise<AccountFixture & { id: string; store: FakeRecordStore }> {
	const fixture = await createAccount();
	const id = `acct-${fixture.name}000000`;
	await directory().createAccount({ ...OPERATOR, id, name: fixture.name });
	const store = new FakeRecordStore();
	await replaceStores(fixture.account(), { kv: store });
	for (let number = 0; number < count; number++) await fixture.account().activate(fixture.device(number));
	return { ...fixture, id, store };
}

async function round(now = NOW): Promise<unknown[]> {
	const lines: unknown[] = [];
	await goRound(objects, now, (line) => lines.push(JSON.parse(line)));
	return lines;
}

const keyOf = ({ device }: AccountFixture, number: number) => `device:${device(number).candidateDeviceId}`;
const rewrite = (text: string, version: number) => text.replace(/"version":\d+/, `"version":${version}`);

describe("an owner that is called", () => {
	it("sets an alarm again that the platform has lost, or that has not rung for long", async () => {
		const fixture = await withDevices(0);
		fixture.store.break("before");
		await fixture.account().activate(fixture.device(1));
		const alarm = (change: (storage: DurableObjectStorage) => Promise<unknown>) =>
			runInDurableObject(fixture.account(), (_, { storage }) => change(storage));
		await alarm((storage) => storage.deleteAlarm());
		await round();
		expect(await alarm((storage) => storage.getAlarm())).toBeGreaterThan(NOW * 1_000);
	});

	it("writes again what a store has lost, or has in an earlier version, and leaves a later one", async () => {
		const fixture = await withDevices(4);
		const { store } = fixture;
		const texts = [0, 1, 2].map((number) => store.texts.get(keyOf(fixture, number)) ?? "");
		store.texts.delete(keyOf(fixture, 0));
		store.texts.set(keyOf(fixture, 1), rewrite(texts[1] ?? "", 0));
		store.texts.set(keyOf(fixture, 2), rewrite(texts[2] ?? "", 9));
		store.puts.length = 0;
		expect(await round()).toEqual([{ type: "records_behind", owner: fixture.id, rewritten: 2, ahead: 1, failing: [] }]);
		await expect.poll(() => store.puts.toSorted()).toEqual([`${keyOf(fixture, 0)} 1`, `${keyOf(fixture, 1)} 1`]);
		expect(store.versionOf(keyOf(fixture, 2))).toBe(9);
	});

	it("writes nothing where every store has all as it is", async () => {
		const { store } = await withDevices(3);
		store.puts.length = 0;
		expect(await round()).toEqual([]);
		expect(store.puts).toEqual([]);
	});
});

describe("the round", () => {
	it("calls nobody twice on one day, and everybody on the next", async () => {
		const { store } = await withDevices(1);
		await round();
		store.gets.length = 0;
		await round(NOW + 300);
		expect(store.gets).toEqual([]);
		await round(NOW + DAY);
		expect(store.gets).toHaveLength(1);
	});

	it("goes on in the next run where one has made its hundred calls", async () => {
		for (let number = 0; number < 105; number++) {
			const id = `acct-${String(number).padStart(10, "a")}000000`;
			await directory().createAccount({ ...OPERATOR, id, name: id });
		}
		const last = await withDevices(1);
		last.store.gets.length = 0;
		await round();
		expect(last.store.gets).toEqual([]);
		await round(NOW + 300);
		expect(last.store.gets).toHaveLength(1);
		expect(await directory().goRound(NOW + 600, 100, 20)).toBeNull();
	});

	it("goes on in the next run with the page of a large account that had all calls of one, and with those behind it", async () => {
		const large = await withDevices(0);
		const behind = await withDevices(0);
		const called: string[] = [];
		const account = (name: string) => ({
			tend: async (after: string) => {
				called.push(name);
				const page = Number(after) + 1;
				const next = name === large.name && page < 150 ? String(page) : null;
				return { next, records: 0, rewritten: 0, ahead: 0, failing: [] };
			},
		});
		const parts = { ...objects, account } as unknown as Objects;
		await goRound(parts, NOW, () => {});
		expect(called).toEqual(Array.from({ length: 100 }, () => large.name));
		called.length = 0;
		await goRound(parts, NOW + 300, () => {});
		expect(called).toEqual([...Array.from({ length: 50 }, () => large.name), behind.name]);
	});

	it("takes the records of a large account a page at a time", async () => {
		const fixture = await withDevices(0);
		await fixture.account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { seats: 300 } });
		for (let number = 0; number < 250; number++) await fixture.account().activate(fixture.device(number));
		fixture.store.gets.length = 0;
		await round();
		expect(new Set(fixture.store.gets).size).toBe(250);
	});

	it("tells whose records a store does not take, until it takes them", async () => {
		const fixture = await withDevices(0);
		await withDevices(1);
		fixture.store.break("before");
		await fixture.account().activate(fixture.device(1));
		const deliver = () =>
			runInDurableObject(fixture.account(), async (instance) => {
				await (instance as unknown as { outbox: { deliver(): Promise<void> } }).outbox.deliver();
			});
		for (let count = 0; count < 6; count++) await deliver();
		expect(await round()).toMatchObject([{ type: "records_behind", owner: fixture.id, failing: [{ lane: "kv" }] }]);
		expect((await directory().status()).behind).toEqual({ count: 1, first: [fixture.id], asOf: NOW });
		fixture.store.repair();
		await deliver();
		expect(await round(NOW + DAY)).toEqual([]);
		expect((await directory().status()).behind).toEqual({ count: 0, first: [], asOf: NOW + DAY });
	});

	it("says whom it could not reach, and goes on", async () => {
		const { id } = await withDevices(1);
		const next = await withDevices(1);
		next.store.gets.length = 0;
		const broken = {
			...objects,
			account: (name: string) => {
				if (id.includes(name)) throw new Error("the object is overloaded");
				return objects.account(name);
			},
		} as Objects;
		const lines: string[] = [];
		await goRound(broken, NOW, (line) => lines.push(line));
		expect(lines.map((line) => JSON.parse(line))).toEqual([
			{ type: "owner_unreachable", owner: id, error: "Error", tries: 1 },
		]);
		expect(next.store.gets).toHaveLength(1);
	});

	/** The objects, of which those that `fails` names do not answer, and what was called in which page. */
	function failing(fails: (name: string) => boolean) {
		const called: string[] = [];
		const watched = (name: string, tend: (after: string) => Promise<unknown>) => ({
			tend: async (after = "") => {
				called.push(after === "" ? name : `${name} after ${after.slice(0, 3)}`);
				if (fails(name)) throw new Error("the object is overloaded");
				return tend(after);
			},
		});
		const parts = {
			...objects,
			account: (name: string) => watched(name, (after) => objects.account(name).tend(after)),
			product: (name: string) => watched(name, () => objects.product(name).tend()),
		} as unknown as Objects;
		const run = async (now: number) => {
			const lines: { owner: string; tries?: number }[] = [];
			await goRound(parts, now, (line) => lines.push(JSON.parse(line)));
			return lines.map(({ owner, tries }) => [owner, tries]);
		};
		return { called, run };
	}

	it("calls again in the next run who did not answer in one, account or product, and nobody else", async () => {
		const { id, name, store } = await withDevices(1);
		await withDevices(1);
		await bindings.PRODUCT.getByName("crs").create({
			...OPERATOR,
			name: "crs",
			title: "",
			versionOrder: "vendor",
			plan: IMMEDIATE,
		});
		await directory().createProduct({ ...OPERATOR, name: "crs", title: "", versionOrder: "vendor" });
		let isOut = true;
		const { called, run } = failing((owner) => isOut && (owner === name || owner === "crs"));
		expect(await run(NOW)).toEqual([
			["crs", 1],
			[id, 1],
		]);
		isOut = false;
		store.gets.length = 0;
		called.length = 0;
		expect(await run(NOW + 300)).toEqual([]);
		expect(called.toSorted()).toEqual([name, "crs"].toSorted());
		expect(store.gets).toHaveLength(1);
		called.length = 0;
		await run(NOW + 600);
		expect(called).toEqual([]);
	});

	it("gives up until tomorrow whom it called five times in vain, and calls everybody anew then", async () => {
		const { id, name } = await withDevices(1);
		const { called, run } = failing(() => true);
		for (let tries = 1; tries <= 5; tries++) expect(await run(NOW + tries * 300)).toEqual([[id, tries]]);
		expect(await run(NOW + 1_800)).toEqual([]);
		expect(called).toHaveLength(5);
		expect(await run(NOW + DAY)).toEqual([[id, 1]]);
		expect(called.at(-1)).toBe(name);
	});

	it("goes on with the page at which a large account did not answer", async () => {
		const fixture = await withDevices(0);
		await fixture.account().changeLicense({ ...OPERATOR, id: "lic-a", terms: { seats: 300 } });
		for (let number = 0; number < 250; number++) await fixture.account().activate(fixture.device(number));
		let calls = 0;
		const { called, run } = failing(() => ++calls === 2);
		await run(NOW);
		await run(NOW + 300);
		expect(called).toEqual([fixture.name, `${fixture.name} after dev`, `${fixture.name} after dev`]);
	});

	it("calls at most 20 again in a run, beside the hundred, so that an outage costs the others no turn", async () => {
		for (let number = 0; number < 130; number++) {
			const id = `acct-${String(number).padStart(10, "a")}000000`;
			await directory().createAccount({ ...OPERATOR, id, name: id });
		}
		let isOut = true;
		const { called, run } = failing(() => isOut);
		await run(NOW);
		isOut = false;
		const counts: number[] = [];
		for (let number = 1; number <= 6; number++) {
			called.length = 0;
			await run(NOW + number * 300);
			counts.push(called.length);
		}
		expect(counts).toEqual([50, 20, 20, 20, 20, 0]);
	});
});
