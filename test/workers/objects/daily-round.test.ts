// The daily round: every owner of records is called once a day, has a lost alarm set again, and gives the stores again what they
// have not as they should.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { goRound } from "../../../src/daily-round.ts";
import type { Objects } from "../../../src/services.ts";
import { type AccountFixture, createAccount, DAY, NOW, OPERATOR } from "../../support/account-fixture.ts";
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
		expect(await directory().goRound(NOW + 600, 100)).toBeNull();
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
		expect(lines.map((line) => JSON.parse(line))).toEqual([{ type: "owner_unreachable", owner: id, error: "Error" }]);
		expect(next.store.gets).toHaveLength(1);
	});
});
