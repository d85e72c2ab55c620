// A whole deployment in one process: the real objects with their real outboxes, on modelled stores, and its isolates.
import "./platform-module.ts";
import type { Account } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import type { Directory } from "../../src/objects/directory/directory.ts";
import type { Outbox, RecordLane } from "../../src/objects/outbox/outbox.ts";
import type { OutdatedRevisions } from "../../src/objects/outbox/outdated-revisions.ts";
import type { Product } from "../../src/objects/product/product.ts";
import type { OriginBindings } from "../../src/objects/record-origin.ts";
import type { RecordWriter } from "../../src/objects/record-writer/record-writer.ts";
import { recordWriters, spreadPuts } from "../../src/objects/record-writer/spread-puts.ts";
import { createKvRecordStore } from "../../src/storage/kv-record-store.ts";
import type { RecordStore } from "../../src/storage/record-store.ts";
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import { createSealedStore } from "../../src/storage/sealed-records.ts";
import { ConnectionSlots } from "../support/stand-ins/connection-slots.ts";
import { FakeCache } from "../support/stand-ins/fake-cache.ts";
import { PLAIN_SEAL } from "../support/stand-ins/plain-seal.ts";
import { type Life, type ObjectClass, ObjectHost } from "./objects.ts";
import { PulseBucket } from "./pulse-bucket.ts";
import { KvModel, type ModelStore, RedisModel, type World } from "./stores.ts";

// After the module above, and so not by a static import: those are linked before anything runs.
const { Account: AccountClass } = await import("../../src/objects/account/account.ts");
const { Directory: DirectoryClass } = await import("../../src/objects/directory/directory.ts");
const { Product: ProductClass } = await import("../../src/objects/product/product.ts");
const { RecordWriter: RecordWriterClass } = await import("../../src/objects/record-writer/record-writer.ts");

const REBUILD_RETRY_MS = 20_000;
const CLI_TIMEOUT_MS = 30_000;
/** As short as can be, so that old revisions are deleted within a schedule: the life of a `heads` that names one. */
const RETAIN_SECONDS = 900;

type Publishing = Account | Directory | Product;

export interface DeploymentOptions {
	readonly world: World;
	/** in the order in which they are read */
	readonly storeNames: readonly RecordStoreName[];
	readonly tokenTtlSeconds: number;
	/** runs whenever an account has committed something */
	readonly onCommit: (account: Pick<ObjectHost<Account>, "disk">) => void;
}

export class Deployment {
	readonly world: World;
	readonly storeNames: readonly RecordStoreName[];
	readonly kv: KvModel;
	readonly redis: RedisModel;
	readonly pulses: PulseBucket;
	readonly directory: ObjectHost<Directory>;
	readonly accounts = new Map<string, ObjectHost<Account>>();
	readonly products = new Map<string, ObjectHost<Product>>();
	readonly writers = new Map<string, ObjectHost<RecordWriter>>();
	readonly #caches = new Map<number, FakeCache>();
	readonly #slots = new WeakMap<Life, ConnectionSlots>();
	/** most connections that one life of an object wanted together */
	mostWanted = 0;
	readonly #options: DeploymentOptions;

	constructor(options: DeploymentOptions) {
		const { world } = options;
		this.#options = options;
		this.world = world;
		this.storeNames = options.storeNames;
		this.kv = new KvModel(world);
		this.redis = new RedisModel(world);
		this.pulses = new PulseBucket(world);
		this.directory = this.#host(DirectoryClass);
	}

	/** the models of the stores that the deployment has */
	get stores(): readonly ModelStore[] {
		return this.storeNames.map((name) => this[name]);
	}

	get hosts(): readonly ObjectHost<Publishing>[] {
		return [this.directory, ...this.accounts.values(), ...this.products.values()] as ObjectHost<Publishing>[];
	}

	account(name: string): ObjectHost<Account> {
		return this.#found(this.accounts, name, AccountClass);
	}

	product(name: string): ObjectHost<Product> {
		return this.#found(this.products, name, ProductClass);
	}

	/** @returns what the isolates of a location share; nothing is ever dropped from it for its age */
	cacheOf(location: number): FakeCache {
		const cache = this.#caches.get(location) ?? new FakeCache();
		this.#caches.set(location, cache);
		return cache;
	}

	/** @returns the bindings as code at a location has them */
	bindings(location: number, life: Life | null = null): ObjectBindings & OriginBindings {
		const kv = this.kv.namespace(location, () => life === null || !life.isOver);
		const { get, put } = kv as unknown as Record<"get" | "put", (...args: unknown[]) => Promise<unknown>>;
		const guard = <R>(work: () => Promise<R>) => (life === null ? work() : life.guard(work));
		// A request of a device reads one record after the other; an object writes many.
		const connect = <R>(work: () => Promise<R>) => guard(() => (life === null ? work() : this.#connect(life, work)));
		const bindings = {
			RECORDS: {
				get: (...args: unknown[]) => connect(() => get(...args)),
				put: (...args: unknown[]) => connect(() => put(...args)),
				delete: (key: string) => connect(() => kv.delete(key)),
			},
			ACCOUNT: { getByName: (name: string) => stub(this.account(name), location, guard) },
			RECORD_WRITER: { getByName: (name: string) => this.#writer(name, location, guard) },
			PRODUCT: { getByName: (name: string) => stub(this.product(name), location, guard) },
			DIRECTORY: { getByName: () => stub(this.directory, location, guard) },
			TOKEN_TTL_SECONDS: this.#options.tokenTtlSeconds,
			URL_TTL_SECONDS: 300,
			ENVIRONMENT: "production",
			MAC_KEYS: `sim:${"0".repeat(43)}`,
			RECORD_STORE: "kv",
		};
		return bindings as unknown as ObjectBindings & OriginBindings;
	}

	/** A RecordWriter beside an account: it has six connections of its own, and may be out of reach like any object. */
	#writer(name: string, from: number, guard: <R>(work: () => Promise<R>) => Promise<R>): object {
		const host = this.writers.get(name) ?? this.#openWriter(name, from);
		return { put: (key: string, text: string) => guard(() => host.call(from, (object) => object.put(key, text))) };
	}

	#openWriter(name: string, location: number): ObjectHost<RecordWriter> {
		const host = new ObjectHost<RecordWriter>({
			world: this.world,
			location,
			onCommit: () => {},
			start: (ctx, life) => new RecordWriterClass(ctx, this.bindings(location, life) as never),
		});
		this.writers.set(name, host);
		return host;
	}

	/** The platform lets one invocation have six connections: stricter here, one life of an object has no more. */
	#connect<R>(life: Life, work: () => Promise<R>): Promise<R> {
		const slots = this.#slots.get(life) ?? new ConnectionSlots(this.world.time);
		this.#slots.set(life, slots);
		const working = slots.hold(work);
		this.mostWanted = Math.max(this.mostWanted, slots.mostWanted);
		return working;
	}

	/** What the Worker does by its cron trigger. */
	async runCron(): Promise<void> {
		await this.directory.call(this.directory.location, (object) => object.renewHeads()).catch(() => {});
	}

	/** Once a night every object is called; that it lives must be enough for it to go on. */
	async callAll(): Promise<void> {
		for (const host of this.hosts) {
			host.abort();
			await host.call(host.location, async () => {}).catch(() => {});
		}
	}

	/** `parapet records rebuild --store`, again until it is through. */
	async rebuild(store: string): Promise<void> {
		const hosts: ObjectHost<Publishing>[] = [...this.products.values(), ...this.accounts.values(), this.directory];
		for (const host of hosts) {
			const page = { after: "", limit: 200, store };
			for (let isThrough = false; !isThrough; ) {
				const calling = host.call(host.location, (object) => object.rebuildRecords(page)).catch(() => null);
				const result = await Promise.race([calling, this.world.time.pass(CLI_TIMEOUT_MS).then(() => null)]);
				isThrough = result?.ok === true;
				if (!isThrough) await this.world.time.pass(REBUILD_RETRY_MS);
			}
		}
	}

	close(): void {
		for (const host of [...this.hosts, ...this.writers.values()]) host.close();
	}

	#found<T extends Publishing>(hosts: Map<string, ObjectHost<T>>, name: string, type: ObjectClass<T>): ObjectHost<T> {
		const known = hosts.get(name);
		if (known !== undefined) return known;
		const host = this.#host(type);
		hosts.set(name, host);
		return host;
	}

	#host<T extends Publishing>(type: ObjectClass<T>): ObjectHost<T> {
		const { world, onCommit } = this.#options;
		const location = Math.floor(world.random.between(0, world.locations));
		const host: ObjectHost<T> = new ObjectHost<T>({
			world,
			location,
			onCommit: () => {
				if (type === (AccountClass as unknown)) onCommit(host);
			},
			start: (ctx, life) => {
				const instance = new type(ctx, this.bindings(location, life) as never);
				const { outbox, outdated } = instance as unknown as { outbox: Outbox; outdated?: OutdatedRevisions };
				if (outdated !== undefined) outdated.retainSeconds = RETAIN_SECONDS;
				const name = [...this.accounts].find(([, one]) => one === (host as unknown))?.[0];
				outbox.lanes = this.#lanes(outbox.lanes, location, life, host, name);
				const bucket = this.pulses.at(location);
				// Without the MACs, which take time that is not the schedule's.
				outbox.putPulse = ({ product, revision }) =>
					life.guard(() => this.#connect(life, () => bucket.put(product ?? "", { revision })));
				return instance;
			},
		});
		return host;
	}

	/** The object made its own lane to KV; one to the Redis model goes beside it. Any step may be an object's last. */
	#lanes(
		made: readonly RecordLane[],
		location: number,
		life: Life,
		host: { abort(): void },
		account: string | undefined,
	): readonly RecordLane[] {
		const { world } = this;
		const mayDie = () => {
			if (!life.isOver && world.random.chance(world.faults.crashChance(world.time.nowMs()))) host.abort();
		};
		const there = this.redis.at(location);
		const redis: RecordStore = {
			...there,
			get: (key) => this.#connect(life, () => there.get(key)),
			put: (key, record) => this.#connect(life, () => there.put(key, record)),
			delete: (key) => this.#connect(life, () => there.delete(key)),
		};
		const mortal = (store: RecordStore): RecordStore => ({
			get: (key) => life.guard(() => store.get(key)),
			getMany: (keys) => life.guard(() => store.getMany(keys)),
			delete: (key) => life.guard(() => store.delete(key)),
			async put(key, record) {
				mayDie();
				return life.guard(async () => {
					const outcome = await store.put(key, record);
					mayDie();
					return outcome;
				});
			},
		});
		const [toKv] = made;
		if (toKv === undefined) throw new Error("the object made no lane");
		// Sealed anew: the object's own seal takes time that is not the schedule's.
		const { RECORDS, RECORD_WRITER: writer } = this.bindings(location, life);
		const writers = account === undefined || writer === undefined ? [] : recordWriters(writer, () => account);
		const put = spreadPuts((key, text) => RECORDS.put(key, text), writers, world.time);
		const kv = createKvRecordStore(RECORDS, put);
		const lanes = { kv: { ...toKv, store: kv }, redis: { ...toKv, name: "redis", store: redis, writeIntervalMs: 0 } };
		return this.storeNames.map((name) => {
			const { store, ...lane } = lanes[name];
			return { ...lane, store: mortal(createSealedStore(store, PLAIN_SEAL, world.time)) };
		});
	}
}

/** Any method of an object, called from afar. */
function stub<T extends Publishing>(
	host: ObjectHost<T>,
	from: number,
	guard: <R>(work: () => Promise<R>) => Promise<R>,
): object {
	type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;
	const call = (method: string, args: unknown[]) =>
		guard(() => host.call(from, async (instance) => (instance as unknown as Methods)[method]?.(...args)));
	return new Proxy(
		{},
		{
			get:
				(_, method) =>
				(...args: unknown[]) =>
					call(String(method), args),
		},
	);
}
