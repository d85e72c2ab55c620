// Packages as downloads read them: from the edge's cache, else from storage, filling the cache behind the answer. The cache
// key is the digest alone, so every device shares one copy; who may have it was decided before.
import { createBoundedEntries } from "../bounded-entries.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { PackageRange, PackageStore, StoredPackage } from "./package-store.ts";

/** The platform caches objects up to 512 MB; above that every read goes to storage. */
const MAX_CACHED_BYTES = 500_000_000;
/** A request that fills the cache may be cut before it is done; then another may begin after this time. */
const FILL_MS = 60_000;
const MAX_FILLS = 100;

export interface PackageReader {
	/** @returns bytes of the whole package, or null if there is none */
	size(sha256: string): Promise<number | null>;
	/** @param waitUntil keeps the request alive while the cache is filled */
	read(
		sha256: string,
		range: PackageRange | undefined,
		waitUntil: (work: Promise<unknown>) => void,
	): Promise<StoredPackage | null>;
}

/** @param origin of the service, for the cache's keys */
export function createPackageReader(
	store: Pick<PackageStore, "has" | "get">,
	cache: Cache,
	origin: string,
	clock: Clock = systemClock,
): PackageReader {
	/** digest → when its filling began, unix ms */
	const filling = createBoundedEntries<number>(MAX_FILLS);

	function cacheKey(sha256: string, range?: PackageRange): Request {
		const headers = new Headers();
		if (range !== undefined) headers.set("range", `bytes=${range.offset}-${range.offset + range.length - 1}`);
		return new Request(`${origin}/d/${sha256}`, { headers });
	}

	function isFilling(sha256: string): boolean {
		const sinceMs = filling.get(sha256);
		return sinceMs !== undefined && clock.nowMs() - sinceMs < FILL_MS;
	}

	/** A read of its own rather than a branch of the client's stream: a slow client must not hold the bytes in memory. */
	async function fill(sha256: string): Promise<void> {
		try {
			const found = await store.get(sha256);
			if (found === null) return;
			const headers = {
				"content-length": String(found.size),
				"cache-control": "public, max-age=31536000, immutable",
				etag: `"${sha256}"`,
			};
			await cache.put(cacheKey(sha256), new Response(found.body, { headers }));
		} catch {
			// An unfilled cache costs a read of storage next time and nothing else.
		} finally {
			filling.delete(sha256);
		}
	}

	return {
		size: (sha256) => store.has(sha256),
		async read(sha256, range, waitUntil) {
			const hit = await cache.match(cacheKey(sha256, range));
			const size = hit === undefined ? null : totalSize(hit);
			if (hit?.body != null && size !== null) return { body: hit.body, size };
			await hit?.body?.cancel();
			const found = await store.get(sha256, range);
			if (found !== null && found.size <= MAX_CACHED_BYTES && !isFilling(sha256)) {
				filling.set(sha256, clock.nowMs());
				waitUntil(fill(sha256));
			}
			return found;
		},
	};
}

/** @returns bytes of the whole package, also when the cache answers with a part; null = it does not say, and who downloads must know */
function totalSize(response: Response): number | null {
	const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
	const size = total ?? response.headers.get("content-length");
	return size !== null && /^\d+$/.test(size) ? Number(size) : null;
}
