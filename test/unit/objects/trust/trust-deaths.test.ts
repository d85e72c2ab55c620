// A TUF repository whose object dies between any two statements and puts, again and again, and whose callers ask again or not: what is
// served always verifies as one repository that goes forward, and a retry or the alarm finishes what was begun.
import { createHash } from "node:crypto";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ObjectBindings } from "../../../../src/objects/bindings.ts";
import { Trust } from "../../../../src/objects/trust/trust.ts";
import { isStillSigned } from "../../../../src/signing/tuf/accept.ts";
import type { TufSigner } from "../../../../src/signing/tuf/keys.ts";
import { onlineSigners } from "../../../../src/signing/tuf/online.ts";
import { signAll } from "../../../../src/signing/tuf/sign.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../support/runs.ts";
import { roleFileOf, rootOf, targetsOf } from "../../../support/tuf/files.ts";
import { newSigner } from "../../../support/tuf/keys.ts";
import { targetWith } from "../../../support/tuf/repository.ts";

const START = 1_795_000_000;
const RETRY_SECONDS = 31;
const FIRST_KEY = "old:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os";
const SECOND_KEY = "new:O2L2uVUqOlcLvdWFWY-gitzUWYA7uhc2LcqMN33x7aA";

class Death extends Error {}

/** The object on a database and a bucket that outlive it. */
class World {
	readonly database = new DatabaseSync(":memory:");
	readonly bucket = new Map<string, string>();
	macKeys = FIRST_KEY;
	now = START;
	deaths = 0;
	#left = Number.POSITIVE_INFINITY;

	constructor() {
		this.database.exec("CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT)");
	}

	/** Whoever is dead writes nothing more; to die before a read is to die before the next write. */
	#tick(): void {
		if (this.#left-- <= 0) throw new Death();
	}

	#wake(): Trust {
		const query = (text: string, ...values: SQLInputValue[]) => this.database.prepare(text).all(...values);
		const storage = {
			sql: {
				exec: (text: string, ...values: SQLInputValue[]) => {
					if (!text.startsWith("SELECT")) this.#tick();
					const rows = query(text, ...values);
					return { toArray: () => rows, one: () => rows[0] };
				},
			},
			kv: {
				get: (key: string) => {
					const [row] = query("SELECT value FROM kv WHERE key = ?", key) as { value: string }[];
					return row === undefined ? undefined : JSON.parse(row.value);
				},
				put: (key: string, value: unknown) => {
					this.#tick();
					query("INSERT OR REPLACE INTO kv (key, value) VALUES (?, ?)", key, JSON.stringify(value));
				},
			},
			transactionSync: <T>(work: () => T): T => {
				this.database.exec("BEGIN");
				try {
					const result = work();
					this.#tick();
					this.database.exec("COMMIT");
					return result;
				} catch (error) {
					this.database.exec("ROLLBACK");
					throw error;
				}
			},
			getAlarm: async () => this.now * 1_000,
			// It rings below.
			setAlarm: async () => {},
			deleteAlarm: async () => {},
		};
		const etagOf = (text: string) => createHash("sha256").update(text).digest("hex");
		const bucket = {
			head: async (key: string) => {
				const text = this.bucket.get(key);
				return text === undefined ? null : { etag: etagOf(text) };
			},
			put: async (
				key: string,
				text: string,
				{ onlyIf }: { onlyIf: { etagMatches?: string; etagDoesNotMatch?: string } },
			) => {
				this.#tick();
				const before = this.bucket.get(key);
				const isWritten =
					onlyIf.etagMatches === undefined
						? before === undefined
						: before !== undefined && etagOf(before) === onlyIf.etagMatches;
				if (isWritten) this.bucket.set(key, text);
				// It may be written, and its writer never hear of it.
				this.#tick();
				return isWritten ? {} : null;
			},
		};
		const env = { MAC_KEYS: this.macKeys, PULSES: bucket } as unknown as ObjectBindings;
		return new Trust({ storage } as unknown as DurableObjectState, env);
	}

	/** @param diesAt the statement or put at which it dies; null = it lives. @returns whether it came to an end and said so */
	async call(work: (trust: Trust) => Promise<unknown>, diesAt: number | null): Promise<boolean> {
		vi.setSystemTime(this.now * 1_000);
		this.#left = diesAt ?? Number.POSITIVE_INFINITY;
		try {
			expect(await work(this.#wake())).toBe(true);
		} catch (error) {
			if (!(error instanceof Death) && this.#left >= 0) throw error;
		}
		const isDead = this.#left < 0;
		if (isDead) this.deaths += 1;
		this.#left = Number.POSITIVE_INFINITY;
		return !isDead;
	}

	/** Rings once what is not written is due. */
	async ring(diesAt: number | null = null): Promise<void> {
		this.now += RETRY_SECONDS;
		await this.call(async (trust) => {
			await trust.alarm();
			return true;
		}, diesAt);
	}

	#read(file: string) {
		const text = this.bucket.get(`tuf/${file}`);
		if (text === undefined) throw new Error(`${file} is not there`);
		return { text, ...JSON.parse(text) };
	}

	/** Goes the way of a client, signatures and digests included. @returns version by role; null before there is a timestamp */
	async walk(): Promise<Record<string, number> | null> {
		if (!this.bucket.has("tuf/timestamp.json")) return null;
		let root = this.#read("1.root.json");
		while (this.bucket.has(`tuf/${root.signed.version + 1}.root.json`))
			root = this.#read(`${root.signed.version + 1}.root.json`);
		const { roles, keys } = root.signed;
		const check = async (file: string, role: object, by: object) => {
			const metadata = this.#read(file);
			if (!(await isStillSigned(metadata, role as typeof roles.root, by as typeof keys)))
				throw new Error(`${file} is not signed`);
			expect(Date.parse(metadata.signed.expires)).toBeGreaterThan(this.now * 1_000);
			return metadata;
		};
		const timestamp = await check("timestamp.json", roles.timestamp, keys);
		const { version, length, hashes } = timestamp.signed.meta["snapshot.json"];
		const snapshot = await check(`${version}.snapshot.json`, roles.snapshot, keys);
		expect([snapshot.text.length, createHash("sha256").update(snapshot.text).digest("hex")]).toEqual([
			length,
			hashes.sha256,
		]);
		const versions: Record<string, number> = {
			root: root.signed.version,
			timestamp: timestamp.signed.version,
			snapshot: version,
		};
		const { "targets.json": top, ...others } = snapshot.signed.meta as Record<string, { version: number }>;
		const targets = await check(`${top?.version}.targets.json`, roles.targets, keys);
		versions["targets"] = targets.signed.version;
		for (const [name, { version: expected }] of Object.entries(others)) {
			const product = name.replace(".json", "");
			const delegation = targets.signed.delegations.roles.find((one: { name: string }) => one.name === product);
			const role = await check(`${expected}.${name}`, delegation, targets.signed.delegations.keys);
			expect(role.signed.version).toBe(expected);
			versions[product] = expected;
		}
		return versions;
	}
}

type Upload = (trust: Trust, now: number) => Promise<unknown>;
let uploads: Upload[];
let rotation: Upload;
const accepted = async (result: Promise<{ readonly ok: boolean }>) => (await result).ok;

beforeAll(async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: START * 1_000 });
	const [root, targets, alice, bob] = await Promise.all([newSigner(), newSigner(), newSigner(), newSigner("ecdsa")]);
	const [first, second] = await Promise.all([onlineSigners(FIRST_KEY), onlineSigners(SECOND_KEY)]);
	const rootFile = (version: number, online: readonly TufSigner[]) =>
		signAll(rootOf(version, { root: [root], targets: [targets], online }, START), [root]);
	const targetsFile = (version: number, products: readonly string[]) =>
		signAll(
			targetsOf(
				version,
				products.map((product) => ({ product, signers: [alice, bob] })),
				START,
			),
			[targets],
		);
	const role = (product: string, version: number) => {
		const all = Object.fromEntries(
			["1", "2", "3"].slice(0, version).map((one) => [`${product}/${one}`, targetWith(one)]),
		);
		return signAll(roleFileOf(version, all, START), [alice]);
	};
	const [root1, root2, root3] = await Promise.all([
		rootFile(1, first),
		rootFile(2, [...first, ...second]),
		rootFile(3, second),
	]);
	const [targets1, targets2] = await Promise.all([targetsFile(1, ["crs"]), targetsFile(2, ["crs", "av"])]);
	const roles = await Promise.all([role("crs", 1), role("crs", 2), role("av", 1)]);
	const publish =
		(product: string, file: string | undefined): Upload =>
		(trust, now) =>
			accepted(trust.publishRole({ product, file: file ?? "", now }));
	uploads = [
		(trust, now) => accepted(trust.change({ root: root1, targets: targets1, now })),
		publish("crs", roles[0]),
		(trust, now) => accepted(trust.change({ targets: targets2, now })),
		publish("av", roles[2]),
		publish("crs", roles[1]),
		(trust, now) => accepted(trust.change({ root: root2, now })),
	];
	rotation = (trust, now) => accepted(trust.change({ root: root3, now }));
});
afterAll(() => {
	vi.useRealTimers();
});

/** Where it dies at each upload, and at the alarms after it; whether the caller asks again, or leaves it to the alarm. */
const anyCourse = fc.array(
	fc.record({ diesAt: fc.nat(18), ringDiesAt: fc.option(fc.nat(8), { freq: 3 }), isRetried: fc.boolean() }),
	{ minLength: 6, maxLength: 6 },
);

describe("a repository whose object dies in the middle of anything", () => {
	it("is served as one that verifies and goes forward, and is finished by a retry or the alarm", {
		timeout: RUNS_TIMEOUT_MS,
	}, async () => {
		let deaths = 0;
		await fc.assert(
			fc.asyncProperty(anyCourse, async (course) => {
				const world = new World();
				let before: Record<string, number> = {};
				const expectForward = async () => {
					const served = (await world.walk()) ?? {};
					for (const [role, version] of Object.entries(before))
						expect(served[role], role).toBeGreaterThanOrEqual(version);
					before = served;
				};
				for (const [index, { diesAt, ringDiesAt, isRetried }] of course.entries()) {
					const upload = uploads[index];
					if (upload === undefined) throw new Error("no such upload");
					const once = (dies: number | null) => world.call((trust) => upload(trust, world.now), dies);
					const isDone = await once(diesAt);
					await expectForward();
					if (ringDiesAt !== null) await world.ring(ringDiesAt);
					await expectForward();
					if (!isDone && isRetried) expect(await once(null)).toBe(true);
					await world.ring();
					await expectForward();
					// Before it was kept nothing of it is served; then only the caller can bring it again.
					if (!isDone && !isRetried) expect(await once(null)).toBe(true);
					await expectForward();
				}
				expect(before).toMatchObject({ root: 2, targets: 2, crs: 2, av: 1 });
				deaths += world.deaths;
				world.database.close();
			}),
			{ numRuns: runs(80, 2_500), seed: 14 },
		);
		expect(deaths).toBeGreaterThan(runs(320, 10_000));
	});

	it("goes on under other keys of the service, whether a root named them before the old ones were dropped or not", async () => {
		for (const isNamedBefore of [true, false]) {
			const world = new World();
			for (const upload of isNamedBefore ? uploads : uploads.slice(0, -1))
				await world.call((trust) => upload(trust, world.now), null);
			world.macKeys = SECOND_KEY;
			world.now += 900;
			const log = vi.spyOn(console, "error").mockImplementation(() => {});
			await world.ring();
			// Without a key that the root names nothing is renewed, and what is served still verifies for a day.
			expect(log).toHaveBeenCalledTimes(isNamedBefore ? 0 : 1);
			log.mockRestore();
			const served = await world.walk();
			expect(served).toMatchObject({ root: isNamedBefore ? 2 : 1, crs: 2 });
			if (!isNamedBefore) continue;
			expect(await world.call((trust) => rotation(trust, world.now), null)).toBe(true);
			expect(await world.walk()).toMatchObject({ root: 3, crs: 2 });
		}
	});
});
