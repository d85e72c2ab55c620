// Whatever happens between the pages of a transfer, and wherever the object dies on its way: no seat is lost, counted twice or
// given beyond what a license promised, and a device has what one license or the other grants, with its seat.
import { reset, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import type { DeviceStatus } from "../../../../../src/entitlement/devices/device-record.ts";
import type { License } from "../../../../../src/entitlement/licenses/license.ts";
import { type AccountDesks, openDesks } from "../../../../../src/objects/account/account-desks.ts";
import { ACCOUNT_SCHEMA } from "../../../../../src/objects/account/schema.ts";
import type { Seat } from "../../../../../src/objects/account/seats/seat-tables.ts";
import { createTables } from "../../../../../src/objects/schema.ts";
import { DAY, NOW, TOKENS_END_AFTER } from "../../../../support/accounts/account-fixture.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../support/runs.ts";

afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

const SEATS_PER_PAGE = 2;
const [FROM, TO, OTHER] = ["lic-a", "lic-to", "lic-c"];
const GROUPS = ["hag-x-0", "hag-x-1"] as const;
/** Enough for whatever is left when all has happened. */
const LAST_RUNS = 40;

interface Plan {
	/** seconds; 0 = fixed */
	readonly leases: readonly [from: number, to: number];
	/** devices with a seat when the transfer begins */
	readonly devices: number;
	/** of them in either HA group, and those suspended */
	readonly grouped: readonly number[];
	/** seats of the other license beyond those that are needed */
	readonly spare: number;
}

class Died extends Error {}

/** The storage of an object that dies when it has gone a number of steps further: before, in and after transactions. */
class MortalStorage {
	/** null = it lives */
	stepsLeft: number | null = null;
	/** whether it was set since somebody said no */
	hasAlarm = false;
	readonly #real: DurableObjectStorage;
	readonly sql: SqlStorage;

	constructor(real: DurableObjectStorage) {
		this.#real = real;
		this.sql = real.sql;
	}
	transactionSync<T>(run: () => T): T {
		this.#step();
		return this.#real.transactionSync(() => {
			const result = run();
			this.#step();
			return result;
		});
	}
	async sync(): Promise<void> {
		this.#step();
	}
	async setAlarm(): Promise<void> {
		this.hasAlarm = true;
	}
	async deleteAlarm(): Promise<void> {}
	async getAlarm(): Promise<null> {
		return null;
	}
	#step(): void {
		if (this.stepsLeft !== null && this.stepsLeft-- <= 0) throw new Died();
	}
}

class World {
	now = NOW;
	readonly plan: Plan;
	readonly storage: MortalStorage;
	desks: AccountDesks;
	/** seats seen going over */
	moved = 0;

	constructor(plan: Plan, storage: MortalStorage) {
		this.plan = plan;
		this.storage = storage;
		this.desks = this.#open();
	}

	by = () => ({ actor: "olivia", now: this.now });
	idOf = (number: number) => `dev-x-${String(number).padStart(2, "0")}`;
	seats = () => this.storage.sql.exec("SELECT * FROM seats ORDER BY holder").toArray() as unknown as Seat[];
	live = (license: string) =>
		this.seats().filter((seat) => seat.license === license && (seat.until === null || seat.until > this.now));

	/** One transaction, in which the object may die: then nothing has happened. */
	change<T>(run: (desks: AccountDesks) => T): T {
		return this.storage.transactionSync(() => run(this.desks));
	}

	/** @param run during which the object may die, and is called again as a new one */
	async mortally(stepsLeft: number | null, run: () => unknown): Promise<void> {
		this.storage.stepsLeft = stepsLeft;
		try {
			await run();
		} catch (error) {
			if (!(error instanceof Died)) throw error;
			this.desks = this.#open();
		} finally {
			this.storage.stepsLeft = null;
		}
	}

	activate(number: number, codeHash: string) {
		return this.change(({ deviceDesk }) =>
			deviceDesk.activate({
				...{ codeHash, candidateDeviceId: this.idOf(number), jkt: `key-${number}`, serial: `FW-${number}` },
				...{ jwk: { kty: "OKP", crv: "Ed25519", x: "x" }, model: "PA-440", labels: {}, dpopBound: true, now: this.now },
			}),
		);
	}

	begin = (id = FROM, to = TO) => this.change((desks) => desks.licenseTransfer.begin({ ...this.by(), id, to }));
	running = () => this.desks.transfers.running();

	#open(): AccountDesks {
		return openDesks(this.storage as unknown as DurableObjectStorage, bindings, SEATS_PER_PAGE);
	}
}

function createWorld(plan: Plan, real: DurableObjectStorage): World {
	const world = new World(plan, new MortalStorage(real));
	const { now } = world;
	const license = (id: string, leaseSeconds: number, seats: number): License => ({
		...{ id, products: [{ product: "crs" }], seats, startsAt: now - DAY, endsAt: now + 365 * DAY, graceSeconds: 0 },
		...{ criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0, overage: "refuse", status: "active" },
		...{ kind: leaseSeconds === 0 ? "fixed" : "elastic", leaseSeconds, createdAt: now },
	});
	const code = (id: string, wanted: string, haGroup: string | null) => ({
		...{ id, license: wanted, haGroup, uses: 100, expiresAt: now + DAY, createdAt: now },
		...{ serial: null, model: null, instance: null, replaces: null },
	});
	world.change((desks) => {
		createTables(real, ACCOUNT_SCHEMA);
		desks.account.insert({ id: "acct-aaaaaaaaaa000000", createdAt: now });
		desks.licenses.saveLicense(license(FROM, plan.leases[0], 100));
		desks.licenses.saveLicense(license(TO, plan.leases[1], 100));
		desks.licenses.saveLicense(license(OTHER, 0, 100));
		for (const id of GROUPS) {
			const settings = { name: id, mode: "active-passive", license: FROM, skewLimitSeconds: DAY, sync: false } as const;
			desks.haDesk.obey({ kind: "create", ...world.by(), id, devices: [], ...settings });
			desks.licenses.insertCode(id, code(`code-${id}`, FROM, id));
		}
		desks.licenses.insertCode("hash-a", code("code-a", FROM, null));
		desks.licenses.insertCode("hash-to", code("code-to", TO, null));
	});
	for (let number = 0; number < plan.devices; number++) {
		const group = plan.grouped.indexOf(number);
		world.activate(number, group < 0 ? "hash-a" : (GROUPS[group % 2] ?? ""));
	}
	world.activate(50, "hash-to");
	const needed = world.live(FROM).length + world.live(TO).length;
	world.change(({ licenses }) => licenses.saveLicense(license(TO, plan.leases[1], needed + plan.spare)));
	return world;
}

type Command = (world: World) => unknown;
const number = fc.oneof(
	{ weight: 4, arbitrary: fc.nat(9) },
	{ weight: 1, arbitrary: fc.integer({ min: 40, max: 42 }) },
);
const group = fc.constantFrom(...GROUPS);
const death = fc.option(fc.nat(8), { freq: 2 });

const page = death.map((stepsLeft): [string, Command] => [
	stepsLeft === null ? "pages" : `pages, dead after ${stepsLeft} steps`,
	(world) => world.mortally(stepsLeft, () => world.desks.licenseTransfer.run()),
]);
const other = fc.oneof(
	fc
		.tuple(number, fc.constantFrom("hash-a", "hash-to", ...GROUPS))
		.map(([one, hash]): [string, Command] => [`${one} activates with ${hash}`, (world) => world.activate(one, hash)]),
	number.map((one): [string, Command] => [
		`${one} renews`,
		(world) => world.change(({ seatDesk }) => seatDesk.renew({ deviceId: world.idOf(one), now: world.now })),
	]),
	fc
		.tuple(number, fc.constantFrom<DeviceStatus>("active", "suspended", "revoked", "deactivated"))
		.map(([one, status]): [string, Command] => [
			`${one} is to be ${status}`,
			(world) =>
				world.change(({ deviceDesk }) =>
					deviceDesk.changeStatus({ ...world.by(), deviceId: world.idOf(one), status, reason: "" }),
				),
		]),
	fc.tuple(number, group, fc.boolean()).map(([one, id, joins]): [string, Command] => [
		`${one} ${joins ? "joins" : "leaves"} ${id}`,
		(world) =>
			world.change(({ haDesk }) => {
				const member = { ...world.by(), id, deviceId: world.idOf(one) };
				return haDesk.obey({ kind: joins ? "join" : "leave", ...member });
			}),
	]),
	fc.constantFrom(1, 299, 600).map((seconds): [string, Command] => [
		`${seconds} s pass`,
		(world) => {
			world.now += seconds;
			vi.setSystemTime(world.now * 1_000);
		},
	]),
	fc.constantFrom([FROM, TO], [TO, FROM], [TO, OTHER], [OTHER, TO]).map(([id, to]): [string, Command] => [
		`transfer from ${id} to ${to}`,
		(world) => {
			// What begins later is another transfer than the one that is looked at here.
			if (world.running() === null) return;
			const outcome = world.begin(id, to);
			const isThis = id === FROM && to === TO;
			expect(outcome).toMatchObject(isThis ? { ok: true, changed: false } : { reason: "transfer_running" });
		},
	]),
);
const revocation = fc
	.constantFrom(FROM, TO)
	.map((id): [string, Command] => [
		`${id} is revoked`,
		(world) =>
			world.change(({ licenseDesk }) => licenseDesk.setStatus({ ...world.by(), id, status: "revoked", reason: "" })),
	]);
const command = fc.oneof(
	{ weight: 4, arbitrary: page },
	{ weight: 6, arbitrary: other },
	{ weight: 1, arbitrary: revocation },
);

/** @param before the seats as they were @param isPage whether nothing but pages was to change them */
function expectSound(world: World, before: readonly Seat[], wasMoving: boolean, isPage: boolean): void {
	const { desks, storage, plan, now } = world;
	const seats = world.seats();
	for (const { license, taken } of storage.sql.exec("SELECT license, taken FROM seat_counts").toArray()) {
		expect([license, taken]).toEqual([license, seats.filter((seat) => seat.license === license).length]);
	}
	const bySeat = new Map(seats.map((seat) => [seat.holder, seat]));
	for (const { id, license, haGroup, status } of desks.devices.devices("", 100)) {
		const seat = bySeat.get(haGroup ?? id);
		if (seat !== undefined) expect([id, license]).toEqual([id, seat.license]);
		if (haGroup !== null) expect([id, license]).toEqual([id, desks.groups.group(haGroup)?.license]);
		const isFixed = license === FROM ? plan.leases[0] === 0 : plan.leases[1] === 0;
		if (isFixed && (status === "active" || status === "suspended")) expect([id, seat?.until]).toEqual([id, null]);
	}
	const moving = desks.transfers.moving();
	const promised = moving === null ? 0 : world.live(FROM).length;
	const terms = desks.licenses.license(TO);
	expect(world.live(TO).length + promised).toBeLessThanOrEqual(terms?.seats ?? 0);
	if (isPage) expectMoved(world, before, seats, wasMoving);
	if (world.running() === null && plan.leases[1] > 0) {
		expect(seats.filter(({ license, until }) => license === TO && until === null)).toEqual([]);
	}
	expect(desks.transfers.of(FROM)?.moved).toBe(world.moved);
	for (const seat of seats) if (seat.license === FROM && moving === null && wasMoving) expectLeft(world, now);
}

/** Pages move seats, give leases, and free those whose lease is over; nothing else. */
function expectMoved(world: World, before: readonly Seat[], after: readonly Seat[], wasMoving: boolean): void {
	const { now, plan } = world;
	const wasLive = before.filter(({ until }) => until === null || until > now);
	const isLive = after.filter(({ until }) => until === null || until > now);
	expect(isLive.map(({ holder }) => holder)).toEqual(wasLive.map(({ holder }) => holder));
	for (const [at, seat] of isLive.entries()) {
		const was = wasLive[at];
		if (was === undefined || JSON.stringify(was) === JSON.stringify(seat)) continue;
		const isMoved = was.license === FROM && seat.license === TO;
		if (isMoved) world.moved += 1;
		expect([wasMoving && isMoved, was.license === seat.license]).toContain(true);
		if (seat.until === null) continue;
		// Who comes from a fixed license may have a token from before; who comes from an elastic one keeps what it has.
		const least = was.until === null ? now + TOKENS_END_AFTER : was.until;
		expect(seat.until).toBeGreaterThanOrEqual(Math.max(least, now + plan.leases[1]));
	}
}

/** A seat of the license that is left, when all are said to have gone over: the transfer was stopped. */
function expectLeft(world: World, now: number): void {
	const last = world.desks.transfers.of(FROM);
	expect([last?.isStopped, world.desks.licenses.license(TO)?.status, now]).toEqual([true, "revoked", now]);
}

const plan: fc.Arbitrary<Plan> = fc.record({
	leases: fc.tuple(fc.constantFrom(0, 0, 900), fc.constantFrom(0, 600)),
	devices: fc.integer({ min: 1, max: 12 }),
	grouped: fc.uniqueArray(fc.nat(11), { maxLength: 4 }),
	spare: fc.nat(2),
});

it("a transfer comes to its end, with every seat and every device", { timeout: RUNS_TIMEOUT_MS }, async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
	await fc.assert(
		fc.asyncProperty(plan, fc.array(command, { maxLength: 16 }), async (wanted, commands) => {
			vi.setSystemTime(NOW * 1_000);
			await runInDurableObject(bindings.ACCOUNT.getByName(freshName()), async (_, { storage }) => {
				const world = createWorld(wanted, storage);
				const done: string[] = [];
				const step = async (name: string, run: Command, isPage: boolean) => {
					done.push(name);
					const [before, wasMoving] = [world.seats(), world.desks.transfers.moving() !== null || name === "begin"];
					await run(world);
					expectSound(world, before, wasMoving, isPage);
				};
				try {
					world.storage.hasAlarm = false;
					await step("begin", () => world.begin(), true);
					// In its own transaction: whoever delivers what the change sets off may die before.
					if (world.running() !== null) expect(world.storage.hasAlarm).toBe(true);
					for (const [name, run] of commands) await step(name, run, name.startsWith("pages"));
					for (let count = 0; world.running() !== null && count < LAST_RUNS; count++) {
						await step("pages", () => world.desks.licenseTransfer.run(), true);
					}
					expect(world.running()).toBeNull();
				} catch (error) {
					throw new Error(`after ${done.join("; ")}`, { cause: error });
				}
			});
		}),
		{ numRuns: runs(25, 400) },
	);
});
