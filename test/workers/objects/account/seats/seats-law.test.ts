// Whatever happens to an account's seats, in whatever order, they are those of a model that fits on a page; and the numbers
// that the object keeps are what a full count gives.
import { reset, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import type { DeviceStatus } from "../../../../../src/entitlement/devices/device-record.ts";
import type { Account } from "../../../../../src/objects/account/account.ts";
import {
	type AccountFixture,
	createAccount,
	DAY,
	NOW,
	TOKENS_END_AFTER,
} from "../../../../support/accounts/account-fixture.ts";
import { replaceStores } from "../../../../support/object-bindings.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../support/runs.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";

afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

/** Seconds after which no token from before a change is left, in this deployment. */
const LICENSES = {
	"lic-a": { lease: 900, seats: 3 },
	"lic-b": { lease: 0, seats: 1 },
	"lic-c": { lease: 120, seats: 2 },
};
type LicenseName = keyof typeof LICENSES;
const NAMES = Object.keys(LICENSES) as LicenseName[];

interface ModelDevice {
	status: DeviceStatus;
	license: LicenseName;
	/** end of the lease; null = for good, 0 = no seat */
	until: number | null;
	readonly codes: Set<LicenseName>;
}

class Model {
	now = NOW;
	readonly seats: Record<LicenseName, number> = { "lic-a": 3, "lic-b": 1, "lic-c": 2 };
	readonly devices = new Map<number, ModelDevice>();

	hasSeat = ({ until }: ModelDevice) => until === null || until > this.now;
	holders = (license: LicenseName) =>
		[...this.devices.values()].filter((one) => one.license === license && this.hasSeat(one));
	isFull = (license: LicenseName) => this.holders(license).length >= this.seats[license];

	activate(number: number, license: LicenseName): string {
		const known = this.devices.get(number);
		if (known?.status === "revoked") return "key_revoked";
		const isThere = known?.status === "active" || known?.status === "suspended";
		if (known !== undefined && isThere && (known.codes.has(license) || known.license === license)) return "same";
		if (this.isFull(license)) return "no_seat_left";
		const { lease } = LICENSES[license];
		const tokensUntil = known === undefined ? 0 : this.tokensUntil(known);
		const until = lease === 0 ? null : Math.max(this.now + lease, tokensUntil);
		const status = known !== undefined && isThere ? known.status : "active";
		const codes = new Set([...(known?.codes ?? []), license]);
		this.devices.set(number, { status, license, until, codes });
		return known === undefined ? "new" : isThere ? "moved" : "returned";
	}

	tokensUntil({ license, until }: ModelDevice): number {
		return Math.max(until ?? 0, this.now + (LICENSES[license].lease || TOKENS_END_AFTER));
	}

	renew(number: number): string {
		const device = this.devices.get(number);
		if (device === undefined) return "unknown_device";
		if (device.status !== "active") return device.status;
		const { lease } = LICENSES[device.license];
		if (lease === 0) return "for good";
		const left = (device.until ?? 0) - this.now;
		if (left <= 0 && this.isFull(device.license)) return "seat_lost";
		if (left * 3 < lease * 2) device.until = this.now + lease;
		return `until ${device.until}`;
	}

	setStatus(number: number, status: DeviceStatus): string {
		const device = this.devices.get(number);
		if (device === undefined) return "unknown_device";
		if (device.status === status) return "ok";
		if (device.status === "revoked") return status === "deactivated" ? "ok" : "device_revoked";
		if (device.status === "deactivated" && status !== "revoked") return "device_deactivated";
		if (device.status === "suspended" && status === "deactivated") return "device_suspended";
		device.status = status;
		if (status === "revoked" || status === "deactivated") device.until = 0;
		return "ok";
	}

	transfer(from: LicenseName, to: LicenseName): string {
		const moving = from === to ? [] : this.holders(from);
		if (moving.length > 0 && this.holders(to).length + moving.length > this.seats[to]) return "no_seat_left";
		const { lease } = LICENSES[to];
		for (const device of moving) {
			const least = this.now + lease;
			device.until = lease === 0 ? null : Math.max(least, device.until ?? this.now + TOKENS_END_AFTER);
			device.license = to;
		}
		return "ok";
	}
}

interface Real extends Omit<AccountFixture, "account"> {
	/** the object itself: a call from outside costs more than what it does, and there are thousands */
	readonly account: Account;
	readonly storage: DurableObjectStorage;
}
type Command = (model: Model, real: Real) => Promise<void>;

const device = fc.integer({ min: 1, max: 6 });
const license = fc.constantFrom(...NAMES);
const by = (model: Model) => ({ actor: "olivia", now: model.now });
const reasonOf = (outcome: { ok: true } | { ok: false; reason: string }) => (outcome.ok ? "ok" : outcome.reason);

const command: fc.Arbitrary<[string, Command]> = fc.oneof(
	fc.tuple(device, license).map(([number, name]): [string, Command] => [
		`activate ${number} under ${name}`,
		async (model, { account, device }) => {
			const input = device(number, { codeHash: `hash-${name.slice(-1)}`, now: model.now });
			const before = model.holders(name).length;
			const expected = model.activate(number, name);
			const outcome = await account.activate(input);
			expect(outcome.ok ? outcome.kind : outcome.reason).toBe(expected);
			if (model.holders(name).length > before)
				expect(model.holders(name).length).toBeLessThanOrEqual(model.seats[name]);
		},
	]),
	...[1, 2].map(() =>
		device.map((number): [string, Command] => [
			`renew ${number}`,
			async (model, { account, device }) => {
				const deviceId = device(number).candidateDeviceId;
				const expected = model.renew(number);
				const outcome = await account.renewSeat({ deviceId, now: model.now });
				const { lease } = outcome.ok ? outcome : { lease: null };
				const got = lease === null ? "for good" : `until ${lease.until}`;
				expect(outcome.ok ? got : outcome.reason).toBe(expected);
			},
		]),
	),
	fc.constantFrom(1, 40, 41, 79, 80, 119, 120, 300, 301, 600, 899, 900, 4_000).map((seconds): [string, Command] => [
		`${seconds} s pass`,
		async (model) => {
			model.now += seconds;
			vi.setSystemTime(model.now * 1_000);
		},
	]),
	fc
		.tuple(device, fc.constantFrom("active", "suspended", "revoked" as const))
		.map(([number, status]): [string, Command] => [
			`${number} is to be ${status}`,
			async (model, { account, device }) => {
				const change = { ...by(model), deviceId: device(number).candidateDeviceId, status, reason: "" };
				expect(reasonOf(await account.setDeviceStatus(change))).toBe(model.setStatus(number, status));
			},
		]),
	device.map((number): [string, Command] => [
		`deactivate ${number}`,
		async (model, { account, device }) => {
			const change = { ...by(model), deviceId: device(number).candidateDeviceId };
			expect(reasonOf(await account.setDeviceStatus({ ...change, status: "deactivated", reason: "" }))).toBe(
				model.setStatus(number, "deactivated"),
			);
		},
	]),
	fc.tuple(license, fc.integer({ min: 1, max: 4 })).map(([name, seats]): [string, Command] => [
		`${seats} seats for ${name}`,
		async (model, { account }) => {
			model.seats[name] = seats;
			await account.changeLicense({ ...by(model), id: name, terms: { seats } });
		},
	]),
	fc.tuple(license, license).map(([from, to]): [string, Command] => [
		`transfer ${from} to ${to}`,
		async (model, { account }) => {
			const outcome = await account.transferLicense({ ...by(model), id: from, to });
			expect(reasonOf(outcome)).toBe(model.transfer(from, to));
		},
	]),
	fc.constant<[string, Command]>([
		"the alarm rings",
		async (_, { account, storage }) => {
			if ((await storage.getAlarm()) === null) return;
			await storage.deleteAlarm();
			await account.alarm();
		},
	]),
);

async function expectAgreement(model: Model, { account, storage, device }: Real): Promise<void> {
	const listed = await account.listLicenses(model.now);
	expect(Object.fromEntries(listed.map(({ id, seatsTaken }) => [id, seatsTaken]))).toEqual(
		Object.fromEntries(NAMES.map((name) => [name, model.holders(name).length])),
	);
	const codes = (await account.listCodes()) ?? [];
	expect(Object.fromEntries(codes.map(({ license, used }) => [license, used]))).toEqual(
		Object.fromEntries(
			NAMES.map((name) => [name, [...model.devices.values()].filter((one) => one.codes.has(name)).length]),
		),
	);
	const seats = storage.sql.exec("SELECT * FROM seats").toArray();
	const counts = storage.sql.exec("SELECT * FROM seat_counts").toArray();
	for (const { license, taken } of counts) {
		expect(taken).toBe(seats.filter((seat) => seat["license"] === license).length);
	}
	const licenses = (await account.listDevices()).map((one) => [one.id, one.license]);
	expect(licenses.sort()).toEqual(
		[...model.devices].map(([number, one]) => [device(number).candidateDeviceId, one.license]).sort(),
	);
	const live = seats.filter(({ until }) => until === null || Number(until) > model.now);
	const expected = [...model.devices].filter(([, one]) => model.hasSeat(one));
	expect(live.map((seat) => [seat["holder"], seat["license"], seat["until"]]).sort()).toEqual(
		expected.map(([number, one]) => [device(number).candidateDeviceId, one.license, one.until]).sort(),
	);
}

async function createThree(): Promise<AccountFixture> {
	const fixture = await createAccount({ seats: 3, leaseSeconds: 900 });
	const { account } = fixture;
	const operator = { actor: "olivia", now: NOW };
	const terms = {
		...{ products: [{ product: "crs" }], seats: 2, startsAt: NOW - DAY, endsAt: NOW + 365 * DAY, graceSeconds: 0 },
		...{
			criticalSeconds: 0,
			delaySeconds: 0,
			emergencyDelaySeconds: 0,
			overage: "refuse" as const,
			kind: "elastic" as const,
			leaseSeconds: 120,
		},
	};
	await account().createLicense({ ...operator, id: "lic-c", terms });
	const code = { id: "code-c", hash: "hash-c", license: "lic-c", uses: 1_000, expiresAt: NOW + 30 * DAY };
	await account().createCode({ ...operator, ...code, serial: null, model: null });
	return fixture;
}

it("seats are those of the model after every command", { timeout: RUNS_TIMEOUT_MS }, async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
	await fc.assert(
		fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
			vi.setSystemTime(NOW * 1_000);
			const fixture = await createThree();
			await replaceStores(fixture.account(), { fake: new FakeRecordStore() });
			await runInDurableObject(fixture.account(), async (account, { storage }) => {
				const [model, real] = [new Model(), { ...fixture, account, storage }];
				const done: string[] = [];
				try {
					for (const [name, run] of commands) {
						done.push(name);
						await run(model, real);
						await expectAgreement(model, real);
					}
				} catch (error) {
					throw new Error(`after ${done.join("; ")}`, { cause: error });
				}
			});
		}),
		{ numRuns: runs(25, 800) },
	);
});
