// What a fleet costs a month: how often each operation happens, from the assumptions; times what one takes, as it was measured; times
// list prices, without what plans include. Pure arithmetic.
import { DAYS_PER_MONTH } from "../records/prices.ts";
import type { StateDay } from "./state-rows.ts";
import { type Metered, OPERATIONS, type Operation, type Use, type Uses } from "./use.ts";

/** Everything that is assumed and not measured. */
export interface Assumptions {
	readonly devices: number;
	/** of the deployment's products, those that one device has */
	readonly productsPerDevice: number;
	readonly products: number;
	/** of all products together */
	readonly publishesPerDay: number;
	/** seconds: an answer to a check suffices for so long on average while the pulses stand (`until`) */
	readonly untilSeconds: number;
	/** the one at the news, whose answer says for how long there is nothing to ask once its offers are installed */
	readonly checksPerUpdate: number;
	/** 0 = by the download that the offer carries; 1 = devices ask for a permit, as those do that know nothing of such downloads */
	readonly permitsPerUpdate: number;
	/** `healthy`, of a release that everybody may have; 0 = with SUCCESS_REPORTS = checks the next check tells it */
	readonly reportsPerUpdate: number;
	/** that an account writes of a device in a day, with summaries and alarms: for each update, … */
	readonly stateRowsPerUpdate: number;
	/** … where no report tells of it; else in all of a day, whatever it updates (state-rows.ts) */
	readonly toldDay: StateDay | null;
	/** part of the downloads that come through the Worker; the others lead straight to storage or a CDN */
	readonly downloadsByWorker: number;
	/** seconds between two checks of a device that reads no pulses */
	readonly checkIntervalSeconds: number;
	readonly tokenSeconds: number;
	/** part of the devices that read pulses, 0 to 1 */
	readonly pulses: number;
	/** locations with traffic: each reads `heads` once in `headsSeconds` */
	readonly locations: number;
	readonly headsSeconds: number;
	/** part of the requests whose log line is kept (LOG_SAMPLE_RATE) */
	readonly logSampleRate: number;
	/** processor time of a request in production, ms */
	readonly cpuMs: number;
	/** part of the downloads that find the package in their location's cache */
	readonly cacheHits: number;
	/** duration that is billed of a call of an object, GB-s (128 MB for as long as it is awake) */
	readonly objectGbSeconds: number;
}

/** USD. Sources: the makers' price lists. `perMillion` unless named otherwise. */
export const PRICES = {
	requests: 0.3,
	cpuMs: 0.02,
	kvReads: 0.5,
	kvWrites: 5,
	kvDeletes: 5,
	objectCalls: 0.15,
	objectGbSeconds: 12.5,
	rowsRead: 0.001,
	rowsWritten: 1,
	r2ClassA: 4.5,
	r2ClassB: 0.36,
	points: 0.25,
	/** per GB of lines */
	logGb: 0.25,
} as const;

export interface CostLine {
	readonly what: string;
	/** a month */
	readonly amount: number;
	/** USD a month */
	readonly cost: number;
}

export interface Cost {
	readonly requestsPerDeviceAndDay: number;
	readonly perDay: Readonly<Record<Operation, number>>;
	readonly lines: readonly CostLine[];
	/** USD a month of what devices do, each with all that it takes */
	readonly byOperation: Readonly<Partial<Record<Operation, number>>>;
	readonly total: number;
	/** without what has a listed price that is not charged at present */
	readonly charged: number;
}

const DAY = 86_400;
const MILLION = 1e6;
const GB = 1e9;

/** How often each operation happens in a day, of all devices together. */
export function operationsPerDay(given: Assumptions): Record<Operation, number> {
	const updates = given.publishesPerDay * (given.productsPerDevice / given.products);
	const withPulses = given.devices * given.pulses;
	const without = given.devices - withPulses;
	const polls = DAY / given.checkIntervalSeconds;
	const atUpdates = updates * given.checksPerUpdate;
	return {
		// A device with pulses asks in full: at each news, and when `until` has come before the next.
		check:
			given.toldDay === null
				? withPulses * (untilsPerDay(updates, given.untilSeconds) + atUpdates) + without * atUpdates
				: given.devices * given.toldDay.checks,
		unchanged: without * Math.max(0, polls - updates),
		token: given.devices * (DAY / given.tokenSeconds),
		permit: given.devices * updates * given.permitsPerUpdate,
		download: given.devices * updates * given.downloadsByWorker,
		report: given.devices * updates * given.reportsPerUpdate,
		publish: given.publishesPerDay,
	};
}

/**
 * How often a day `until` comes, where each piece of news moves it: news come at random, so the time between two is longer than
 * `until` by chance alone. @param news a day
 */
function untilsPerDay(news: number, untilSeconds: number): number {
	return news === 0 ? DAY / untilSeconds : news / Math.expm1((news * untilSeconds) / DAY);
}

/** @param measured of one operation each */
export function costOf(given: Assumptions, measured: Uses): Cost {
	const uses = given.toldDay === null ? measured : { ...measured, check: seldomTold(measured.check, given.toldDay) };
	const perDay = operationsPerDay(given);
	const byDevices = OPERATIONS.filter((operation) => operation !== "publish");
	const requests = byDevices.reduce((sum, operation) => sum + perDay[operation], 0);
	const monthly = (of: (operation: Operation) => number) =>
		DAYS_PER_MONTH * OPERATIONS.reduce((sum, operation) => sum + perDay[operation] * of(operation), 0);
	const used = (name: Metered) => monthly((operation) => uses[operation][name]);
	const updates = given.devices * given.publishesPerDay * (given.productsPerDevice / given.products);
	const rowsPerDay =
		given.toldDay === null ? updates * given.stateRowsPerUpdate : given.devices * given.toldDay.rowsWritten;
	const stateRows = rowsPerDay * DAYS_PER_MONTH;
	const headsReads = (given.locations * DAY * DAYS_PER_MONTH) / given.headsSeconds;
	const r2Reads = monthly((operation) => uses[operation].r2ClassB * (operation === "download" ? 0 : 1));
	const misses = DAYS_PER_MONTH * perDay.download * (1 - given.cacheHits);
	const line = (what: string, amount: number, price: number, unit = MILLION): CostLine => ({
		what,
		amount,
		cost: (amount / unit) * price,
	});
	const lines = [
		line("Worker requests", requests * DAYS_PER_MONTH, PRICES.requests),
		line("processor time, ms", requests * DAYS_PER_MONTH * given.cpuMs, PRICES.cpuMs),
		line("KV reads of requests", used("kvReads"), PRICES.kvReads),
		line("KV reads of `heads` by locations", headsReads, PRICES.kvReads),
		line("KV writes and deletions", used("kvWrites") + used("kvDeletes"), PRICES.kvWrites),
		line("calls of objects", used("objectCalls"), PRICES.objectCalls),
		line("objects awake, GB-s", used("objectCalls") * given.objectGbSeconds, PRICES.objectGbSeconds),
		line("rows read", used("rowsRead"), PRICES.rowsRead),
		line("rows written of devices' states", stateRows, PRICES.rowsWritten),
		line("rows written otherwise", used("rowsWritten"), PRICES.rowsWritten),
		line("R2 class A", used("r2ClassA"), PRICES.r2ClassA),
		line("R2 class B", r2Reads + misses, PRICES.r2ClassB),
		line("Analytics points (listed price)", used("points"), PRICES.points),
		line("log lines, bytes", used("logBytes") * given.logSampleRate, PRICES.logGb, GB),
	];
	const total = lines.reduce((sum, { cost }) => sum + cost, 0);
	const byOperation = Object.fromEntries(
		byDevices.map((operation) => [operation, perDay[operation] * DAYS_PER_MONTH * priceOf(uses[operation], given)]),
	);
	return {
		requestsPerDeviceAndDay: requests / given.devices,
		perDay,
		lines,
		byOperation,
		total,
		charged: total - (used("points") / MILLION) * PRICES.points,
	};
}

/** A check that is not passed on calls no object. */
function seldomTold(check: Use, { told, checks }: StateDay): Use {
	return { ...check, objectCalls: check.objectCalls * (told / checks) };
}

/** @returns USD of one request and what it takes; R2 apart, of which a cache answers nearly all */
function priceOf(use: Use, { cpuMs, logSampleRate }: Assumptions): number {
	const { kvReads, objectCalls, rowsRead, rowsWritten, points, logBytes } = use;
	const amounts = { requests: 1, cpuMs, kvReads, objectCalls, rowsRead, rowsWritten, points };
	const names = Object.keys(amounts) as (keyof typeof amounts)[];
	const sum = names.reduce((cost, name) => cost + amounts[name] * PRICES[name], 0);
	return sum / MILLION + ((logBytes * logSampleRate) / GB) * PRICES.logGb;
}
