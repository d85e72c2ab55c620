// The service with what a trial does to it: a clock that the trial sets, objects that die at a given statement, ways to KV and to
// the objects that are cut, and a look at the leases past the API. It runs inside workerd, so it is text here.

/** How the ways to KV and to the objects are. */
export interface Lines {
	readonly kv: boolean;
	readonly objects: boolean;
}

export type ObjectKind = "ACCOUNT" | "PRODUCT" | "DIRECTORY";

/** What the trial may send to CONTROL_PATH, as JSON. */
export type Order =
	/** sets the clock forward and rings the alarms that are due then; the answer says how many */
	| { readonly do: "clock"; readonly nowMs: number }
	| { readonly do: "lines"; readonly lines: Lines }
	/** the object dies before the statement after so many further ones */
	| { readonly do: "kill"; readonly kind: ObjectKind; readonly name: string; readonly after: number }
	/** the answer is all leases of a version, and how far its rollout is */
	| { readonly do: "look"; readonly product: string; readonly version: string };

export const CONTROL_PATH = "/.trial";

/** In the module worker.js beside it is the bundle. */
export const TRIAL_SCRIPT = `
import worker from "./worker.js";
import * as service from "./worker.js";
export * from "./worker.js";

// Time goes on by itself, and forward by the trial's word.
const realNow = Date.now;
let aheadMs = 0;
Date.now = () => realNow() + aheadMs;

const names = new WeakMap();
const alarms = new Map();
const doomed = new Map();
const lines = { kv: true, objects: true };
let deaths = 0;
let isPatched = false;

function patch({ storage }) {
	if (isPatched) return;
	isPatched = true;
	const ofStorage = Object.getPrototypeOf(storage);
	const ofSql = Object.getPrototypeOf(storage.sql);
	const { setAlarm, transactionSync } = ofStorage;
	const { exec } = ofSql;
	// Alarms ring by the trial's clock alone: the platform, which knows another, hears of none.
	ofStorage.setAlarm = async function (atMs, ...rest) {
		const name = names.get(this);
		// Of an object that no trial looks at.
		if (name === undefined) return setAlarm.call(this, atMs, ...rest);
		alarms.set(name, Number(atMs));
	};
	ofStorage.getAlarm = async function () {
		return alarms.get(names.get(this)) ?? null;
	};
	ofStorage.deleteAlarm = async function () {
		alarms.delete(names.get(this));
	};
	// An alarm belongs to the transaction in which it is set.
	ofStorage.transactionSync = function (work) {
		const name = names.get(this);
		const before = alarms.get(name);
		try {
			return transactionSync.call(this, work);
		} catch (error) {
			if (before === undefined) alarms.delete(name);
			else alarms.set(name, before);
			throw error;
		}
	};
	ofSql.exec = function (...query) {
		const name = names.get(this);
		const doom = doomed.get(name);
		if (doom !== undefined) {
			if (doom.after-- <= 0) {
				doomed.delete(name);
				deaths += 1;
				// Whatever alarm it had set in this turn may be undone: it rings, and sets it anew.
				alarms.set(name, 0);
				doom.ctx.abort("killed by the trial");
				throw new Error("killed by the trial");
			}
		}
		return exec.call(this, ...query);
	};
}

const fetchForReal = globalThis.fetch;
function gateKv(kv) {
	const over = (method) => async (...args) => {
		if (!lines.kv) throw new Error("no way to KV");
		return kv[method](...args);
	};
	return { get: over("get"), put: over("put"), delete: over("delete"), list: over("list"), getWithMetadata: over("getWithMetadata") };
}
function gateObjects(namespace) {
	const gateStub = (stub) =>
		new Proxy(stub, {
			get: (_, method) => async (...args) => {
				if (!lines.objects) throw Object.assign(new Error("no way to the objects"), { retryable: true });
				return stub[method](...args);
			},
		});
	return { getByName: (name) => gateStub(namespace.getByName(name)) };
}
function gate(env) {
	const gated = { ...env, RECORDS: gateKv(env.RECORDS) };
	for (const name of ["ACCOUNT", "PRODUCT", "DIRECTORY", "REPLAY_GUARD"]) if (env[name]) gated[name] = gateObjects(env[name]);
	return gated;
}

const onTrial = (kind, Base) =>
	class extends Base {
		#ctx;
		#name;
		constructor(ctx, env) {
			patch(ctx);
			const name = kind + " " + ctx.id.name;
			names.set(ctx.storage, name);
			names.set(ctx.storage.sql, name);
			const doom = doomed.get(name);
			if (doom !== undefined) doom.ctx = ctx;
			super(ctx, gate(env));
			this.#ctx = ctx;
			this.#name = name;
		}
		async trialDoom(after) {
			doomed.set(this.#name, { after, ctx: this.#ctx });
		}
		async trialRing() {
			await this.alarm({ isRetry: false, retryCount: 0 });
		}
		async trialLook(version) {
			const rows = (query) => this.#ctx.storage.sql.exec(query, version).toArray();
			return {
				leases: rows("SELECT unit, device, step, at, counts, outcome, outcome_at AS outcomeAt FROM leases WHERE version = ?"),
				deaths,
			};
		}
	};
export const Account = onTrial("ACCOUNT", service.Account);
export const Product = onTrial("PRODUCT", service.Product);
export const Directory = onTrial("DIRECTORY", service.Directory);

async function obey(order, env) {
	const of = (kind, name) => env[kind].getByName(name);
	switch (order.do) {
		case "clock": {
			aheadMs = Math.max(aheadMs, order.nowMs - realNow());
			let rung = 0;
			for (const [name, atMs] of [...alarms]) {
				if (atMs > Date.now()) continue;
				const [kind, object] = name.split(" ");
				rung += 1;
				alarms.delete(name);
				// At least once, as the platform has it: an object that dies in its alarm, or fails, is rung again a minute later.
				await of(kind, object)
					.trialRing()
					.catch(() => alarms.set(name, Math.min(atMs, alarms.get(name) ?? atMs)));
			}
			return { rung };
		}
		case "lines":
			Object.assign(lines, order.lines);
			return {};
		case "kill":
			await of(order.kind, order.name).trialDoom(order.after).catch(() => {});
			return {};
		case "look": {
			const look = () => of("PRODUCT", order.product).trialLook(order.version);
			// A death that waits for the next statement comes by the look itself; it happens once, so the second look sees.
			return look().catch(look);
		}
	}
}

let gated;
export default {
	async fetch(request, env, context) {
		if (new URL(request.url).pathname !== "${CONTROL_PATH}") return worker.fetch(request, (gated ??= gate(env)), context);
		try {
			return Response.json(await obey(await request.json(), env));
		} catch (error) {
			return new Response(String(error.stack), { status: 500 });
		}
	},
};`;
