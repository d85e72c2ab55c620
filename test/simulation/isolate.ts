// One isolate at the edge: the service's own cache, records and stores, and its decisions without the signatures around
// them. What it has seen and said is kept, so that it can be held to it.

import { deniedUntil } from "../../src/content/denied-list.ts";
import { decideEntitlement } from "../../src/entitlement/decide.ts";
import type { DeviceRecord } from "../../src/entitlement/devices/device-record.ts";
import { createRecordOrigin } from "../../src/objects/record-origin.ts";
import { ProblemError } from "../../src/problem.ts";
import { openScope, type RequestScope } from "../../src/request-scope.ts";
import { requireCurrent, standsOnDenyList } from "../../src/routes/http/authenticate.ts";
import type { Services } from "../../src/services.ts";
import { createLocationCopies, type LocationCopies, locationSeconds } from "../../src/storage/cache/location-copies.ts";
import { createRecordCache, type RecordCache } from "../../src/storage/cache/record-cache.ts";
import { createKvRecordStore } from "../../src/storage/kv-record-store.ts";
import type { RecordKind } from "../../src/storage/record-kind.ts";
import { type FoundRecord, type RecordReader, RecordStoreError, seriesOf } from "../../src/storage/record-store.ts";
import { createRecords, RecordMissingError, type Records } from "../../src/storage/records.ts";
import { createReplicatedRecordStore, readSettingsFor } from "../../src/storage/replicated/replicated-record-store.ts";
import { PLAIN_SEAL } from "../support/stand-ins/plain-seal.ts";
import type { Deployment } from "./deployment.ts";

export type Question = "token" | "check" | "unchanged" | "permit";

/** What an access token says, with its end; nothing but the service itself makes one. */
export interface Token {
	readonly profile: DeviceRecord;
	/** unix seconds */
	readonly exp: number;
	readonly provisional: boolean;
}

export type Answer =
	| { readonly outcome: "allowed"; readonly asOf: number | null; readonly token?: Token; readonly revision?: number }
	/** by: what stood against it */
	| { readonly outcome: "refused"; readonly asOf: number | null; readonly by: "denial" | "record" | "license" }
	/** not a decision about the device: the token has ended, or the full answer is due */
	| { readonly outcome: "none" | "unavailable" };

export interface Lifetimes {
	readonly headsFreshSeconds: number;
	readonly deviceFreshSeconds: number;
	readonly lastGoodSeconds: number;
	readonly tokenTtlSeconds: number;
}

const REQUEST = new Request("https://updates.test/");
const CONTEXT = { waitUntil: () => {} } as unknown as ExecutionContext;
const MAX_BYTES = 25_000_000;

export class Isolate {
	readonly location: number;
	/** how often its view of one key went back */
	regressed = 0;
	/** devices that it refused, by what, with the version of the refusal: kept by the one who asks */
	readonly refused = new Map<string, { readonly denial: number; readonly record: number }>();
	readonly #records: Records;
	readonly #deployment: Deployment;
	readonly #lifetimes: Lifetimes;

	constructor(deployment: Deployment, location: number, lifetimes: Lifetimes) {
		this.location = location;
		this.#deployment = deployment;
		this.#lifetimes = lifetimes;
		const { time: clock, random } = deployment.world;
		const bindings = deployment.bindings(location);
		const readers = { kv: createKvRecordStore(bindings.RECORDS), redis: deployment.redis.at(location) };
		const stores = deployment.storeNames.map((name) => ({ name, store: readers[name] }));
		const settings = readSettingsFor(stores.length);
		const versions = new VersionWatch(() => {
			this.regressed += 1;
		});
		const copies = createLocationCopies({
			store: createReplicatedRecordStore({ stores, clock, random: () => random.next(), settings }),
			origin: createRecordOrigin(bindings),
			seal: PLAIN_SEAL,
			cache: deployment.cacheOf(location),
			issuer: "https://updates.test",
			headsSeconds: locationSeconds(lifetimes.headsFreshSeconds),
			lastGoodSeconds: lifetimes.lastGoodSeconds,
			clock,
		});
		const store = versions.reader(copies.store);
		const origin = { read: versions.noting((key) => copies.origin.read(key)) };
		const lastGoodOf = versions.lastGood((key) => copies.lastGood(key));
		const cache = createRecordCache({ store, seal: PLAIN_SEAL, origin, lastGoodOf, maxBytes: MAX_BYTES, clock });
		this.#records = createRecords(versions.cache(cache), lifetimes);
	}

	async ask(question: Question, deviceId: string, product: string, token: Token | null): Promise<Answer> {
		const nowMs = this.#deployment.world.time.nowMs();
		const services = { records: this.#records, config: { isLocal: false } } as unknown as Services;
		const scope = openScope(services, REQUEST, CONTEXT, nowMs);
		try {
			switch (question) {
				case "token":
					return await this.#token(scope, deviceId);
				case "check":
					return await this.#check(scope, product, token);
				case "unchanged":
					return this.#unchanged(scope, token);
				case "permit":
					return await this.#permit(scope, deviceId, product, token);
			}
		} catch (error) {
			if (error instanceof RecordStoreError || error instanceof RecordMissingError) return { outcome: "unavailable" };
			throw error;
		}
	}

	/** As routes/device/oauth/token.ts. */
	async #token(scope: RequestScope, deviceId: string): Promise<Answer> {
		const reading = this.#records.current(scope);
		const device = await this.#records.device(deviceId, reading, scope);
		if (device?.status !== "active") return refusal(scope, "record");
		if (standsOnDenyList(scope, await reading, deviceId)) return refusal(scope, "denial");
		const token = {
			profile: device,
			exp: scope.now + this.#lifetimes.tokenTtlSeconds,
			provisional: scope.degradedAsOf() !== null,
		};
		return { outcome: "allowed", asOf: scope.degradedAsOf(), token };
	}

	/** As routes/device/check/check.ts. */
	async #check(scope: RequestScope, product: string, token: Token | null): Promise<Answer> {
		if (token === null || scope.now >= token.exp) return { outcome: "none" };
		const view = await this.#records.current(scope);
		if (standsOnDenyList(scope, view, token.profile.id)) return refusal(scope, "denial");
		try {
			if (token.provisional) await requireCurrent(scope, view, { profile: token.profile, jkt: null });
		} catch (error) {
			if (error instanceof ProblemError) return refusal(scope, "record");
			throw error;
		}
		const record = await this.#records.product(product, view, scope);
		if (decideEntitlement(token.profile, product, scope.now).decision === "refused") return refusal(scope, "license");
		return { outcome: "allowed", asOf: scope.degradedAsOf(), revision: record?.revision ?? 0 };
	}

	/** As routes/device/check/unchanged.ts: the ETag ends with the token. */
	#unchanged(scope: RequestScope, token: Token | null): Answer {
		const view = this.#records.peekCurrent(scope);
		if (token === null || view === undefined || scope.now >= token.exp) return { outcome: "none" };
		return deniedUntil(view, token.profile.id) !== undefined ? { outcome: "none" } : { outcome: "allowed", asOf: null };
	}

	/** As routes/device/permits/permits.ts. */
	async #permit(scope: RequestScope, deviceId: string, product: string, token: Token | null): Promise<Answer> {
		if (token === null || scope.now >= token.exp) return { outcome: "none" };
		const view = await this.#records.current(scope);
		if (standsOnDenyList(scope, view, deviceId)) return refusal(scope, "denial");
		const device = await this.#records.device(deviceId, view, scope);
		if (device === null) return refusal(scope, "record");
		const { decision, code } = decideEntitlement(device, product, scope.now);
		if (decision === "refused") return refusal(scope, device.status === code ? "record" : "license");
		const record = await this.#records.product(product, view, scope);
		return { outcome: "allowed", asOf: scope.degradedAsOf(), revision: record?.revision ?? 0 };
	}
}

function refusal(scope: RequestScope, by: "denial" | "record" | "license"): Answer {
	return { outcome: "refused", asOf: scope.degradedAsOf(), by };
}

/** Knows of every value that the cache gives which version it is, and notices when a record goes back. */
class VersionWatch {
	readonly #bodies = new WeakMap<object, number>();
	readonly #values = new WeakMap<object, number>();
	readonly #highest = new Map<string, number>();
	readonly #kinds = new Map<RecordKind<unknown>, RecordKind<unknown>>();
	readonly #onRegress: () => void;

	constructor(onRegress: () => void) {
		this.#onRegress = onRegress;
	}

	noting(read: (key: string) => Promise<FoundRecord | null>): (key: string) => Promise<FoundRecord | null> {
		return async (key) => {
			const record = await read(key);
			// What is sealed is parsed without its seal; the owner's is not sealed.
			const body = isObject(record?.body) && "content" in record.body ? record.body.content : record?.body;
			if (record !== null && isObject(body)) this.#bodies.set(body, record.version);
			return record;
		};
	}

	lastGood(read: LocationCopies["lastGood"]): LocationCopies["lastGood"] {
		return async (key) => {
			const copy = await read(key);
			await this.noting(async () => copy?.record ?? null)(key);
			return copy;
		};
	}

	reader(reader: RecordReader): RecordReader {
		return { get: this.noting((key) => reader.get(key)) };
	}

	cache(cache: RecordCache): RecordCache {
		return {
			peek: (key, scope) => this.#seen(key, cache.peek(key, scope)),
			get: async (key, kind, scope) => this.#seen(key, await cache.get(key, this.#watched(kind), scope)),
			getFromOwner: async (key, kind, scope) =>
				this.#seen(key, await cache.getFromOwner(key, this.#watched(kind), scope)),
		};
	}

	#watched<T>(kind: RecordKind<T>): RecordKind<T> {
		const known = this.#kinds.get(kind);
		if (known !== undefined) return known as RecordKind<T>;
		const parse = (body: unknown) => {
			const value = kind.parse(body);
			if (isObject(value) && isObject(body)) this.#values.set(value, this.#bodies.get(body) ?? 0);
			return value;
		};
		const watched = { ...kind, parse };
		this.#kinds.set(kind, watched);
		return watched;
	}

	#seen<T>(key: string, value: T): T {
		if (value === undefined) return value;
		const version = isObject(value) ? (this.#values.get(value) ?? 0) : 0;
		const series = seriesOf(key);
		const highest = this.#highest.get(series) ?? 0;
		if (version < highest) this.#onRegress();
		else this.#highest.set(series, version);
		return value;
	}
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}
