// Accounts and bare objects that can be thrown out of memory and called: GET /?kind=account|bare&task=create|sleep|call&count=100.
// A call that finds an object asleep wakes it first. Their stores take every record at once.
import { DurableObject } from "cloudflare:workers";
import { Account as ServiceAccount } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";

export { Directory } from "../../src/objects/directory/directory.ts";

export type Kind = "account" | "bare";
export type Task = "create" | "sleep" | "call";

const NOW = 1_790_000_000;
const NOWHERE = { get: async () => null, put: async () => {} };

/** Statements and reads since the last constructor began, of all objects of this isolate: one is at work at a time. */
let statements = 0;
let isCounting = false;

function countStatements({ storage }: DurableObjectState): void {
	if (isCounting) return;
	isCounting = true;
	const sql: SqlStorage = Object.getPrototypeOf(storage.sql);
	const kv: SyncKvStorage = Object.getPrototypeOf(storage.kv);
	const { exec } = sql;
	const { get } = kv;
	sql.exec = function counted<T extends Record<string, SqlStorageValue>>(
		this: SqlStorage,
		query: string,
		...values: unknown[]
	) {
		statements += 1;
		return exec.call(this, query, ...values) as SqlStorageCursor<T>;
	};
	kv.get = function counted<T>(this: SyncKvStorage, key: string) {
		statements += 1;
		return get.call(this, key) as T | undefined;
	};
}

export class Account extends ServiceAccount {
	readonly #ran: number;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countStatements(ctx);
		statements = 0;
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
		this.#ran = statements;
	}

	async begin(name: string): Promise<void> {
		await this.create({ actor: "operator", now: NOW, id: `acct-${name}000000`, name });
	}

	/** @returns how many statements this life ran before its first call */
	async call(): Promise<number> {
		return this.#ran;
	}

	async sleep(): Promise<void> {
		this.ctx.abort("asleep");
	}
}

/** The least that an object can do which has a table and reads one number from it. */
export class Bare extends DurableObject {
	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env);
		ctx.storage.kv.get("schema");
	}

	async begin(): Promise<void> {
		this.ctx.storage.kv.put("schema", 1);
	}

	async call(): Promise<number> {
		return 1;
	}

	async sleep(): Promise<void> {
		this.ctx.abort("asleep");
	}
}

interface Env {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly BARE: DurableObjectNamespace<Bare>;
}

async function perform(stub: DurableObjectStub<Account> | DurableObjectStub<Bare>, task: Task, name: string) {
	if (task === "create") await stub.begin(name);
	// An object that is thrown out of memory answers nobody.
	else if (task === "sleep") await stub.sleep().catch(() => {});
	else return stub.call();
	return 0;
}

export default {
	async fetch(request, env): Promise<Response> {
		const { searchParams } = new URL(request.url);
		const namespace = searchParams.get("kind") === "bare" ? env.BARE : env.ACCOUNT;
		const task = searchParams.get("task") as Task;
		let ran = 0;
		for (let number = 0; number < Number(searchParams.get("count")); number++) {
			const name = String(number).padStart(10, "a");
			ran += await perform(namespace.getByName(name), task, name);
		}
		return Response.json(ran);
	},
} satisfies ExportedHandler<Env>;
