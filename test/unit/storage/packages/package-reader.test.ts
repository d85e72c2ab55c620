// Packages as downloads read them: from storage at first, from the edge's cache afterwards, which is filled behind the answer.
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { createPackageReader, type PackageReader } from "../../../../src/storage/packages/package-reader.ts";
import type { PackageRange, PackageStore } from "../../../../src/storage/packages/package-store.ts";
import { FakeCache } from "../../../support/stand-ins/fake-cache.ts";
import { FakePackageStore } from "../../../support/stand-ins/fake-package-store.ts";
import { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";

const ORIGIN = "https://updates.example";
const TEXT = "rules of today";
const SHA256 = createHash("sha256").update(TEXT).digest("hex");
const LARGEST_CACHED = 500_000_000;

/** Counts its reads, and does before each what a test says. */
class CountedStore extends FakePackageStore {
	gets = 0;
	beforeGet: (count: number) => void = () => {};
	override async get(sha256: string, range?: PackageRange) {
		this.gets += 1;
		this.beforeGet(this.gets);
		return super.get(sha256, range);
	}
}

function fail(): never {
	throw new Error("storage is down");
}

let store: CountedStore;
let cache: FakeCache;
let clock: VirtualClock;
let reader: PackageReader;
/** what must go on behind the answers */
let behind: Promise<unknown>[];
beforeEach(() => {
	store = new CountedStore();
	store.packages.set(SHA256, new TextEncoder().encode(TEXT));
	cache = new FakeCache();
	clock = new VirtualClock(1_800_000_000_000);
	reader = createPackageReader(store, cache as unknown as Cache, ORIGIN, clock);
	behind = [];
});

async function read(range?: PackageRange, sha256 = SHA256) {
	const found = await reader.read(sha256, range, (work) => behind.push(work));
	return found && { text: await new Response(found.body as unknown as BodyInit).text(), size: found.size };
}

describe("the first read", () => {
	it("is answered from storage, and keeps the request alive until the cache has the package", async () => {
		expect(await read()).toEqual({ text: TEXT, size: TEXT.length });
		expect(behind).toHaveLength(1);
		await Promise.all(behind);
		expect([...cache.entries.keys()]).toEqual([`${ORIGIN}/d/${SHA256}`]);
		const entry = cache.entries.get(`${ORIGIN}/d/${SHA256}`);
		expect(new TextDecoder().decode(entry?.bytes)).toBe(TEXT);
		expect(Object.fromEntries(entry?.headers ?? [])).toMatchObject({
			"content-length": String(TEXT.length),
			"cache-control": "public, max-age=31536000, immutable",
			etag: `"${SHA256}"`,
		});
	});

	it("of a part fills the cache with the whole", async () => {
		expect(await read({ offset: 6, length: 2 })).toEqual({ text: "of", size: TEXT.length });
		await Promise.all(behind);
		expect(cache.entries.get(`${ORIGIN}/d/${SHA256}`)?.bytes).toHaveLength(TEXT.length);
	});

	it("of what is not there is answered so, and fills nothing", async () => {
		expect(await read(undefined, "ab".repeat(32))).toBeNull();
		expect([behind, cache.entries.size]).toEqual([[], 0]);
	});

	it("that storage fails is a failure, and fills nothing", async () => {
		store.beforeGet = fail;
		await expect(read()).rejects.toThrow("storage is down");
		expect(behind).toEqual([]);
	});
});

describe("a package in the cache", () => {
	beforeEach(async () => {
		await read();
		await Promise.all(behind.splice(0));
		store.gets = 0;
		cache.asked.length = 0;
	});

	it("is read without storage, and not filled again", async () => {
		expect(await read()).toEqual({ text: TEXT, size: TEXT.length });
		expect([store.gets, behind]).toEqual([0, []]);
	});

	it.each([
		["the first five bytes", { offset: 0, length: 5 }, "rules", "bytes=0-4"],
		["two in the middle", { offset: 6, length: 2 }, "of", "bytes=6-7"],
		["the last one", { offset: 13, length: 1 }, "y", "bytes=13-13"],
	])("gives %s with the size of the whole", async (_, range, text, asked) => {
		expect(await read(range)).toEqual({ text, size: TEXT.length });
		expect([store.gets, cache.asked]).toEqual([0, [asked]]);
	});
});

describe("the cache is filled", () => {
	it("once for all who read meanwhile", async () => {
		await Promise.all([read(), read(), read({ offset: 0, length: 1 })]);
		expect(behind).toHaveLength(1);
	});

	const failures: [string, () => void][] = [
		["the cache has failed", () => Object.assign(cache, { putFails: new Error("the cache is full") })],
		["storage has failed", () => Object.assign(store, { beforeGet: (count: number) => count === 2 && fail() })],
		[
			"the package was gone for a moment",
			() => Object.assign(store, { beforeGet: (count: number) => count === 2 && store.packages.clear() }),
		],
	];
	it.each(failures)("by the next read after %s, which no answer shows", async (_, spoil) => {
		const packages = new Map(store.packages);
		spoil();
		expect(await read()).toEqual({ text: TEXT, size: TEXT.length });
		await Promise.all(behind.splice(0));
		expect(cache.entries.size).toBe(0);

		cache.putFails = null;
		for (const [sha256, bytes] of packages) store.packages.set(sha256, bytes);
		expect(await read()).toEqual({ text: TEXT, size: TEXT.length });
		await Promise.all(behind);
		expect(cache.entries.size).toBe(1);
	});

	it.each([
		[LARGEST_CACHED, 1],
		[LARGEST_CACHED + 1, 0],
	])("with a package of %i bytes %i times", async (size, fills) => {
		const huge: Pick<PackageStore, "has" | "get"> = {
			has: async () => size,
			get: async () => ({ body: new Response("x").body as unknown as ReadableStream, size }),
		};
		const work: Promise<unknown>[] = [];
		await createPackageReader(huge, cache as unknown as Cache, ORIGIN).read(SHA256, undefined, (one) => work.push(one));
		expect(work).toHaveLength(fills);
	});
});

it("the size is asked of storage", async () => {
	expect(await reader.size(SHA256)).toBe(TEXT.length);
	expect(await reader.size("ab".repeat(32))).toBeNull();
});

describe("a copy in the cache of which nobody knows the size", () => {
	it.each([undefined, "", "many"])("(content-length: %s) is passed over: storage answers", async (length) => {
		const headers = new Headers(length === undefined ? {} : { "content-length": length });
		const match = async () => new Response(TEXT, { headers });
		const odd = createPackageReader(store, { match, put: async () => {} } as unknown as Cache, ORIGIN, clock);
		const found = await odd.read(SHA256, undefined, (work) => behind.push(work));
		expect(found?.size).toBe(TEXT.length);
		expect(store.gets).toBeGreaterThan(0);
	});
});

describe("a request that is cut while it fills the cache", () => {
	it("keeps others from filling it for a minute, and not for ever", async () => {
		const put = () => new Promise<never>(() => {});
		const match = async () => undefined;
		const cut = createPackageReader(store, { match, put } as unknown as Cache, ORIGIN, clock);
		const readOnce = () => cut.read(SHA256, undefined, (work) => behind.push(work));
		await readOnce();
		await clock.advance(59_999);
		await readOnce();
		expect(behind).toHaveLength(1);
		await clock.advance(1);
		await readOnce();
		expect(behind).toHaveLength(2);
	});
});
