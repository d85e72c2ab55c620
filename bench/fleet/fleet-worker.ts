// Accounts, and the Census that they tell, in one workerd, asked to hear what devices say: GET /?task=<task>&account=<number>&from=0&count=100&
// now=<unix seconds>. Answers with the rows that SQLite read and wrote, as they are billed, and how often an alarm was set, which is
// billed as a row too. Stores take every record at once.
import type { DeviceWord, Said } from "../../src/fleet/device-state.ts";
import { Account as ServiceAccount } from "../../src/objects/account/account.ts";
import { DeviceCount } from "../../src/objects/account/fleet/device-count.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import { Census as ServiceCensus } from "../../src/objects/census/census.ts";
import { CensusCount } from "../../src/objects/census/census-count.ts";
import { CensusTables } from "../../src/objects/census/census-tables.ts";
import { summaryOf } from "../objects/calls.ts";
import { countRows, takeRows } from "../workerd/row-counter.ts";

export { Directory } from "../../src/objects/directory/directory.ts";

export type Task =
	| "create"
	| "activate"
	| "check"
	| "permit"
	| "report"
	| "tell"
	| "summary"
	| "count"
	| "day"
	| "alarm";
export type CensusTask = "fill" | "count" | "fleet" | "silent" | "sample";

export interface Done {
	readonly rowsWritten: number;
	readonly rowsRead: number;
	readonly ms: number;
	/** the longest part that has a call or an alarm of its own */
	readonly longestMs: number;
	/** of those parts */
	readonly parts: number;
	readonly alarmsSet: number;
	readonly alarmsRung: number;
	readonly summaries: number;
}

const DAY = 86_400;
const HOUR = 3_600;
const nameOf = (account: number) => String(account).padStart(10, "a");
const NOWHERE = { get: async () => null, put: async () => {} };
const deviceId = (account: string, number: number) =>
	`dev-${account}-${String((number * 2_654_435_761) % 2 ** 32).padStart(16, "0")}`;

const count = { alarmsSet: 0, alarmsRung: 0, summaries: 0 };

/** Carries out parts that would each be a call or an alarm. */
async function measure(parts: AsyncIterable<unknown> | Iterable<unknown>): Promise<Done> {
	takeRows();
	Object.assign(count, { alarmsSet: 0, alarmsRung: 0, summaries: 0 });
	const startMs = performance.now();
	let [beganMs, longestMs, done] = [startMs, 0, 0];
	for await (const _ of parts) {
		const nowMs = performance.now();
		longestMs = Math.max(longestMs, nowMs - beganMs);
		[beganMs, done] = [nowMs, done + 1];
	}
	return { ...takeRows(), ms: performance.now() - startMs, longestMs, parts: done, ...count };
}

export class Census extends ServiceCensus {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		super(ctx, env);
	}

	override async take(input: Parameters<ServiceCensus["take"]>[0]): Promise<void> {
		count.summaries += 1;
		return super.take(input);
	}

	async carryOut(task: CensusTask, from: number, count: number, now: number): Promise<Done> {
		return measure(this.#parts(task, from, count, now));
	}

	async *#parts(task: CensusTask, from: number, count: number, now: number): AsyncGenerator<void> {
		switch (task) {
			case "fill":
				for (let number = from; number < from + count; number++) yield await this.take(summaryOf(number, now));
				return;
			case "count": {
				const anew = new CensusCount(new CensusTables(this.ctx.storage.sql));
				while (!anew.countOn()) yield;
				return yield;
			}
			case "fleet":
				while ((await this.fleet()) === "counting") yield;
				return yield;
			case "silent":
				return yield void (await this.silent(now - 7 * DAY, 100));
			case "sample":
				return yield await this.alarm();
		}
	}
}

export class Account extends ServiceAccount {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		const { storage } = ctx;
		const set = storage.setAlarm.bind(storage);
		storage.setAlarm = (...args) => {
			count.alarmsSet += 1;
			return set(...args);
		};
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}

	/** Not by the platform: what it costs is counted where it is rung. */
	override async alarm(): Promise<void> {}

	async carryOut(task: Task, name: string, from: number, count: number, now: number): Promise<Done> {
		return measure(this.#parts(task, name, from, count, now));
	}

	async *#parts(task: Task, name: string, from: number, count: number, now: number): AsyncGenerator<void> {
		const numbers = Array.from({ length: count }, (_, at) => from + at);
		switch (task) {
			case "create":
				return yield await this.#create(name, now);
			case "activate":
				for (const number of numbers) this.#insert(name, number, now);
				return yield;
			case "tell":
			case "summary":
				while ((await this.fleet(now, task === "tell")) === "counting") yield;
				return yield;
			case "count": {
				const anew = new DeviceCount(this.ctx.storage.sql);
				while (!anew.countOn()) yield;
				return yield;
			}
			case "alarm":
				return yield await super.alarm();
			case "day":
				return yield* this.#day(name, count, now);
			default:
				return yield await this.hearDevices(numbers.flatMap((number) => wordsOf(task, name, number, now)));
		}
	}

	/** Each device asks in full five times, at a time of its own, and all are updated within an hour; alarms ring when they are due. */
	async *#day(name: string, devices: number, now: number): AsyncGenerator<void> {
		const real = Date.now;
		const words = Array.from({ length: devices }, (_, number) => {
			const checks = Array.from({ length: 5 }, (_, at) => now + Math.floor(((at + number / devices) * DAY) / 5));
			const updateAt = now + 12 * HOUR + Math.floor((number / devices) * HOUR);
			return [
				...checks.flatMap((at) => wordsOf("check", name, number, at)),
				...wordsOf("permit", name, number, updateAt),
				...wordsOf("report", name, number, updateAt + 60),
			];
		});
		try {
			for (const word of words.flat().toSorted((one, two) => one.at - two.at)) {
				yield* this.#ringUntil(word.at);
				Date.now = () => word.at * 1_000;
				yield await this.hearDevices([word]);
			}
			yield* this.#ringUntil(now + DAY);
		} finally {
			Date.now = real;
		}
	}

	async *#ringUntil(until: number): AsyncGenerator<void> {
		for (;;) {
			const atMs = await this.ctx.storage.getAlarm();
			if (atMs === null || atMs > until * 1_000) return;
			Date.now = () => atMs;
			await this.ctx.storage.deleteAlarm();
			count.alarmsRung += 1;
			yield await super.alarm();
		}
	}

	/** As a row alone: activations of 100,000 devices take minutes, and their seats and records are not looked at here. */
	#insert(name: string, number: number, now: number): void {
		const key = String(number).padStart(43, "k");
		this.ctx.storage.sql.exec(
			`INSERT INTO devices (id, version, status, license, serial, model, labels, jkt, jwk, dpop_bound, activated_at)
			VALUES (?, 1, 'active', 'lic-a', ?, ?, '{"site":"berlin"}', ?, ?, 1, ?)`,
			...[deviceId(name, number), `SN-${number}`, `FW-${number % 5}`, key],
			...[JSON.stringify({ kty: "OKP", crv: "Ed25519", x: key }), now],
		);
	}

	async #create(name: string, now: number): Promise<void> {
		const by = { actor: "operator", now };
		await this.create({ ...by, id: `acct-${name}000000`, name: "bench" });
		await this.createLicense({
			...{ ...by, id: "lic-a" },
			terms: {
				...{ products: [{ product: "crs" }, { product: "threats" }], seats: 1_000_000, startsAt: now - DAY },
				...{ endsAt: now + 365 * DAY, graceSeconds: 0, criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0 },
				...{ overage: "refuse", kind: "fixed", leaseSeconds: 0 },
			},
		});
	}
}

/** Of a fleet with five models in twenty countries; a report is `installed` and `healthy`, as firewalls say them together. */
function wordsOf(task: "check" | "permit" | "report", account: string, number: number, now: number): DeviceWord[] {
	const version = `1.0.${Math.floor(now / DAY)}`;
	const from = `1.0.${Math.floor(now / DAY) - 1}`;
	const word = (said: Said): DeviceWord => ({
		...{
			device: deviceId(account, number),
			at: now,
			country: `A${String.fromCharCode(65 + (number % 20))}`,
			colo: "FRA",
			said,
		},
	});
	const permit = { sequence: 1, until: now + DAY, isLocked: false };
	if (task === "permit") return [word({ kind: "permitted", product: "crs", version, ...permit })];
	if (task === "report") {
		const told = { kind: "reported", product: "crs", from, version, reason: null, detail: null } as const;
		return [word({ ...told, outcome: "installed" }), word({ ...told, outcome: "healthy" })];
	}
	const products = ["crs", "threats"].map((product) => ({ product, installed: undefined, offered: null }));
	return [word({ kind: "checked", engine: "11.1.4", products })];
}

interface Env {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly CENSUS: DurableObjectNamespace<Census>;
}

export default {
	async fetch(request, env): Promise<Response> {
		const { searchParams } = new URL(request.url);
		const [account = 0, from = 0, count = 0, now = 0] = ["account", "from", "count", "now"].map((name) =>
			Number(searchParams.get(name)),
		);
		const task = searchParams.get("task") ?? "";
		if (account < 0) {
			return Response.json(await env.CENSUS.getByName("census").carryOut(task as CensusTask, from, count, now));
		}
		const name = nameOf(account);
		return Response.json(await env.ACCOUNT.getByName(name).carryOut(task as Task, name, from, count, now));
	},
} satisfies ExportedHandler<Env>;
