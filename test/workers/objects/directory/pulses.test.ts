// Pulses in their public bucket: written after `heads`, again until they are there, and never back to what was before.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Outbox } from "../../../../src/objects/outbox/outbox.ts";
import { importLookupKeys } from "../../../../src/signing/keys/lookup-keys.ts";
import { createPulseSigner, type PulseSigner, type PulseSubject } from "../../../../src/signing/pulse-signer.ts";
import { createR2PulseStore } from "../../../../src/storage/r2-pulse-store.ts";
import { bindings, replaceStores } from "../../../support/object-bindings.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";

const NOW = Math.floor(Date.now() / 1_000);
const OPERATOR = { actor: "olivia", now: NOW } as const;
const CRS: PulseSubject = { product: "crs" };
const directory = () => bindings.DIRECTORY.getByName("directory");

let signer: PulseSigner;
beforeEach(async () => {
	signer = createPulseSigner(await importLookupKeys(TEST_SECRETS.LOOKUP_KEY));
});
afterEach(reset);

async function objectOf(subject: PulseSubject) {
	return bindings.PULSES.get(`p/${await signer.nameOf(subject)}`);
}

async function valueIn(subject: PulseSubject): Promise<string | null> {
	const body = await (await objectOf(subject))?.json<{ value: string }>();
	return body?.value ?? null;
}

async function createMessage() {
	return directory().createMessage({
		...OPERATOR,
		message: {
			...{ id: "msg-1", severity: "info", title: "Pause", body: "On Sunday.", locales: {}, audience: {} },
			...{ startsAt: NOW, endsAt: NOW + 60 },
		},
	});
}

test("a release changes the pulse of its product, and says for how long a cache may hold it", async () => {
	expect(await directory().advanceProduct({ product: "crs", revision: 3 })).toEqual({ published: true });
	const object = await objectOf(CRS);
	expect(object?.httpMetadata).toMatchObject({ contentType: "application/json", cacheControl: "public, max-age=15" });
	expect(await object?.json()).toEqual({ value: await signer.valueOf(CRS, 3), spread: 600, emergency: false });
});

test("an emergency says so, and its spread is shorter", async () => {
	await directory().advanceProduct({ product: "crs", revision: 3, emergencyUntil: NOW + 600 });
	expect(await (await objectOf(CRS))?.json()).toMatchObject({ spread: 60, emergency: true });
});

test.each([
	["the emergency is news", 600, true],
	["the emergency is news no more", 0, false],
])("a pulse that is written again says, while %s, what it would say now", async (_, seconds, emergency) => {
	await directory().advanceProduct({ product: "crs", revision: 3, emergencyUntil: NOW + seconds });
	await bindings.PULSES.delete(`p/${await signer.nameOf(CRS)}`);
	await directory().rebuildRecords({ after: "", limit: 200, store: null });
	expect(await (await objectOf(CRS))?.json()).toMatchObject({ emergency });
});

test("a later revision without an emergency ends it, an earlier one with one does not bring it back", async () => {
	await directory().advanceProduct({ product: "crs", revision: 1, emergencyUntil: NOW + 600 });
	await directory().advanceProduct({ product: "crs", revision: 3 });
	await directory().advanceProduct({ product: "crs", revision: 2, emergencyUntil: NOW + 600 });
	await directory().rebuildRecords({ after: "", limit: 200, store: null });
	expect(await (await objectOf(CRS))?.json()).toMatchObject({ emergency: false });
});

test("the messages have a pulse from the first release on, which a message changes", async () => {
	await directory().advanceProduct({ product: "crs", revision: 1 });
	expect(await valueIn("messages")).toBe(await signer.valueOf("messages", 0));
	await createMessage();
	expect(await valueIn("messages")).toBe(await signer.valueOf("messages", 1));
});

test("an earlier revision changes nothing", async () => {
	await directory().advanceProduct({ product: "crs", revision: 3 });
	await directory().advanceProduct({ product: "crs", revision: 2 });
	expect(await valueIn(CRS)).toBe(await signer.valueOf(CRS, 3));
});

test("what the bucket lost is written again with all records", async () => {
	await directory().advanceProduct({ product: "crs", revision: 3 });
	for (const subject of [CRS, "messages"] as const) await bindings.PULSES.delete(`p/${await signer.nameOf(subject)}`);
	await directory().rebuildRecords({ after: "", limit: 200, store: null });
	expect(await valueIn(CRS)).toBe(await signer.valueOf(CRS, 3));
	expect(await valueIn("messages")).toBe(await signer.valueOf("messages", 0));
});

async function setPutPulse(putPulse: Outbox["putPulse"]): Promise<void> {
	await runInDurableObject(directory(), (instance) => {
		(instance as unknown as { outbox: Outbox }).outbox.putPulse = putPulse;
	});
}

describe("a pulse", () => {
	test("that the bucket does not take is still owed, and the caller is told", async () => {
		await setPutPulse(() => Promise.reject(new Error("R2 PUT failed: 503")));
		expect(await directory().advanceProduct({ product: "crs", revision: 1 })).toEqual({ published: false });
		const told: unknown[] = [];
		await setPutPulse(async (step) => void told.push([step.product, step.revision]));
		expect(await directory().settled()).toBe(true);
		expect(told).toEqual([
			["crs", 1],
			[null, 0],
		]);
	});

	test("waits until some store has the heads that it is news of", async () => {
		const store = new FakeRecordStore();
		store.break("before");
		await replaceStores(directory(), { kv: store });
		await directory().advanceProduct({ product: "crs", revision: 1 });
		expect(await valueIn(CRS)).toBeNull();
		store.repair();
		expect(await directory().settled()).toBe(true);
		expect(await valueIn(CRS)).toBe(await signer.valueOf(CRS, 1));
	});
});

describe("a write that its caller has given up", () => {
	/** A bucket whose write is made when the test says so. @param onPut called when it is asked for */
	function delayed(late: Promise<void>, onPut: () => void): R2Bucket {
		return {
			head: (key: string) => bindings.PULSES.head(key),
			put: async (...given: Parameters<R2Bucket["put"]>) => {
				onPut();
				await late;
				return bindings.PULSES.put(...given);
			},
		} as unknown as R2Bucket;
	}

	test.each([["of the first pulse"], ["of a later one"]])("%s does not land on a newer one", async (which) => {
		const store = createR2PulseStore(bindings.PULSES);
		if (which === "of a later one") await store.put("name", { value: "zero" });
		const [asked, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		const late = createR2PulseStore(delayed(written.promise, asked.resolve)).put("name", { value: "old" });
		const refused = expect(late).rejects.toThrow("came between");
		await asked.promise;
		await store.put("name", { value: "new" });
		written.resolve();
		await refused;
		expect(await (await bindings.PULSES.get("p/name"))?.json()).toEqual({ value: "new" });
	});
});
