// Turns figures into a table that can be read, with its goal beside each, and says what they do not show.
import { mark } from "../progress.ts";
import type { ScenarioName } from "../stage/scenarios.ts";
import type { StoreReads } from "../stage/store-reads.ts";
import { median } from "../statistics.ts";
import type { Measured } from "./measure.ts";
import type { MemoryUse } from "./memory.ts";
import type { FleetGrowth, StartUp } from "./probes.ts";

export interface Report {
	readonly machine: string;
	readonly settings: { readonly devices: number; readonly rounds: number; readonly seconds: number };
	readonly scenarios: readonly Measured[];
	readonly bundle: { readonly bytes: number; readonly gzipped: number };
	readonly startUp: StartUp;
	readonly reads: StoreReads;
	readonly memory: MemoryUse | null;
	readonly growth: FleetGrowth;
}

export interface Judged extends Measured {
	readonly title: string;
	/** what its throughput is compared with */
	readonly against: ScenarioName;
	readonly ratio: number;
	/** the ratio of processor times, which a busy machine distorts less; null where not known */
	readonly cpuRatio: number | null;
	/** its throughput ÷ that of a bare Worker that is sent the smallest request there is */
	readonly ratioToSmallest: number;
	readonly goal: number | null;
	readonly met: boolean | null;
}

interface Row {
	readonly title: string;
	readonly against: ScenarioName;
	readonly goal: number | null;
}

/** Goals of design: the part of a bare Worker's throughput that must remain. */
const ROWS: Readonly<Record<ScenarioName, Row>> = {
	bare: { title: "bare Worker, GET /", against: "bare", goal: null },
	bare_check: { title: "bare Worker, sent the checks", against: "bare_check", goal: null },
	check_unchanged: { title: "check, nothing new (304)", against: "bare_check", goal: 0.8 },
	check_offers: { title: "check, 2 products, 2 offers", against: "bare_check", goal: 0.4 },
	check_offers_dpop: { title: "  the same with a DPoP proof", against: "bare_check", goal: null },
	bare_verify: { title: "one ES256 verification, no more", against: "bare_check", goal: null },
	bare_permit: { title: "bare Worker, sent the permits", against: "bare_permit", goal: null },
	permit: { title: "permit, record in memory", against: "bare_permit", goal: 0.6 },
	token: { title: "token (assertion + DPoP proof)", against: "bare_permit", goal: 0.2 },
	token_once: { title: "  the same, assertion counted once", against: "bare_permit", goal: null },
	stream_memory: { title: "bare stream, 1 MB from memory", against: "stream_memory", goal: null },
	download: { title: "signed download, 1 MB", against: "stream_cache", goal: 0.5 },
	stream_cache: { title: "bare stream, 1 MB from cache", against: "stream_cache", goal: null },
};

const GROWTH_GOAL = 0.95;
/** Half of what moves: what is read ahead and not yet collected may show, the package as a whole may not. */
const MEMORY_GOAL_BYTES = 100_000_000;

/** Each scenario beside the one that it is compared with, its goal, and whether that was met. */
export function judge(scenarios: readonly Measured[]): readonly Judged[] {
	const byName = new Map(scenarios.map((measured) => [measured.name, measured]));
	return scenarios.map((measured) => {
		const row = ROWS[measured.name];
		const base = byName.get(row.against) ?? measured;
		const ratio = pairedRatio(measured, base);
		const cpuRatio =
			measured.cpuMicroseconds === null || base.cpuMicroseconds === null
				? null
				: base.cpuMicroseconds / measured.cpuMicroseconds;
		const ratioToSmallest = pairedRatio(measured, byName.get("bare") ?? measured);
		// A goal is measured by the stricter of the two: the bare Worker's own best.
		const decisive = row.against.startsWith("stream") ? ratio : ratioToSmallest;
		return {
			...measured,
			...row,
			ratio,
			cpuRatio,
			ratioToSmallest,
			met: row.goal === null ? null : decisive >= row.goal,
		};
	});
}

/** Median of the rounds' ratios: what slows the machine for a while slows both sides of a round. */
function pairedRatio(measured: Measured, base: Measured): number {
	return median(measured.rounds.map((rate, round) => rate / (base.rounds[round] ?? Number.NaN)));
}

export function formatReport(report: Report): string {
	const { settings, bundle, startUp, reads, memory, growth } = report;
	const lines = [
		report.machine,
		`one workerd, ${settings.devices} devices, medians of ${settings.rounds} rounds of ${settings.seconds} s`,
		"",
		formatRow(["", "requests/s", "p50 ms", "p99 ms", "CPU µs", "× GET /", "× bare", "by CPU", "goal", ""]),
		...judge(report.scenarios).map(formatJudged),
		"× GET /: throughput ÷ that of a bare Worker in the same workerd, median of the rounds; goals are measured by it.",
		"× bare: the same, the bare Worker being sent the same requests (a download: streaming the same bytes from the same",
		"cache; its goal is measured by that); by CPU: the same of processor time, steadier on a busy machine.",
		"",
		...formatProbes(),
	];
	const busiest = Math.max(...report.scenarios.map(({ generatorBusy }) => generatorBusy));
	lines.push(
		"",
		`load generator: raw sockets in a thread of its own, at most ${percent(busiest)} busy`,
		"",
		NOT_MEASURED,
	);
	return lines.join("\n");

	function formatProbes(): string[] {
		const grown = growth.ratio >= GROWTH_GOAL;
		return [
			`store reads         check ${reads.check.toFixed(3)}, permit ${reads.permit.toFixed(3)}, token ${reads.token.toFixed(3)} (first request of each device; goals 0, ≤ 1, 1)`,
			`fleet growth        ${growth.small} → ${growth.large} devices: ${growth.ratio.toFixed(2)} × (goal ≥ ${GROWTH_GOAL}) ${mark(grown)}`,
			`bundle              ${kilobytes(bundle.bytes)} minified, ${kilobytes(bundle.gzipped)} gzip`,
			`first answer        ${startUp.parapet.toFixed(0)} ms after start, a bare Worker ${startUp.bare.toFixed(0)} ms (both with Miniflare's own start)`,
			formatMemory(memory),
		];
	}
}

function formatMemory(memory: MemoryUse | null): string {
	if (memory === null) return "memory              not measured: this system does not tell (Linux does)";
	const { packageBytes, before, uploading, downloading } = memory;
	const flat = Math.max(uploading, downloading) - before <= MEMORY_GOAL_BYTES;
	return `memory              ${megabytes(packageBytes)} package: ${megabytes(before)} before, at most ${megabytes(uploading)} while up, ${megabytes(downloading)} while down (goal: flat) ${mark(flat)}`;
}

function formatJudged(row: Judged): string {
	return formatRow([
		row.title,
		row.requestsPerSecond.toFixed(0),
		row.p50.toFixed(2),
		row.p99.toFixed(2),
		row.cpuMicroseconds?.toFixed(0) ?? "–",
		row.against.startsWith("stream") || row.name === "bare" ? "" : row.ratioToSmallest.toFixed(2),
		row.against === row.name ? "" : row.ratio.toFixed(2),
		row.against === row.name || row.cpuRatio === null ? "" : row.cpuRatio.toFixed(2),
		row.goal === null ? "" : `≥ ${row.goal.toFixed(2)}`,
		row.met === null ? "" : mark(row.met),
	]);
}

const WIDTHS = [36, 11, 8, 8, 8, 9, 8, 8, 8, 8];

function formatRow(cells: readonly string[]): string {
	return cells
		.map((cell, column) => (column === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[column] ?? 0)))
		.join("")
		.trimEnd();
}

function percent(part: number): string {
	return `${(part * 100).toFixed(0)} %`;
}

function kilobytes(bytes: number): string {
	return `${(bytes / 1024).toFixed(0)} KiB`;
}

function megabytes(bytes: number): string {
	return `${(bytes / 1e6).toFixed(0)} MB`;
}

const NOT_MEASURED = `What this does not measure
  Cloudflare's network, TLS, HTTP/2 and its start of isolates; one process on one machine cannot.
  KV, R2, cache and Durable Objects as they are in production: here they are Miniflare's emulation on the local disk. So
  the permit and the token are measured with the device's record in memory, and store reads are counted, not timed.
  The rate limit of the token endpoint: the emulation writes to SQLite at each call, so the limits answer from memory here.
  The object that counts an assertion once (devices that need no DPoP proof) at a distance: here it shares the core.
  Analytics Engine, which has no local emulation, and request.cf, which only the edge fills in.
  1,500,000 devices: each needs a request of its own here (about 1.1 KB, with token and ETag), so some 1.7 GB of prepared
  requests, more than that of answers to take the ETags from, and ten minutes or more to make them all.
  The service keeps nothing per device for a check, so its memory does not grow with the fleet; permits and tokens keep at
  most some 25,000 device records in each isolate and read the store for the others.`;
