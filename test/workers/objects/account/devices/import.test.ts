// Devices that an operator vouches for, in a real Account: what becomes of each line, whatever happens around the batch.
import { reset, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { ImportedDevice, LineOutcome } from "../../../../../src/objects/account/devices/import-desk.ts";
import {
	type AccountFixture,
	createAccount,
	DAY,
	NOW,
	OPERATOR,
} from "../../../../support/accounts/account-fixture.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { bindings, replaceStores } from "../../../../support/object-bindings.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../support/runs.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";

afterEach(reset);

interface Importing extends AccountFixture {
	readonly store: FakeRecordStore;
	line(number: number, change?: Partial<ImportedDevice>): ImportedDevice;
	/** what became of each */
	importAll(devices: readonly ImportedDevice[], now?: number): Promise<readonly LineOutcome[]>;
	/** as `importAll`, in words */
	kinds(...devices: ImportedDevice[]): Promise<string[]>;
	/** all that has been decided: devices but for their ids and versions, and seats */
	state(): Promise<unknown>;
}

async function createImporting(options: Parameters<typeof createAccount>[0] = {}): Promise<Importing> {
	const fixture = await createAccount(options);
	const { account, device } = fixture;
	const store = new FakeRecordStore();
	await replaceStores(account(), { kv: store });
	const importAll: Importing["importAll"] = async (devices, now = NOW) => {
		const outcome = await account().importDevices({ ...OPERATOR, now, devices });
		if (!outcome.ok) expect.fail(outcome.reason);
		return outcome.lines;
	};
	return {
		...fixture,
		store,
		importAll,
		kinds: async (...devices) => (await importAll(devices)).map((one) => (one.ok ? one.kind : one.reason)),
		line: (number, change) => ({
			...device(number),
			...{ license: "lic-a", labels: undefined, dpopBound: undefined, status: undefined, haGroup: undefined },
			...change,
		}),
		state: async () => {
			const devices = await account().listDevices();
			const seats = await account().listLicenses();
			return {
				devices: devices.map(({ id: _, version: __, ...rest }) => rest).toSorted((a, b) => (a.jkt < b.jkt ? -1 : 1)),
				seats: seats.map(({ id, seatsTaken }) => ({ id, seatsTaken })),
			};
		},
	};
}

describe("a batch of an import", () => {
	it("goes on after a line that is refused, and says of each what became of it", async () => {
		const { account, kinds, line, device } = await createImporting({ seats: 3 });
		await account().activate(device(1));
		const revoked = device(2);
		await account().activate(revoked);
		const id = revoked.candidateDeviceId;
		await account().setDeviceStatus({ ...OPERATOR, deviceId: id, status: "revoked", reason: "" });
		expect(
			await kinds(
				line(1),
				line(1, { labels: { site: "paris" } }),
				line(2),
				line(3, { license: "lic-x" }),
				line(4, { serial: "FW-1" }),
				line(5),
				line(5, { serial: "FW-50" }),
				line(6),
				line(7),
				line(7, { license: "lic-b" }),
				line(1, { license: "lic-b" }),
				line(6),
			),
		).toEqual([
			...["same", "changed", "key_revoked", "unknown_license", "serial_taken", "new", "serial_changed", "new"],
			...["no_seat_left", "new", "no_seat_left", "same"],
		]);
		const licenses = await account().listLicenses();
		expect(licenses.map(({ id, seatsTaken }) => [id, seatsTaken])).toEqual([
			["lic-a", 3],
			["lic-b", 1],
		]);
	});

	it("moves a device to another license, and its seat with it", async () => {
		const { account, kinds, line } = await createImporting({ seats: 1 });
		await kinds(line(1));
		expect(await kinds(line(1, { license: "lic-b" }), line(2))).toEqual(["moved", "new"]);
		expect((await account().listLicenses()).map(({ seatsTaken }) => seatsTaken)).toEqual([1, 1]);
	});

	it("brings a deactivated device back under its id", async () => {
		const { account, kinds, line } = await createImporting();
		await kinds(line(1));
		await account().setDeviceStatus({
			...OPERATOR,
			deviceId: line(1).candidateDeviceId,
			status: "deactivated",
			reason: "",
		});
		expect(await kinds(line(1, { candidateDeviceId: "dev-other" }))).toEqual(["returned"]);
		expect(await account().listDevices()).toMatchObject([{ id: line(1).candidateDeviceId, status: "active" }]);
	});

	it("puts devices into the HA group that they name, which takes one seat", async () => {
		const { account, kinds, line, name } = await createImporting({ seats: 2 });
		const id = `hag-${name}-00000001`;
		const settings = { name: "Berlin", mode: "active-passive", skewLimitSeconds: 3_600, sync: false } as const;
		await account().changeHaGroup({ kind: "create", ...OPERATOR, id, license: "lic-a", devices: [], ...settings });
		const pair = [line(1, { haGroup: id }), line(2, { haGroup: id })];
		const other = [line(3, { haGroup: `hag-${name}-00000002` }), line(4, { haGroup: id, license: "lic-b" })];
		expect(await kinds(...pair, line(5), line(6), ...other)).toEqual([
			...["new", "new", "new", "no_seat_left", "unknown_ha_group", "other_license"],
		]);
		// Said again, and without naming the group; then a device that has a seat of its own joins, which is free after.
		expect(await kinds(...pair, line(1), line(5, { haGroup: id }), line(6))).toEqual([
			...["same", "same", "same", "moved", "new"],
		]);
		expect((await account().listDevices()).map(({ haGroup }) => haGroup)).toEqual([id, id, id, null]);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(2);
		// One that had been deactivated is back in the group that it was in, though every seat is taken.
		await account().setDeviceStatus({
			...OPERATOR,
			deviceId: line(1).candidateDeviceId,
			status: "deactivated",
			reason: "",
		});
		expect(await kinds(line(1))).toEqual(["returned"]);
		expect((await account().listDevices())[0]).toMatchObject({ status: "active", haGroup: id });
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(2);
	});

	it("leaves an event for each device that it changed, and none for the others", async () => {
		const { account, kinds, line } = await createImporting({ seats: 1 });
		await kinds(line(1), line(1), line(2), line(1, { model: "PA-445" }));
		const page = await account().events({ after: 0, limit: 100, types: ["device"] });
		expect(page?.entries.map(({ action, subject, actor, detail }) => [action, subject, actor, detail])).toEqual([
			["device.imported", line(1).candidateDeviceId, "olivia", "serial FW-1"],
			["device.changed", line(1).candidateDeviceId, "olivia", "serial FW-1"],
		]);
	});

	it("gives a seat of an elastic license for a lease, which ends if nobody is heard of", async () => {
		const { kinds, line, importAll } = await createImporting({ seats: 1, leaseSeconds: 900 });
		expect(await kinds(line(1), line(2))).toEqual(["new", "no_seat_left"]);
		expect(await importAll([line(2)], NOW + 901)).toMatchObject([{ kind: "new" }]);
		expect(await importAll([line(1)], NOW + 901)).toMatchObject([{ kind: "same" }]);
	});

	it("is no matter of another account that has the same key", async () => {
		const [here, there] = [await createImporting(), await createImporting()];
		await here.kinds(here.line(1));
		const stateOfHere = await here.state();
		const change = { model: "PA-445", status: "suspended" } as const;
		expect(await there.kinds(there.line(1, change))).toEqual(["new"]);
		expect(await here.state()).toEqual(stateOfHere);
	});

	it("is nothing in an account that was never created", async () => {
		const { line, account } = await createImporting();
		const stranger = bindings.ACCOUNT.getByName(freshName());
		const outcome = await stranger.importDevices({ ...OPERATOR, devices: [line(1)] });
		expect(outcome).toEqual({ ok: false, reason: "unknown_account" });
		expect(await account().listDevices()).toEqual([]);
	});
});

describe("an import and the stores", () => {
	const batch = ({ line }: Importing, number: number) =>
		Array.from({ length: 100 }, (_, index) => line(number * 100 + index));

	it("is answered at once though a store does not answer at all", async () => {
		const importing = await createImporting({ seats: 1_000 });
		importing.store.break("hang");
		const outcome = await importing.account().importDevices({ ...OPERATOR, devices: batch(importing, 0) });
		expect(outcome).toMatchObject({ ok: true, waiting: 100 });
	});

	it("stops while a store is down, with a bounded number of records waiting, and goes on when it is well", async () => {
		const importing = await createImporting({ seats: 5_000 });
		const { account, store } = importing;
		store.break("before");
		const waiting: number[] = [];
		let number = 0;
		for (;;) {
			const outcome = await account().importDevices({ ...OPERATOR, devices: batch(importing, number) });
			if (!outcome.ok) {
				expect(outcome.reason).toBe("stores_behind");
				break;
			}
			waiting.push(outcome.waiting);
			number += 1;
		}
		expect(waiting).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * 100));
		store.repair();
		// The refusal itself tries the store again.
		const outcome = () => account().importDevices({ ...OPERATOR, devices: batch(importing, number) });
		await outcome();
		await expect.poll(async () => (await outcome()).ok, { timeout: 20_000 }).toBe(true);
		await expect
			.poll(() => runInDurableObject(account(), (instance) => Object(instance).outbox.flush()), { timeout: 20_000 })
			.toBe(true);
		expect(store.texts.size).toBe(1_100);
		expect(store.violations).toEqual([]);
	});

	it("tells them of a device that it only described anew", async () => {
		const { line, importAll, store } = await createImporting();
		const key = `device:${line(1).candidateDeviceId}`;
		await importAll([line(1)]);
		await expect.poll(() => store.versionOf(key), { timeout: 20_000 }).toBe(1);
		expect(await importAll([line(1, { model: "PA-445" })])).toMatchObject([{ kind: "changed" }]);
		await expect.poll(() => store.versionOf(key), { timeout: 20_000 }).toBe(2);
		expect(store.bodyOf(key)).toMatchObject({ model: "PA-445" });
	});

	it("asks nothing of a store for lines that change nothing", async () => {
		const importing = await createImporting();
		const { line, importAll, store, account } = importing;
		await importAll([line(1), line(2)]);
		await expect.poll(() => store.texts.size, { timeout: 20_000 }).toBe(2);
		const puts = store.puts.length;
		const state = await importing.state();
		await importAll([line(2), line(1)]);
		await runInDurableObject(account(), (instance) => Object(instance).outbox.flush());
		expect(store.puts).toHaveLength(puts);
		expect(await importing.state()).toEqual(state);
	});
});

describe("a batch whose object dies after the commit, before or after the answer", () => {
	it("is the same devices when it comes again", async () => {
		const importing = await createImporting({ seats: 3 });
		const { account, line } = importing;
		const batch = [line(1), line(2), line(3), line(4)];
		const ids = batch.slice(0, 3).map((one) => one.candidateDeviceId);
		for (let round = 0; round < 5; round++) {
			const store = new FakeRecordStore();
			await replaceStores(account(), { kv: store });
			await runInDurableObject(account(), (_, state) => {
				store.onPut = async () => {
					await state.storage.sync();
					state.abort("died after the commit");
				};
			});
			const devices = batch.map((one) => ({ ...one, candidateDeviceId: `${one.candidateDeviceId}-${round}` }));
			const sent = () => account().importDevices({ ...OPERATOR, devices: round === 0 ? batch : devices });
			await sent().catch(() => {});
			// The first stub to ask an object that has died learns of that.
			await sent().catch(() => {});
			const again = await sent();
			if (!again.ok) expect.fail(again.reason);
			const said = again.lines.map((one) => (one.ok ? `${one.kind} ${one.deviceId}` : one.reason));
			expect(said).toEqual([...ids.map((id) => `same ${id}`), "no_seat_left"]);
		}
		expect((await account().listDevices()).map(({ id }) => id)).toEqual(ids);
	});
});

describe("laws of an import", () => {
	const anyLine = fc.record({
		key: fc.integer({ min: 0, max: 9 }),
		serial: fc.option(fc.integer({ min: 0, max: 9 }), { freq: 4, nil: undefined }),
		license: fc.constantFrom("lic-a", "lic-a", "lic-b", "lic-none"),
		model: fc.constantFrom("PA-440", "PA-445"),
		status: fc.constantFrom(undefined, "active" as const, "suspended" as const),
		labels: fc.constantFrom<Record<string, string> | undefined>(undefined, {}, { site: "paris" }),
	});
	type AnyLine = typeof anyLine extends fc.Arbitrary<infer T> ? T : never;
	const lineOf = ({ line }: Importing, { key, serial = key, ...rest }: AnyLine) =>
		line(key, { ...rest, serial: `FW-${serial}` });

	it("cut anywhere, with lines sent twice around each cut, it comes to what it comes to in one piece", {
		timeout: RUNS_TIMEOUT_MS,
	}, async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(anyLine, { minLength: 1, maxLength: 25 }),
				fc.array(fc.tuple(fc.nat(24), fc.nat(5)), { maxLength: 5 }),
				async (file, cuts) => {
					const distinct = [...new Map(file.map((one) => [one.key, one])).values()];
					const [whole, cut] = [await createImporting({ seats: 4 }), await createImporting({ seats: 4 })];
					await whole.importAll(distinct.map((one) => lineOf(whole, one)));
					let at = 0;
					for (const [next, back] of [...cuts].toSorted(([a], [b]) => a - b)) {
						const end = Math.min(next, distinct.length);
						if (end <= at) continue;
						await cut.importAll(distinct.slice(at, end).map((one) => lineOf(cut, one)));
						at = Math.max(0, end - back);
					}
					await cut.importAll(distinct.slice(at).map((one) => lineOf(cut, one)));
					const [one, other] = [await whole.state(), await cut.state()];
					const sansAccount = (state: unknown) => JSON.stringify(state).replaceAll(/acct-\w+/g, "acct");
					expect(sansAccount(other)).toBe(sansAccount(one));
				},
			),
			{ numRuns: runs(6, 200) },
		);
	});

	it("no license ever has more devices than seats, and every device that is there has one", {
		timeout: RUNS_TIMEOUT_MS,
	}, async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.array(anyLine, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
				async (batches) => {
					const importing = await createImporting({ seats: 4 });
					const { account, importAll } = importing;
					for (const batch of batches) await importAll(batch.map((one) => lineOf(importing, one)));
					const devices = await account().listDevices();
					for (const { id, seats, seatsTaken } of await account().listLicenses()) {
						expect(seatsTaken).toBeLessThanOrEqual(seats);
						expect(seatsTaken).toBe(devices.filter(({ license }) => license === id).length);
					}
					const serials = devices.map(({ serial }) => serial);
					expect(new Set(serials).size).toBe(serials.length);
				},
			),
			{ numRuns: runs(8, 300) },
		);
	});

	it("activations and imports share the same seats", async () => {
		const importing = await createImporting({ seats: 5 });
		const { account, device, line } = importing;
		const numbers = Array.from({ length: 20 }, (_, index) => index);
		await Promise.all(
			numbers.map((number) =>
				number % 2 === 0
					? account().activate(device(number, { now: NOW + DAY }))
					: account().importDevices({ ...OPERATOR, devices: [line(number), line(number - 1)] }),
			),
		);
		expect(await account().listDevices()).toHaveLength(5);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(5);
	});
});
