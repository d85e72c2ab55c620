// What every package store must do (src/storage/packages/package-store.ts), run on each adapter and on the fake.
import { beforeEach, describe, expect, it } from "vitest";
import type { PackagePage, PackageStore } from "../../src/storage/packages/package-store.ts";

export function packageStoreContract(name: string, create: () => Promise<PackageStore>): void {
	describe(`package store contract: ${name}`, () => {
		const bytes = new Uint8Array(300_000).map((_, index) => (index * 31) % 251);
		let sha256: string;
		let store: PackageStore;

		beforeEach(async () => {
			store = await create();
			sha256 = await hexDigest(bytes);
		});

		it("has nothing under a digest that nobody stored", async () => {
			expect(await store.has(sha256)).toBeNull();
			expect(await store.get(sha256)).toBeNull();
		});

		it("stores a stream under its digest and gives it back", async () => {
			expect(await store.put(sha256, streamOf(bytes), bytes.length)).toBe("stored");
			expect(await store.has(sha256)).toBe(bytes.length);
			const found = await store.get(sha256);
			expect(found?.size).toBe(bytes.length);
			expect(await read(found?.body)).toEqual(bytes);
		});

		it.each([
			["the first byte", 0, 1],
			["the last byte", 299_999, 1],
			["a part across chunks", 65_000, 70_000],
			["everything", 0, 300_000],
		])("gives %s, with the size of the whole", async (_, offset, length) => {
			await store.put(sha256, streamOf(bytes), bytes.length);
			const found = await store.get(sha256, { offset, length });
			expect(found?.size).toBe(bytes.length);
			expect(await read(found?.body)).toEqual(bytes.slice(offset, offset + length));
		});

		it("keeps nothing of an upload that is longer than announced", async () => {
			const announced = bytes.slice(0, -1);
			const digest = await hexDigest(announced);
			expect(await store.put(digest, streamOf(bytes), announced.length)).toBe("length_mismatch");
			expect(await store.has(digest)).toBeNull();
		});

		it("keeps nothing of an upload that is shorter than announced", async () => {
			expect(await store.put(sha256, streamOf(bytes.slice(0, -1)), bytes.length)).toBe("length_mismatch");
			expect(await store.has(sha256)).toBeNull();
		});

		it("keeps nothing of an empty upload", async () => {
			expect(await store.put(sha256, streamOf(new Uint8Array()), bytes.length)).toBe("length_mismatch");
			expect(await store.has(sha256)).toBeNull();
		});

		it("keeps nothing of an upload with another digest", async () => {
			const other = bytes.slice();
			other[150_000] = 255;
			expect(await store.put(sha256, streamOf(other), bytes.length)).toBe("digest_mismatch");
			expect(await store.has(sha256)).toBeNull();
		});

		it("keeps nothing of an upload that breaks off", async () => {
			await expect(store.put(sha256, brokenStream(bytes.slice(0, 1_000)), bytes.length)).rejects.toThrow();
			expect(await store.has(sha256)).toBeNull();
		});

		it("takes the same package again, and leaves what was there when the second upload is wrong", async () => {
			await store.put(sha256, streamOf(bytes), bytes.length);
			expect(await store.put(sha256, streamOf(bytes), bytes.length)).toBe("stored");
			const other = bytes.slice();
			other[0] = 255;
			expect(await store.put(sha256, streamOf(other), bytes.length)).toBe("digest_mismatch");
			expect(await store.put(sha256, streamOf(bytes.slice(1)), bytes.length)).toBe("length_mismatch");
			expect(await store.put(sha256, streamOf(bytes), bytes.length - 1)).toBe("length_mismatch");
			expect(await read((await store.get(sha256))?.body)).toEqual(bytes);
		});

		it("lists packages in the order of their digests, a page at a time", async () => {
			const since = Math.floor(Date.now() / 1_000);
			const sizes = new Map<string, number>();
			for (const size of [1, 2, 3, 4, 5]) {
				const part = bytes.slice(0, size);
				const digest = await hexDigest(part);
				sizes.set(digest, size);
				await store.put(digest, streamOf(part), size);
			}
			const digests = [...sizes.keys()].toSorted();
			const pages: (readonly string[])[] = [];
			for (let after: string | null = ""; after !== null; ) {
				const page: PackagePage = await store.list(after, 2);
				pages.push(page.packages.map((one) => one.sha256));
				for (const one of page.packages) {
					expect(one.size).toBe(sizes.get(one.sha256));
					expect(Math.abs(one.uploadedAt - since)).toBeLessThan(60);
				}
				after = page.next;
			}
			expect(pages).toEqual([digests.slice(0, 2), digests.slice(2, 4), digests.slice(4)]);
			// After what is no package as well, so that a removed one does not stop who goes through all.
			const [first = "", ...others] = digests;
			await store.remove(first);
			expect((await store.list(first, 10)).packages.map((one) => one.sha256)).toEqual(others);
		});

		it("removes a package, and one that is not there, and takes it again", async () => {
			await store.put(sha256, streamOf(bytes), bytes.length);
			expect([await store.remove(sha256), await store.remove(sha256)]).toEqual(["removed", "removed"]);
			expect(await store.has(sha256)).toBeNull();
			expect(await store.list("", 10)).toEqual({ packages: [], next: null });
			expect(await store.put(sha256, streamOf(bytes), bytes.length)).toBe("stored");
			expect(await store.has(sha256)).toBe(bytes.length);
		});
	});
}

async function hexDigest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Several chunks and no known length, as from the network. */
function streamOf(bytes: Uint8Array): ReadableStream {
	let offset = 0;
	return new ReadableStream({
		pull(controller) {
			if (offset >= bytes.length) return controller.close();
			controller.enqueue(bytes.slice(offset, offset + 65_536));
			offset += 65_536;
		},
	});
}

function brokenStream(bytes: Uint8Array): ReadableStream {
	let sent = false;
	return new ReadableStream({
		pull(controller) {
			if (sent) return controller.error(new Error("the sender went away"));
			controller.enqueue(bytes);
			sent = true;
		},
	});
}

async function read(body: ReadableStream | undefined): Promise<Uint8Array> {
	if (body === undefined) throw new Error("no package");
	return new Uint8Array(await new Response(body).arrayBuffer());
}
