// The Account object: licenses and codes, activations that come together, and what each status does to seat, record and
// denials.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deviceRecord } from "../../../../src/entitlement/devices/device-record.ts";
import { parseRecord } from "../../../../src/storage/record-store.ts";
import { createAccount, DAY, NOW, OPERATOR, TOKENS_END_AFTER } from "../../../support/accounts/account-fixture.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { readStored } from "../../../support/stored-record.ts";
import { trailOf } from "../../../support/trail.ts";

afterEach(reset);

const directory = () => bindings.DIRECTORY.getByName("directory");

async function storedRecord(key: string) {
	const text = await bindings.RECORDS.get(key);
	return text === null ? null : readStored(key, text);
}

async function storedDenials(): Promise<Record<string, number>> {
	const heads = (await storedRecord("heads"))?.body as { denied: number } | undefined;
	const denied = (await storedRecord(`denied@${heads?.denied}`))?.body as
		| { devices: Record<string, number> }
		| undefined;
	return denied?.devices ?? {};
}

describe("an account", () => {
	it("is created once", async () => {
		const { account, name } = await createAccount();
		const again = await account().create({ ...OPERATOR, now: NOW + 1, id: `acct-${name}000000`, name: "Other" });
		expect(again).toEqual({
			id: `acct-${name}000000`,
			createdAt: NOW,
			closedAt: null,
			licenseEpoch: 0,
		});
		expect(await account().info()).toEqual(again);
	});

	it("refuses a second license or code under the same id, and a code for a license that it has not", async () => {
		const { account } = await createAccount();
		const terms = {
			...{ products: [{ product: "crs" }], seats: 1, startsAt: 1, endsAt: 2, graceSeconds: 0, criticalSeconds: 0 },
			...{
				delaySeconds: 0,
				emergencyDelaySeconds: 0,
				overage: "refuse" as const,
				kind: "fixed" as const,
				leaseSeconds: 0,
			},
		};
		const code = {
			id: "code-x",
			hash: "hash-x",
			license: "lic-a",
			uses: 1,
			expiresAt: NOW + DAY,
			serial: null,
			model: null,
		};
		expect(await account().createLicense({ ...OPERATOR, id: "lic-a", terms })).toEqual({
			ok: false,
			reason: "id_taken",
		});
		expect(await account().createCode({ ...OPERATOR, ...code, hash: "hash-a" })).toEqual({
			ok: false,
			reason: "id_taken",
		});
		expect(await account().createCode({ ...OPERATOR, ...code, id: "code-a" })).toEqual({
			ok: false,
			reason: "id_taken",
		});
		expect(await account().createCode({ ...OPERATOR, ...code, license: "lic-x" })).toEqual({
			ok: false,
			reason: "unknown_license",
		});
	});

	it("counts seats and uses from its devices", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		await account().activate(device(2));
		const [license] = await account().listLicenses();
		const [code] = (await account().listCodes()) ?? [];
		expect(license).toMatchObject({ id: "lic-a", seats: 10, seatsTaken: 2, products: [{ product: "crs" }] });
		expect(code).toEqual({
			id: "code-a",
			license: "lic-a",
			uses: 1_000,
			used: 2,
			expiresAt: NOW + 30 * DAY,
			createdAt: NOW,
			serial: null,
			model: null,
			haGroup: null,
			instance: null,
			replaces: null,
			revoked: false,
		});
	});

	it("lists its codes a page at a time, in the order in which they were made", async () => {
		const { account } = await createAccount();
		const made = { ...OPERATOR, license: "lic-a", uses: 1, expiresAt: NOW + DAY, serial: null, model: null };
		for (const id of ["code-z", "code-y"]) {
			const result = await account().createCode({ ...made, id, hash: id, haGroup: null, instance: null });
			expect(result.ok).toBe(true);
		}
		const ids = async (after: string, limit: number) =>
			((await account().listCodes(after, limit)) ?? []).map(({ id }) => id);
		expect(await ids("", 3)).toEqual(["code-a", "code-b", "code-z"]);
		expect(await ids("code-z", 3)).toEqual(["code-y"]);
		expect(await ids("code-y", 3)).toEqual([]);
	});

	it("lists its devices a page at a time", async () => {
		const { account, device } = await createAccount();
		for (const number of [1, 2, 3]) await account().activate(device(number));
		const first = await account().listDevices("", 2);
		const second = await account().listDevices(first.at(-1)?.id, 2);
		expect([...first, ...second].map(({ serial }) => serial)).toEqual(["FW-1", "FW-2", "FW-3"]);
	});

	it("writes down who changed what", async () => {
		const { account, device } = await createAccount();
		const activated = await account().activate(device(1));
		const deviceId = activated.ok ? activated.device.id : "";
		await account().setDeviceStatus({ ...OPERATOR, now: NOW + 5, deviceId, status: "suspended", reason: "stolen" });
		const entries = (await trailOf(account())).slice(0, 3);
		expect(entries).toEqual([
			{ at: NOW + 5, actor: "olivia", action: "device.suspended", subject: deviceId, detail: "stolen" },
			{
				...{ at: NOW, actor: "code:code-a", action: "seat.taken", subject: deviceId },
				detail: "license lic-a",
			},
			{ at: NOW, actor: "code:code-a", action: "device.new", subject: deviceId, detail: "serial FW-1" },
		]);
		expect(JSON.stringify(await trailOf(account()))).not.toContain("hash-a");
	});

	it("writes down at most 512 characters of what somebody says to it", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		const deviceId = device(1).candidateDeviceId;
		await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "suspended", reason: "x".repeat(513) });
		expect((await trailOf(account()))[0]?.detail).toBe("x".repeat(512));
	});
});

describe("activation", () => {
	it("makes a device whose record is in the store when the answer comes", async () => {
		const { account, device, name } = await createAccount();
		const result = await account().activate(device(1));
		expect(result).toMatchObject({ ok: true, kind: "new", published: true });
		const id = device(1).candidateDeviceId;
		const stored = await storedRecord(`device:${id}`);
		expect(stored?.version).toBe(1);
		expect(deviceRecord.parse(stored?.body)).toEqual({
			id,
			account: `acct-${name}000000`,
			status: "active",
			model: "PA-440",
			labels: { site: "berlin" },
			haGroup: null,
			hold: null,
			licenseEpoch: 0,
			version: 1,
			lease: null,
			policy: null,
			grants: {
				crs: { from: NOW - DAY, until: NOW + 365 * DAY, grace: 30 * DAY, critical: 0, delay: 0, emergencyDelay: 0 },
			},
			serial: "FW-1",
			license: "lic-a",
			jwk: { kty: "OKP", crv: "Ed25519", x: "key-1" },
			jkt: "thumbprint-1",
			dpopBound: false,
			activatedAt: NOW,
		});
	});

	it("gives the same device to the same key and code, and takes no second seat or use", async () => {
		const { account, device } = await createAccount({ seats: 1, uses: 1 });
		const first = await account().activate(device(1));
		const again = await account().activate(device(1, { candidateDeviceId: "dev-other", now: NOW + 400 * DAY }));
		expect(again).toMatchObject({ ok: true, kind: "same", published: true });
		expect(again.ok && again.device).toEqual(first.ok && first.device);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(1);
		expect(((await account().listCodes()) ?? [])[0]?.used).toBe(1);
	});

	it("refuses another key when the code is used up, and leaves the device alone", async () => {
		const { account, device } = await createAccount({ uses: 1 });
		await account().activate(device(1));
		expect(await account().activate(device(2))).toEqual({ ok: false, reason: "code_used_up" });
		expect(await account().listDevices()).toHaveLength(1);
	});

	it("lets exactly ten of 200 devices that come together have ten seats", async () => {
		const { account, device } = await createAccount({ seats: 10 });
		const numbers = Array.from({ length: 200 }, (_, index) => index);
		const results = await Promise.all(numbers.map((number) => account().activate(device(number))));
		expect(results.filter((result) => result.ok)).toHaveLength(10);
		expect(new Set(results.map((result) => (result.ok ? "active" : result.reason)))).toEqual(
			new Set(["active", "no_seat_left"]),
		);
		expect(await account().listDevices()).toHaveLength(10);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(10);
		const retries = await Promise.all(numbers.map((number) => account().activate(device(number))));
		expect(retries.map((result) => result.ok)).toEqual(results.map((result) => result.ok));
	});

	it("gives the last seat to one of two", async () => {
		const { account, device } = await createAccount({ seats: 1 });
		const results = await Promise.all([account().activate(device(1)), account().activate(device(2))]);
		expect(results.filter((result) => result.ok)).toHaveLength(1);
	});

	it("makes one device of many activations with one key at the same time", async () => {
		const { account, device } = await createAccount({ uses: 1 });
		const results = await Promise.all(
			Array.from({ length: 20 }, (_, index) => account().activate(device(1, { candidateDeviceId: `dev-${index}` }))),
		);
		expect(new Set(results.map((result) => result.ok && result.device.id)).size).toBe(1);
		expect(results.filter((result) => result.ok && result.kind === "new")).toHaveLength(1);
	});

	it("refuses a serial that is active under another key, until that device is gone", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		const replaced = device(2, { serial: "FW-1" });
		expect(await account().activate(replaced)).toEqual({ ok: false, reason: "serial_taken" });
		const deviceId = device(1).candidateDeviceId;
		await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "revoked", reason: "lost its key" });
		expect(await account().activate(replaced)).toMatchObject({ ok: true, kind: "new" });
	});

	it("moves a device to the license of another code", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		const moved = await account().activate(device(1, { codeHash: "hash-b" }));
		expect(moved).toMatchObject({ ok: true, kind: "moved", device: { license: "lic-b", version: 2 } });
		expect((await account().listLicenses()).map(({ seatsTaken }) => seatsTaken)).toEqual([0, 1]);
		const stored = await storedRecord(`device:${device(1).candidateDeviceId}`);
		expect(Object.keys(deviceRecord.parse(stored?.body).grants)).toEqual(["threats"]);
	});
});

describe("status of a device", () => {
	async function activated() {
		const fixture = await createAccount({ seats: 1 });
		await fixture.account().activate(fixture.device(1));
		const deviceId = fixture.device(1).candidateDeviceId;
		const set = (status: "active" | "suspended" | "revoked") =>
			fixture.account().setDeviceStatus({ ...OPERATOR, deviceId, status, reason: "" });
		return { ...fixture, deviceId, set };
	}

	it("suspended: it keeps its seat, its record says so, and every edge refuses its tokens while they live", async () => {
		const { account, device, deviceId, set } = await activated();
		expect(await set("suspended")).toMatchObject({ ok: true, changed: true, published: true });
		expect(await storedRecord(`device:${deviceId}`)).toMatchObject({ version: 2, body: { status: "suspended" } });
		// As long as a record from before may count, and then a token that was made from it.
		expect(await storedDenials()).toEqual({ [deviceId]: NOW + 7 * DAY + TOKENS_END_AFTER });
		expect(await account().activate(device(2))).toEqual({ ok: false, reason: "no_seat_left" });
	});

	it("suspended under an elastic license: the denial ends with the tokens, since none is given without the account", async () => {
		const { account, device } = await createAccount({ leaseSeconds: 900 });
		await account().activate(device(1));
		const deviceId = device(1).candidateDeviceId;
		await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "suspended", reason: "" });
		expect(await storedDenials()).toEqual({ [deviceId]: NOW + TOKENS_END_AFTER });
		expect(await account().renewSeat({ deviceId, now: NOW })).toEqual({ ok: false, reason: "suspended" });
	});

	it("reinstated: the denial is lifted", async () => {
		const { deviceId, set } = await activated();
		await set("suspended");
		expect(await set("active")).toMatchObject({ ok: true, changed: true, published: true });
		expect(await storedRecord(`device:${deviceId}`)).toMatchObject({ version: 3, body: { status: "active" } });
		expect(await storedDenials()).toEqual({});
	});

	it("revoked: final, and the seat is free", async () => {
		const { account, device, deviceId, set } = await activated();
		await set("revoked");
		expect(await storedDenials()).toHaveProperty(deviceId);
		expect(await set("active")).toEqual({ ok: false, reason: "device_revoked" });
		expect(await account().activate(device(1))).toEqual({ ok: false, reason: "key_revoked" });
		expect(await account().activate(device(2))).toMatchObject({ ok: true });
	});

	it("deactivated: the seat is free, and the same key may come back under its old id", async () => {
		const { account, device, deviceId } = await activated();
		expect(await account().setDeviceStatus({ ...OPERATOR, deviceId, status: "deactivated", reason: "" })).toMatchObject(
			{ ok: true, changed: true },
		);
		expect((await account().listLicenses())[0]?.seatsTaken).toBe(0);
		expect(await storedDenials()).toHaveProperty(deviceId);
		const back = await account().activate(device(1, { candidateDeviceId: "dev-other", now: NOW + 9 }));
		expect(back).toMatchObject({
			ok: true,
			kind: "returned",
			device: { id: deviceId, version: 3, activatedAt: NOW + 9 },
		});
		expect(await storedDenials()).toEqual({});
		expect(((await account().listCodes()) ?? [])[0]?.used).toBe(1);
	});

	it("unchanged: nothing is written", async () => {
		const { account, deviceId, set } = await activated();
		expect(await set("active")).toMatchObject({ ok: true, changed: false });
		expect((await account().device(deviceId))?.version).toBe(1);
		expect(
			await account().setDeviceStatus({ ...OPERATOR, deviceId: "dev-x", status: "deactivated", reason: "" }),
		).toEqual({
			ok: false,
			reason: "unknown_device",
		});
		expect(await directory().readRecord("heads")).toBeNull();
	});
});

describe("the record of a device", () => {
	it("is given by the account, which then has it stored again", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		const key = `device:${device(1).candidateDeviceId}`;
		const before = await storedRecord(key);
		await bindings.RECORDS.delete(key);
		expect(parseRecord(key, (await account().readRecord(key)) ?? "")).toMatchObject({ ...before });
		await expect.poll(() => storedRecord(key)).toEqual(before);
	});

	it("is stored again when it is lost again, a minute later and not sooner", async () => {
		const { account, device } = await createAccount();
		await account().activate(device(1));
		const key = `device:${device(1).candidateDeviceId}`;
		const before = await storedRecord(key);
		const lose = async () => {
			await bindings.RECORDS.delete(key);
			await account().readRecord(key);
		};
		const owed = () => runInDurableObject(account(), (_, { storage }) => [...storage.sql.exec("SELECT 1 FROM outbox")]);
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
		try {
			await lose();
			await expect.poll(() => storedRecord(key)).toEqual(before);
			await lose();
			expect(await owed()).toEqual([]);
			expect(await bindings.RECORDS.get(key)).toBeNull();
			vi.setSystemTime(Date.now() + 60_000);
			await lose();
			await expect.poll(() => storedRecord(key)).toEqual(before);
		} finally {
			vi.useRealTimers();
		}
	});

	it("is not there for a device that the account does not have", async () => {
		const { account } = await createAccount();
		expect(await account().readRecord("device:dev-x")).toBeNull();
		expect(await account().readRecord("heads")).toBeNull();
	});
});
