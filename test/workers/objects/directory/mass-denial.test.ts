// So many denials that one record cannot hold them, at the real Directory: devices of one account, 100,000 in `npm run test:long`.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type DeniedList, deniedPart, deniedRecord, deniedUntil } from "../../../../src/content/denied-list.ts";
import { headsRecord } from "../../../../src/content/heads-record.ts";
import type { DenialStep } from "../../../../src/objects/outbox/outbox-rows.ts";
import { deniedPartKeys } from "../../../../src/storage/keys.ts";
import { bindings, replaceStores } from "../../../support/object-bindings.ts";
import { runs } from "../../../support/runs.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { storedIn } from "../../../support/stored-record.ts";

const NOW = Math.floor(Date.now() / 1_000);
/** Devices that one record could not hold. */
const DENIED = runs(20_000, 100_000);
const UNTIL = NOW + 600_000;
/** Of a row in the storage of an object; the local runtime holds nobody to it. */
const MAX_ROW_BYTES = 2_000_000;
const directory = () => bindings.DIRECTORY.getByName("directory");
const idOf = (index: number) => `dev-f5any44xnh-${String(index).padStart(16, "0")}`;
const denyStep = (index: number): DenialStep => ({
	...{ kind: "deny", scope: "device", id: idOf(index), version: 1, until: UNTIL },
});

afterEach(reset);

async function denyFrom(first: number, count: number): Promise<void> {
	for (let at = first; at < first + count; at += 5_000) {
		const length = Math.min(5_000, first + count - at);
		await directory().changeDenials(Array.from({ length }, (_, index) => denyStep(at + index)));
	}
}

async function body(key: string): Promise<unknown> {
	return (await storedIn(bindings.RECORDS, key))?.body;
}

/** What an edge reads. */
async function published(): Promise<DeniedList> {
	const { denied: revision } = headsRecord.parse(await body("heads"));
	const denied = deniedRecord.parse(await body(`denied@${revision}`));
	const deniedParts = [];
	for (const key of deniedPartKeys(denied.parts)) deniedParts.push(deniedPart.parse(await body(key)));
	return { denied, deniedParts };
}

it("as many devices as one record cannot hold are refused, each, in records far below the size of a row", async () => {
	await denyFrom(0, DENIED);
	const seen = await published();
	expect(seen.deniedParts.length).toBeGreaterThan(1);
	for (let index = 0; index < DENIED; index++) {
		if (deniedUntil(seen, idOf(index)) !== UNTIL) throw new Error(`${idOf(index)} is let through`);
	}
	expect(deniedUntil(seen, idOf(DENIED))).toBeUndefined();
	for (const part of [seen.denied, ...seen.deniedParts]) {
		expect(JSON.stringify(part).length).toBeLessThan(MAX_ROW_BYTES / 2);
	}

	// One of them is let in again: the list alone is new.
	const { revision } = seen.denied.parts ?? {};
	await directory().changeDenials([{ kind: "allow", scope: "device", id: idOf(7), version: 2, until: 0 }]);
	await directory().changeDenials([denyStep(7)]);
	const after = await published();
	expect(after.denied.parts?.revision).toBe(revision);
	expect(deniedUntil(after, idOf(7))).toBeUndefined();
	expect(deniedUntil(after, idOf(8))).toBe(UNTIL);
}, 120_000);

it("no row that waits for a store is longer than a row may be", async () => {
	const store = new FakeRecordStore();
	store.break("before");
	await replaceStores(directory(), { kv: store });
	await denyFrom(0, 25_000);
	const longest = await runInDurableObject(directory(), (_, { storage: { sql } }) =>
		["SELECT MAX(LENGTH(step)) AS n FROM outbox", "SELECT MAX(LENGTH(body)) AS n FROM denied_parts"].map((query) =>
			Number(sql.exec(query).one()["n"]),
		),
	);
	for (const length of longest) {
		expect(length).toBeGreaterThan(0);
		expect(length).toBeLessThan(MAX_ROW_BYTES / 2);
	}
}, 120_000);

describe("a list in parts", () => {
	it("is asked of the Directory part by part, and a part of another division is nobody's", async () => {
		await denyFrom(0, 4_000);
		const { denied, deniedParts } = await published();
		const [key = ""] = deniedPartKeys(denied.parts);
		expect(JSON.parse((await directory().readRecord(key)) ?? "")).toMatchObject({ key, body: deniedParts[0] });
		expect(await directory().readRecord(key.replace("-of-1@", "-of-2@"))).toBeNull();
		expect(await directory().readRecord(key.replace("-0-", "-1-"))).toBeNull();
		expect(await directory().readRecord(key.replace(/@\d+/, "@99"))).toBeNull();
	});

	it("is written again with all records, and verified with them", async () => {
		await denyFrom(0, 4_000);
		for (const key of deniedPartKeys((await published()).denied.parts)) await bindings.RECORDS.delete(key);
		const query = { after: "", limit: 200, store: null };
		expect((await directory().verifyRecords(query)).drift).toMatchObject([{ verdict: "missing" }]);
		await directory().rebuildRecords(query);
		expect((await directory().verifyRecords(query)).drift).toEqual([]);
		expect(deniedUntil(await published(), idOf(0))).toBe(UNTIL);
	});

	it("is one again within a day after most of it has ended, and its parts are to be deleted", async () => {
		await denyFrom(0, 4_000);
		const parts = deniedPartKeys((await published()).denied.parts);
		vi.useFakeTimers({ toFake: ["Date"], now: (UNTIL + 1) * 1_000 });
		try {
			await directory().changeDenials([{ ...denyStep(5_000), until: UNTIL + 600 } as DenialStep]);
		} finally {
			vi.useRealTimers();
		}
		const { denied } = await published();
		expect(denied).toEqual({ revision: denied.revision, devices: { [idOf(5_000)]: UNTIL + 600 }, licenseEpochs: {} });
		const outdated = await runInDurableObject(directory(), (_, { storage: { sql } }) =>
			sql.exec<{ key: string; named_by: string }>("SELECT key, named_by FROM outdated_revisions").toArray(),
		);
		for (const key of parts) expect(outdated).toContainEqual({ key, named_by: `denied@${denied.revision - 1}` });
	});
});
