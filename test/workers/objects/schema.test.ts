// Tables of the objects: that they come with the first change and not before, that a later step is taken once and whole, and
// that waking an object runs one read.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ACCOUNT_SCHEMA } from "../../../src/objects/account/schema.ts";
import { DIRECTORY_SCHEMA } from "../../../src/objects/directory/schema.ts";
import { PRODUCT_SCHEMA } from "../../../src/objects/product/schema.ts";
import { createTables, openTables, type Schema, type SchemaStep } from "../../../src/objects/schema.ts";
import { IMMEDIATE } from "../../../src/rollout/built-in-plans.ts";
import { freshName } from "../../support/fresh-names.ts";
import { bindings, evict } from "../../support/object-bindings.ts";

afterEach(reset);

const NOW = 1_790_000_000;
const BY = { actor: "operator", now: NOW };
const TABLES = ["CREATE TABLE things (id TEXT PRIMARY KEY) WITHOUT ROWID"];
const addSize: SchemaStep = (sql) => void sql.exec("ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 1");
/** Fails unless the column is there, and counts how often it was taken. */
const growSize: SchemaStep = (sql) => void sql.exec("UPDATE things SET size = size + 1");
const fail: SchemaStep = () => {
	throw new Error("a step that fails");
};

/** Runs on the storage of an object that nobody created. */
async function onStorage(test: (storage: DurableObjectStorage) => void): Promise<void> {
	await runInDurableObject(bindings.ACCOUNT.getByName(freshName()), (_, { storage }) => test(storage));
}

function schemaWith(...steps: SchemaStep[]): Schema {
	return { tables: TABLES, steps };
}

/** Makes an object as a version of the code with these steps does, with one row. */
function createWith(storage: DurableObjectStorage, ...steps: SchemaStep[]): void {
	storage.transactionSync(() => createTables(storage, schemaWith(...steps)));
	storage.sql.exec("INSERT INTO things (id) VALUES ('a')");
}

const tablesOf = ({ sql }: DurableObjectStorage) => sql.exec("SELECT name FROM sqlite_master").toArray();
const thingsOf = ({ sql }: DurableObjectStorage) => sql.exec("SELECT * FROM things").toArray();

describe("an object that nobody created", () => {
	it("does not exist, and nothing is written", () =>
		onStorage((storage) => {
			expect(openTables(storage, schemaWith(fail))).toBe(false);
			expect([tablesOf(storage), [...storage.kv.list()]]).toEqual([[], []]);
		}));

	it("still does not exist when the transaction that was to create it fails", () =>
		onStorage((storage) => {
			const create = () =>
				storage.transactionSync(() => {
					createTables(storage, schemaWith());
					throw new Error("a first change that fails");
				});
			expect(create).toThrow("a first change that fails");
			expect(openTables(storage, schemaWith())).toBe(false);
			expect(tablesOf(storage).filter(({ name }) => name === "things")).toEqual([]);
		}));
});

describe("an object that was created", () => {
	it("exists, and has no step to take", () =>
		onStorage((storage) => {
			createWith(storage, fail);
			expect(openTables(storage, schemaWith(fail))).toBe(true);
		}));

	it("takes each step that came since once, in order", () =>
		onStorage((storage) => {
			createWith(storage);
			for (const life of ["first", "second"]) {
				expect(openTables(storage, schemaWith(addSize, growSize)), life).toBe(true);
				expect(thingsOf(storage), life).toEqual([{ id: "a", size: 2 }]);
			}
		}));

	it("takes only those that it has not taken", () =>
		onStorage((storage) => {
			createWith(storage);
			openTables(storage, schemaWith(addSize));
			openTables(storage, schemaWith(addSize, growSize, growSize));
			expect(thingsOf(storage)).toEqual([{ id: "a", size: 3 }]);
		}));

	it("takes all of the missing steps or none, and comes back to them", () =>
		onStorage((storage) => {
			createWith(storage);
			expect(() => openTables(storage, schemaWith(addSize, fail))).toThrow("a step that fails");
			expect(thingsOf(storage)).toEqual([{ id: "a" }]);
			openTables(storage, schemaWith(addSize, growSize));
			expect(thingsOf(storage)).toEqual([{ id: "a", size: 2 }]);
		}));

	it("is left alone by the code of an earlier version, and does not repeat a step after it", () =>
		onStorage((storage) => {
			createWith(storage);
			openTables(storage, schemaWith(addSize, growSize));
			expect(openTables(storage, schemaWith())).toBe(true);
			openTables(storage, schemaWith(addSize, growSize));
			expect(thingsOf(storage)).toEqual([{ id: "a", size: 2 }]);
		}));
});

const CLASSES = {
	Account: (name: string) => {
		const stub = bindings.ACCOUNT.getByName(name);
		return { stub, create: () => stub.create({ ...BY, id: `acct-${name}000000`, name: "A" }) };
	},
	Product: (name: string) => {
		const stub = bindings.PRODUCT.getByName(name);
		return { stub, create: () => stub.create({ ...BY, name: "crs", title: "Rules", plan: IMMEDIATE }) };
	},
	Directory: (name: string) => {
		const stub = bindings.DIRECTORY.getByName(name);
		return { stub, create: () => stub.createProduct({ ...BY, name: "crs", title: "Rules" }) };
	},
};

describe.each([
	["Account", ACCOUNT_SCHEMA],
	["Product", PRODUCT_SCHEMA],
	["Directory", DIRECTORY_SCHEMA],
] as const)("an object of the class %s", (className, schema) => {
	it("wakes with one read and a look at what its alarm is for, and writes nothing", async () => {
		const { stub, create } = CLASSES[className](freshName());
		await create();
		const [first, ...others] = await whatWakingRuns(stub);
		expect(first).toBe("get schema");
		expect(others.filter((query) => !query.startsWith("SELECT"))).toEqual([]);
	});

	it("wakes with one read while its alarm stands", async () => {
		const { stub, create } = CLASSES[className](freshName());
		await create();
		await runInDurableObject(stub, (_, { storage }) => storage.setAlarm(Date.now() + 3_600_000));
		expect(await whatWakingRuns(stub)).toEqual(["get schema"]);
		await runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm());
	});

	it("wakes with one read where nobody created it, and leaves nothing behind, not even by an alarm", async () => {
		const { stub } = CLASSES[className](freshName());
		expect(await whatWakingRuns(stub)).toEqual(["get schema"]);
		await runInDurableObject(stub, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm());
		expect(await runInDurableObject(stub, (_, { storage }) => tablesOf(storage))).toEqual([]);
	});

	it("has the columns of a new one after all steps from its first tables on", () =>
		onStorage((storage) => {
			storage.transactionSync(() => createTables(storage, { tables: firstOf(schema), steps: [] }));
			openTables(storage, schema);
			const taken = columnsOf(storage);
			storage.sql.exec(taken.map(({ name }) => `DROP TABLE ${name};`).join(""));
			for (const statement of schema.tables) storage.sql.exec(statement);
			expect(taken).toEqual(columnsOf(storage));
		}));

	it("takes a step that came since, once", async () => {
		const { stub, create } = CLASSES[className](freshName());
		await create();
		const step = vi.fn((sql: SqlStorage) => void sql.exec("CREATE TABLE made_by_step (id TEXT)"));
		const steps = schema.steps as SchemaStep[];
		steps.push(step);
		try {
			for (const life of ["first", "second"]) {
				await evict(stub);
				const tables = await runInDurableObject(stub, (_, { storage }) => tablesOf(storage));
				expect(tables, life).toContainEqual({ name: "made_by_step" });
			}
			expect(step).toHaveBeenCalledTimes(1);
		} finally {
			steps.pop();
		}
	});
});

/** Columns that steps have added. */
const ADDED = /^\t*(entitled|facts|class_approvals|certificates|requires) .*\n/gm;

/** Tables that a step made. */
const MADE_SINCE =
	/^CREATE (?:TABLE|INDEX \w+ ON) (parts_of_day|validator|validations|requirements|claims|manufacturers|serial_claims|probe|variants) /;

/** @returns the tables that objects of the class had at first */
function firstOf({ tables }: Schema): string[] {
	return tables.filter((statement) => !MADE_SINCE.test(statement)).map(asOnceMade);
}

function asOnceMade(statement: string): string {
	// One that was the last leaves a comma before it.
	return statement.replace(ADDED, "").replace(/,( --[^\n]*)?\n(\t*\))/, "$1\n$2");
}

/** @returns by table its columns, in the order of their names */
function columnsOf({ sql }: DurableObjectStorage) {
	const tables = sql
		.exec<{ name: string }>(
			"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
		)
		.toArray();
	const query = 'SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?) ORDER BY name';
	return tables.map(({ name }) => ({ name, columns: sql.exec(query, name).toArray() }));
}

/** @returns what a new life of the object asks of its storage before the first call */
async function whatWakingRuns(stub: DurableObjectStub<Rpc.DurableObjectBranded>): Promise<readonly string[]> {
	const ran: string[] = [];
	// The prototypes are those of every life in this isolate.
	const spies = await runInDurableObject(stub, (_, { storage }) => {
		const { exec }: SqlStorage = Object.getPrototypeOf(storage.sql);
		const { get, put }: SyncKvStorage = Object.getPrototypeOf(storage.kv);
		return [
			vi.spyOn(Object.getPrototypeOf(storage.sql), "exec").mockImplementation(function (this: unknown, ...given) {
				ran.push(String(given[0]));
				return Reflect.apply(exec, this, given);
			}),
			vi.spyOn(Object.getPrototypeOf(storage.kv), "get").mockImplementation(function (this: unknown, ...given) {
				ran.push(`get ${given[0]}`);
				return Reflect.apply(get, this, given);
			}),
			vi.spyOn(Object.getPrototypeOf(storage.kv), "put").mockImplementation(function (this: unknown, ...given) {
				ran.push(`put ${given[0]}`);
				return Reflect.apply(put, this, given);
			}),
		];
	});
	try {
		await evict(stub);
		ran.length = 0;
		await runInDurableObject(stub, () => {});
		return [...ran];
	} finally {
		for (const spy of spies) spy.mockRestore();
	}
}
