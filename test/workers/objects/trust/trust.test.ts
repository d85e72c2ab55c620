// The TUF repository wherever its object dies: what lies in R2 always leads from the timestamp to files that are there.
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Trust } from "../../../../src/objects/trust/trust.ts";
import type { TufSigner } from "../../../../src/signing/tuf/keys.ts";
import { createR2TrustFileStore } from "../../../../src/storage/r2-trust-file-store.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { newSigner } from "../../../support/tuf/keys.ts";
import { newOperators, type Operators, roleFile, rootFile, targetsFile } from "../../../support/tuf/operator.ts";

const NOW = Math.floor(Date.now() / 1_000);
const DIGEST = "a".repeat(64);
const trust = () => bindings.TRUST.getByName("trust");

let operators: Operators;
let publisher: TufSigner;
let root: string;
let targets: string;

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
	const [online] = (await trust().state()).online;
	if (online === undefined) throw new Error("the service has no key");
	operators = await newOperators(online);
	publisher = await newSigner();
	root = await rootFile(operators, 1, NOW);
	targets = await targetsFile(operators, 1, [{ product: "crs", signers: [publisher] }], NOW);
});
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

async function inR2(
	file: string,
): Promise<{ signed: { version: number; expires: string; meta: Record<string, { version: number }> } } | null> {
	return (await bindings.PULSES.get(`tuf/${file}`))?.json() ?? null;
}

/** Goes the way of a client. @returns the role's version; null where there is no timestamp yet */
async function walk(): Promise<number | null> {
	const timestamp = await inR2("timestamp.json");
	if (timestamp === null) return null;
	const snapshot = await inR2(`${timestamp.signed.meta["snapshot.json"]?.version}.snapshot.json`);
	expect(snapshot).not.toBeNull();
	const meta = snapshot?.signed.meta ?? {};
	for (const [name, { version }] of Object.entries(meta)) expect(await inR2(`${version}.${name}`), name).not.toBeNull();
	return meta["crs.json"]?.version ?? 0;
}

/** Lets `writes` files through, and the next one not, whether it was written or not. */
async function breakAfter(writes: number, persists: boolean): Promise<void> {
	await runInDurableObject(trust(), (instance: Trust) => {
		const store = createR2TrustFileStore(bindings.PULSES);
		let left = writes;
		instance.store = {
			async put(file, text) {
				if (left-- > 0) return store.put(file, text);
				if (persists) await store.put(file, text);
				throw new Error("the connection broke");
			},
		};
	});
}

async function mend(): Promise<void> {
	await runInDurableObject(trust(), (instance: Trust) => {
		instance.store = createR2TrustFileStore(bindings.PULSES);
	});
}

test("what was never set up takes no role file, and leaves nothing behind", async () => {
	const file = await roleFile("crs", 1, { "1": DIGEST }, [publisher], NOW);
	expect(await trust().publishRole({ product: "crs", file, now: NOW })).toEqual({ ok: false, reason: "not_set_up" });
	expect(await trust().change({ targets, now: NOW })).toEqual({ ok: false, reason: "not_set_up" });
	expect(await trust().change({ root, now: NOW })).toEqual({ ok: false, reason: "not_set_up" });
	await runInDurableObject(trust(), (_, state) => {
		expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'files'").toArray()).toEqual([]);
	});
	expect(await walk()).toBeNull();
});

describe.each([0, 1, 2, 3])("where storage breaks off after %i files", (writes) => {
	test.each([false, true])("clients meet the repository before or after (it was written: %s)", async (persists) => {
		await breakAfter(writes, persists);
		const first = await trust().change({ root, targets, now: NOW });
		expect(first).toMatchObject({ ok: true, changed: true, published: false });
		await walk();
		await mend();
		vi.setSystemTime((NOW + 31) * 1_000);
		await runDurableObjectAlarm(trust());
		expect(await walk()).toBe(0);

		await breakAfter(writes, persists);
		const file = await roleFile("crs", 1, { "1": DIGEST }, [publisher], NOW);
		const published = await trust().publishRole({ product: "crs", file, now: NOW });
		// Role, snapshot and timestamp are three files.
		expect(published).toMatchObject({ ok: true, kind: "new", published: writes >= 3 });
		expect([0, 1]).toContain(await walk());
		await mend();
		vi.setSystemTime((NOW + 62) * 1_000);
		await runDurableObjectAlarm(trust());
		expect(await walk()).toBe(1);
		expect(await (await bindings.PULSES.get("tuf/1.crs.json"))?.text()).toBe(file);
	});
});

describe("the timestamp", () => {
	beforeEach(async () => {
		expect(await trust().change({ root, targets, now: NOW })).toMatchObject({ ok: true, published: true });
	});

	const versions = async () => {
		const timestamp = await inR2("timestamp.json");
		return [timestamp?.signed.version, timestamp?.signed.meta["snapshot.json"]?.version];
	};

	test("is renewed every fifteen minutes, for a day", async () => {
		expect(await versions()).toEqual([1, 1]);
		await runInDurableObject(trust(), async (_, state) => {
			expect(await state.storage.getAlarm()).toBe((NOW + 900) * 1_000);
		});
		vi.setSystemTime((NOW + 900) * 1_000);
		await runDurableObjectAlarm(trust());
		expect(await versions()).toEqual([2, 1]);
		expect((await inR2("timestamp.json"))?.signed.expires).toBe(
			new Date((NOW + 900 + 86_400) * 1_000).toISOString().replace(".000Z", "Z"),
		);
	});

	test("gets a new snapshot with it when the last one is half through", async () => {
		vi.setSystemTime((NOW + 7 * 86_400) * 1_000);
		await runDurableObjectAlarm(trust());
		expect(await versions()).toEqual([2, 2]);
	});

	test("never goes back: a write that was overtaken fails", async () => {
		const { put } = createR2TrustFileStore(bindings.PULSES);
		const bucket = bindings.PULSES;
		const overtaken = {
			...bucket,
			head: bucket.head.bind(bucket),
			put: async (...args: Parameters<R2Bucket["put"]>) => {
				await put("timestamp.json", '{"signatures":[],"signed":{"newer":true}}');
				return bucket.put(...args);
			},
		} as unknown as R2Bucket;
		await expect(createR2TrustFileStore(overtaken).put("timestamp.json", "old")).rejects.toThrow("came between");
		expect(await (await bucket.get("tuf/timestamp.json"))?.text()).toContain("newer");
	});

	test("a file with a version in its name is written once", async () => {
		const store = createR2TrustFileStore(bindings.PULSES);
		await store.put("1.root.json", "other");
		expect(await (await bindings.PULSES.get("tuf/1.root.json"))?.text()).toBe(root);
	});
});
