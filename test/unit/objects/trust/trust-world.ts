// A Trust object on a database and a bucket that outlive it: it dies where a test says, and what it serves is read as clients do.
import { createHash } from "node:crypto";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, vi } from "vitest";
import type { ObjectBindings } from "../../../../src/objects/bindings.ts";
import { Trust } from "../../../../src/objects/trust/trust.ts";
import { logSigners } from "../../../../src/signing/tlog/log-keys.ts";
import { isStillSigned } from "../../../../src/signing/tuf/accept.ts";
import { ServedLog } from "../../../support/tlog/served-log.ts";

export const START = 1_795_000_000;
const RETRY_SECONDS = 31;
export const FIRST_KEY = "old:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os";
export const SECOND_KEY = "new:O2L2uVUqOlcLvdWFWY-gitzUWYA7uhc2LcqMN33x7aA";

class Death extends Error {}

/** The keys of a device that has the newest root, or the one before. */
const LOG_KEYS = (await logSigners(`${FIRST_KEY},${SECOND_KEY}`, "updates.test/tlog")).map(
	({ verifierKey }) => verifierKey,
);

/** The object on a database and a bucket that outlive it. */
export class World {
	readonly database = new DatabaseSync(":memory:");
	readonly bucket: Map<string, string | Uint8Array>;
	readonly log: ServedLog;
	macKeys = FIRST_KEY;
	now = START;
	deaths = 0;
	#left = Number.POSITIVE_INFINITY;

	/** @param bucket that another object may have written to */
	constructor(bucket = new Map<string, string | Uint8Array>()) {
		this.bucket = bucket;
		this.log = new ServedLog(LOG_KEYS, (path) => bucket.get(`tlog/${path}`));
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
				delete: (key: string) => query("DELETE FROM kv WHERE key = ? RETURNING key", key).length > 0,
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
		const etagOf = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
		const bucket = {
			head: async (key: string) => {
				const text = this.bucket.get(key);
				return text === undefined ? null : { etag: etagOf(text) };
			},
			get: async (key: string) => {
				const found = this.bucket.get(key);
				if (found === undefined) return null;
				return { text: async () => String(found), arrayBuffer: async () => Uint8Array.from(Buffer.from(found)).buffer };
			},
			put: async (
				key: string,
				text: string | Uint8Array,
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
			delete: async (keys: readonly string[]) => {
				this.#tick();
				for (const key of keys) this.bucket.delete(key);
			},
		};
		const env = { MAC_KEYS: this.macKeys, ISSUER: "https://updates.test", PULSES: bucket } as unknown as ObjectBindings;
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
		if (typeof text !== "string") throw new Error(`${file} is not there`);
		return { text, ...JSON.parse(text) };
	}

	/** Goes the way of a client, signatures and digests included. @returns version by role; null before there is a timestamp */
	async walk(): Promise<Record<string, number> | null> {
		await this.log.walk();
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
			const proof = this.bucket.get(`tuf/${expected}.${product}.tlog-proof`);
			await this.log.expectProved(product, expected, role.text, String(proof));
			versions[product] = expected;
		}
		return versions;
	}
}
