// How `heads` leads to what is shared, and what is asked of whom when a record is old, absent or lost.
import { beforeEach, describe, expect, it } from "vitest";
import type { SharedView } from "../../../src/content/heads-record.ts";
import type { DeviceRecord } from "../../../src/entitlement/devices/device-record.ts";
import { createRecordCache } from "../../../src/storage/cache/record-cache.ts";
import { createRecords, RecordMissingError, type Records } from "../../../src/storage/records.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";
import { PLAIN_SEAL, sealedReader } from "../../support/stand-ins/plain-seal.ts";

const NOW_MS = 1_800_000_000_000;
const DEVICE = "dev-0123456789-0123456789abcdef";
const RECORD: DeviceRecord = {
	...{ id: DEVICE, account: "acct-0123456789abcdef", status: "active", model: "FW-100", labels: {}, haGroup: null },
	...{
		hold: null,
		licenseEpoch: 3,
		lease: null,
		policy: null,
		grants: {},
		serial: "SN-1",
		license: "lic-00000000",
		dpopBound: false,
	},
	...{ jwk: { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) }, jkt: "A".repeat(43), activatedAt: 1_800_000_000 },
};

let store: FakeRecordStore;
/** what the objects would give, by key */
let owned: Map<string, { version: number; body: unknown }>;
let ownerReads: string[];

function recordsThatKeep(headsFreshSeconds: number, deviceFreshSeconds: number): Records {
	const origin = {
		read: async (key: string) => {
			ownerReads.push(key);
			const record = owned.get(key);
			return record === undefined ? null : { ...record, bytes: 100 };
		},
	};
	const cache = createRecordCache({ store: sealedReader(store), seal: PLAIN_SEAL, origin, maxBytes: 100_000 });
	return createRecords(cache, { headsFreshSeconds, deviceFreshSeconds, lastGoodSeconds: 0 });
}

let background: Promise<unknown>[];
const scopeAt = (seconds: number) => ({
	nowMs: NOW_MS + seconds * 1_000,
	waitUntil: (work: Promise<unknown>) => background.push(work),
	noteLastGood: () => {},
});

beforeEach(() => {
	store = new FakeRecordStore();
	owned = new Map();
	ownerReads = [];
	background = [];
});

const putHeads = async (heads: Partial<SharedView["heads"]>, version: number) => {
	store.texts.set(
		"heads",
		JSON.stringify({ key: "heads", version, body: { products: {}, messages: 0, denied: 0, ...heads } }),
	);
};

describe("what is shared", () => {
	it("keeps a denial that is known when heads that lag behind name a revision from before it", async () => {
		const records = recordsThatKeep(5, 10);
		const denying = (revision: number, devices: Record<string, number>) => ({
			version: revision,
			body: { revision, devices, licenseEpochs: {} },
		});
		// The store's location has heads of the first revision and nothing else; the Directory is at the third.
		owned.set("denied@1", denying(3, { [DEVICE]: 1_900_000_000 }));
		await putHeads({ denied: 1 }, 1);
		expect((await records.current(scopeAt(0))).denied.devices).toHaveProperty(DEVICE);
		store.texts.set("denied@2", JSON.stringify({ key: "denied@2", ...denying(2, {}) }));
		await putHeads({ denied: 2 }, 2);
		expect((await records.current(scopeAt(60))).denied.devices).toHaveProperty(DEVICE);
	});

	it("is nothing before anything was published, and nobody is asked for revisions", async () => {
		const records = recordsThatKeep(5, 10);
		const view = await records.current(scopeAt(0));
		expect(view).toEqual({
			heads: { products: {}, messages: 0, denied: 0 },
			denied: { revision: 0, devices: {}, licenseEpochs: {} },
			deniedParts: [],
		});
		expect(await records.product("crs", view, scopeAt(0))).toBeNull();
		expect(await records.messages(view, scopeAt(0))).toEqual({ revision: 0, messages: [] });
		expect(ownerReads).toEqual(["heads"]);
	});

	it("is of one moment: a product, the messages and the denials of the revisions that `heads` names", async () => {
		await store.put("product:crs@7", {
			version: 7,
			body: {
				product: "crs",
				revision: 7,
				versionOrder: "vendor",
				releases: [],
				disabledRules: [],
				rulesDisabledAt: null,
			},
		});
		await store.put("product:crs@8", {
			version: 8,
			body: {
				product: "crs",
				revision: 8,
				versionOrder: "vendor",
				releases: [],
				disabledRules: [],
				rulesDisabledAt: null,
			},
		});
		await store.put("messages@2", { version: 2, body: { revision: 2, messages: [] } });
		await store.put("denied@4", { version: 4, body: { revision: 4, devices: { [DEVICE]: 9 }, licenseEpochs: {} } });
		await putHeads({ products: { crs: 7 }, messages: 2, denied: 4 }, 1);
		const records = recordsThatKeep(5, 10);
		const view = await records.current(scopeAt(0));
		expect(view.denied).toEqual({ revision: 4, devices: { [DEVICE]: 9 }, licenseEpochs: {} });
		expect(await records.product("crs", view, scopeAt(0))).toMatchObject({ revision: 7 });
		expect(await records.messages(view, scopeAt(0))).toMatchObject({ revision: 2 });
	});

	it.each(["constructor", "__proto__", "toString"])("has no product named %s", async (name) => {
		const records = recordsThatKeep(5, 10);
		expect(await records.product(name, await records.current(scopeAt(0)), scopeAt(0))).toBeNull();
	});

	it("fails where a revision that `heads` names is nowhere: that is not the same as nothing", async () => {
		await putHeads({ products: { crs: 7 }, messages: 2 }, 1);
		const records = recordsThatKeep(5, 10);
		const view = await records.current(scopeAt(0));
		await expect(records.product("crs", view, scopeAt(0))).rejects.toThrow(RecordMissingError);
		await expect(records.messages(view, scopeAt(0))).rejects.toThrow(RecordMissingError);
		await putHeads({ denied: 4 }, 2);
		await expect(recordsThatKeep(5, 10).current(scopeAt(0))).rejects.toThrow(RecordMissingError);
	});

	it("is peeked at for as long as the copy of `heads` is fresh, and not a moment longer", async () => {
		await putHeads({}, 1);
		const records = recordsThatKeep(5, 10);
		expect(records.peekCurrent(scopeAt(0))).toBeUndefined();
		await records.current(scopeAt(0));
		expect(records.peekCurrent(scopeAt(4))).toMatchObject({ heads: { denied: 0 } });
		expect(records.peekCurrent(scopeAt(5))).toBeUndefined();
	});

	it("is not peeked at where the denials of these heads were never read", async () => {
		await putHeads({}, 1);
		const records = recordsThatKeep(5, 10);
		await records.current(scopeAt(0));
		await putHeads({ denied: 4 }, 2);
		store.faultOf = (_, key) => (key === "denied@4" ? "before" : null);
		await expect(records.current(scopeAt(20))).rejects.toThrow();
		expect(records.peekCurrent(scopeAt(20))).toBeUndefined();
	});
});

describe("a device's record", () => {
	const outdatedBy = (epoch: number): SharedView => ({
		heads: { products: {}, messages: 0, denied: 1 },
		denied: { revision: 1, devices: {}, licenseEpochs: { "0123456789": epoch } },
		deniedParts: [],
	});
	beforeEach(async () => {
		await store.put(`device:${DEVICE}`, { version: 1, body: RECORD });
		owned.set(`device:${DEVICE}`, { version: 2, body: { ...RECORD, licenseEpoch: 4, status: "suspended" } });
	});

	it.each([
		[2, "active", 0],
		[3, "active", 0],
		[4, "suspended", 1],
	])("in license epoch %i of its account says %s", async (epoch, status, reads) => {
		const found = await recordsThatKeep(5, 10).device(DEVICE, outdatedBy(epoch), scopeAt(0));
		expect(found?.status).toBe(status);
		expect(ownerReads).toHaveLength(reads);
	});

	it("is not there, whatever became of its account's licenses", async () => {
		owned.clear();
		store.texts.clear();
		expect(await recordsThatKeep(5, 10).device(DEVICE, outdatedBy(4), scopeAt(0))).toBeNull();
	});
});
