// An Account and a Directory whose methods can be called from outside, with the rows that SQLite read and wrote for the call:
// POST / with {object, name, method, args, atMs}. Their stores take every record at once and have none.
import { Account as ServiceAccount } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import { Directory as ServiceDirectory } from "../../src/objects/directory/directory.ts";

export interface Call {
	readonly object: "account" | "directory";
	readonly method: string;
	readonly args: readonly unknown[];
	/** instead of `args`: calls one after the other, to fill an object */
	readonly many?: readonly (readonly unknown[])[];
	/** an alarm goes by the object's clock: unix ms; null = the clock is left alone */
	readonly atMs: number | null;
}

export interface Outcome {
	readonly rowsRead: number;
	readonly rowsWritten: number;
	/** what the method refused for; null = it did not */
	readonly refused: string | null;
}

const NOWHERE = { get: async (key: unknown) => (Array.isArray(key) ? new Map() : null), put: async () => {} };
const INTERNAL = ["constructor", "carryOut", "methods"];

let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] | null = null;

/** Statements are counted for all objects of this isolate, of which one is at work at a time. */
function countStatements({ storage: { sql } }: DurableObjectState): void {
	if (cursors !== null) return;
	cursors = [];
	const prototype: SqlStorage = Object.getPrototypeOf(sql);
	const { exec } = prototype;
	prototype.exec = function counted<T extends Record<string, SqlStorageValue>>(
		this: SqlStorage,
		query: string,
		...values: unknown[]
	) {
		const cursor = exec.call(this, query, ...values);
		cursors?.push(cursor);
		return cursor as SqlStorageCursor<T>;
	};
}

async function carryOut(object: object, { method, args, many, atMs }: Call): Promise<Outcome> {
	const real = Date.now;
	if (atMs !== null) Date.now = () => atMs;
	cursors = [];
	try {
		const run = Reflect.get(object, method) as (...values: unknown[]) => Promise<unknown>;
		for (const one of many ?? []) await run.apply(object, [...one]);
		if (many !== undefined) return { rowsRead: 0, rowsWritten: 0, refused: null };
		const result = (await run.apply(object, [...args])) as { ok?: boolean; reason?: string } | null;
		const sum = (of: "rowsRead" | "rowsWritten") => (cursors ?? []).reduce((total, cursor) => total + cursor[of], 0);
		const refused = result?.ok === false ? (result.reason ?? "refused") : null;
		return { rowsRead: sum("rowsRead"), rowsWritten: sum("rowsWritten"), refused };
	} finally {
		Date.now = real;
	}
}

const methodsOf = (service: { prototype: object }) =>
	Object.getOwnPropertyNames(service.prototype).filter((name) => !INTERNAL.includes(name));

export class Account extends ServiceAccount {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countStatements(ctx);
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}
	async carryOut(call: Call): Promise<Outcome> {
		return carryOut(this, call);
	}
}

export class Directory extends ServiceDirectory {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countStatements(ctx);
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}
	async carryOut(call: Call): Promise<Outcome> {
		return carryOut(this, call);
	}
}

interface Env {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly DIRECTORY: DurableObjectNamespace<Directory>;
}

export default {
	async fetch(request, env): Promise<Response> {
		if (request.method === "GET") {
			return Response.json({ account: methodsOf(ServiceAccount), directory: methodsOf(ServiceDirectory) });
		}
		const call: Call = await request.json();
		const object =
			call.object === "account" ? env.ACCOUNT.getByName("aaaaaaaaaa") : env.DIRECTORY.getByName("directory");
		return Response.json(await object.carryOut(call));
	},
} satisfies ExportedHandler<Env>;
