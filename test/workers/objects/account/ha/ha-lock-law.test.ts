// Whatever the devices of a group ask, are refused in the end, report, fail, fail over, leave, join again with a permit of their own, are
// suspended or given up, lose answers, and whenever their object dies: never two of them have an open permit, nobody gets what broke another one, whoever
// is to go first can at once, and once a permit's time is over each that can come gets the next version.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import type { HaRole } from "../../../../../src/entitlement/ha/ha-group.ts";
import type { DeviceWord, Said } from "../../../../../src/fleet/device-state.ts";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../support/runs.ts";

afterEach(() => {
	vi.useRealTimers();
	return reset();
});

const RUNS = runs(15, 400);
const PRODUCT = "crs";
const LEASE = 3_600;
const NUMBERS = [1, 2, 3] as const;

interface Permit {
	readonly version: string;
	readonly at: number;
	/** of the turn that its account gave; null = it was in no group */
	readonly lock: number | null;
	readonly until: number;
	state: "open" | "healthy" | "failed";
	/** its silence is no failure: see `mark` in entitlement/ha/ha-lock.ts */
	isExcused: boolean;
	/** what the device has again once it gives this one back; null = nothing */
	readonly before: Permit | null;
}
type Status = "active" | "suspended" | "deactivated";
interface World {
	account: Account;
	readonly revive: () => Account;
	readonly group: string;
	readonly idOf: (number: number) => string;
	now: number;
	readonly activate: (who: number) => ReturnType<Account["activate"]>;
	readonly statuses: Map<number, Status>;
	/** the last permit of each device that is in the group */
	readonly permits: Map<number, Permit>;
	/** and of each that is not, or was given up */
	readonly outside: Map<number, Permit>;
	/** that edges have heard, and the account not yet */
	words: DeviceWord[];
	/** by version the device that had another permit after it had failed, until a newer version is healthy */
	readonly left: Map<string, number>;
}
type Command = (world: World) => Promise<unknown>;

const number = fc.constantFrom(...NUMBERS);
const version = fc.constantFrom("1", "2");

const word = ({ now: at, idOf }: World, who: number, said: Said): DeviceWord => ({
	...{ device: idOf(who), at, country: null, colo: null, said },
});

/** The object's own clock goes on with the callers': it believes none that is ahead of it. */
function pass(world: World, seconds: number): void {
	world.now += seconds;
	vi.setSystemTime(world.now * 1_000);
}

async function wordsArrive(world: World): Promise<void> {
	const { words } = world;
	world.words = [];
	await world.account.hearDevices(words);
}

/** @returns null = it has a permit; else why not, and the number of the device that stands in the way */
async function refusal(world: World, who: number, wanted: string): Promise<{ reason: string; peer: number } | null> {
	const { account, permits, outside, idOf } = world;
	pass(world, 1);
	const { now } = world;
	const until = now + LEASE;
	const answer = await account.askHaLock({
		deviceId: idOf(who),
		product: PRODUCT,
		version: wanted,
		sequence: Number(wanted),
		until,
		now,
	});
	const own = permits.get(who);
	if (!answer.ok) {
		if (own?.state === "open" && now < own.until) giveBack(world, who);
		return { reason: answer.reason, peer: NUMBERS.find((number) => idOf(number) === answer.peer) ?? who };
	}
	const said = { kind: "permitted", product: PRODUCT, version: wanted, sequence: Number(wanted), until } as const;
	if (answer.at === null) {
		// Whoever was given up is refused by the edge.
		if (world.statuses.get(who) === "deactivated") return { reason: "deactivated", peer: who };
		world.words.push(word(world, who, { ...said, isLocked: false }));
		await wordsArrive(world);
		outside.set(who, { version: wanted, at: now, lock: null, until, state: "open", isExcused: true, before: null });
		return null;
	}
	world.words.push(word(world, who, { ...said, isLocked: true }));
	for (const [other, permit] of permits) {
		if (other === who) continue;
		expect(permit.state === "open" && now < permit.until, `${other} and ${who} have a permit`).toBe(false);
		const isSilent = permit.state === "open" && !permit.isExcused;
		const isBad = (permit.state === "failed" || isSilent) && permit.version === wanted;
		expect(isBad, `${who} got what ${other} failed with`).toBe(false);
	}
	const { left } = world;
	const leaver = left.get(wanted) ?? who;
	expect(leaver, `${who} got what ${leaver} had failed with`).toBe(who);
	const isOpen = own?.state === "open" && now < own.until;
	const isSilent = own?.state === "open" && now >= own.until && !own.isExcused;
	const isSame = isOpen && own.version === wanted && (own.lock ?? own.at) === answer.at;
	const isUntold = isOpen && own.version === wanted && !isSame && !own.isExcused;
	if (isUntold) expect(now, "the same permit until its last minutes").toBeGreaterThan(own.until - LEASE / 2);
	const isBadOwn = own?.state === "failed" || isSilent || isUntold;
	if (own !== undefined && isBadOwn && !left.has(own.version)) left.set(own.version, who);
	const before = (isOpen ? own.before : own) ?? null;
	const ends = isSame ? own.until : until;
	permits.set(who, { version: wanted, at: now, lock: answer.at, until: ends, state: "open", isExcused: false, before });
	return null;
}

async function ask(world: World, who: number, wanted: string): Promise<boolean> {
	return (await refusal(world, who, wanted)) === null;
}

/** Whoever is to go before a device gets its turn at once, and waits for no permit of the one that was refused. */
async function askInOrder(world: World, who: number, wanted: string): Promise<void> {
	let found = await refusal(world, who, wanted);
	if (found?.reason !== "ha_peer_first") return;
	for (const _ of NUMBERS) if (found?.reason === "ha_peer_first") found = await refusal(world, found.peer, wanted);
	expect(found?.reason ?? "ha_peer_failed", `after ${who} was refused`).toBe("ha_peer_failed");
}

/** A version fails on the device that goes first, which goes back and is the active one then. */
async function failOver(world: World, who: number, wanted: string): Promise<void> {
	for (const other of NUMBERS) await say(world, other, other === who ? "passive" : "active", null);
	if (!(await ask(world, who, wanted))) return;
	await report(world, who, "failed");
	if (await ask(world, who, "0")) await report(world, who, "healthy");
	for (const other of NUMBERS) await say(world, other, other === who ? "active" : "passive", null);
	for (const one of [who, ...NUMBERS]) await askInOrder(world, one, wanted);
}

function giveBack({ permits }: World, who: number): void {
	const before = permits.get(who)?.before ?? null;
	if (before === null) permits.delete(who);
	else permits.set(who, before);
}

/** The device has its turn, and its product has no place for it. */
async function askInVain(world: World, who: number, wanted: string): Promise<void> {
	const words = [...world.words];
	if (!(await ask(world, who, wanted))) return;
	const lock = world.permits.get(who)?.lock ?? null;
	if (lock === null) return;
	world.words = words;
	const about = { deviceId: world.idOf(who), product: PRODUCT, version: wanted, at: lock };
	await world.account.hearHaLock({ ...about, reported: "released", now: world.now });
	giveBack(world, who);
}

async function report(
	world: World,
	who: number,
	reported: "healthy" | "failed" | "installed" | "deferred",
): Promise<void> {
	const permit = world.permits.get(who) ?? world.outside.get(who);
	if (permit === undefined || world.statuses.get(who) === "deactivated") return;
	const { version: of, lock } = permit;
	const about = { product: PRODUCT, version: of };
	if (lock !== null)
		await world.account.hearHaLock({ ...about, deviceId: world.idOf(who), at: lock, reported, now: world.now });
	const why = { from: null, outcome: reported, reason: null, detail: null };
	world.words.push(word(world, who, { ...about, ...why, kind: "reported" }));
	if (reported === "deferred" && permit.state === "open") {
		if (world.permits.has(who)) giveBack(world, who);
		else if (permit.before === null) world.outside.delete(who);
		else world.outside.set(who, permit.before);
	}
	if (reported === "failed" || (reported === "healthy" && permit.state === "open"))
		permit.state = reported === "failed" ? "failed" : "healthy";
	if (reported !== "healthy" || permit.state !== "healthy" || !world.permits.has(who)) return;
	for (const [version, leaver] of world.left)
		if (version < of || (version === of && leaver === who)) world.left.delete(version);
}

const say = (world: World, who: number, role: HaRole | null, priority: number | null) =>
	world.account.reportHa({
		...{ deviceId: world.idOf(who), role, priority, installed: null, peer: null },
		now: world.now,
	});

const named = fc.oneof(
	{
		weight: 5,
		arbitrary: fc
			.tuple(number, version)
			.map(([who, wanted]): [string, Command] => [`${who} asks for ${wanted}`, (world) => ask(world, who, wanted)]),
	},
	{
		weight: 3,
		arbitrary: fc
			.tuple(number, version)
			.map(([who, wanted]): [string, Command] => [
				`${who} and whoever goes before it ask for ${wanted}`,
				(world) => askInOrder(world, who, wanted),
			]),
	},
	fc
		.tuple(number, version)
		.map(([who, wanted]): [string, Command] => [
			`${wanted} fails on ${who}, which is active then`,
			(world) => failOver(world, who, wanted),
		]),
	{
		weight: 2,
		arbitrary: fc
			.tuple(number, version)
			.map(([who, wanted]): [string, Command] => [
				`${who} asks for ${wanted} in vain`,
				(world) => askInVain(world, who, wanted),
			]),
	},
	{
		weight: 4,
		arbitrary: fc
			.tuple(number, fc.constantFrom("healthy", "failed", "installed", "deferred"))
			.map(([who, what]): [string, Command] => [`${who} reports ${what}`, (world) => report(world, who, what)]),
	},
	{
		weight: 2,
		arbitrary: fc
			.tuple(number, fc.constantFrom<HaRole>("active", "passive"), fc.option(fc.integer({ min: 1, max: 3 })))
			.map(([who, role, priority]): [string, Command] => [
				`${who} says ${role} ${priority}`,
				(world) => say(world, who, role, priority),
			]),
	},
	fc
		.tuple(number, fc.constantFrom("leave", "join", "suspend", "reinstate", "deactivate", "activate"))
		.map(([who, what]): [string, Command] => [`${who}: ${what}`, (world) => change(world, who, what)]),
	fc
		.integer({ min: 1, max: LEASE * 2 })
		.map((seconds): [string, Command] => [`${seconds} s pass`, async (world) => pass(world, seconds)]),
	fc.constant<[string, Command]>([
		"the object dies",
		async (world) => {
			world.account = world.revive();
		},
	]),
	fc.constant<[string, Command]>(["words arrive", wordsArrive]),
	fc.constant<[string, Command]>(["an operator unlocks", unlock]),
	fc.constantFrom("active-passive" as const, "active-active" as const).chain((mode) =>
		fc.boolean().map((sync): [string, Command] => [
			`it is ${mode}, ${sync}`,
			(world) =>
				world.account.changeHaGroup({
					kind: "change",
					...OPERATOR,
					now: world.now,
					id: world.group,
					settings: { mode, sync },
				}),
		]),
	),
);

async function change(world: World, who: number, what: string): Promise<void> {
	const { account, now, group, idOf, permits, outside, statuses } = world;
	const by = { ...OPERATOR, now, deviceId: idOf(who) };
	const set = (status: Status) => account.setDeviceStatus({ ...by, status, reason: "" });
	const change = () => {
		switch (what) {
			case "join":
			case "leave":
				return account.changeHaGroup({ kind: what, ...by, id: group });
			case "activate":
				return world.activate(who);
			case "deactivate":
				return set("deactivated");
			default:
				return set(what === "suspend" ? "suspended" : "active");
		}
	};
	const outcome = await change();
	if (!outcome.ok) return;
	const inGroup = permits.get(who);
	switch (what) {
		case "suspend":
			for (const held of [inGroup, outside.get(who)])
				if (held?.state === "open" && now < held.until) held.isExcused = true;
			statuses.set(who, "suspended");
			return;
		case "leave":
		case "deactivate":
			if (inGroup !== undefined) outside.set(who, inGroup);
			permits.delete(who);
			for (const [version, leaver] of world.left) if (leaver === who) world.left.delete(version);
			if (what === "deactivate") statuses.set(who, "deactivated");
			return;
		default: {
			const taken = outside.get(who);
			if (what !== "reinstate" && taken !== undefined) {
				outside.delete(who);
				if (now < taken.until) permits.set(who, taken);
			}
			if (what !== "join")
				statuses.set(who, statuses.get(who) === "suspended" && what === "activate" ? "suspended" : "active");
		}
	}
}

async function unlock(world: World): Promise<void> {
	const { account, now, group, permits } = world;
	const done = await account.changeHaGroup({
		kind: "unlock",
		...OPERATOR,
		now,
		id: group,
		product: PRODUCT,
		reason: "looked at",
	});
	if (!done.ok || !done.changed) return;
	world.left.clear();
	for (const [who, { state }] of permits) if (state !== "healthy") permits.delete(who);
}

/**
 * Once the time of every permit is over, the devices that can come are in the group and of one mind about who is active: the next version
 * comes to each of them.
 * @param missing one that is suspended, or given up; null = none
 */
async function expectProgress(world: World, missing: { who: number; what: string } | null): Promise<void> {
	if (missing !== null) await change(world, missing.who, missing.what);
	pass(world, 3 * LEASE);
	const those = NUMBERS.filter((who) => who !== missing?.who);
	for (const who of those) {
		await change(world, who, "activate");
		await change(world, who, "reinstate");
		await change(world, who, "join");
		await say(world, who, who === 1 ? "active" : "passive", who);
	}
	const done = new Set<number>();
	for (let round = 0; round < NUMBERS.length + 1; round++) {
		for (const who of those) {
			if (done.has(who) || !(await ask(world, who, "3"))) continue;
			await report(world, who, "healthy");
			done.add(who);
		}
	}
	expect([...done].sort()).toEqual(those);
}

const anyMissing = fc.option(fc.record({ who: number, what: fc.constantFrom("suspend", "deactivate", "leave") }));

it("holds in whatever order, wherever the object dies", { timeout: RUNS_TIMEOUT_MS }, async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(named, { minLength: 1, maxLength: 40 }), anyMissing, async (commands, missing) => {
			const fixture = await createHaAccount();
			for (const who of NUMBERS) await fixture.activateIn(who);
			await runInDurableObject(fixture.account(), async (instance, state) => {
				const kind = instance.constructor as new (state: DurableObjectState, bindings: unknown) => Account;
				const { group, idOf } = fixture;
				const world: World = {
					account: instance,
					revive: () => new kind(state, env),
					group,
					idOf,
					now: NOW + 1,
					activate: (who) => world.account.activate(fixture.device(who, { codeHash: "hash-ha", now: world.now })),
					statuses: new Map(NUMBERS.map((who) => [who, "active"])),
					permits: new Map(),
					outside: new Map(),
					words: [],
					left: new Map(),
				};
				pass(world, 0);
				const log: string[] = [];
				try {
					for (const [name, command] of commands) {
						log.push(`${world.now - NOW}: ${name}`);
						await command(world);
					}
					log.push(`missing: ${JSON.stringify(missing)}`);
					await expectProgress(world, missing);
				} catch (error) {
					throw new Error(log.join("\n"), { cause: error });
				}
			});
		}),
		{ numRuns: RUNS },
	);
});
