// Object storage in memory, for tests without workerd. Buffers what the real one streams.
import { createHash } from "node:crypto";
import type {
	PackagePage,
	PackagePutOutcome,
	PackageRange,
	PackageStore,
	SentBytes,
	StoredPackage,
} from "../../../src/storage/packages/package-store.ts";

export class FakePackageStore implements PackageStore {
	readonly packages = new Map<string, Uint8Array>();
	/** when each was stored, unix seconds */
	readonly uploadedAt = new Map<string, number>();
	readonly locked = new Set<string>();

	async has(sha256: string): Promise<number | null> {
		return this.packages.get(sha256)?.length ?? null;
	}

	async put(sha256: string, body: SentBytes, size: number): Promise<PackagePutOutcome> {
		const { readable, writable } = new TransformStream();
		const [taken] = await Promise.all([new Response(readable).arrayBuffer(), body.pipeTo(writable)]);
		const bytes = new Uint8Array(taken);
		if (bytes.length !== size) return "length_mismatch";
		if (createHash("sha256").update(bytes).digest("hex") !== sha256) return "digest_mismatch";
		if (!this.packages.has(sha256)) this.uploadedAt.set(sha256, Math.floor(Date.now() / 1_000));
		this.packages.set(sha256, bytes);
		return "stored";
	}

	async get(sha256: string, range?: PackageRange): Promise<StoredPackage | null> {
		const bytes = this.packages.get(sha256);
		if (bytes === undefined) return null;
		const part = range === undefined ? bytes : bytes.slice(range.offset, range.offset + range.length);
		const body = new Response(part.slice()).body;
		if (body === null) throw new Error("a response without a body");
		return { body: body as unknown as ReadableStream, size: bytes.length };
	}

	async list(after: string, limit: number): Promise<PackagePage> {
		const found = [...this.packages].filter(([sha256]) => sha256 > after).toSorted(([a], [b]) => (a < b ? -1 : 1));
		const packages = found.slice(0, limit).map(([sha256, bytes]) => {
			return { sha256, size: bytes.length, uploadedAt: this.uploadedAt.get(sha256) ?? 0 };
		});
		return { packages, next: found.length > limit ? (packages.at(-1)?.sha256 ?? null) : null };
	}

	async remove(sha256: string): Promise<"removed" | "locked"> {
		if (this.locked.has(sha256)) return "locked";
		this.packages.delete(sha256);
		return "removed";
	}
}
