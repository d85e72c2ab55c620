// The service with what a soak does to it: objects that die, and a way to KV that is cut. It runs inside workerd, so it is text here.

export type ObjectKind = "ACCOUNT" | "PRODUCT" | "DIRECTORY";

/** A place in a rollout, as its product keeps it. */
export interface KeptLease {
	readonly device: string;
	/** null = nothing was heard */
	readonly outcome: string | null;
}

/** What the soak may send to CONTROL_PATH, as JSON. */
export type Order =
	| { readonly do: "kv"; readonly isUp: boolean }
	/** before the statement after so many further ones, or when LONGEST_DOOM_MS are over */
	| { readonly do: "kill"; readonly kind: ObjectKind; readonly name: string; readonly after: number }
	/** the answer is all leases of a version */
	| { readonly do: "look"; readonly product: string; readonly version: string };

export const CONTROL_PATH = "/.soak";
export const LONGEST_DOOM_MS = 2_000;

/** In the module worker.js beside it is the bundle. */
export const SOAK_SCRIPT = `
import worker from "./worker.js";
import * as service from "./worker.js";
export * from "./worker.js";

let kvIsUp = true;
function gate(env) {
	const over = (method) => async (...args) => {
		if (!kvIsUp) throw new Error("no way to KV");
		return env.RECORDS[method](...args);
	};
	const methods = ["get", "put", "delete", "list", "getWithMetadata"];
	return { ...env, RECORDS: Object.fromEntries(methods.map((method) => [method, over(method)])) };
}

const doomed = new WeakMap();
let isPatched = false;
function patch({ storage }) {
	if (isPatched) return;
	isPatched = true;
	const ofSql = Object.getPrototypeOf(storage.sql);
	const { exec } = ofSql;
	ofSql.exec = function (...query) {
		const doom = doomed.get(this);
		if (doom !== undefined && doom.after-- <= 0) {
			doom.die();
			throw new Error("killed by the soak");
		}
		return exec.call(this, ...query);
	};
}

const mortal = (Base) =>
	class extends Base {
		#ctx;
		constructor(ctx, env) {
			patch(ctx);
			super(ctx, gate(env));
			this.#ctx = ctx;
		}
		async soakDoom(after) {
			const { sql } = this.#ctx.storage;
			const die = () => {
				doomed.delete(sql);
				this.#ctx.abort("killed by the soak");
			};
			doomed.set(sql, { after, die });
			setTimeout(() => doomed.has(sql) && die(), ${LONGEST_DOOM_MS});
		}
		async soakLook(version) {
			return this.#ctx.storage.sql.exec("SELECT device, outcome FROM leases WHERE version = ?", version).toArray();
		}
	};
export const Account = mortal(service.Account);
export const Product = mortal(service.Product);
export const Directory = mortal(service.Directory);

let gated;
export default {
	async fetch(request, env, context) {
		if (new URL(request.url).pathname !== "${CONTROL_PATH}") return worker.fetch(request, (gated ??= gate(env)), context);
		const order = await request.json();
		if (order.do === "look") return Response.json(await env.PRODUCT.getByName(order.product).soakLook(order.version));
		if (order.do === "kv") kvIsUp = order.isUp;
		else await env[order.kind].getByName(order.name).soakDoom(order.after).catch(() => {});
		return Response.json({});
	},
};`;
