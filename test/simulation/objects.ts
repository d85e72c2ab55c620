// The platform under the real Durable Object classes: SQLite that survives, memory that does not, alarms, and calls between
// locations that can fail. An instance that was aborted does nothing any more: what it waits for never comes.
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { forever, type World } from "./stores.ts";

interface ObjectInstance {
	/** called for objects that set one */
	alarm?(alarmInfo?: AlarmInvocationInfo): void | Promise<void>;
}

export type ObjectClass<T extends ObjectInstance> = new (ctx: DurableObjectState, env: never) => T;

/** One life of an object: from its start to its end by an abort. */
export class Life {
	isOver = false;
	readonly over: Promise<never>;
	end: () => void = () => {};

	constructor() {
		this.over = new Promise((_, reject) => {
			this.end = () => {
				this.isOver = true;
				reject(new Error("the object was aborted"));
			};
		});
		this.over.catch(() => {});
	}

	/** Starts work outside the object on its behalf; nothing comes back to a life that is over. */
	async guard<T>(work: () => Promise<T>): Promise<T> {
		if (this.isOver) return forever();
		try {
			const result = await work();
			return this.isOver ? forever() : result;
		} catch (error) {
			if (this.isOver) return forever();
			throw error;
		}
	}
}

class Disk {
	alarmMs: number | null = null;
	#database = new DatabaseSync(":memory:");
	/** what it was at earlier times, in files; kept where a test says so */
	readonly #kept: { readonly atMs: number; readonly file: string }[] = [];
	readonly #statements = new Map<string, StatementSync>();
	/** transactions that were committed */
	changes = 0;

	constructor() {
		this.#database.exec("CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
	}

	rows(query: string, ...values: (string | number | null)[]): Record<string, unknown>[] {
		let statement = this.#statements.get(query);
		if (statement === undefined) {
			statement = this.#database.prepare(query);
			this.#statements.set(query, statement);
		}
		return statement.all(...values);
	}

	transaction<T>(work: () => T): T {
		const { alarmMs } = this;
		this.#database.exec("BEGIN");
		try {
			const result = work();
			this.#database.exec("COMMIT");
			this.changes += 1;
			return result;
		} catch (error) {
			this.#database.exec("ROLLBACK");
			this.alarmMs = alarmMs;
			throw error;
		}
	}

	/** From now on it can be set back to what it is. */
	keep(atMs: number): void {
		const file = join(tmpdir(), `parapet-disk-${randomUUID()}`);
		this.#database.exec(`VACUUM INTO '${file}'`);
		this.#kept.push({ atMs, file });
	}

	/** @throws Error where nothing was kept by then */
	bookmarkOf(atMs: number): string {
		const found = this.#kept.findLast((one) => one.atMs <= atMs);
		if (found === undefined) throw new Error("point-in-time recovery has nothing from that time");
		return found.file;
	}

	/** @param bookmark of `bookmarkOf` */
	restore(bookmark: string): void {
		this.#database.close();
		this.#statements.clear();
		this.#database = new DatabaseSync(bookmark);
		this.alarmMs = null;
	}

	close(): void {
		this.#database.close();
		for (const { file } of this.#kept) rmSync(file, { force: true });
	}
}

export interface HostOptions<T extends ObjectInstance> {
	readonly world: World;
	readonly location: number;
	/** makes an instance; @param life guards everything that leaves it */
	readonly start: (ctx: DurableObjectState, life: Life) => T;
	/** runs after the synchronous part of each call that has changed something: that is on disk now */
	readonly onCommit: () => void;
}

/** How long the platform waits before it runs an alarm again whose object died in it. */
const ALARM_RETRY_MS = 2_000;

/** One object, and the way to it. */
export class ObjectHost<T extends ObjectInstance> {
	readonly disk = new Disk();
	readonly location: number;
	readonly #options: HostOptions<T>;
	#running: { instance: T; life: Life } | null = null;
	/** what the next life finds on disk; null = what is there */
	#bookmark: string | null = null;
	deaths = 0;
	/** runs at the end of each transaction; what it throws is as if the object had died right there */
	beforeCommit: () => void = () => {};

	constructor(options: HostOptions<T>) {
		this.#options = options;
		this.location = options.location;
	}

	/** Calls a method from a location. @throws when it cannot be reached, or dies meanwhile */
	async call<R>(from: number, method: (instance: T) => Promise<R>): Promise<R> {
		const { world, location, onCommit } = this.#options;
		const { time, random } = world;
		await this.#travel(from);
		const fault = world.faults.of("objects", "read", location, time.nowMs());
		if (fault === "hang") return forever();
		if (fault === "slow") await time.pass(2_000);
		else if (fault !== null) throw new Error("the object is overloaded");
		const { instance, life } = this.#start();
		const before = this.disk.changes;
		const working = method(instance);
		if (this.disk.changes !== before) onCommit();
		if (random.chance(world.faults.crashChance(time.nowMs()) / 4)) this.abort();
		const result = await Promise.race([working, life.over]);
		await this.#travel(from);
		return result;
	}

	/** The memory is lost, the disk is not. */
	abort(): void {
		if (this.#running === null) return;
		this.deaths += 1;
		this.#running.life.end();
		this.#running = null;
	}

	close(): void {
		this.abort();
		this.disk.close();
	}

	async #travel(from: number): Promise<void> {
		const { world, location } = this.#options;
		await world.time.pass(from === location ? 2 : world.random.between(20, 120));
		if (world.faults.isCut(from, location, world.time.nowMs())) throw new Error("the object cannot be reached");
	}

	#start(): { instance: T; life: Life } {
		if (this.#running !== null) return this.#running;
		const life = new Life();
		const waitUntil = (work: Promise<unknown>) => void work.catch(() => {});
		if (this.#bookmark !== null) this.disk.restore(this.#bookmark);
		this.#bookmark = null;
		const abort = () => this.abort();
		const ctx = { storage: this.#storage(life), waitUntil, abort } as unknown as DurableObjectState;
		this.#running = { instance: this.#options.start(ctx, life), life };
		return this.#running;
	}

	#storage(life: Life): DurableObjectStorage {
		const { disk } = this;
		const beforeCommit = () => this.beforeCommit();
		const alive = () => {
			if (life.isOver) throw new Error("the object was aborted");
		};
		const storage = {
			sql: {
				exec(query: string, ...values: (string | number | null)[]) {
					alive();
					const rows = disk.rows(query, ...values);
					return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows[Symbol.iterator]() };
				},
			},
			// In the same database and its transactions, as the platform has it.
			kv: {
				get(key: string) {
					alive();
					const value = disk.rows("SELECT value FROM _cf_KV WHERE key = ?", key)[0]?.["value"];
					return value === undefined ? undefined : JSON.parse(String(value));
				},
				put(key: string, value: unknown) {
					alive();
					disk.rows("INSERT OR REPLACE INTO _cf_KV (key, value) VALUES (?, ?)", key, JSON.stringify(value));
				},
				delete(key: string) {
					alive();
					return disk.rows("DELETE FROM _cf_KV WHERE key = ? RETURNING key", key).length > 0;
				},
			},
			transactionSync<R>(work: () => R): R {
				alive();
				return disk.transaction(() => {
					const result = work();
					beforeCommit();
					return result;
				});
			},
			setAlarm: async (atMs: number) => {
				alive();
				this.#setAlarm(atMs);
			},
			deleteAlarm: async () => {
				alive();
				disk.alarmMs = null;
			},
			getAlarm: async () => disk.alarmMs,
			getBookmarkForTime: async (atMs: number) => disk.bookmarkOf(atMs),
			onNextSessionRestoreBookmark: async (bookmark: string) => {
				this.#bookmark = bookmark;
			},
		};
		return storage as unknown as DurableObjectStorage;
	}

	#setAlarm(atMs: number): void {
		if (this.disk.alarmMs === atMs) return;
		this.disk.alarmMs = atMs;
		this.#options.world.time.at(atMs, () => {
			if (this.disk.alarmMs !== atMs) return;
			if (this.#options.world.faults.isAlarmLost(atMs)) this.disk.alarmMs = null;
			else void this.#ring();
		});
	}

	async #ring(): Promise<void> {
		const { world, location } = this.#options;
		const nowMs = world.time.nowMs();
		this.disk.alarmMs = null;
		try {
			if (world.faults.of("objects", "read", location, nowMs) !== null) throw new Error("the object is overloaded");
			const { instance, life } = this.#start();
			await Promise.race([instance.alarm?.(), life.over]);
		} catch {
			if (this.disk.alarmMs === null) this.#setAlarm(world.time.nowMs() + ALARM_RETRY_MS);
		}
	}
}
