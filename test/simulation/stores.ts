// Workers KV and a global Redis database as their makers describe them, at several locations, with faults. The KV model is
// a namespace, so the real adapter stands before it; the Redis model is the adapter too, with its compare in one step.

import { headsRecord } from "../../src/content/heads-record.ts";
import { deniedKey, HEADS_KEY } from "../../src/storage/keys.ts";
import {
	formatRecord,
	isRevisionKey,
	parseRecord,
	type RecordStore,
	RecordStoreError,
} from "../../src/storage/record-store.ts";
import type { FaultKind, Faults, Operation } from "./faults.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface World {
	readonly time: VirtualTime;
	readonly random: Random;
	readonly locations: number;
	/** whether a put to KV may land when its writer has given it up, also after the writer's death */
	readonly areWritesLate: boolean;
	faults: Faults;
}

interface Write {
	readonly text: string;
	readonly version: number;
	readonly atMs: number;
	/** per location */
	readonly visibleMs: readonly number[];
}

/** A version that took the place of another, or of none. */
export interface Landing {
	readonly atMs: number;
	/** 0 = the store has lost the key */
	readonly version: number;
	/** beyond what the store's maker promises, until the last location sees it */
	readonly overdueMs: number;
}

/** The model's part of PROPAGATION_SECONDS: up to 30 s until a location can see a write, up to 30 s more from its own copy. */
const KV_SPREAD_MS = 30_000;
/** "60 seconds or more": one in ten of these, where writes may be late. */
const KV_LONG_SPREAD_MS = 90_000;
const REDIS_LAG_MS = 1_000;
/** KV keeps one of two writes that come within it. */
const KV_WRITE_MS = 1_000;
const REDIS_WRITE_TIMEOUT_MS = 5_000;

/** What both have in common: what was written, in order, and who can see it. */
export class ModelStore {
	readonly name: "kv" | "redis";
	readonly world: World;
	readonly writes = new Map<string, Write[]>();
	/** versions that took the place of a higher one, where none may */
	regressed = 0;
	/** all that landed, per key, in order; kept where writes may be late */
	readonly landings = new Map<string, Landing[]>();
	/** heads that name a deny list which the store does not have */
	headsToNowhere = 0;
	/** records that were deleted */
	removed = 0;
	/** to a backup: then it may lack what it had, until its records are written again */
	wasRestored = false;
	/** the delay after which a location sees a write; a test may choose the worst */
	spreadMs: () => number;

	constructor(name: "kv" | "redis", world: World) {
		this.name = name;
		this.world = world;
		const most = () => {
			if (name === "redis") return REDIS_LAG_MS;
			return world.areWritesLate && world.random.chance(0.1) ? KV_LONG_SPREAD_MS : KV_SPREAD_MS;
		};
		this.spreadMs = () => world.random.between(0, most());
	}

	/** @returns the version that everybody will see in the end */
	newestVersion(key: string): number | null {
		return this.writes.get(key)?.at(-1)?.version ?? null;
	}

	visible(key: string, location: number): string | null {
		const now = this.world.time.nowMs();
		return this.writes.get(key)?.findLast(({ visibleMs }) => (visibleMs[location] ?? 0) <= now)?.text ?? null;
	}

	/** @param here where it is seen at once */
	append(key: string, text: string, here: number | null): void {
		const atMs = this.world.time.nowMs();
		const before = this.writes.get(key) ?? [];
		const { version, body: sealed } = parseRecord(key, text);
		const body = (sealed as { content: unknown }).content;
		if (key === HEADS_KEY) {
			const { denied } = headsRecord.parse(body);
			if (denied > 0 && !this.writes.has(deniedKey(denied)) && !this.wasRestored) this.headsToNowhere += 1;
		}
		const goesBack = !isRevisionKey(key) && version < (this.newestVersion(key) ?? 0);
		if (goesBack && !(this.world.areWritesLate && this.name === "kv")) this.regressed += 1;
		const visibleMs = Array.from({ length: this.world.locations }, (_, location) =>
			location === here ? atMs : Math.max(before.at(-1)?.visibleMs[location] ?? 0, atMs + this.spreadMs()),
		);
		this.#set(key, [...before.slice(this.world.areWritesLate ? -200 : -20), { text, version, atMs, visibleMs }]);
	}

	remove(key: string): void {
		if (this.writes.has(key)) this.removed += 1;
		this.#set(key, []);
	}

	/** Sets the store back to what it held at an earlier moment. */
	restore(toMs: number): void {
		this.wasRestored = true;
		const atMs = this.world.time.nowMs();
		for (const [key, writes] of this.writes) {
			const kept = writes.filter((write) => write.atMs <= toMs);
			if (kept.length === writes.length) continue;
			const visibleMs = Array.from({ length: this.world.locations }, () => atMs + this.spreadMs());
			const last = kept.at(-1);
			this.#set(key, last === undefined ? [] : [...kept, { ...last, atMs, visibleMs }]);
		}
	}

	#set(key: string, writes: Write[]): void {
		if (writes.length === 0) this.writes.delete(key);
		else this.writes.set(key, writes);
		if (!this.world.areWritesLate) return;
		const atMs = this.world.time.nowMs();
		const last = writes.at(-1);
		const overdueMs = Math.max(0, Math.max(...(last?.visibleMs ?? [])) - atMs - KV_SPREAD_MS);
		const landing = { atMs, version: last?.version ?? 0, overdueMs };
		this.landings.set(key, [...(this.landings.get(key) ?? []), landing]);
	}

	/** Lets an operation go wrong. @returns what is left to do: `act` is its effect */
	async operate<T>(
		operation: Operation,
		location: number,
		latencyMs: number,
		act: () => T,
		spoil?: (value: T) => T,
	): Promise<T> {
		const { time, random, faults } = this.world;
		const fault: FaultKind | null = faults.isCut(location, -1, time.nowMs())
			? random.pick(["before", "hang"])
			: faults.of(this.name, operation, location, time.nowMs());
		if (fault === "hang") return forever();
		if (fault === "slow") await time.pass(2_000);
		if (fault === "stall") await time.pass(random.between(...this.stallMs(operation)));
		await time.pass(latencyMs * random.next());
		if (fault === "before") throw new Error(`${this.name} does not want to`);
		const result = act();
		if (fault === "hang_after") return forever();
		await time.pass(latencyMs * random.next());
		if (fault === "after") throw new Error(`${this.name} says that it did not`);
		return fault === "garbage" && spoil !== undefined ? spoil(result) : result;
	}

	/**
	 * KV has no defence against a write that lands after its writer has given it up (30 s) or died, and a newer one was
	 * written: the model has these where writes may be late. Redis compares.
	 */
	stallMs(operation: Operation): [number, number] {
		if (this.world.areWritesLate) return [5_000, 120_000];
		return this.name === "kv" && operation === "write" ? [5_000, 25_000] : [20_000, 60_000];
	}

	spoil(key: string, text: string | null): string {
		const kind = this.world.random.pick(["empty", "foreign", "cut"] as const);
		if (kind === "empty" || text === null) return "{}";
		return kind === "cut" ? text.slice(0, text.length >> 1) : text.replace(key, `${key}x`);
	}
}

export function forever(): Promise<never> {
	return new Promise(() => {});
}

export class KvModel extends ModelStore {
	readonly #copies = new Map<string, { text: string | null; untilMs: number }>();

	constructor(world: World) {
		super("kv", world);
	}

	/** The binding as code at a location has it. @param isAlive false once the object died that writes: so do its writes, unless they may be late */
	namespace(location: number, isAlive: () => boolean = () => true): KVNamespace {
		const getOne = (key: string, cacheTtl: number) =>
			this.operate(
				"read",
				location,
				60,
				() => this.#read(key, location, cacheTtl),
				(text) => this.spoil(key, text),
			);
		const getMany = async (keys: readonly string[], cacheTtl: number) => {
			const texts = await Promise.all(keys.map((key) => getOne(key, cacheTtl)));
			return new Map(keys.map((key, index) => [key, texts[index] ?? null]));
		};
		const get = (key: string | readonly string[], { cacheTtl }: { cacheTtl: number }) =>
			typeof key === "string" ? getOne(key, cacheTtl) : getMany(key, cacheTtl);
		const put = (key: string, text: string) =>
			this.operate("write", location, 300, () => {
				if (isAlive() || this.world.areWritesLate) this.#write(key, text, location);
			});
		const remove = (key: string) => this.operate("write", location, 300, () => this.remove(key));
		return { get, put, delete: remove } as unknown as KVNamespace;
	}

	#read(key: string, location: number, ttlSeconds: number): string | null {
		const now = this.world.time.nowMs();
		const place = `${location} ${key}`;
		const copy = this.#copies.get(place);
		if (copy !== undefined && now < copy.untilMs) return copy.text;
		const text = this.visible(key, location);
		this.#copies.set(place, { text, untilMs: now + ttlSeconds * 1_000 });
		return text;
	}

	#write(key: string, text: string, location: number): void {
		const last = this.writes.get(key)?.at(-1);
		const tooSoon = last !== undefined && this.world.time.nowMs() - last.atMs < KV_WRITE_MS;
		if (tooSoon && this.world.random.chance(0.5)) return;
		// Usually, they say, a write shows at once where it was made.
		const isHere = this.world.random.chance(0.5);
		if (isHere) this.#copies.delete(`${location} ${key}`);
		this.append(key, text, isHere ? location : null);
	}
}

export class RedisModel extends ModelStore {
	constructor(world: World) {
		super("redis", world);
	}

	at(location: number): RecordStore {
		const unreachable = (key: string) => (cause: unknown) => {
			throw new RecordStoreError("unreachable", key, { cause });
		};
		const store: RecordStore = {
			get: async (key) => {
				const read = this.operate(
					"read",
					location,
					30,
					() => this.visible(key, location),
					(text) => this.spoil(key, text),
				);
				const text = await read.catch(unreachable(key));
				return text === null ? null : parseRecord(key, text);
			},
			getMany: (keys) => Promise.all(keys.map((key) => store.get(key).catch((error: RecordStoreError) => error))),
			put: async (key, record) => {
				const timeout = this.world.time.pass(REDIS_WRITE_TIMEOUT_MS).then(() => unreachable(key)("timeout"));
				const write = this.operate("write", location, 200, (): "stored" | "superseded" => {
					if ((this.newestVersion(key) ?? 0) > record.version) return "superseded";
					this.append(key, formatRecord(key, record), null);
					return "stored";
				});
				return Promise.race([write.catch(unreachable(key)), timeout]);
			},
			delete: async (key) => {
				const timeout = this.world.time.pass(REDIS_WRITE_TIMEOUT_MS).then(() => unreachable(key)("timeout"));
				const deletion = this.operate("write", location, 200, () => this.remove(key));
				return Promise.race([deletion.catch(unreachable(key)), timeout]);
			},
		};
		return store;
	}
}
