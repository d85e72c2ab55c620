// Whatever happens to devices, their HA groups and their replacements, in whatever order: a seat has a device and a device
// that may have one has its seat or its part in one, no group has two, and nobody decides beyond the seats of a license.
import { reset, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import type { Account } from "../../../../src/objects/account/account.ts";
import { type AccountFixture, createAccount, DAY, NOW } from "../../../support/accounts/account-fixture.ts";
import { replaceStores } from "../../../support/object-bindings.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../support/runs.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";

afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

const RUNS = runs(15, 300);
const LEASE = 900;
const GROUPS = [0, 1] as const;

interface World extends Omit<AccountFixture, "account"> {
	/** the object itself: a call from outside costs more than what it does, and there are thousands */
	readonly account: Account;
	readonly sql: SqlStorage;
	now: number;
	codes: number;
	/** hashes of the codes for replacements, with the number of the appliance that each is for */
	readonly awaited: { readonly hash: string; readonly by: number }[];
	readonly elastic: boolean;
}
type Command = (world: World) => Promise<unknown>;

const device = fc.integer({ min: 1, max: 6 });
const group = fc.constantFrom(...GROUPS);
const by = ({ now }: World) => ({ actor: "olivia", now });
const idOf = (world: World, number: number) => world.device(number).candidateDeviceId;
const groupId = ({ name }: World, number: number) => `hag-${name}-0000000${number}`;

const activation = fc
	.tuple(device, fc.constantFrom("hash-a", "hash-a", "hash-b", "hash-g0", "hash-g1"))
	.map(([number, codeHash]): [string, Command] => [
		`${number} activates with ${codeHash}`,
		(world) => world.account.activate(world.device(number, { codeHash, now: world.now })),
	]);
const membership = fc
	.tuple(device, group, fc.constantFrom("join", "leave"))
	.map(([number, at, kind]): [string, Command] => [
		`${number} is to ${kind} ${at}`,
		(world) => {
			const member = { ...by(world), id: groupId(world, at), deviceId: idOf(world, number) };
			return kind === "join"
				? world.account.changeHaGroup({ kind: "join", ...member })
				: world.account.changeHaGroup({ kind: "leave", ...member });
		},
	]);
const replacement = fc.tuple(device, device).map(([dead, successor]): [string, Command] => [
	`${dead} is to be replaced by ${successor}`,
	async (world) => {
		world.codes += 1;
		const hash = `hash-r${world.codes}`;
		const code = { id: `code-r${world.codes}`, hash, expiresAt: world.now + DAY };
		const about = { deviceId: idOf(world, dead), serial: `FW-${successor}`, model: null, reason: "" };
		const result = await world.account.replaceDevice({ ...by(world), ...about, code });
		if (result.ok && result.code !== null) world.awaited.push({ hash, by: successor });
	},
]);
const takeOver = fc.tuple(fc.nat(1), fc.boolean()).map(([at, isReset]): [string, Command] => [
	`the code of a replacement, ${at} before the last, is used${isReset ? " with a new key" : ""}`,
	async (world) => {
		const code = world.awaited.at(-1 - at);
		if (code === undefined) return;
		const { serial } = world.device(code.by);
		const input = world.device(isReset ? code.by + 10 : code.by, { codeHash: code.hash, now: world.now });
		await world.account.activate({ ...input, serial });
	},
]);
const statusChange = fc
	.tuple(device, fc.constantFrom("active", "active", "suspended", "revoked"))
	.map(([number, status]): [string, Command] => [
		`${number} is to be ${status}`,
		(world) => world.account.setDeviceStatus({ ...by(world), deviceId: idOf(world, number), status, reason: "" }),
	]);
const deactivation = device.map((number): [string, Command] => [
	`${number} deactivates`,
	(world) =>
		world.account.setDeviceStatus({ ...by(world), deviceId: idOf(world, number), status: "deactivated", reason: "" }),
]);
const renewal = device.map((number): [string, Command] => [
	`${number} asks for a token`,
	(world) => world.account.renewSeat({ deviceId: idOf(world, number), now: world.now }),
]);
const terms = fc
	.integer({ min: 1, max: 3 })
	.map((seats): [string, Command] => [
		`${seats} seats`,
		(world) => world.account.changeLicense({ ...by(world), id: "lic-a", terms: { seats } }),
	]);
const transfer = fc
	.constantFrom(["lic-a", "lic-b"], ["lic-b", "lic-a"])
	.map(([id = "", to = ""]): [string, Command] => [
		`transfer of ${id}`,
		(world) => world.account.transferLicense({ ...by(world), id, to }),
	]);
const passing = fc.constantFrom(1, 300, LEASE).map((seconds): [string, Command] => [
	`${seconds} s pass`,
	async (world) => {
		world.now += seconds;
		vi.setSystemTime(world.now * 1_000);
	},
]);
const command = fc.oneof(
	{ weight: 6, arbitrary: activation },
	{ weight: 3, arbitrary: membership },
	{ weight: 3, arbitrary: replacement },
	{ weight: 5, arbitrary: takeOver },
	{ weight: 2, arbitrary: statusChange },
	...[deactivation, renewal, terms, transfer, passing].map((arbitrary) => ({ weight: 1, arbitrary })),
);

type DeviceRow = {
	id: string;
	status: string;
	license: string;
	ha_group: string | null;
	replaces: string | null;
	replaced_by: string | null;
};
type SeatRow = { holder: string; license: string; until: number | null };

async function look({ account, sql, now }: World) {
	const seats = sql.exec<SeatRow>("SELECT * FROM seats").toArray();
	const licenses = await account.listLicenses(now);
	return {
		devices: sql.exec<DeviceRow>("SELECT id, status, license, ha_group, replaces, replaced_by FROM devices").toArray(),
		seats,
		groups: sql.exec<{ id: string; license: string }>("SELECT id, license FROM ha_groups").toArray(),
		live: seats.filter(({ until }) => until === null || until > now),
		licenses: new Map(licenses.map((one) => [one.id, one])),
	};
}
type Seen = Awaited<ReturnType<typeof look>>;

function expectLaws(seen: Seen, before: Seen): void {
	const seated = seen.devices.filter(({ status }) => status === "active" || status === "suspended");
	for (const seat of seen.live) {
		const having = seated.filter((one) => (one.ha_group ?? one.id) === seat.holder);
		expect(having.length, `devices of ${seat.holder}`).toBeGreaterThan(0);
		expect(new Set(having.map(({ license }) => license))).toEqual(new Set([seat.license]));
	}
	const holders = new Set(seen.live.map(({ holder }) => holder));
	for (const one of seated) {
		// Under an elastic license its lease may be over, and nothing else takes it.
		const isFixed = seen.licenses.get(one.license)?.kind === "fixed";
		if (isFixed) expect(holders, `whose seat ${one.id} has`).toContain(one.ha_group ?? one.id);
		if (one.ha_group !== null) expect(holders, `no second one for ${one.id}`).not.toContain(one.id);
	}
	for (const one of seen.devices.filter(({ ha_group }) => ha_group !== null)) {
		expect(one.license).toBe(seen.groups.find(({ id }) => id === one.ha_group)?.license);
	}
	for (const [id, { seatsTaken, seats }] of seen.licenses) {
		expect(seatsTaken).toBe(seen.live.filter(({ license }) => license === id).length);
		const takenBefore = before.licenses.get(id)?.seatsTaken ?? 0;
		expect(seatsTaken, `of ${id}`).toBeLessThanOrEqual(Math.max(seats, takenBefore));
	}
	for (const one of seen.devices) {
		if (one.replaced_by === null) continue;
		const successor = seen.devices.find(({ id }) => id === one.replaced_by);
		const its = seen.devices.find(({ id }) => id === successor?.replaces);
		expect([one.status, its?.replaced_by]).toEqual(["revoked", one.replaced_by]);
	}
}

/** Runs the work in a new account with two groups. */
async function inWorld(elastic: boolean, work: (world: World) => Promise<void>): Promise<void> {
	const fixture = await createAccount({ seats: 2, ...(elastic ? { leaseSeconds: LEASE } : {}) });
	await replaceStores(fixture.account(), { fake: new FakeRecordStore() });
	await runInDurableObject(fixture.account(), async (account, { storage: { sql } }) => {
		const world: World = { ...fixture, account, sql, now: NOW, codes: 0, awaited: [], elastic };
		await createGroups(world);
		await work(world);
	});
}

async function createGroups(world: World): Promise<void> {
	const settings = {
		mode: "active-active",
		skewLimitSeconds: DAY,
		sync: false,
		license: "lic-a",
		devices: [],
	} as const;
	for (const at of GROUPS) {
		const id = groupId(world, at);
		await world.account.changeHaGroup({ kind: "create", ...by(world), id, name: `group ${at}`, ...settings });
		const code = { id: `code-g${at}`, hash: `hash-g${at}`, license: null, haGroup: id, uses: 1_000 };
		await world.account.createCode({ ...by(world), ...code, expiresAt: NOW + DAY, serial: null, model: null });
	}
}

it.each([
	["fixed", false],
	["elastic", true],
] as const)(
	"holds after every command, under a license that is %s",
	{ timeout: RUNS_TIMEOUT_MS },
	async (_, elastic) => {
		vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
		let replaced = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 50 }), async (commands) => {
				vi.setSystemTime(NOW * 1_000);
				await inWorld(elastic, async (world) => {
					const done: string[] = [];
					let before = await look(world);
					try {
						for (const [name, run] of commands) {
							done.push(name);
							await run(world);
							const seen = await look(world);
							expectLaws(seen, before);
							before = seen;
						}
					} catch (error) {
						throw new Error(`after ${done.join("; ")}`, { cause: error });
					}
					replaced += before.devices.filter(({ replaced_by }) => replaced_by !== null).length;
				});
			}),
			{ numRuns: RUNS },
		);
		expect(replaced).toBeGreaterThan(RUNS / 3);
	},
);
