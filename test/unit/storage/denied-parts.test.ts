// A deny list in parts, as an edge reads it: all of them or nothing, and never a part of another division.
import { beforeEach, describe, expect, it } from "vitest";
import { deniedUntil, licenseEpochOf, partOf } from "../../../src/content/denied-list.ts";
import { createRecordCache } from "../../../src/storage/cache/record-cache.ts";
import { createRecords, type Records } from "../../../src/storage/records.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";
import { PLAIN_SEAL, sealedReader } from "../../support/stand-ins/plain-seal.ts";

const NOW_MS = 1_800_000_000_000;
const UNTIL = 1_900_000_000;
const ACCOUNT = "0123456789";
const idOf = (index: number) => `dev-${ACCOUNT}-${String(index).padStart(16, "0")}`;
const IDS = Array.from({ length: 40 }, (_, index) => idOf(index));

let store: FakeRecordStore;
let records: Records;
beforeEach(() => {
	store = new FakeRecordStore();
	const origin = { read: async () => null };
	const cache = createRecordCache({ store: sealedReader(store), seal: PLAIN_SEAL, origin, maxBytes: 100_000 });
	records = createRecords(cache, { headsFreshSeconds: 5, deviceFreshSeconds: 5, lastGoodSeconds: 0 });
});

const scopeAt = (seconds: number) => ({ nowMs: NOW_MS + seconds * 1_000, waitUntil: () => {}, noteLastGood: () => {} });
const read = (seconds = 0) => records.current(scopeAt(seconds));

async function put(key: string, version: number, body: unknown): Promise<void> {
	await store.put(key, { version, body });
}

/** All of `IDS` in parts under a revision, and what the list itself says. */
async function publish(count: number, revision: number, devices: Record<string, number> = {}): Promise<void> {
	for (let part = 0; part < count; part++) {
		const members = IDS.filter((id) => partOf(id, count) === part);
		const licenseEpochs = partOf(ACCOUNT, count) === part ? { [ACCOUNT]: 3 } : {};
		await put(`denied-${part}-of-${count}@${revision}`, revision, {
			devices: Object.fromEntries(members.map((id) => [id, UNTIL])),
			licenseEpochs,
		});
	}
	await put(`denied@${revision}`, revision, { revision, devices, licenseEpochs: {}, parts: { count, revision } });
	await put("heads", revision, { products: {}, messages: 0, denied: revision });
}

describe("a list in three parts", () => {
	beforeEach(() => publish(3, 7, { [idOf(0)]: 0, [idOf(99)]: UNTIL + 1 }));

	it("refuses whom a part or the list names, but not whom the list lets in again", async () => {
		const view = await read();
		expect(deniedUntil(view, idOf(0))).toBeUndefined();
		for (const id of IDS.slice(1)) expect(deniedUntil(view, id)).toBe(UNTIL);
		expect(deniedUntil(view, idOf(99))).toBe(UNTIL + 1);
		expect(deniedUntil(view, idOf(100))).toBeUndefined();
		expect(licenseEpochOf(view, idOf(0))).toBe(3);
		expect(licenseEpochOf(view, "dev-9876543210-0000000000000000")).toBe(0);
	});

	it("is held with all its parts, and then nothing is read for the next request", async () => {
		await read();
		expect(deniedUntil(records.peekCurrent(scopeAt(1)) ?? (await read(1)), idOf(1))).toBe(UNTIL);
		expect(records.peekCurrent(scopeAt(1))?.deniedParts).toHaveLength(3);
	});

	it("lets nobody through while one part is not to be had", async () => {
		await store.delete("denied-1-of-3@7");
		await expect(read()).rejects.toThrow("no store has denied-1-of-3@7");
		expect(records.peekCurrent(scopeAt(0))).toBeUndefined();
	});

	it("refuses the same when it is divided anew, and when `heads` that lag behind name the old division again", async () => {
		await read();
		await publish(2, 9);
		for (const id of IDS) expect(deniedUntil(await read(20), id)).toBe(UNTIL);
		await put("heads", 10, { products: {}, messages: 0, denied: 7 });
		for (const id of IDS.slice(1)) expect(deniedUntil(await read(40), id)).toBe(UNTIL);
	});
});
