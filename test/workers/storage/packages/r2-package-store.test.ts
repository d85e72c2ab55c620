// The package store in R2: the contract of all stores, and the headers and keys under which packages lie there.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { type PackagePage, PackageStoreError } from "../../../../src/storage/packages/package-store.ts";
import { createR2PackageStore } from "../../../../src/storage/packages/r2-package-store.ts";
import { packageStoreContract } from "../../../contract/package-store.contract.ts";
import { bindings } from "../../../support/object-bindings.ts";

afterEach(reset);

packageStoreContract("R2", async () => createR2PackageStore(bindings.PACKAGES));

describe("R2 package store", () => {
	it("stores a package under its key with headers that let everybody keep it", async () => {
		const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
		const { body } = new Response("abc");
		if (body === null) throw new Error("no body");
		expect(await createR2PackageStore(bindings.PACKAGES).put(sha256, body, 3)).toBe("stored");
		const object = await bindings.PACKAGES.head(`packages/${sha256}`);
		expect(object?.httpMetadata).toEqual({
			contentType: "application/octet-stream",
			cacheControl: "public, max-age=31536000, immutable",
		});
		expect(object?.checksums.toJSON().sha256).toBe(sha256);
	});

	it.each([
		["longer", "abcd", 3, "length_mismatch"],
		["shorter", "ab", 3, "length_mismatch"],
		["empty", "", 3, "length_mismatch"],
		["different", "abd", 3, "digest_mismatch"],
	])("keeps nothing of a request body that is %s", async (_, text, size, outcome) => {
		const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
		const { body } = new Request("https://updates.test/", { method: "PUT", body: text });
		if (body === null) throw new Error("no body");
		const store = createR2PackageStore(bindings.PACKAGES);
		expect(await store.put(sha256, body, size)).toBe(outcome);
		expect(await store.has(sha256)).toBeNull();
	});

	it.each([
		["the same bytes", "abc", "stored"],
		["other bytes", "abd", "digest_mismatch"],
	])("leaves one object after a second upload with %s", async (_, text, outcome) => {
		const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
		const store = createR2PackageStore(bindings.PACKAGES);
		const streamOf = (content: string) => new Response(content).body ?? new ReadableStream();
		await store.put(sha256, streamOf("abc"), 3);
		expect(await store.put(sha256, streamOf(text), 3)).toBe(outcome);
		const { objects } = await bindings.PACKAGES.list();
		expect(objects.map(({ key }) => key)).toEqual([`packages/${sha256}`]);
	});

	it("lists no objects of others, however many there are", async () => {
		const sha256 = "8".repeat(64);
		await bindings.PACKAGES.put(`packages/${sha256}`, "abc");
		for (const key of ["packages/0", "packages/1", "packages/2", "packages/x", "packages/y", "uploads/1", "zzz"]) {
			await bindings.PACKAGES.put(key, "not a package");
		}
		const store = createR2PackageStore(bindings.PACKAGES);
		const found = [];
		for (let after: string | null = ""; after !== null; ) {
			const page: PackagePage = await store.list(after, 2);
			found.push(...page.packages.map((one) => one.sha256));
			after = page.next;
		}
		expect(found).toEqual([sha256]);
	});

	it.each([
		// As R2 words it; there are no locks in the local one.
		["delete: The object is locked by the bucket policy. (10069)", "locked"],
		["delete: We encountered an internal error. Please try again. (10001)", "unknown"],
	])("tells a lock from what has no outcome: %s", async (message, outcome) => {
		const bucket = { delete: async () => Promise.reject(new Error(message)) } as unknown as R2Bucket;
		const removed = createR2PackageStore(bucket).remove("a".repeat(64));
		if (outcome === "locked") expect(await removed).toBe("locked");
		else await expect(removed).rejects.toThrow(PackageStoreError);
	});
});
