// The Product object: packages that never change, releases in their order, withdrawals, and the record that edges find of
// them.
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { headsRecord } from "../../../../src/content/heads-record.ts";
import { productRecord } from "../../../../src/content/releases/product-record.ts";
import type { ReleaseMetadata } from "../../../../src/objects/product/releases/release-row.ts";
import { IMMEDIATE } from "../../../../src/rollout/built-in-plans.ts";
import { parseRecord } from "../../../../src/storage/record-store.ts";
import { bindings, replaceStores } from "../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { readStored, sealedText, storedIn } from "../../../support/stored-record.ts";

afterEach(reset);

const NOW = Math.floor(Date.now() / 1_000);
const PUBLISHER = { actor: "ci", now: NOW } as const;
const UPLOADER = { ...PUBLISHER, claimedUntil: NOW + 86_400 } as const;
const METADATA: ReleaseMetadata = {
	notes: "New rules",
	urgency: "routine",
	models: ["PA-440"],
	engine: { min: "11.1" },
	entries: null,
};
/** What edges are told of it. */
const { entries: _, ...RECORDED } = METADATA;
const product = () => bindings.PRODUCT.getByName("crs");
const content = (digit: string) => ({ sha256: digit.repeat(64), size: 100, name: "crs.tar" });

async function createProduct(): Promise<void> {
	await product().create({ ...PUBLISHER, name: "crs", title: "Core Rule Set", plan: IMMEDIATE });
	await bindings.DIRECTORY.getByName("directory").createProduct({ ...PUBLISHER, name: "crs", title: "Core Rule Set" });
}

async function publish(version: string, digit = "a", change: Partial<ReleaseMetadata> = {}) {
	await product().addPackage({ ...UPLOADER, version, ...content(digit) });
	return product().release({
		...PUBLISHER,
		salt: "salt",
		version,
		metadata: { ...METADATA, ...change },
		allowOlder: true,
	});
}

/** What an edge would read: heads, then the record that they point to. */
async function publishedRecord() {
	const heads = await bindings.RECORDS.get("heads");
	if (heads === null) return null;
	const revision = headsRecord.parse(readStored("heads", heads).body).products["crs"];
	const key = `product:crs@${revision}`;
	return productRecord.parse(readStored(key, (await bindings.RECORDS.get(key)) ?? "").body);
}

describe("a product that was never created", () => {
	it("refuses everything and leaves nothing behind", async () => {
		const unknown = { ok: false, reason: "unknown_product" };
		expect(await product().info()).toBeNull();
		expect(await product().addPackage({ ...UPLOADER, version: "1", ...content("a") })).toEqual(unknown);
		expect(await product().release({ ...PUBLISHER, salt: "salt", version: "1", metadata: METADATA })).toEqual(unknown);
		expect(await product().withdraw({ ...PUBLISHER, version: "1", reason: "" })).toEqual(unknown);
		expect(await product().list()).toEqual([]);
		expect(await product().find("1")).toBeNull();
		expect(await product().readRecord("product:crs@1")).toBeNull();
		const tables = await runInDurableObject(product(), (_, { storage }) =>
			storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
		);
		expect(tables).toEqual([]);
	});
});

describe("packages", () => {
	it("belong to their version for ever", async () => {
		await createProduct();
		const input = { ...UPLOADER, version: "4.27.0", ...content("a") };
		expect(await product().addPackage(input)).toMatchObject({ ok: true, kind: "new", release: { status: "uploaded" } });
		expect(await product().addPackage(input)).toMatchObject({ ok: true, kind: "same" });
		expect(await product().addPackage({ ...input, ...content("b") })).toEqual({ ok: false, reason: "version_exists" });
		expect(await publishedRecord()).toBeNull();
	});

	it("are bound to no version within an hour of the end of their upload's claim; what is bound stays", async () => {
		await createProduct();
		const add = (version: string, claimedUntil: number) =>
			product().addPackage({ ...UPLOADER, version, ...content("a"), claimedUntil });
		const late = Math.floor(Date.now() / 1_000) + 3_600;
		expect(await add("1", late)).toEqual({ ok: false, reason: "claim_ended" });
		expect(await product().find("1")).toBeNull();
		expect(await add("1", late + 60)).toMatchObject({ ok: true, kind: "new" });
		expect(await add("1", late)).toMatchObject({ ok: true, kind: "same" });
	});

	it("are held by every version that has them, released or not or withdrawn", async () => {
		expect(await product().heldPackages(["a".repeat(64)])).toBeNull();
		await createProduct();
		await publish("1", "a");
		await publish("2", "b");
		await publish("3", "b");
		await product().withdraw({ ...PUBLISHER, version: "1", reason: "false positives" });
		await product().addPackage({ ...UPLOADER, version: "4", ...content("c") });
		const digests = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));
		expect((await product().heldPackages(digests))?.toSorted()).toEqual(digests.slice(0, 3));
		expect(await product().heldPackages(digests.slice(3))).toEqual([]);
	});
});

describe("releases", () => {
	it("become current at once, in a record that every edge can find", async () => {
		await createProduct();
		expect(await publish("4.27.0")).toMatchObject({
			ok: true,
			kind: "new",
			published: true,
			release: { version: "4.27.0", status: "current", sequence: 1, releasedAt: NOW },
		});
		expect(await publishedRecord()).toEqual({
			product: "crs",
			revision: 1,
			versionOrder: "vendor",
			disabledRules: [],
			rulesDisabledAt: null,
			releases: [
				{
					version: "4.27.0",
					sequence: 1,
					...content("a"),
					releasedAt: NOW,
					...RECORDED,
					withdrawn: false,
					channel: "stable",
					betaReleasedAt: null,
					rollout: null,
				},
			],
		});
	});

	it("are newest first by the order of their release, whatever their versions say", async () => {
		await createProduct();
		await publish("4.28.0", "a");
		await publish("4.27.1", "b");
		expect((await publishedRecord())?.releases.map(({ version, sequence }) => [version, sequence])).toEqual([
			["4.27.1", 2],
			["4.28.0", 1],
		]);
		await product().addPackage({ ...UPLOADER, version: "5.0.0", ...content("c") });
		expect((await product().list()).map(({ version, status }) => [version, status])).toEqual([
			["5.0.0", "uploaded"],
			["4.27.1", "current"],
			["4.28.0", "older"],
		]);
	});

	it("need a package", async () => {
		await createProduct();
		expect(await product().release({ ...PUBLISHER, salt: "salt", version: "4.27.0", metadata: METADATA })).toEqual({
			ok: false,
			reason: "no_package",
		});
	});

	it("are the same when repeated, and a conflict with other metadata", async () => {
		await createProduct();
		await publish("4.27.0");
		expect(await publish("4.27.0")).toMatchObject({
			ok: true,
			kind: "same",
			published: true,
			release: { sequence: 1 },
		});
		for (const change of [{ notes: "x" }, { urgency: "emergency" }, { models: null }, { engine: {} }] as const) {
			const fields = Object.keys(change);
			expect(await publish("4.27.0", "a", change)).toEqual({ ok: false, reason: "release_exists", fields });
		}
		expect((await publishedRecord())?.revision).toBe(1);
	});

	it("get one sequence number each when they come together", async () => {
		await createProduct();
		const results = await Promise.all(["1", "2", "3", "4"].map((version) => publish(version, version)));
		const sequences = results.map((result) => (result.ok ? result.release.sequence : null)).sort();
		expect(sequences).toEqual([1, 2, 3, 4]);
		expect((await publishedRecord())?.releases.map(({ sequence }) => sequence)).toEqual([4, 3, 2, 1]);
	});

	it("leave the record where newer ones do for every device, and come back to it when they are withdrawn", async () => {
		await createProduct();
		for (let count = 1; count <= 68; count++) await publish(`1.${count}`, "a");
		const recorded = async () => (await publishedRecord())?.releases.map(({ sequence }) => sequence) ?? [];
		// The newest 64, and the oldest of all.
		expect(await recorded()).toEqual([...Array.from({ length: 64 }, (_, index) => 68 - index), 1]);
		await product().withdraw({ ...PUBLISHER, version: "1.3", reason: "breaks" });
		expect(await recorded()).toContain(3);
		expect(await recorded()).not.toContain(2);
		await product().withdraw({ ...PUBLISHER, version: "1.68", reason: "breaks", revertTo: "1.2" });
		await publish("1.69", "a");
		expect(await recorded()).toContain(2);
	});

	it("are refused where a newer version is released, unless the older one is meant", async () => {
		await createProduct();
		await publish("9.0.0");
		await product().addPackage({ ...UPLOADER, version: "8.9.1", ...content("b") });
		const older = { ...PUBLISHER, salt: "salt", version: "8.9.1", metadata: METADATA };
		expect(await product().release(older)).toEqual({ ok: false, reason: "older_version", newest: "9.0.0" });
		expect((await publishedRecord())?.revision).toBe(1);
		expect(await product().release({ ...older, allowOlder: true })).toMatchObject({ ok: true, kind: "new" });
		// Said again it is the same release, whatever came meanwhile.
		expect(await product().release(older)).toMatchObject({ ok: true, kind: "same" });
	});

	it("may be older than one that was withdrawn", async () => {
		await createProduct();
		await publish("9.0.0");
		await product().withdraw({ ...PUBLISHER, version: "9.0.0", reason: "breaks" });
		await product().addPackage({ ...UPLOADER, version: "8.9.1", ...content("b") });
		expect(await product().release({ ...PUBLISHER, salt: "salt", version: "8.9.1", metadata: METADATA })).toMatchObject(
			{ ok: true },
		);
	});

	it("have no order where the product says so", async () => {
		await product().create({ ...PUBLISHER, name: "crs", title: "Hashes", versionOrder: "none", plan: IMMEDIATE });
		for (const version of ["ffff", "0000"]) {
			await product().addPackage({ ...UPLOADER, version, ...content("b") });
			expect(await product().release({ ...PUBLISHER, salt: "salt", version, metadata: METADATA })).toMatchObject({
				ok: true,
			});
		}
	});
});

describe("withdrawal", () => {
	it("marks the release in the record and makes the one before it current", async () => {
		await createProduct();
		await publish("4.27.0", "a");
		await publish("4.28.0", "b");
		const withdrawal = { ...PUBLISHER, now: NOW + 9, version: "4.28.0", reason: "false positives" };
		expect(await product().withdraw(withdrawal)).toMatchObject({
			ok: true,
			changed: true,
			published: true,
			release: { status: "withdrawn", withdrawnAt: NOW + 9, withdrawReason: "false positives" },
		});
		expect((await product().find("4.27.0"))?.status).toBe("current");
		expect((await publishedRecord())?.releases.map(({ version, withdrawn }) => [version, withdrawn])).toEqual([
			["4.28.0", true],
			["4.27.0", false],
		]);
		expect(await product().withdraw({ ...withdrawal, reason: "again" })).toMatchObject({ ok: true, changed: false });
		expect((await publishedRecord())?.revision).toBe(3);
	});

	it("never gives a sequence number away again", async () => {
		await createProduct();
		await publish("1", "a");
		await product().withdraw({ ...PUBLISHER, version: "1", reason: "bad" });
		expect(await publish("2", "b")).toMatchObject({ release: { sequence: 2, status: "current" } });
	});

	it("is refused for what was never released", async () => {
		await createProduct();
		await product().addPackage({ ...UPLOADER, version: "1", ...content("a") });
		for (const version of ["1", "2"]) {
			expect(await product().withdraw({ ...PUBLISHER, version, reason: "" })).toEqual({
				ok: false,
				reason: "not_released",
			});
		}
	});
});

describe("publishing", () => {
	it("leaves the old record in place, whole, until the new one is in a store", async () => {
		await createProduct();
		await publish("1", "a");
		const store = new FakeRecordStore();
		store.break("before");
		await replaceStores(product(), { kv: store });
		expect(await publish("2", "b")).toMatchObject({ ok: true, published: false });
		expect((await publishedRecord())?.releases.map(({ version }) => version)).toEqual(["1"]);
		const record = await product().readRecord("product:crs@2");
		store.repair();
		store.onPut = async (key, stored) => bindings.RECORDS.put(key, await sealedText(key, stored));
		expect(await runDurableObjectAlarm(product())).toBe(true);
		expect((await publishedRecord())?.releases.map(({ version }) => version)).toEqual(["2", "1"]);
		const owned = parseRecord("product:crs@2", record ?? "");
		expect(await storedIn(bindings.RECORDS, "product:crs@2")).toEqual({ version: owned.version, body: owned.body });
		expect(await publish("2", "b")).toMatchObject({ kind: "same", published: true });
	});

	it("gives the record of now to whoever asks for an earlier revision, and nothing for a later one", async () => {
		await createProduct();
		expect(await product().readRecord("product:crs@0")).toBeNull();
		await publish("1", "a");
		await publish("2", "b");
		const record = parseRecord("product:crs@1", (await product().readRecord("product:crs@1")) ?? "");
		expect(productRecord.parse(record.body).releases).toHaveLength(2);
		for (const key of ["product:crs@3", "product:crs@x", "product:other@1", "product:crs@", "heads"]) {
			expect(await product().readRecord(key)).toBeNull();
		}
	});
});

it("the trail tells who uploaded, released and withdrew what, once each", async () => {
	await createProduct();
	await publish("4.27.0");
	await publish("4.27.0");
	for (const actor of ["otto", "olivia"]) {
		await product().withdraw({ actor, now: NOW + 9, version: "4.27.0", reason: "false positives" });
	}
	const trail = await product().events({ after: 0, limit: 100, types: [] });
	expect(trail?.entries.map(({ at, actor, action, subject, detail }) => [at, actor, action, subject, detail])).toEqual([
		[NOW, "ci", "product.create", "crs", "Core Rule Set"],
		[NOW, "ci", "package.add", "4.27.0", "a".repeat(64)],
		[NOW, "ci", "release.publish", "4.27.0", "a".repeat(64)],
		[NOW + 9, "otto", "release.withdraw", "4.27.0", "false positives"],
	]);
});
