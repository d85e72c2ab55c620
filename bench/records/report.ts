// Turns the figures of the records into tables that can be read, and says what they do not show.
import type { SimulationResult, Spread } from "../../test/simulation/simulate.ts";
import { mark } from "../progress.ts";
import type { Amplification } from "./amplification.ts";
import { type MonthlyCost, type RecordLoad, totalOf } from "./cost.ts";
import { judgeRecords, type RecordsReport } from "./goals.ts";
import { PRICES_AS_OF } from "./prices.ts";
import type { ReadSource } from "./read-latency.ts";
import type { RecordSizes } from "./redis-memory.ts";
import { SLOW_MS, type SlowStoreLatency } from "./slow-store.ts";

const TITLE_WIDTH = 48;

/** First column to the left, the others to the right. */
function row(cells: readonly string[], width = 12): string {
	const [title = "", ...rest] = cells;
	return (title.padEnd(TITLE_WIDTH) + rest.map((cell) => cell.padStart(width)).join("")).trimEnd();
}

export function formatRecordsReport(report: RecordsReport): string {
	const { machine, settings } = report;
	return [
		machine,
		`one workerd, ${settings.devices} devices; ${settings.slowSeconds} s for each slow store`,
		"",
		row(["goals", "measured", "goal", ""]),
		...judgeRecords(report).map(({ title, value, goal, met }) =>
			row([title, value, goal ?? "", met === null ? "" : mark(met)]),
		),
		"",
		...formatReads(report),
		"",
		...formatAmplification(report.amplification),
		"",
		...formatSlowStores(report.slowStores),
		"",
		...formatSimulation(report.simulation),
		"",
		...formatPublishing(report),
		"",
		...formatSizes(report.sizes, report.costs.load),
		"",
		...formatCosts(report.costs),
		"",
		NOT_MEASURED,
	].join("\n");
}

const SOURCES: Readonly<Record<ReadSource, string>> = {
	none: "request that reads nothing",
	memory: "from memory",
	kv: "from KV (Miniflare's, on this disk)",
	redis: "from Redis (over HTTP, on this machine)",
	object: "from the object, as no store has it",
};

function formatReads({ memory, readLatency }: RecordsReport): readonly string[] {
	const [first] = readLatency;
	return [
		row(["reading one record", "p50", "p99"]),
		row(["in memory, a device (Node)", `${memory.device.p50.toFixed(0)} ns`, `${memory.device.p99.toFixed(0)} ns`]),
		row(["in memory, heads (Node)", `${memory.heads.p50.toFixed(0)} ns`, `${memory.heads.p99.toFixed(0)} ns`]),
		...readLatency.map(({ source, p50, p99 }) => row([`workerd: ${SOURCES[source]}`, inMs(p50), inMs(p99)])),
		`workerd: the whole request over loopback, ${first?.reads ?? 0} one after the other; the first line of them is HTTP alone.`,
	];
}

function formatAmplification(amplification: readonly Amplification[]): readonly string[] {
	return [
		row(["calls to a store per read, all stores fail", "retries", "deployed"]),
		...amplification.map(({ title, withoutBreakers, deployed }) =>
			row([title, withoutBreakers.toFixed(3), deployed.toFixed(3)]),
		),
		"retries: with breakers that never open; deployed: with the breakers. The store that was called most.",
	];
}

function formatSlowStores(slowStores: readonly SlowStoreLatency[]): readonly string[] {
	const width = 10;
	return [
		row(
			[`checks while a store takes ${SLOW_MS / 1000} s`, "first p50", "first max", "p50", "p99", "max", "checks"],
			width,
		),
		...slowStores.map((one) => {
			const title = `${one.stores}, slow: ${one.slow}, ${LIFETIMES[one.lifetimes]}`;
			const figures = [one.firstP50, one.firstMax, one.p50, one.p99, one.max].map((ms) => ms.toFixed(1));
			return row([title, ...figures, String(one.requests)], width);
		}),
		"ms. RECORD_STORE; the first 20 checks of an isolate that has just started, one after the other, then four at a time.",
	];
}

const LIFETIMES = { production: "as deployed", zero: "each reads" } as const;

function formatSimulation(simulation: SimulationResult): readonly string[] {
	const { schedules, requests, allows, unavailable, findings } = simulation;
	const { wrongAllows, wrongRefusals, lostRecords, regressedRecords } = simulation;
	return [
		`${count(schedules)} seeded fault schedules: ${count(requests)} requests, ${count(allows)} allowed, ${count(unavailable)} told to come again`,
		`wrong: ${wrongAllows} allowed, ${wrongRefusals} refused; records: ${lostRecords} lost, ${regressedRecords} gone back`,
		...findings.slice(0, SHOWN_FINDINGS),
	];
}

/** Enough to begin with; each names the seed that shows it again. */
const SHOWN_FINDINGS = 10;

function formatPublishing({ simulation, regions }: RecordsReport): readonly string[] {
	const { kv, redis } = simulation.publishToOffered;
	const ofModel = (title: string, spread: Spread | null) =>
		row([title, ...(spread === null ? ["–"] : [spread.p50, spread.p99, spread.max].map(inSeconds))]);
	return [
		row(["publish → offered in other regions", "p50", "p99", "max"]),
		ofModel("KV, model: copies up to 60 s old", kv),
		ofModel("Redis, model: replicas up to 1 s behind", redis),
		...regions.map(({ store, lagMs, p50, max }) => {
			const title = store === "redis" ? `Redis, real replicas ${lagMs} ms behind` : `KV, copies ${lagMs} ms behind`;
			return row([title, inSeconds(p50 / 1000), "", inSeconds(max / 1000)]);
		}),
		`model: virtual time, heads as in production; the others: three regions, ${regions[0]?.releases ?? 0} releases, heads fresh for ${regions[0]?.headsFreshSeconds ?? 0} s.`,
	];
}

function inSeconds(seconds: number): string {
	return `${seconds.toFixed(2)} s`;
}

function formatSizes(sizes: RecordSizes, { devices, kvBytes, redisBytes }: RecordLoad): readonly string[] {
	const { measured, min, median, p99, max, key, value, redis, seconds } = sizes;
	const extent = measured === devices ? "" : `, reckoned from ${count(measured)}`;
	return [
		row([`${count(devices)} device records${extent}`, ""]),
		`a stored value          ${min} to ${max} bytes, median ${median}, p99 ${p99}, mean ${value.toFixed(0)}; its key ${key.toFixed(0)}`,
		`in KV                   ${gigabytes(kvBytes)} of keys and values`,
		`in Redis                ${gigabytes(redisBytes)} of redis-server's memory, ${redis.toFixed(0)} bytes a record; written in ${seconds.toFixed(0)} s`,
	];
}

function formatCosts({ load, kv, redis, redisPlan }: RecordsReport["costs"]): readonly string[] {
	const regions = load.redisReadRegions;
	const cells = ({ storage, writes, reads }: MonthlyCost) => [storage, writes, reads].map(dollars);
	const changes = `changes, ${(load.churnPerDay * 100).toFixed(0)} %/day`;
	const tokens = `${load.tokensPerDeviceAndDay} tokens/day`;
	return [
		row([`USD a month, list prices as of ${PRICES_AS_OF}`, "storage", changes, tokens, "sum"], 18),
		row(["Workers KV", ...cells(kv), dollars(totalOf(kv))], 18),
		row([`Upstash Redis, pay as you go, 1 + ${regions} regions`, ...cells(redis), dollars(totalOf(redis))], 18),
		redisPlan === null
			? "Upstash Redis, fixed plan: none is large enough"
			: row(
					[`Upstash Redis, ${redisPlan.gb} GB plan, 1 + ${regions} regions`, "", "", "", dollars(redisPlan.perMonth)],
					17,
				),
		"Nothing that plans include is taken off but 200 GB of Redis' traffic. Assumed: a change is a write and a read in KV, one",
		"command in each region in Redis; every region's copy is charged, at the size that redis-server takes; a token is one read.",
	];
}

function inMs(ms: number): string {
	return `${ms.toFixed(2)} ms`;
}

function count(value: number): string {
	return value.toLocaleString("en-US");
}

function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toFixed(2)} GB`;
}

function dollars(value: number): string {
	return value.toFixed(2);
}

const NOT_MEASURED = `What this does not measure
  KV, Redis and Durable Objects as they are in production: here they are emulations on this machine, without the way to
  them, without a location's cache and without other customers. Latencies of reads compare code paths, no more.
  How long KV and Redis take to reach other regions: the models take
  what their makers state, the regions what they are told.
  A slow store in production: here every read of it takes the same two seconds, and nothing else is slow.
  The memory that Upstash charges for: here it is what redis-server takes for the same keys and values.
  What else a deployment costs: requests of the Worker, Durable Objects, R2, logs.`;
