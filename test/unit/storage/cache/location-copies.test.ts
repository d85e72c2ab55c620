// What the isolates of one location share of the records, with a store and owners that count how often they are asked.
import { describe, expect, it } from "vitest";
import { createLocationCopies, locationSeconds } from "../../../../src/storage/cache/location-copies.ts";
import { createRecordCache } from "../../../../src/storage/cache/record-cache.ts";
import { type FoundRecord, RecordStoreError } from "../../../../src/storage/record-store.ts";
import { sealRecord } from "../../../../src/storage/sealed-records.ts";
import { FakeCache } from "../../../support/stand-ins/fake-cache.ts";
import { PLAIN_SEAL } from "../../../support/stand-ins/plain-seal.ts";
import { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";

const START_MS = 1_800_000_000_000;
const BODY = { products: { crs: 7 }, messages: 0, denied: 0 };

class Location {
	readonly clock = new VirtualClock(START_MS);
	readonly cache = new FakeCache();
	readonly storeReads: string[] = [];
	readonly ownerReads: string[] = [];
	readonly stored = new Map<string, FoundRecord>();
	readonly owned = new Map<string, FoundRecord>();
	storeFails = false;
	ownerFails = false;

	isolate(cache: Pick<Cache, "match" | "put"> = this.cache, headsSeconds = 5) {
		return createLocationCopies({
			store: {
				get: async (key) => {
					this.storeReads.push(key);
					if (this.storeFails) throw new RecordStoreError("unreachable", key);
					return this.stored.get(key) ?? null;
				},
			},
			origin: {
				read: async (key) => {
					this.ownerReads.push(key);
					if (this.ownerFails) throw new Error("overloaded");
					return this.owned.get(key) ?? null;
				},
			},
			seal: PLAIN_SEAL,
			issuer: "https://updates.test",
			lastGoodSeconds: 3_600,
			clock: this.clock,
			cache,
			headsSeconds,
		});
	}

	async put(key: string, version: number, body: unknown = BODY): Promise<void> {
		const sealed = await sealRecord(PLAIN_SEAL, key, { version, body }, this.clock.nowMs() / 1_000);
		this.stored.set(key, { ...sealed, bytes: 100 });
	}
}

describe("the isolates of a location", () => {
	it("read heads once while their common copy counts, and again when it is over", async () => {
		const location = new Location();
		await location.put("heads", 1);
		await location.isolate().store.get("heads");
		await location.put("heads", 2);
		await location.clock.advance(4_999);
		expect(await location.isolate().store.get("heads")).toMatchObject({ version: 1 });
		expect(location.storeReads).toHaveLength(1);
		await location.clock.advance(1);
		expect(await location.isolate().store.get("heads")).toMatchObject({ version: 2 });
	});

	it("read a revision once", async () => {
		const location = new Location();
		await location.put("product:crs@7", 7);
		await location.isolate().store.get("product:crs@7");
		await location.clock.advance(3_600_000);
		await location.isolate().store.get("product:crs@7");
		expect(location.storeReads).toHaveLength(1);
	});

	it.each(["device:dev-aaaaaaaaaa-0000000000000001", "hagroup:hag-aaaaaaaaaa-0001"])(
		"share nothing of %s",
		async (key) => {
			const location = new Location();
			await location.put(key, 1);
			await location.isolate().store.get(key);
			await location.isolate().store.get(key);
			expect(location.storeReads).toHaveLength(2);
			expect(location.cache.entries.size).toBe(0);
		},
	);

	it("share nothing where an isolate keeps nothing either", async () => {
		const location = new Location();
		await location.put("heads", 1);
		const isolate = location.isolate(location.cache, locationSeconds(0));
		await isolate.store.get("heads");
		await isolate.store.get("heads");
		expect(location.storeReads).toHaveLength(2);
		expect(location.cache.entries.size).toBe(0);
	});

	it("never keep a record that nobody has sealed who may", async () => {
		const location = new Location();
		const body = { kid: "plain", until: null, mac: "forged", content: BODY };
		location.stored.set("heads", { version: 99, body, bytes: 10 });
		await location.isolate().store.get("heads");
		expect(location.cache.entries.size).toBe(0);
	});

	it("do not take a copy that has ended, however lately it was read", async () => {
		const location = new Location();
		await location.put("heads", 1);
		await location.clock.advance(899_000);
		await location.isolate().store.get("heads");
		await location.clock.advance(1_000);
		await location.isolate().store.get("heads");
		expect(location.storeReads).toHaveLength(2);
	});

	it("do not go back to what a store shows that is behind", async () => {
		const location = new Location();
		await location.put("heads", 8);
		await location.isolate().store.get("heads");
		await location.put("heads", 7);
		await location.clock.advance(6_000);
		await location.isolate().store.get("heads");
		expect(await location.isolate().lastGood("heads")).toMatchObject({ record: { version: 8 } });
	});

	it("have what one of them asked the owner for, sealed", async () => {
		const location = new Location();
		location.owned.set("heads", { version: 3, body: BODY, bytes: 50 });
		expect(await location.isolate().origin.read("heads")).toMatchObject({ version: 3, body: BODY });
		expect(await location.isolate().store.get("heads")).toMatchObject({ version: 3, body: { content: BODY } });
		expect(location.storeReads).toHaveLength(0);
	});

	it("do not keep under a revision what the owner says of a later one", async () => {
		const location = new Location();
		location.owned.set("product:crs@7", { version: 8, body: BODY, bytes: 50 });
		await location.isolate().origin.read("product:crs@7");
		expect(location.cache.entries.size).toBe(0);
	});

	it("leave an owner alone for some seconds that did not answer one of them", async () => {
		const location = new Location();
		location.ownerFails = true;
		const ask = () => location.isolate().origin.read("heads");
		await expect(ask()).rejects.toThrow("overloaded");
		await expect(ask()).rejects.toThrow(RecordStoreError);
		expect(location.ownerReads).toHaveLength(1);
		await location.clock.advance(5_000);
		location.ownerFails = false;
		location.owned.set("heads", { version: 3, body: BODY, bytes: 50 });
		expect(await ask()).toMatchObject({ version: 3 });
	});

	it("lose nothing by a cache that fails", async () => {
		const location = new Location();
		await location.put("heads", 1);
		const fails = async () => {
			throw new Error("no cache");
		};
		expect(await location.isolate({ match: fails, put: fails }).store.get("heads")).toMatchObject({ version: 1 });
	});

	it("wait a moment for a cache that does not answer, and no longer", async () => {
		const location = new Location();
		await location.put("heads", 1);
		const mute = () => new Promise<never>(() => {});
		const reading = location.isolate({ match: mute, put: mute }).store.get("heads");
		await location.clock.advance(50);
		await location.clock.advance(50);
		expect(await reading).toMatchObject({ version: 1 });
	});
});

describe("an isolate that has just started, where nobody can be asked", () => {
	it("answers from what its location knew, and says how old that is", async () => {
		const location = new Location();
		await location.put("heads", 1);
		await location.isolate().store.get("heads");
		await location.clock.advance(600_000);
		location.storeFails = true;
		location.ownerFails = true;
		const { store, origin, lastGood } = location.isolate();
		const cache = createRecordCache({
			...{ store, origin, lastGoodOf: lastGood, seal: PLAIN_SEAL, maxBytes: 10_000, clock: location.clock },
		});
		const noted: number[] = [];
		const nowMs = location.clock.nowMs();
		const scope = { nowMs, waitUntil: () => {}, noteLastGood: (readMs: number) => noted.push(readMs) };
		const kind = { parse: (body: unknown) => body, freshSeconds: 5, staleSeconds: 5, lastGoodSeconds: 3_600 };
		expect(await cache.get("heads", kind, scope)).toEqual(BODY);
		expect(noted).toEqual([START_MS]);
		const tooOld = { ...kind, lastGoodSeconds: 599 };
		const later = { ...scope, nowMs: nowMs + 60_000 };
		await expect(cache.get("heads", tooOld, later)).rejects.toThrow(RecordStoreError);
	});
});
