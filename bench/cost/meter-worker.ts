// The service with a meter around each of its bindings: what a request, and what its objects do behind it, takes of the things that
// the platform bills. GET /meter says it and begins anew; POST /bench/seed puts records into KV. Nothing of the service is changed.

import { Account as ServiceAccount } from "../../src/objects/account/account.ts";
import { Census as ServiceCensus } from "../../src/objects/census/census.ts";
import { Directory as ServiceDirectory } from "../../src/objects/directory/directory.ts";
import { Product as ServiceProduct } from "../../src/objects/product/product.ts";
import { ReplayGuard as ServiceReplayGuard } from "../../src/objects/replay/replay-guard.ts";
import worker from "../../src/worker.ts";
import type { SeedRecord } from "../workerd/probe-worker.ts";
import { countRows, takeRows } from "../workerd/row-counter.ts";
import { METERED, type Metered, type Use } from "./use.ts";

let use: Use = none();

function none(): Use {
	return Object.fromEntries(METERED.map((name) => [name, 0])) as Use;
}

/** @param methods of the binding, and what a call of each counts as */
function metered<T extends object>(binding: T, methods: Readonly<Record<string, Metered>>): T {
	return new Proxy(binding, {
		get(target, name) {
			const value = Reflect.get(target, name);
			if (typeof value !== "function") return value;
			const counts = typeof name === "string" ? methods[name] : undefined;
			return (...args: unknown[]) => {
				if (counts !== undefined) use[counts] += counts === "kvReads" && Array.isArray(args[0]) ? args[0].length : 1;
				return Reflect.apply(value, target, args);
			};
		},
	});
}

function meteredObjects<T extends DurableObjectNamespace>(namespace: T): T {
	return new Proxy(namespace, {
		get(target, name) {
			const value = Reflect.get(target, name);
			if (typeof value !== "function") return value;
			return (...args: unknown[]) => {
				const made = Reflect.apply(value, target, args);
				return name === "get" || name === "getByName" ? meteredStub(made) : made;
			};
		},
	});
}

/** A stub has any method; each call of one is a request that is billed. */
function meteredStub(stub: object): object {
	return new Proxy(stub, {
		get(target, name) {
			const value = Reflect.get(target, name);
			if (typeof value !== "function" || typeof name !== "string" || name === "then") return value;
			return (...args: unknown[]) => {
				use.objectCalls += 1;
				// Not value.apply: of a stub's property every name is a method of the object.
				return Reflect.apply(value, target, args);
			};
		},
	});
}

const KV = {
	get: "kvReads",
	getWithMetadata: "kvReads",
	put: "kvWrites",
	delete: "kvDeletes",
	list: "kvReads",
} as const;
const R2 = {
	get: "r2ClassB",
	head: "r2ClassB",
	put: "r2ClassA",
	list: "r2ClassA",
	createMultipartUpload: "r2ClassA",
} as const;
const known = new WeakMap<object, object>();

function meter<E extends object>(env: E): E {
	const made = known.get(env);
	if (made !== undefined) return made as E;
	const wrap: Record<string, (binding: object) => object> = {
		RECORDS: (binding) => metered(binding, KV),
		PACKAGES: (binding) => metered(binding, R2),
		PULSES: (binding) => metered(binding, R2),
		ANALYTICS: (binding) => metered(binding, { writeDataPoint: "points" }),
	};
	for (const name of ["ACCOUNT", "PRODUCT", "DIRECTORY", "REPLAY_GUARD", "CENSUS", "SERIAL_INDEX"]) {
		wrap[name] = (binding) => meteredObjects(binding as DurableObjectNamespace);
	}
	const wrapped = Object.fromEntries(
		Object.entries(env).map(([name, binding]) => [name, wrap[name]?.(binding as object) ?? binding]),
	) as E;
	known.set(env, wrapped);
	return wrapped;
}

type ServiceEnv = ConstructorParameters<typeof ServiceAccount>[1];

export class Account extends ServiceAccount {
	constructor(ctx: DurableObjectState, env: ServiceEnv) {
		countRows(ctx);
		super(ctx, meter(env));
	}
}
export class Directory extends ServiceDirectory {
	constructor(ctx: DurableObjectState, env: ServiceEnv) {
		countRows(ctx);
		super(ctx, meter(env));
	}
}
export class Product extends ServiceProduct {
	constructor(ctx: DurableObjectState, env: ServiceEnv) {
		countRows(ctx);
		super(ctx, meter(env));
	}
}
export class Census extends ServiceCensus {
	constructor(ctx: DurableObjectState, env: ServiceEnv) {
		countRows(ctx);
		super(ctx, meter(env));
	}
}
export class ReplayGuard extends ServiceReplayGuard {
	constructor(ctx: DurableObjectState, env: ConstructorParameters<typeof ServiceReplayGuard>[1]) {
		countRows(ctx);
		super(ctx, meter(env));
	}
}

const { log } = console;
console.log = (...args: unknown[]) => {
	use.logBytes += args.reduce<number>((sum, arg) => sum + String(arg).length, 0);
	log(...args);
};

function read(): Use {
	const all = { ...use, ...takeRows() };
	use = none();
	return all;
}

export default {
	async fetch(request, env, context) {
		const { pathname } = new URL(request.url);
		if (pathname === "/meter") return Response.json(read());
		if (pathname === "/bench/seed") {
			const records: readonly SeedRecord[] = await request.json();
			await Promise.all(records.map(({ key, text }) => env.RECORDS.put(key, text)));
			return Response.json({ written: records.length });
		}
		return worker.fetch(request, meter(env), context);
	},
} satisfies ExportedHandler<Env>;
