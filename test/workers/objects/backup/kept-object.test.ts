// Objects in backups: their rows come out in pages and make the same object elsewhere, all of it or nothing.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { type KeptRow, readRows } from "../../../../src/objects/backup/kept-rows.ts";
import type { RowsToRestore } from "../../../../src/objects/backup/restored-rows.ts";
import { createAccount, NOW, OPERATOR } from "../../../support/accounts/account-fixture.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings, evict } from "../../../support/object-bindings.ts";

afterEach(reset);

const BACKUP = "b".repeat(64);
const accountAt = (name: string) => bindings.ACCOUNT.getByName(name);

/** @returns an account with two devices, one of them refused, and its rows */
async function exported() {
	const { account, device, name } = await createAccount();
	await account().activate(device(1));
	await account().activate(device(2));
	await account().setDeviceStatus({
		...OPERATOR,
		deviceId: device(2).candidateDeviceId,
		status: "suspended",
		reason: "lost",
	});
	const page = await account().exportRows("");
	if (page === null) throw new Error("the account has no rows");
	return { account, device, name, rows: [...page.rows] as KeptRow[], schema: page.schema };
}

const wholeOf = (rows: readonly KeptRow[], schema: number): RowsToRestore => ({
	...{ backup: BACKUP, schema, index: 0, rows, total: rows.length },
});

describe("the rows of an object", () => {
	it("are the same in pages of whatever size", async () => {
		const { account, rows } = await exported();
		await runInDurableObject(account(), (_, { storage }) => {
			for (const characters of [1, 500, 5_000]) {
				const found: KeptRow[] = [];
				for (let after: string | null = ""; after !== null; ) {
					const page: ReturnType<typeof readRows> = readRows(storage.sql, after, characters);
					if (page === null) throw new Error(`no page after ${after}`);
					found.push(...page.rows);
					after = page.next;
				}
				expect(found, `${characters} characters`).toEqual(rows);
			}
		});
	});

	it("are not there of an object that nobody created, and nothing is written", async () => {
		const nobody = accountAt(freshName());
		expect(await nobody.exportRows("")).toBeNull();
		await runInDurableObject(nobody, (_, { storage }) => expect([...storage.kv.list()]).toEqual([]));
	});

	it.each(["x", "[]", '["devices"]', '["devices",{}]', '["outbox",1]', '["nothing","a"]', '["codes","a","b"]', "null"])(
		"are not there after %s",
		async (after) => expect(await (await exported()).account().exportRows(after)).toBeNull(),
	);

	it("say which tables they are of, also where a later version of the code made them", async () => {
		const { account, schema } = await exported();
		await runInDurableObject(account(), (_, { storage }) => storage.kv.put("schema", schema + 1));
		await evict(account());
		const page = await account().exportRows("");
		expect(page?.schema).toBe(schema + 1);
		const answer = await accountAt(freshName()).restoreRows(wholeOf(page?.rows ?? [], schema + 1));
		expect(answer, "by the code of now").toEqual({ ok: false, reason: "other_schema" });
	});

	it("lack tables of the platform and of its stand-in on one machine", async () => {
		const { account, rows } = await exported();
		await runInDurableObject(account(), (_, { storage }) => {
			storage.sql.exec("CREATE TABLE __miniflare_do_name (name TEXT)");
			storage.sql.exec("INSERT INTO __miniflare_do_name VALUES ('x')");
		});
		expect((await account().exportRows(""))?.rows).toEqual(rows);
	});

	it("lack what is owed to the deployment's own stores", async () => {
		const { rows } = await exported();
		expect(new Set(rows.map(({ table }) => table))).not.toContain("outbox");
		expect(rows.filter(({ table }) => table === "devices")).toHaveLength(2);
	});
});

describe("an object that is restored", () => {
	it("answers as the one that was exported, also in its next life", async () => {
		const { account, device, rows, schema } = await exported();
		const name = freshName();
		expect(await accountAt(name).restoreRows(wholeOf(rows, schema))).toMatchObject({ ok: true, isWhole: true });
		expect(await accountAt(name).info(), "it sleeps").toBeNull();
		expect(await accountAt(name).wakeRestored(BACKUP)).toMatchObject({ ok: true, isWhole: true });
		const there = async (at: ReturnType<typeof accountAt>) => [
			await at.info(),
			await at.listLicenses(NOW),
			await at.listCodes(),
			await at.device(device(2).candidateDeviceId),
			await at.events({ after: 0, limit: 100, types: [] }),
			await at.exportRows(""),
		];
		expect(await there(accountAt(name))).toEqual(await there(account()));
		await evict(accountAt(name));
		expect(await there(accountAt(name))).toEqual(await there(account()));
		expect(await accountAt(name).activate(device(1)), "its codes are known").toMatchObject({ ok: true });
	});

	it("does not exist before it is woken, and whoever creates it meanwhile finds nothing of it", async () => {
		const { rows, schema } = await exported();
		const name = freshName();
		expect(await accountAt(name).restoreRows({ backup: BACKUP, schema, index: 0, rows, total: null })).toMatchObject({
			ok: true,
			isWhole: false,
		});
		expect(await accountAt(name).info()).toBeNull();
		await evict(accountAt(name));
		await accountAt(name).create({ ...OPERATOR, id: `acct-${name}000000`, name: "Another" });
		expect(await accountAt(name).listLicenses(NOW)).toEqual([]);
		expect(
			await accountAt(name).restoreRows({ backup: BACKUP, schema, index: 1, rows: [], total: rows.length }),
		).toEqual({
			...{ ok: false, reason: "not_empty" },
		});
	});

	it("takes a page that comes twice once, and begins anew with the first", async () => {
		const { account, rows, schema } = await exported();
		const restored = accountAt(freshName());
		const [half, rest] = [rows.slice(0, 9), rows.slice(9)];
		const pages: RowsToRestore[] = [
			{ backup: BACKUP, schema, index: 0, rows: rows.slice(0, 3), total: null },
			{ backup: BACKUP, schema, index: 0, rows: half, total: null },
			{ backup: BACKUP, schema, index: 1, rows: rest.slice(0, -1), total: null },
			{ backup: BACKUP, schema, index: 1, rows: rest.slice(0, -1), total: null },
			{ backup: BACKUP, schema, index: 2, rows: rest.slice(-1), total: rows.length },
		];
		for (const page of pages) expect(await restored.restoreRows(page), `${page.index}`).toMatchObject({ ok: true });
		await restored.wakeRestored(BACKUP);
		expect(await restored.exportRows("")).toEqual(await account().exportRows(""));
	});

	it("is woken when all its rows are there and not before, and by its own backup; again changes nothing", async () => {
		const { rows, schema } = await exported();
		const restored = accountAt(freshName());
		const early = { ok: false, reason: "out_of_order" };
		const taken = { ok: true, isWhole: true };
		expect(await restored.wakeRestored(BACKUP)).toEqual(early);
		await restored.restoreRows({ backup: BACKUP, schema, index: 0, rows: rows.slice(0, 3), total: null });
		expect(await restored.wakeRestored(BACKUP)).toEqual(early);
		await restored.restoreRows({ backup: BACKUP, schema, index: 1, rows: rows.slice(3), total: rows.length });
		expect(await restored.wakeRestored("c".repeat(64))).toEqual(early);
		expect(await restored.info()).toBeNull();
		for (const _ of [1, 2]) expect(await restored.wakeRestored(BACKUP)).toMatchObject(taken);
		expect(await restored.restoreRows(wholeOf(rows, schema)), "a repetition of the restore").toMatchObject(taken);
		expect(await restored.wakeRestored("c".repeat(64))).toEqual({ ok: false, reason: "not_empty" });
	});

	it("gives no number again that one gave which is gone", async () => {
		const sent = {
			severity: "info",
			title: "t",
			body: "b",
			locales: {},
			startsAt: NOW,
			endsAt: NOW + 60,
			audience: {},
		} as const;
		const directory = bindings.DIRECTORY.getByName("directory");
		await directory.createMessage({ ...OPERATOR, message: { id: "msg-a", ...sent }, fraction: 1 });
		const [{ waves = [] } = {}] = await directory.listMessages(NOW);
		await directory.removeMessage({ ...OPERATOR, id: "msg-a" });
		const page = await directory.exportRows("");
		const another = bindings.DIRECTORY.getByName("another");
		await another.restoreRows(wholeOf(page?.rows ?? [], page?.schema ?? 0));
		await another.wakeRestored(BACKUP);
		await another.createMessage({ ...OPERATOR, message: { id: "msg-b", ...sent }, fraction: 1 });
		const [after] = await another.listMessages(NOW);
		expect(after?.waves[0]?.sequence).toBeGreaterThan(waves[0]?.sequence ?? 0);
	});
});

describe("a page that is refused", () => {
	const first = (rows: KeptRow[]) => rows.find(({ table }) => table === "devices") ?? { table: "", row: {} };
	it.each([
		["of other tables", "other_schema", (rows: KeptRow[], schema: number) => wholeOf(rows, schema + 1)],
		["before its turn", "out_of_order", (rows: KeptRow[], schema: number) => ({ ...wholeOf(rows, schema), index: 1 })],
		[
			"with too few rows",
			"rows_missing",
			(rows: KeptRow[], schema: number) => ({ ...wholeOf(rows.slice(1), schema), total: rows.length }),
		],
		[
			"with a table that is none",
			"bad_row",
			(rows: KeptRow[], schema: number) => wholeOf([...rows, { table: "sqlite_master", row: { sql: "x" } }], schema),
		],
		[
			"with a table that is in no backup",
			"bad_row",
			(rows: KeptRow[], schema: number) => wholeOf([...rows, { table: "outbox", row: {} }], schema),
		],
		[
			"with a column that is none",
			"bad_row",
			(rows: KeptRow[], schema: number) =>
				wholeOf([...rows, { ...first(rows), row: { ...first(rows).row, 'x") --': 1 } }], schema),
		],
		["with no row", "rows_missing", (_: KeptRow[], schema: number) => wholeOf([], schema)],
		[
			"with a highest number that is none",
			"bad_row",
			(rows: KeptRow[], schema: number) =>
				wholeOf([...rows, { table: "sqlite_sequence", row: { name: "audit", seq: 1e300 } }], schema),
		],
		[
			"with a row that is there",
			"bad_row",
			(rows: KeptRow[], schema: number) => wholeOf([...rows, first(rows)], schema),
		],
		[
			"without a value that must be there",
			"bad_row",
			(rows: KeptRow[], schema: number) =>
				wholeOf(
					rows.map((one) => (one === first(rows) ? { ...one, row: { ...one.row, jwk: null } } : one)),
					schema,
				),
		],
	])("%s leaves no object", async (_, reason, page) => {
		const { rows, schema } = await exported();
		const restored = accountAt(freshName());
		expect(await restored.restoreRows(page(rows, schema))).toEqual({ ok: false, reason });
		expect(await restored.info()).toBeNull();
		await runInDurableObject(restored, (_, { storage }) => expect([...storage.kv.list()]).toEqual([]));
		expect(await restored.restoreRows(wholeOf(rows, schema)), "the right one is taken then").toMatchObject({
			ok: true,
		});
	});
});
