// An account that is set back to an earlier time, with the platform's recovery as its maker describes it: what stores and edges hold
// from the time that was lost counts for nothing afterwards, and no record stays ahead of its owner.
import { describe, expect, test } from "vitest";
import { type RewindParties, rewindAccount } from "../../src/routes/operator/accounts/rewind-account.ts";
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import { Deployment } from "./deployment.ts";
import { NO_FAULTS } from "./faults.ts";
import { Isolate } from "./isolate.ts";
import { createRandom } from "./random.ts";
import { VirtualTime } from "./virtual-time.ts";

const START_MS = 1_800_000_000_000;
const NOW = START_MS / 1_000;
const NAME = "aaaaaaaaaa";
const LIFETIMES = { headsFreshSeconds: 5, deviceFreshSeconds: 10, lastGoodSeconds: 86_400, tokenTtlSeconds: 3_600 };
const deviceOf = (number: number) => `dev-${NAME}-${String(number).padStart(16, "0")}`;
const [KEPT, SUSPENDED_SINCE, REINSTATED_SINCE, LOST] = [1, 2, 3, 4].map(deviceOf) as [string, string, string, string];
const TERMS = {
	...{ products: [{ product: "crs" }], seats: 10, startsAt: NOW - 1, endsAt: NOW + 9_999_999, graceSeconds: 0 },
	...{ delaySeconds: 0, emergencyDelaySeconds: 0, criticalSeconds: 0, leaseSeconds: 0 },
	...({ overage: "refuse", kind: "fixed" } as const),
};

/** A deployment in which an account was changed after a time to which it can be set back. */
class Scene {
	readonly time = new VirtualTime(START_MS);
	readonly random = createRandom(1);
	readonly deployment: Deployment;
	/** unix seconds */
	to = 0;

	constructor(stores: readonly RecordStoreName[]) {
		const world = { time: this.time, random: this.random, locations: 2, areWritesLate: false, faults: NO_FAULTS };
		this.deployment = new Deployment({ world, storeNames: stores, tokenTtlSeconds: 3_600, onCommit: () => {} });
	}

	get account() {
		return this.deployment.account(NAME);
	}

	get by() {
		return { actor: "operator", now: Math.floor(this.time.nowMs() / 1_000) };
	}

	async after<T>(seconds: number, work: Promise<T>): Promise<T> {
		// Handled here, should it end before the time does.
		work.catch(() => {});
		await this.time.runUntil(this.time.nowMs() + seconds * 1_000);
		return work;
	}

	async activate(number: number): Promise<void> {
		const firewall = { serial: `FW-${number}`, model: "PA-440", labels: {}, dpopBound: true, jkt: `jkt-${number}` };
		const jwk = { kty: "OKP", crv: "Ed25519", x: `key-${number}` } as const;
		const claims = { ...firewall, jwk, codeHash: "hash-a", candidateDeviceId: deviceOf(number), now: this.by.now };
		expect(await this.account.call(0, (object) => object.activate(claims))).toMatchObject({ ok: true });
	}

	async setStatus(deviceId: string, status: "active" | "suspended"): Promise<void> {
		const change = { ...this.by, deviceId, status, reason: "" };
		expect(await this.account.call(0, (object) => object.setDeviceStatus(change))).toMatchObject({ ok: true });
	}

	async prepare(): Promise<void> {
		const call = this.account.call.bind(this.account);
		await call(0, (object) => object.create({ ...this.by, id: `acct-${NAME}000000`, name: "Test" }));
		await call(0, (object) => object.createLicense({ ...this.by, id: "lic-a", terms: TERMS }));
		const code = { id: "code-a", hash: "hash-a", license: "lic-a", uses: 10, serial: null, model: null };
		await call(0, (object) => object.createCode({ ...this.by, ...code, expiresAt: NOW + 9_999_999 }));
		for (const number of [1, 2, 3]) await this.activate(number);
		await this.setStatus(REINSTATED_SINCE, "suspended");
	}

	/** What is lost afterwards. */
	async change(): Promise<void> {
		await this.activate(4);
		await this.setStatus(SUSPENDED_SINCE, "suspended");
		await this.setStatus(REINSTATED_SINCE, "active");
		const shorter = { ...this.by, id: "lic-a", terms: { ...TERMS, seats: 4 } };
		await this.account.call(0, (object) => object.changeLicense(shorter as never));
	}

	async survey() {
		const survey = await this.account.call(0, (object) => object.rewind({ kind: "survey", to: this.to }));
		if (survey?.kind !== "survey") throw new Error("no account");
		return survey;
	}

	/** All of it up to the restore, after which nobody goes on. */
	async breakOff(): Promise<void> {
		const { account, directory } = this.parties();
		const { floor } = await this.survey();
		const closed = await account().rewind({ kind: "close", now: this.by.now });
		if (closed?.kind !== "closed") throw new Error("no account");
		const { epoch, permits } = closed;
		await directory().prepareRewind(NAME, { floor, epoch, permits: permits ?? [] });
		await account()
			.rewind({ kind: "restore", to: this.to, now: this.by.now })
			.catch(() => null);
	}

	async rewind(to = this.to) {
		const survey = await this.survey();
		return rewindAccount(this.parties(), { objectName: NAME, to, reason: "a script", by: this.by }, survey);
	}

	parties(): RewindParties {
		const { ACCOUNT, DIRECTORY } = this.deployment.bindings(0) as unknown as Record<
			"ACCOUNT" | "DIRECTORY",
			{ getByName(name: string): never }
		>;
		return { account: () => ACCOUNT.getByName(NAME), directory: () => DIRECTORY.getByName("directory") };
	}

	async drift(): Promise<readonly unknown[]> {
		const page = { after: "", limit: 200, store: null };
		const result = await this.account.call(0, (object) => object.verifyRecords(page));
		const unclear = result?.stores.filter(({ pending, unanswered }) => pending + unanswered > 0);
		return result === null ? ["no account"] : [...result.drift, ...(unclear ?? [])];
	}

	async token(isolate: Isolate, device: string): Promise<string> {
		return (await this.after(10, isolate.ask("token", device, "crs", null))).outcome;
	}
}

async function inScene(
	stores: readonly RecordStoreName[],
	test: (scene: Scene) => Promise<void>,
	prepareMore: (scene: Scene) => Promise<void> = async () => {},
): Promise<void> {
	const scene = new Scene(stores);
	await scene.time.instead(scene.random, async () => {
		await scene.after(300, scene.prepare());
		await scene.after(60, prepareMore(scene));
		scene.to = scene.by.now;
		scene.account.disk.keep(scene.time.nowMs());
		await scene.after(10, Promise.resolve());
		await scene.after(600, scene.change());
		await test(scene);
	});
	scene.deployment.close();
}

describe.each<readonly RecordStoreName[][]>([[["kv"]], [["redis"]], [["redis", "kv"]]])(
	"with records in %j",
	(stores) => {
		test("what would be lost is shown, and nothing is changed by that", () =>
			inScene(stores, async (scene) => {
				expect(await scene.after(5, scene.survey())).toMatchObject({
					byType: { "device.new": 1, "device.suspended": 1, "device.active": 1 },
					devices: [LOST],
					letInAgain: [SUSPENDED_SINCE],
				});
				expect(
					await scene.after(
						5,
						scene.account.call(0, (object) => object.device(LOST)),
					),
				).not.toBeNull();
			}));

		test("a record that is set back would be behind its stores for ever; one whose account caught up is not", () =>
			inScene(stores, async (scene) => {
				expect(await scene.after(5, scene.rewind())).toMatchObject({ ok: true });
				await scene.after(600, Promise.resolve());
				expect(await scene.after(60, scene.drift())).toEqual([]);
				for (const store of scene.deployment.stores) expect(store.regressed).toBe(0);
			}));

		test("devices are what they were then, at edges that had seen what came after", () =>
			inScene(stores, async (scene) => {
				const isolate = new Isolate(scene.deployment, 1, LIFETIMES);
				const all = [KEPT, SUSPENDED_SINCE, REINSTATED_SINCE, LOST];
				const before = [];
				for (const device of all) before.push(await scene.token(isolate, device));
				expect(before).toEqual(["allowed", "refused", "allowed", "allowed"]);
				await scene.after(5, scene.rewind());
				await scene.after(300, Promise.resolve());
				const after = [];
				for (const device of all) after.push(await scene.token(isolate, device));
				expect(after).toEqual(["allowed", "allowed", "refused", "refused"]);
			}));

		test("it breaks off between the restore and the rest: the same again ends it", () =>
			inScene(stores, async (scene) => {
				await scene.after(5, scene.breakOff());
				expect(
					await scene.after(
						5,
						scene.account.call(0, (object) => object.device(LOST)),
					),
				).toBeNull();
				expect(await scene.after(60, scene.drift())).not.toEqual([]);
				expect(await scene.after(5, scene.rewind())).toMatchObject({ ok: true });
				await scene.after(600, Promise.resolve());
				expect(await scene.after(60, scene.drift())).toEqual([]);
			}));

		test("no place of the trail is used twice, and the trail tells of it", () =>
			inScene(stores, async (scene) => {
				const trail = () => scene.account.call(0, (object) => object.events({ after: 0, limit: 1_000, types: [] }));
				const before = (await scene.after(5, trail()))?.entries ?? [];
				await scene.after(5, scene.rewind());
				const after = (await scene.after(5, trail()))?.entries ?? [];
				const known = new Map(before.map((entry) => [entry.seq, entry]));
				for (const entry of after) expect(known.get(entry.seq) ?? entry).toEqual(entry);
				expect(after.at(-1)).toMatchObject({
					action: "account.rewind",
					detail: expect.stringMatching(/lost: a script$/),
				});
			}));
	},
);

describe("the permit of a device of an HA group that was given since", () => {
	const [ONE, OTHER] = [KEPT, REINSTATED_SINCE];
	const group = (scene: Scene) =>
		scene.account.call(0, (object) =>
			object.changeHaGroup({
				...{ ...scene.by, kind: "create", id: `hag-${NAME}-00000001`, name: "pair", mode: "active-active" },
				...{ license: "lic-a", skewLimitSeconds: 3_600, sync: false, devices: [ONE, OTHER] },
			}),
		);
	const inPair = (test: (scene: Scene) => Promise<void>) =>
		inScene(["kv"], test, async (scene) => {
			await scene.setStatus(REINSTATED_SINCE, "active");
			expect(await group(scene)).toMatchObject({ ok: true });
			// Until they say what they have, each could still install what it was offered before it joined.
			for (const deviceId of [ONE, OTHER]) {
				const said = { role: null, priority: null, installed: { crs: "1.0.0" }, peer: null };
				await scene.account.call(0, (object) => object.reportHa({ ...said, deviceId, now: scene.by.now }));
			}
		});
	const ask = (scene: Scene, deviceId: string) => {
		const { now } = scene.by;
		const question = { deviceId, product: "crs", version: "1.1.0", sequence: 2, until: now + 3_600, now };
		return scene.after(
			5,
			scene.account.call(0, (object) => object.askHaLock(question)),
		);
	};
	const healthy = (scene: Scene, at: number) =>
		scene.after(
			5,
			scene.account.call(0, (object) =>
				object.hearHaLock({
					...{ deviceId: ONE, product: "crs", version: "1.1.0", at },
					...{ reported: "healthy", now: scene.by.now },
				}),
			),
		);
	const WAIT = { ok: false, reason: "ha_peer_under_way" };

	test("is known afterwards: the other one waits until its report", () =>
		inPair(async (scene) => {
			const turn = await ask(scene, ONE);
			expect(turn).toMatchObject({ ok: true, peers: [OTHER] });
			expect(await scene.after(5, scene.rewind())).toMatchObject({ ok: true });
			expect(await ask(scene, OTHER)).toMatchObject(WAIT);
			await healthy(scene, turn.ok ? (turn.at ?? 0) : 0);
			expect(await ask(scene, OTHER)).toMatchObject({ ok: true });
		}));

	test("is known although the account was broken off between the restore and the rest", () =>
		inPair(async (scene) => {
			await ask(scene, ONE);
			await scene.after(5, scene.breakOff());
			expect(await scene.after(5, scene.rewind())).toMatchObject({ ok: true });
			expect(await ask(scene, OTHER)).toMatchObject(WAIT);
		}));

	test("is over once the device has said so, also when the account is set back again", () =>
		inPair(async (scene) => {
			const turn = await ask(scene, ONE);
			await scene.after(5, scene.rewind());
			await healthy(scene, turn.ok ? (turn.at ?? 0) : 0);
			scene.to = scene.by.now;
			scene.account.disk.keep(scene.time.nowMs());
			await scene.after(10, scene.setStatus(SUSPENDED_SINCE, "suspended"));
			expect(await scene.after(5, scene.rewind())).toMatchObject({ ok: true });
			expect(await ask(scene, OTHER)).toMatchObject({ ok: true });
		}));

	test("is not given while the account is about to be set back, and is again where nothing came of that", () =>
		inPair(async (scene) => {
			const close = scene.account.call(0, (object) => object.rewind({ kind: "close", now: scene.by.now }));
			expect(await scene.after(1, close)).toMatchObject({ kind: "closed", permits: [] });
			expect(await ask(scene, ONE)).toMatchObject(WAIT);
			await scene.after(60, Promise.resolve());
			expect(await ask(scene, ONE)).toMatchObject({ ok: true });
		}));

	test("cannot be lost to an account that began anew since: it is not set back then", () =>
		inPair(async (scene) => {
			const restore = { kind: "restore", to: scene.to, now: scene.by.now } as const;
			const outcome = scene.account.call(0, (object) => object.rewind(restore));
			expect(await scene.after(5, outcome)).toEqual({ kind: "not_closed" });
		}));
});

test("where the platform keeps no such state nothing is changed", () =>
	inScene(["kv"], async (scene) => {
		expect(await scene.after(5, scene.rewind(NOW - 1_000))).toEqual({ ok: false, reason: "no_history" });
		expect(
			await scene.after(
				5,
				scene.account.call(0, (object) => object.device(LOST)),
			),
		).not.toBeNull();
	}));
