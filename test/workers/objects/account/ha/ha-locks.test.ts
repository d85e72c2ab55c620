// The locks of an HA group, step by step: what failed keeps the others from it, for how long, and whatever permit its device asks for next.
import { reset } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import type { WantedRelease } from "../../../../../src/content/releases/could-have.ts";
import { DAY, NOW } from "../../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../../support/accounts/ha-fixture.ts";

afterEach(() => reset());

const PRODUCT = "crs";

it("lets a day of silence block the group, and no longer than until the next version", async () => {
	const fixture = await createHaAccount();
	for (const who of [1, 2, 3]) await fixture.activateIn(who);
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
	expect(await locks()).toMatchObject([
		{ version: "3", state: "under_way", device: idOf(2) },
		{ version: "2", state: "failed" },
	]);
	await hear(2, "3", NOW + 40, "healthy");
	expect(await locks()).toEqual([]);
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

it.each(["healthy", "failed"] as const)(
	"knows that a device was %s before a permit that it gave back",
	async (outcome) => {
		const fixture = await createHaAccount();
		for (const who of [1, 2]) await fixture.activateIn(who);
		const { account, idOf } = fixture;
		const ask = (who: number, version: string, now: number) =>
			account().askHaLock({
				...{ deviceId: idOf(who), product: PRODUCT, version, sequence: Number(version), until: now + DAY, now },
			});
		const hear = (version: string, at: number, reported: "healthy" | "failed" | "released") =>
			account().hearHaLock({ deviceId: idOf(1), product: PRODUCT, version, at, reported, now: NOW + 3 });
		await ask(1, "1", NOW);
		await hear("1", NOW, outcome);
		expect(await ask(1, "2", NOW + 1)).toMatchObject({ ok: true, at: NOW + 1 });
		await hear("2", NOW + 1, "released");
		// The same word again, and the next permit of the same second.
		await hear("2", NOW + 1, "released");
		expect(await ask(1, "2", NOW + 1)).toMatchObject({ ok: true, at: NOW + 2 });
		await hear("2", NOW + 2, "released");
		// It runs for a while before it fails.
		await hear("1", NOW, "failed");
		expect(await ask(2, "1", NOW + 4)).toMatchObject({ ok: false, reason: "ha_peer_failed", peer: idOf(1) });
		await ask(1, "2", NOW + 5);
		await hear("2", NOW + 5, "failed");
		for (const version of ["1", "2"])
			expect(await ask(2, version, NOW + 6)).toMatchObject({ ok: false, reason: "ha_peer_failed", peer: idOf(1) });
	},
);

it("has nobody wait longer for a device that takes its permit again and again, and says so once that is over", async () => {
	const fixture = await createHaAccount();
	for (const who of [1, 2]) await fixture.activateIn(who);
	const { account, idOf, group } = fixture;
	const ask = (who: number, now: number, leaseUntil?: number) =>
		account().askHaLock({
			...{ deviceId: idOf(who), product: PRODUCT, version: "1", sequence: 1, until: now + DAY, now },
			...(leaseUntil !== undefined && { leaseUntil }),
		});
	const locks = async (now: number) => (await account().haGroup(group, now))?.locks;
	expect(await ask(1, NOW)).toMatchObject({ ok: true, at: NOW });
	for (const now of [NOW + 1, NOW + DAY - 901]) {
		expect(await ask(1, now)).toMatchObject({ ok: true, at: NOW });
		expect(await locks(now)).toMatchObject([{ state: "under_way", until: NOW + DAY }]);
	}
	// It may install for some minutes after this, and has said nothing in all its time.
	const late = NOW + DAY - 900;
	expect(await ask(1, late)).toMatchObject({ ok: true, at: late });
	expect(await locks(late)).toMatchObject([{ state: "under_way", until: late + DAY }]);
	await account().hearHaLock({
		...{ deviceId: idOf(1), product: PRODUCT, version: "1", at: late },
		reported: "deferred",
		now: late,
	});
	expect(await ask(2, late + 1)).toMatchObject({ ok: false, reason: "ha_peer_failed", peer: idOf(1) });
});

it("has the others wait as long as a device's place in a rollout lasts", async () => {
	const fixture = await createHaAccount();
	for (const who of [1, 2]) await fixture.activateIn(who);
	const { account, idOf, group } = fixture;
	const question = { deviceId: idOf(1), product: PRODUCT, version: "1", sequence: 1, until: NOW + DAY, now: NOW };
	for (const leaseUntil of [undefined, NOW + 2 * DAY, undefined, NOW + DAY])
		await account().askHaLock({ ...question, ...(leaseUntil !== undefined && { leaseUntil }) });
	expect((await account().haGroup(group, NOW))?.locks).toMatchObject([{ until: NOW + 2 * DAY }]);
});

it("spares the others what failed on a device that asks for it again, and has to wait for one of them now", async () => {
	const fixture = await createHaAccount();
	for (const who of [1, 2]) await fixture.activateIn(who);
	const { account, idOf } = fixture;
	const say = async (active: number, passive: number, now: number) => {
		const says = { priority: null, installed: { [PRODUCT]: null }, peer: null, now };
		await account().reportHa({ ...says, deviceId: idOf(active), role: "active" });
		await account().reportHa({ ...says, deviceId: idOf(passive), role: "passive" });
	};
	const ask = (who: number, version: string, now: number) =>
		account().askHaLock({
			...{ deviceId: idOf(who), product: PRODUCT, version, sequence: Number(version), until: now + DAY, now },
		});
	const hear = (version: string, at: number, reported: "healthy" | "failed") =>
		account().hearHaLock({ deviceId: idOf(1), product: PRODUCT, version, at, reported, now: at });
	await say(2, 1, NOW);
	await ask(1, "2", NOW + 1);
	await hear("2", NOW + 1, "failed");
	await ask(1, "1", NOW + 2);
	await hear("1", NOW + 2, "healthy");
	await say(1, 2, NOW + 3);
	expect(await ask(1, "2", NOW + 4)).toMatchObject({ ok: false, reason: "ha_peer_first", peer: idOf(2) });
	expect(await ask(2, "2", NOW + 5)).toMatchObject({ ok: false, reason: "ha_peer_failed", peer: idOf(1) });
});

it("knows on joining what failed on a device with the download of an offer, whatever it says of older versions", async () => {
	const fixture = await createHaAccount();
	const { account, idOf, group } = fixture;
	await fixture.activate(1);
	await fixture.activateIn(2);
	const say = (at: number, version: string, outcome: "failed" | "healthy" | "deferred", sequence?: number) =>
		account().hearDevices([
			{
				...{ device: idOf(1), at, country: null, colo: null },
				said: {
					...{ kind: "reported", product: PRODUCT, from: null, version, outcome, reason: null, detail: null },
					...(sequence !== undefined && { sequence }),
				},
			},
		]);
	const ask = (who: number, version: string, now: number) =>
		account().askHaLock({
			...{ deviceId: idOf(who), product: PRODUCT, version, sequence: Number(version), until: now + DAY, now },
		});
	await say(NOW, "2", "failed", 2);
	await say(NOW + 1, "1", "failed", 1);
	await say(NOW + 2, "1", "healthy");
	await fixture.join(1, NOW + 3);
	const later = NOW + DAY;
	const refused = { ok: false, reason: "ha_peer_failed", peer: idOf(1) };
	expect(await ask(2, "2", later)).toMatchObject(refused);
	expect(await ask(2, "1", later)).toMatchObject({ ok: true });
	// An operator's later word stands when it comes again.
	const unlock = { kind: "unlock", actor: "ops", id: group, product: PRODUCT, reason: "looked at" } as const;
	await account().hearHaLock({
		deviceId: idOf(2),
		product: PRODUCT,
		version: "1",
		at: later,
		reported: "healthy",
		now: later,
	});
	expect(await account().changeHaGroup({ ...unlock, now: later })).toMatchObject({ changed: true });
	await fixture.leave(1, later + 1);
	await fixture.join(1, later + 2);
	const afterArrival = later + DAY;
	expect(await ask(2, "2", afterArrival)).toMatchObject({ ok: true });
});

it("forgets what failed with the download of an offer once the device has it after all", async () => {
	const fixture = await createHaAccount();
	const { account, idOf } = fixture;
	await fixture.activate(1);
	await fixture.activateIn(2);
	for (const [at, outcome] of [
		[NOW, "failed"],
		[NOW + 1, "healthy"],
	] as const)
		await account().hearDevices([
			{
				...{ device: idOf(1), at, country: null, colo: null },
				said: {
					...{ kind: "reported", product: PRODUCT, from: null, version: "2", outcome, reason: null, detail: null },
					...(outcome === "failed" && { sequence: 2 }),
				},
			},
		]);
	await fixture.join(1, NOW + 2);
	const question = {
		deviceId: idOf(2),
		product: PRODUCT,
		version: "2",
		sequence: 2,
		now: NOW + DAY,
		until: NOW + 2 * DAY,
	};
	expect(await account().askHaLock(question)).toMatchObject({ ok: true });
});
