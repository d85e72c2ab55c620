// Whatever the devices of a group ask, report, fail, fail over, leave, lose answers, and whenever their object dies: never two of them
// have an open permit, nobody gets what broke another one, and once all are well each of them gets the next version.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import type { WantedRelease } from "../../../../../src/content/releases/could-have.ts";
import type { HaRole } from "../../../../../src/entitlement/ha/ha-group.ts";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { DAY, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../support/runs.ts";

afterEach(() => reset());

const RUNS = runs(15, 400);
const PRODUCT = "crs";
const LEASE = 3_600;
const NUMBERS = [1, 2, 3] as const;

interface Permit {
	readonly version: string;
	readonly at: number;
	readonly until: number;
	state: "open" | "healthy" | "failed";
}
interface World {
	account: Account;
	readonly revive: () => Account;
	readonly group: string;
	readonly idOf: (number: number) => string;
	now: number;
	/** the last permit of each device that is in the group */
	readonly permits: Map<number, Permit>;
	/** the newest version that somebody left for an older one after it had failed, until a newer one comes */
	left: { readonly who: number; readonly version: string } | null;
}
type Command = (world: World) => Promise<unknown>;

const number = fc.constantFrom(...NUMBERS);
const version = fc.constantFrom("1", "2");

async function ask(world: World, who: number, wanted: string): Promise<boolean> {
	const { account, now, permits, idOf } = world;
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
		if (own?.state === "open") permits.delete(who);
		return false;
	}
	if (answer.at === null) return true;
	for (const [other, permit] of permits) {
		if (other === who) continue;
		expect(permit.state === "open" && now < permit.until, `${other} and ${who} have a permit`).toBe(false);
		const isBad = permit.state !== "healthy" && permit.version === wanted;
		expect(isBad, `${who} got what ${other} failed with`).toBe(false);
	}
	const { left } = world;
	if (left !== null && left.who !== who)
		expect(wanted, `${who} got what ${left.who} went back from`).not.toBe(left.version);
	const isOver = own !== undefined && (own.state === "failed" || (own.state === "open" && now >= own.until));
	if (isOver && own.version > wanted && own.version > (left?.version ?? "")) world.left = { who, version: own.version };
	else if (left !== null && wanted > left.version) world.left = null;
	permits.set(who, { version: wanted, at: answer.at, until, state: "open" });
	return true;
}

async function report(
	world: World,
	who: number,
	reported: "healthy" | "failed" | "installed" | "deferred",
): Promise<void> {
	const permit = world.permits.get(who);
	if (permit === undefined) return;
	const { version: of, at } = permit;
	await world.account.hearHaLock({
		...{ deviceId: world.idOf(who), product: PRODUCT, version: of, at, reported },
		now: world.now,
	});
	if (reported === "deferred" && permit.state === "open") world.permits.delete(who);
	if (reported === "failed" || (reported === "healthy" && permit.state === "open"))
		permit.state = reported === "failed" ? "failed" : "healthy";
	const { left } = world;
	if (reported === "healthy" && left?.who === who && left.version === of && permit.state === "healthy")
		world.left = null;
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
		.tuple(number, fc.constantFrom("leave", "join", "suspend", "reinstate", "deactivate"))
		.map(([who, what]): [string, Command] => [`${who}: ${what}`, (world) => change(world, who, what)]),
	fc.integer({ min: 1, max: LEASE * 2 }).map((seconds): [string, Command] => [
		`${seconds} s pass`,
		async (world) => {
			world.now += seconds;
		},
	]),
	fc.constant<[string, Command]>([
		"the object dies",
		async (world) => {
			world.account = world.revive();
		},
	]),
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
	const { account, now, group, idOf, permits } = world;
	const by = { ...OPERATOR, now, deviceId: idOf(who) };
	const outcome =
		what === "join"
			? await account.changeHaGroup({ kind: "join", ...by, id: group })
			: what === "leave"
				? await account.changeHaGroup({ kind: "leave", ...by, id: group })
				: what === "deactivate"
					? await account.setDeviceStatus({ ...by, status: "deactivated", reason: "" })
					: await account.setDeviceStatus({ ...by, status: what === "suspend" ? "suspended" : "active", reason: "" });
	if (!outcome.ok || (what !== "leave" && what !== "deactivate")) return;
	permits.delete(who);
	if (world.left?.who === who) world.left = null;
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
	world.left = null;
	for (const [who, { state }] of permits) if (state !== "healthy") permits.delete(who);
}

/** All are well, in the group, and of one mind about who is active: the next version comes to each of them. */
async function expectProgress(world: World, activate: (who: number) => Promise<unknown>): Promise<void> {
	world.now += 2 * LEASE;
	for (const who of NUMBERS) {
		await activate(who);
		await change(world, who, "reinstate");
		await change(world, who, "join");
		await say(world, who, who === 1 ? "active" : "passive", who);
	}
	const done = new Set<number>();
	for (let round = 0; round < NUMBERS.length + 1; round++) {
		for (const who of NUMBERS) {
			world.now += 1;
			if (done.has(who) || !(await ask(world, who, "3"))) continue;
			await report(world, who, "healthy");
			done.add(who);
		}
	}
	expect([...done].sort()).toEqual([...NUMBERS]);
}

it("holds in whatever order, wherever the object dies", { timeout: RUNS_TIMEOUT_MS }, async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(named, { minLength: 1, maxLength: 40 }), async (commands) => {
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
					permits: new Map(),
					left: null,
				};
				const log: string[] = [];
				try {
					for (const [name, command] of commands) {
						log.push(`${world.now - NOW}: ${name}`);
						await command(world);
					}
					await expectProgress(world, (who) =>
						world.account.activate(fixture.device(who, { codeHash: "hash-ha", now: world.now })),
					);
				} catch (error) {
					throw new Error(log.join("\n"), { cause: error });
				}
			});
		}),
		{ numRuns: RUNS },
	);
});

it("lets a day of silence block the group, and no longer than until the next version", async () => {
	const fixture = await createHaAccount();
	for (const who of NUMBERS) await fixture.activateIn(who);
	const { account, idOf } = fixture;
	const question = { product: PRODUCT, version: "1", sequence: 1, until: NOW + DAY };
	expect(await account().askHaLock({ ...question, deviceId: idOf(1), now: NOW })).toMatchObject({ ok: true, at: NOW });
	const refused = { ok: false, peer: idOf(1) };
	const late = { ...question, deviceId: idOf(2), now: NOW + DAY, until: NOW + 2 * DAY };
	expect(await account().askHaLock({ ...late, now: NOW + DAY - 1 })).toMatchObject({
		...refused,
		reason: "ha_peer_under_way",
	});
	expect(await account().askHaLock(late)).toMatchObject({ ...refused, reason: "ha_peer_failed" });
	expect(await account().askHaLock({ ...late, version: "2", sequence: 2 })).toMatchObject({ ok: true, at: NOW + DAY });
});

it("keeps what failed from the others while its device goes back, and until a newer version comes", async () => {
	const fixture = await createHaAccount();
	for (const who of [1, 2]) await fixture.activateIn(who);
	const { account, idOf, group } = fixture;
	const ask = (who: number, version: string, now: number) =>
		account().askHaLock({
			...{ deviceId: idOf(who), product: PRODUCT, version, sequence: Number(version), until: now + DAY, now },
		});
	const hear = (who: number, version: string, at: number, reported: "healthy" | "failed") =>
		account().hearHaLock({ deviceId: idOf(who), product: PRODUCT, version, at, reported, now: at + 1 });
	await ask(1, "2", NOW);
	await hear(1, "2", NOW, "failed");
	expect(await ask(1, "1", NOW + 10)).toMatchObject({ ok: true, at: NOW + 10 });
	expect(await ask(2, "2", NOW + 11)).toMatchObject({ reason: "ha_peer_under_way" });
	// The permit again, right before the older version is put in its place.
	expect(await ask(1, "1", NOW + 12)).toMatchObject({ ok: true, at: NOW + 10 });
	await hear(1, "1", NOW + 10, "healthy");
	expect(await ask(2, "2", NOW + 20)).toMatchObject({ reason: "ha_peer_failed", peer: idOf(1) });
	// Whoever lost its older version gets it again, and that lets nobody on.
	expect(await ask(2, "1", NOW + 21)).toMatchObject({ ok: true });
	await hear(2, "1", NOW + 21, "healthy");
	expect(await ask(2, "2", NOW + 30)).toMatchObject({ reason: "ha_peer_failed" });
	const locks = async () => (await account().haGroup(group, NOW + 30))?.locks;
	expect(await locks()).toMatchObject([{ version: "2", state: "failed", device: idOf(1) }]);
	expect(await ask(2, "3", NOW + 40)).toMatchObject({ ok: true });
	expect(await locks()).toMatchObject([{ version: "3", state: "under_way" }]);
});

it("has nobody wait for a passive device that its account holds back, and still one at a time", async () => {
	const fixture = await createHaAccount();
	for (const who of [1, 2]) await fixture.activateIn(who);
	const { account, idOf } = fixture;
	const says = { priority: null, installed: { [PRODUCT]: "1" }, peer: null, now: NOW };
	await account().reportHa({ ...says, deviceId: idOf(1), role: "active" });
	await account().reportHa({ ...says, deviceId: idOf(2), role: "passive" });
	const release: WantedRelease = {
		...{
			version: "2",
			channel: "stable",
			models: null,
			engine: {},
			releasedAt: NOW - DAY,
			urgency: "routine",
			newer: [],
		},
	} as const;
	const ask = (who: number, now: number) =>
		account().askHaLock({
			...{ deviceId: idOf(who), product: PRODUCT, version: "2", sequence: 2, release, until: now + DAY, now },
		});
	expect(await ask(1, NOW + 1)).toMatchObject({ ok: false, reason: "ha_peer_first", peer: idOf(2) });
	const hold = [{ for: { device: idOf(2) }, hold: true }];
	expect(await account().changePolicy({ actor: "ops", now: NOW + 2, rules: hold, replaces: null })).toMatchObject({
		ok: true,
	});
	expect(await ask(1, NOW + 3)).toMatchObject({ ok: true });
	expect(await ask(2, NOW + 4)).toMatchObject({ ok: false, reason: "ha_peer_under_way", peer: idOf(1) });
});
