// The Directory: its lists, heads that move after what they point to, messages, denials and API keys, each through its
// outbox.
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type DeniedRecord, deniedRecord } from "../../../../src/content/denied-list.ts";
import { type HeadsRecord, headsRecord } from "../../../../src/content/heads-record.ts";
import { type Message, messagesRecord } from "../../../../src/content/messages/message.ts";
import type { Directory } from "../../../../src/objects/directory/directory.ts";
import type { DenialStep } from "../../../../src/objects/outbox/outbox-rows.ts";
import { parseRecord } from "../../../../src/storage/record-store.ts";
import { bindings, replaceStores } from "../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { readStored } from "../../../support/stored-record.ts";
import { trailOf } from "../../../support/trail.ts";

afterEach(reset);

const NOW = Math.floor(Date.now() / 1_000);
const OPERATOR = { actor: "olivia", now: NOW } as const;
const directory = () => bindings.DIRECTORY.getByName("directory");

const deny = (denial: Omit<DenialStep, "kind"> & { until: number }) =>
	directory().changeDenials([{ kind: "deny", ...denial }]);
const allow = (denial: Omit<DenialStep, "kind" | "until">) =>
	directory().changeDenials([{ kind: "allow", until: 0, ...denial }]);

function message(id: string, change: Partial<Message> = {}): Omit<Message, "waves"> {
	const text = { title: "Maintenance", body: "Updates pause on Sunday." };
	return { id, severity: "info", ...text, locales: {}, startsAt: NOW, endsAt: NOW + 60, audience: {}, ...change };
}

async function stored(key: string) {
	const text = await bindings.RECORDS.get(key);
	return text === null ? null : readStored(key, text);
}

async function storedHeads() {
	return headsRecord.parse((await stored("heads"))?.body);
}

/** A store that objects to heads which point to nothing, and to versions that go back. */
async function watchedStore(): Promise<FakeRecordStore> {
	const store = new FakeRecordStore();
	await replaceStores(directory(), { kv: store });
	return store;
}

describe("a Directory that nobody has used", () => {
	it("answers that there is nothing", async () => {
		expect(await directory().listAccounts()).toEqual({ accounts: [], next: null });
		expect(await directory().listProducts()).toEqual([]);
		expect(await directory().listMessages(NOW)).toEqual([]);
		expect(await directory().listCredentials()).toEqual([]);
		expect(await directory().removeMessage({ ...OPERATOR, id: "msg-a" })).toEqual({ removed: false, published: true });
		expect(await directory().revokeCredential({ ...OPERATOR, id: "key-a" })).toEqual({
			ok: false,
			reason: "unknown_credential",
		});
		expect(await directory().readRecord("heads")).toBeNull();
	});
});

describe("accounts and products", () => {
	it("lists accounts a page at a time, in the order of their creation", async () => {
		for (const name of ["c", "a", "b"]) await directory().createAccount({ ...OPERATOR, id: `acct-${name}`, name });
		const first = await directory().listAccounts("", 2);
		expect(first?.accounts.map(({ id }) => id)).toEqual(["acct-c", "acct-a"]);
		const second = await directory().listAccounts(first?.next ?? "", 2);
		expect(second).toEqual({
			accounts: [{ id: "acct-b", name: "b", nameVersion: 0, createdAt: NOW, closedAt: null }],
			next: null,
		});
	});

	it.each(["acct-x", "1", "1 OR 1"])("knows no page after %j, which is no account", async (after) => {
		expect(await directory().listAccounts(after)).toBeNull();
		await directory().createAccount({ ...OPERATOR, id: "acct-a", name: "a" });
		expect(await directory().listAccounts(after)).toBeNull();
	});

	it("enters an account or a product once", async () => {
		const account = { ...OPERATOR, id: "acct-a", name: "a" };
		expect(await directory().createAccount(account)).toMatchObject({ ok: true, kind: "new" });
		expect(await directory().createAccount(account)).toMatchObject({ ok: true, kind: "same" });
		expect(await directory().createProduct({ ...OPERATOR, name: "crs", title: "Core Rule Set" })).toEqual({
			kind: "new",
			product: {
				name: "crs",
				title: "Core Rule Set",
				versionOrder: "vendor",
				createdAt: NOW,
				revision: 0,
				emergencyUntil: 0,
				entitled: "licensed",
			},
		});
		expect(await directory().createProduct({ ...OPERATOR, name: "crs", title: "Other" })).toMatchObject({
			kind: "same",
			product: { title: "Core Rule Set" },
		});
	});

	it("names a product whose release came before its entry", async () => {
		await directory().advanceProduct({ product: "crs", revision: 3 });
		expect(await directory().createProduct({ ...OPERATOR, name: "crs", title: "Core Rule Set" })).toMatchObject({
			kind: "new",
			product: { title: "Core Rule Set", revision: 3 },
		});
	});
});

describe("heads", () => {
	it("point to each product's latest revision and never go back", async () => {
		await directory().createProduct({ ...OPERATOR, name: "crs", title: "Core Rule Set" });
		await directory().createProduct({ ...OPERATOR, name: "threats", title: "Threats" });
		await directory().advanceProduct({ product: "crs", revision: 7 });
		await directory().advanceProduct({ product: "crs", revision: 6 });
		expect(await directory().advanceProduct({ product: "crs", revision: 7 })).toEqual({ published: true });
		expect(await storedHeads()).toEqual({ products: { crs: 7 }, messages: 0, denied: 0 });
		expect((await stored("heads"))?.version).toBe(1);
	});

	it("move after the records that they point to", async () => {
		const store = await watchedStore();
		await directory().createMessage({ ...OPERATOR, message: message("msg-a") });
		await deny({ scope: "device", id: "dev-a", version: 2, until: NOW + 60 });
		expect(store.puts).toEqual(["messages@1 1", "heads 1", "denied@1 1", "heads 2"]);
		expect(store.violations).toEqual([]);
	});

	it("move after the records also when the store failed in between, and skip what was overtaken", async () => {
		const store = await watchedStore();
		store.faultOf = (operation, key) => (operation === "put" && key === "messages@1" ? "before" : null);
		expect(await directory().createMessage({ ...OPERATOR, message: message("msg-a") })).toMatchObject({
			ok: true,
			published: false,
		});
		expect(store.puts).toEqual([]);
		store.break("before");
		for (const id of ["msg-b", "msg-c"]) await directory().createMessage({ ...OPERATOR, message: message(id) });
		store.repair();
		expect(await runDurableObjectAlarm(directory())).toBe(true);
		expect(store.puts).toEqual(["messages@3 3", "heads 3"]);
		expect(store.violations).toEqual([]);
	});

	it("end at the last of many changes that come together", async () => {
		const store = await watchedStore();
		const ids = Array.from({ length: 40 }, (_, index) => `dev-${index}`);
		await Promise.all(ids.map((id) => deny({ scope: "device", id, version: 1, until: NOW + 60 })));
		const heads = headsRecord.parse(store.bodyOf("heads"));
		expect(Object.keys(deniedRecord.parse(store.bodyOf(`denied@${heads.denied}`)).devices).sort()).toEqual(ids.sort());
		expect(store.violations).toEqual([]);
	});

	it("are given as they are when no store has them, and stored again", async () => {
		await directory().advanceProduct({ product: "crs", revision: 7 });
		const before = await stored("heads");
		await bindings.RECORDS.delete("heads");
		expect(parseRecord("heads", (await directory().readRecord("heads")) ?? "")).toMatchObject({ ...before });
		await expect.poll(() => stored("heads")).toEqual(before);
	});
});

describe("a record that no edge could read", () => {
	const halfASecond = { kind: "deny", scope: "device", id: "dev-b", version: 1, until: NOW + 60.5 } as const;
	it.each([
		["heads", "No Name", (object: Directory) => object.advanceProduct({ product: "No Name", revision: 1 })],
		["a list of denials", "dev-b", (object: Directory) => object.changeDenials([halfASecond])],
	])("is never written: %s; the change fails, and nothing of it stays", async (_, named, change) => {
		await directory().advanceProduct({ product: "crs", revision: 1 });
		await deny({ scope: "device", id: "dev-a", version: 1, until: NOW + 60 });
		const before = await storedHeads();
		// Inside of the object: an error that goes through a call counts as unhandled as well.
		const failure = await runInDurableObject(directory(), (object) =>
			change(object).then(
				() => null,
				(error: unknown) => error,
			),
		);
		expect(String(failure)).toContain(named);
		expect(await storedHeads()).toEqual(before);
		await directory().advanceProduct({ product: "crs", revision: 2 });
		expect(await storedHeads()).toEqual({ ...before, products: { crs: 2 } });
	});
});

describe("messages", () => {
	it("are published with those that have not ended, newest first", async () => {
		await directory().createMessage({ ...OPERATOR, message: message("msg-a") });
		await directory().createMessage({ ...OPERATOR, message: message("msg-ended", { endsAt: NOW }) });
		await directory().createMessage({ ...OPERATOR, message: message("msg-b", { startsAt: NOW + 30 }) });
		const { messages: revision } = await storedHeads();
		const record = messagesRecord.parse((await stored(`messages@${revision}`))?.body);
		expect(record.revision).toBe(3);
		expect(record.messages.map(({ id, waves }) => [id, waves.at(-1)?.sequence])).toEqual([
			["msg-b", 3],
			["msg-a", 1],
		]);
		expect(await directory().listMessages(NOW)).toEqual(record.messages);
	});

	it("never get the sequence number of one that was removed", async () => {
		await directory().createMessage({ ...OPERATOR, message: message("msg-a") });
		expect(await directory().removeMessage({ ...OPERATOR, id: "msg-a" })).toEqual({ removed: true, published: true });
		expect(await directory().removeMessage({ ...OPERATOR, id: "msg-a" })).toEqual({ removed: false, published: true });
		const created = await directory().createMessage({ ...OPERATOR, message: message("msg-b") });
		expect(created).toMatchObject({ ok: true, message: { waves: [{ upTo: 1, sequence: 2 }] } });
	});

	it("are refused under an id that is taken", async () => {
		await directory().createMessage({ ...OPERATOR, message: message("msg-a") });
		expect(await directory().createMessage({ ...OPERATOR, message: message("msg-a") })).toEqual({
			ok: false,
			reason: "id_taken",
			fraction: 0,
		});
	});

	it("are those of now to whoever asks for an earlier revision, and nothing for a later one", async () => {
		await directory().createMessage({ ...OPERATOR, message: message("msg-a") });
		await directory().createMessage({ ...OPERATOR, message: message("msg-b") });
		const record = parseRecord("messages@1", (await directory().readRecord("messages@1")) ?? "");
		expect(messagesRecord.parse(record.body)).toMatchObject({
			revision: 2,
			messages: [{ id: "msg-b" }, { id: "msg-a" }],
		});
		for (const key of ["messages@3", "messages@x", "messages@", "messages@01x", "denied@1"]) {
			expect(await directory().readRecord(key)).toBeNull();
		}
	});
});

describe("denials", () => {
	const denial = { scope: "device", id: "dev-a" } as const;
	const denied = async () => deniedRecord.parse((await stored(`denied@${(await storedHeads()).denied}`))?.body);

	it("are published until they are lifted", async () => {
		expect(await deny({ ...denial, version: 2, until: NOW + 60 })).toEqual({ published: true });
		await deny({ scope: "licenseEpoch", id: "f5any44xnh", version: 3, until: NOW + 90 });
		expect(await denied()).toEqual({
			revision: 2,
			devices: { "dev-a": NOW + 60 },
			licenseEpochs: { f5any44xnh: 3 },
		});
		await allow({ ...denial, version: 3 });
		expect(await denied()).toEqual({ revision: 3, devices: {}, licenseEpochs: { f5any44xnh: 3 } });
	});

	it("do not come back when an earlier one is repeated late", async () => {
		await deny({ ...denial, version: 2, until: NOW + 60 });
		await allow({ ...denial, version: 3 });
		await deny({ ...denial, version: 2, until: NOW + 60 });
		expect((await denied()).devices).toEqual({});
	});

	it("do not come back when one of the version that lifted them is told late, with a later end", async () => {
		await deny({ ...denial, version: 2, until: NOW + 60 });
		await allow({ ...denial, version: 3 });
		await deny({ ...denial, version: 3, until: NOW + 600 });
		expect((await denied()).devices).toEqual({});
	});

	it.each([
		[NOW, {}],
		[NOW + 1, { "dev-a": NOW + 1 }],
	])("that end at %i are looked at by the next one at that moment", async (until, left) => {
		vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
		try {
			await deny({ ...denial, version: 1, until });
			await deny({ scope: "device", id: "dev-b", version: 1, until: NOW + 60 });
		} finally {
			vi.useRealTimers();
		}
		expect((await denied()).devices).toEqual({ ...left, "dev-b": NOW + 60 });
	});

	it("that come together make one list, and move `heads` once", async () => {
		const store = await watchedStore();
		const ids = Array.from({ length: 1_000 }, (_, index) => `dev-${index}`);
		const changes = ids.map((id) => ({ kind: "deny", scope: "device", id, version: 1, until: NOW + 60 }) as const);
		await directory().changeDenials([
			...changes,
			{ kind: "allow", scope: "device", id: "dev-7", version: 2, until: 0 },
		]);
		expect(store.puts).toEqual(["denied@1 1", "heads 1"]);
		expect(Object.keys(store.bodyOf<DeniedRecord>("denied@1").devices)).toHaveLength(999);
	});

	it("are not lifted by an earlier allowance", async () => {
		await deny({ ...denial, version: 4, until: NOW + 60 });
		await allow({ ...denial, version: 3 });
		expect((await denied()).devices).toEqual({ "dev-a": NOW + 60 });
	});

	it("leave the record when their time is over", async () => {
		await deny({ ...denial, version: 2, until: NOW - 1 });
		await deny({ scope: "device", id: "dev-b", version: 2, until: NOW + 60 });
		expect((await denied()).devices).toEqual({ "dev-b": NOW + 60 });
	});

	it("end when they were said to, however late they come and the stores get them", async () => {
		const store = await watchedStore();
		store.break("before");
		await deny({ ...denial, version: 1, until: NOW + 60 });
		store.repair();
		await runDurableObjectAlarm(directory());
		const { denied: revision } = store.bodyOf<HeadsRecord>("heads");
		expect(store.bodyOf<DeniedRecord>(`denied@${revision}`).devices).toEqual({ "dev-a": NOW + 60 });
	});

	it("are not published again when nothing changes", async () => {
		await deny({ ...denial, version: 2, until: NOW + 60 });
		await deny({ ...denial, version: 2, until: NOW + 60 });
		await allow({ scope: "device", id: "dev-never-denied", version: 1 });
		expect((await storedHeads()).denied).toBe(1);
	});
});

describe("credentials", () => {
	const KEY = {
		...OPERATOR,
		id: "key-a",
		hash: "hash-a",
		subject: "ci",
		scopes: ["publish:crs"],
		team: "detection",
		expiresAt: null,
	} as const;

	it("are told under their hash, and say when they are revoked", async () => {
		expect(await directory().createCredential(KEY)).toMatchObject({ ok: true });
		const live = {
			id: "key-a",
			subject: "ci",
			scopes: ["publish:crs"],
			team: "detection",
			expiresAt: null,
			revoked: false,
		};
		expect(await directory().credential("hash-a")).toEqual(live);
		expect(await directory().revokeCredential({ ...OPERATOR, id: "key-a" })).toEqual({ ok: true });
		expect(await directory().revokeCredential({ ...OPERATOR, id: "key-a" })).toEqual({ ok: true });
		expect(await directory().credential("hash-a")).toEqual({ ...live, revoked: true });
		expect(await directory().credential("hash-b")).toBeNull();
		expect(await directory().listCredentials()).toMatchObject([{ id: "key-a", revoked: true, createdAt: NOW }]);
	});

	it("are in no store: whoever may write there could make keys otherwise", async () => {
		await directory().createCredential(KEY);
		await directory().revokeCredential({ ...OPERATOR, id: "key-a" });
		expect((await bindings.RECORDS.list()).keys.filter(({ name }) => name.startsWith("credential"))).toEqual([]);
		expect(await directory().readRecord("credential:hash-a")).toBeNull();
	});

	it("are refused under an id that is taken, and never appear in the audit trail with their hash", async () => {
		await directory().createCredential(KEY);
		expect(await directory().createCredential({ ...KEY, hash: "hash-b" })).toEqual({ ok: false, reason: "id_taken" });
		const entries = await trailOf(directory());
		expect(entries).toEqual([
			{ at: NOW, actor: "olivia", action: "credential.create", subject: "key-a", detail: "ci: publish:crs" },
		]);
	});
});

it("the trail tells of every change, who made it and what it was about", async () => {
	const by = { actor: "olivia", now: NOW };
	await directory().createAccount({ ...by, id: "acct-a", name: "A" });
	await directory().createProduct({ ...by, name: "crs", title: "Core Rule Set" });
	await directory().createMessage({ ...by, message: message("msg-a") });
	await directory().removeMessage({ ...by, id: "msg-a" });
	const key = {
		...by,
		id: "key-a",
		hash: "hash-a",
		subject: "ci",
		scopes: ["operate"],
		team: null,
		expiresAt: null,
	} as const;
	await directory().createCredential(key);
	await directory().revokeCredential({ ...by, actor: "otto", id: "key-a" });
	// Again, and of what was never there: nothing to tell.
	await directory().revokeCredential({ ...by, id: "key-a" });
	await directory().removeMessage({ ...by, id: "msg-a" });
	const { entries } = await directory().events({ after: 0, limit: 100, types: [] });
	expect(entries.map(({ actor, action, subject, detail }) => [actor, action, subject, detail])).toEqual([
		["olivia", "account.create", "acct-a", "A"],
		["olivia", "product.create", "crs", "Core Rule Set"],
		["olivia", "message.create", "msg-a", "Maintenance"],
		["olivia", "message.remove", "msg-a", ""],
		["olivia", "credential.create", "key-a", "ci: operate"],
		["otto", "credential.revoke", "key-a", "ci"],
	]);
});
