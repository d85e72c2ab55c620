// Accounts, and the Census that they tell, in one workerd, asked to hear what devices say: GET /?task=<task>&account=<number>&from=0&count=100&
// now=<unix seconds>. Answers with the rows that SQLite read and wrote, as they are billed, and how often an alarm was set, which is
// billed as a row too. Stores take every record at once.
import type { DeviceWord, Said } from "../../src/fleet/device-state.ts";
import { HEARD_SECONDS, type Installation, isHeard, toldBy } from "../../src/fleet/told-installations.ts";
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
	| "updates-reported"
	| "updates-told"
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
	/** of devices in a day of updates, whether they were passed on or not */
	readonly checks: number;
}

const PRODUCTS = ["crs", "threats", "url-db", "dns", "geo"];
/** since the Worker was asked to measure */
let checksOfDay = 0;
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
	checksOfDay = 0;
	Object.assign(count, { alarmsSet: 0, alarmsRung: 0, summaries: 0 });
	const startMs = performance.now();
	let [beganMs, longestMs, done] = [startMs, 0, 0];
	for await (const _ of parts) {
		const nowMs = performance.now();
		longestMs = Math.max(longestMs, nowMs - beganMs);
		[beganMs, done] = [nowMs, done + 1];
	}
	return { ...takeRows(), ms: performance.now() - startMs, longestMs, parts: done, checks: checksOfDay, ...count };
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
				return yield* this.#sayAll(dayOf(name, count, now), now);
			case "updates-reported":
			case "updates-told":
				return yield* this.#sayAll(updatesOf(name, count, now, task === "updates-told"), now);
			default:
				return yield await this.#hearAt(
					now,
					numbers.flatMap((number) => wordsOf(task, name, number, now)),
				);
		}
	}

	/** By a clock that stands there: an account takes no word for later than its own. */
	async #hearAt(now: number, words: readonly DeviceWord[]): Promise<void> {
		const real = Date.now;
		try {
			Date.now = () => now * 1_000;
			await this.hearDevices(words);
		} finally {
			Date.now = real;
		}
	}

	/** What devices say in a day, each word by a call of its own; alarms ring when they are due. */
	async *#sayAll(words: readonly DeviceWord[], now: number): AsyncGenerator<void> {
		const real = Date.now;
		try {
			for (const word of words.toSorted((one, two) => one.at - two.at)) {
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
				...{ products: PRODUCTS.map((product) => ({ product })), seats: 1_000_000, startsAt: now - DAY },
				...{ endsAt: now + 365 * DAY, graceSeconds: 0, criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0 },
				...{ overage: "refuse", kind: "fixed", leaseSeconds: 0 },
			},
		});
	}
}

/** Each device asks in full five times, at a time of its own, and all are updated within an hour. */
function dayOf(name: string, devices: number, now: number): DeviceWord[] {
	return Array.from({ length: devices }, (_, number) => {
		const checks = Array.from({ length: 5 }, (_, at) => now + Math.floor(((at + number / devices) * DAY) / 5));
		const updateAt = now + 12 * HOUR + Math.floor((number / devices) * HOUR);
		return [
			...checks.flatMap((at) => wordsOf("check", name, number, at)),
			...wordsOf("permit", name, number, updateAt),
			...wordsOf("report", name, number, updateAt + 60),
		];
	}).flat();
}

/**
 * 20 releases at random times, of five products in turn. Each device checks at each within five minutes and when `until` comes, and has installed
 * ten seconds after it. @param isTold whether checks tell what was installed (SUCCESS_REPORTS), by the service's own rule of which are passed on
 */
function updatesOf(name: string, devices: number, now: number, isTold: boolean): DeviceWord[] {
	let seed = Math.floor(now / DAY);
	const random = () => {
		seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
		return seed / 2 ** 31;
	};
	const news = Array.from({ length: 20 }, () => now + Math.floor(random() * DAY)).toSorted((one, two) => one - two);
	return Array.from({ length: devices }, (_, number) => {
		const says = (at: number, said: Said): DeviceWord => ({
			...{ device: deviceId(name, number), at, country: "DE", colo: "FRA", said },
		});
		const installed = new Map(PRODUCTS.map((product) => [product, `${Math.floor(now / DAY)}.0`]));
		const untold = new Map<string, Installation[]>();
		const words: DeviceWord[] = [];
		let heardUntil: number | null = null;
		let next = now + Math.floor((number / devices) * HOUR);
		const check = (at: number) => {
			next = at + Math.floor(0.9 * 6 * HOUR);
			if (isTold && isHeard({ heardUntil, held: new Map() }, at)) {
				next = Math.min(next, at + Math.floor(0.9 * (toldBy(heardUntil ?? at) - at)));
				return;
			}
			const products = Array.from(installed, ([product, version]) => ({
				...{ product, installed: version, offered: null },
				installations: untold.get(product),
			}));
			words.push(says(at, { kind: "checked", engine: "11.1.4", products }));
			heardUntil = at + HEARD_SECONDS;
			untold.clear();
		};
		let checks = 0;
		for (const [index, released] of [...news, now + DAY].entries()) {
			const at = released + Math.floor(30 + (number / devices) * 270);
			for (; next < Math.min(at, now + DAY); checks++) check(next);
			if (released >= now + DAY) break;
			check(at);
			checks++;
			const product = PRODUCTS[index % PRODUCTS.length] ?? "crs";
			const [from, version] = [installed.get(product) ?? null, `${Math.floor(now / DAY)}.${index + 1}`];
			installed.set(product, version);
			if (isTold) untold.set(product, [...(untold.get(product) ?? []), { version, at: at + 10 }]);
			const told = { product, from, version, reason: null, detail: null };
			if (!isTold) words.push(says(at + 10, { kind: "reported", ...told, outcome: "healthy" }));
		}
		checksOfDay += checks;
		return words;
	}).flat();
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
