// An Account, a Directory and a Census whose methods can be called from outside, with the rows that SQLite read and wrote for the call:
// POST / with {object, name, method, args, atMs}. Their stores take every record at once and have none.
import { Account as ServiceAccount } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import { Census as ServiceCensus } from "../../src/objects/census/census.ts";
import { Directory as ServiceDirectory } from "../../src/objects/directory/directory.ts";
import { countRows, type RowCount, takeRows } from "../workerd/row-counter.ts";

export interface Call {
	readonly object: "account" | "directory" | "census";
	readonly method: string;
	readonly args: readonly unknown[];
	/** instead of `args`: calls one after the other, to fill an object */
	readonly many?: readonly (readonly unknown[])[];
	/** an alarm goes by the object's clock: unix ms; null = the clock is left alone */
	readonly atMs: number | null;
}

export interface Outcome extends RowCount {
	/** what the method refused for; null = it did not */
	readonly refused: string | null;
	/** of a license: whether its seats are still on their way to another one */
	readonly isMoving: boolean;
}

/** What is looked at of an answer. */
interface Result {
	readonly ok?: boolean;
	readonly reason?: string;
	readonly transfer?: { readonly phase: string } | null;
}

const NOWHERE = { get: async (key: unknown) => (Array.isArray(key) ? new Map() : null), put: async () => {} };

async function carryOut(object: object, { method, args, many, atMs }: Call): Promise<Outcome> {
	const real = Date.now;
	if (atMs !== null) Date.now = () => atMs;
	takeRows();
	try {
		const name = method === "alarm" ? "ring" : method;
		const run = Reflect.get(object, name) as (...values: unknown[]) => Promise<unknown>;
		for (const one of many ?? []) await run.apply(object, [...one]);
		if (many !== undefined) return { rowsRead: 0, rowsWritten: 0, refused: null, isMoving: false };
		const result = (await run.apply(object, [...args])) as Result | null;
		const refused = result?.ok === false ? (result.reason ?? "refused") : null;
		const phase = result?.transfer?.phase ?? "ended";
		return { ...takeRows(), refused, isMoving: phase !== "ended" };
	} finally {
		Date.now = real;
	}
}

export class Account extends ServiceAccount {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}
	/** Not by the platform: two that run at a time would be measured as one. */
	override async alarm(): Promise<void> {}
	async ring(): Promise<void> {
		await super.alarm();
	}
	async carryOut(call: Call): Promise<Outcome> {
		return carryOut(this, call);
	}
}

export class Directory extends ServiceDirectory {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}
	/** Not by the platform: two that run at a time would be measured as one. */
	override async alarm(): Promise<void> {}
	async ring(): Promise<void> {
		await super.alarm();
	}
	async carryOut(call: Call): Promise<Outcome> {
		return carryOut(this, call);
	}
}

export class Census extends ServiceCensus {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		super(ctx, env);
	}
	/** Not by the platform: two that run at a time would be measured as one. */
	override async alarm(): Promise<void> {}
	async ring(): Promise<void> {
		await super.alarm();
	}
	async carryOut(call: Call): Promise<Outcome> {
		return carryOut(this, call);
	}
}

interface Env {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly DIRECTORY: DurableObjectNamespace<Directory>;
	readonly CENSUS: DurableObjectNamespace<Census>;
}

export default {
	async fetch(request, env): Promise<Response> {
		const call: Call = await request.json();
		const objects = {
			account: () => env.ACCOUNT.getByName("aaaaaaaaaa"),
			directory: () => env.DIRECTORY.getByName("directory"),
			census: () => env.CENSUS.getByName("census"),
		};
		return Response.json(await objects[call.object]().carryOut(call));
	},
} satisfies ExportedHandler<Env>;
