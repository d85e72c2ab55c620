// The record store in Workers KV: the contract of all stores, and what KV's own cache asks for.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { createKvRecordStore } from "../../../src/storage/kv-record-store.ts";
import { recordStoreContract } from "../../contract/record-store.contract.ts";
import { bindings } from "../../support/object-bindings.ts";

afterEach(reset);

recordStoreContract("Workers KV", async () => ({
	store: createKvRecordStore(bindings.RECORDS),
	takesAnyVersion: true,
	corrupt: (key, text) => bindings.RECORDS.put(key, text),
}));

/** A namespace whose calls are counted, and may fail. */
function countingKv(fail: boolean) {
	const calls = { get: 0, put: 0 };
	const attempt = async <T>(name: "get" | "put", value: T): Promise<T> => {
		calls[name] += 1;
		if (fail) throw new Error("KV GET failed: 503");
		return value;
	};
	const kv = { get: () => attempt("get", null), put: () => attempt("put", undefined) } as unknown as KVNamespace;
	return { calls, store: createKvRecordStore(kv) };
}

describe("KV record store", () => {
	it("reports a namespace that cannot be reached, with the key and the cause", async () => {
		const { store } = countingKv(true);
		const failure = { code: "unreachable", key: "heads", cause: expect.any(Error) };
		await expect(store.get("heads")).rejects.toMatchObject(failure);
		await expect(store.put("heads", { version: 2, body: {} })).rejects.toMatchObject(failure);
		expect(await store.getMany(["heads"])).toMatchObject([failure]);
	});

	it("does not look before it writes: that would be a second operation, and KV would remember that the key was absent", async () => {
		const { store, calls } = countingKv(false);
		await store.put("device:dev-a", { version: 1, body: {} });
		await store.put("product:crs@7", { version: 7, body: {} });
		await store.put("device:dev-a", { version: 2, body: {} });
		expect(calls).toEqual({ get: 0, put: 3 });
	});
});
