// Turns the figures of a run into tables that can be read, with the goal beside each, and says what they do not show. A run
// that was stopped has a report too: of what had been measured.
import { mark } from "../progress.ts";
import type { StoreReads } from "../stage/store-reads.ts";
import type { Ratios, Summary, Way } from "../statistics.ts";
import type { Duel, JudgedRow, Verdict } from "./judge.ts";
import type { MemoryUse } from "./memory.ts";
import type { StartUp } from "./start-up.ts";

export interface Report {
	readonly machine: string;
	readonly settings: {
		readonly devices: number;
		readonly rounds: number;
		readonly seconds: number;
		readonly smallFleet: number;
		readonly largeFleet: number;
	};
	/** false = the run was stopped or failed; the figures are those until then */
	readonly isComplete: boolean;
	/** why the run ended early */
	readonly error?: string;
	readonly rows: readonly JudgedRow[];
	/** who the peer is, or why it was not measured */
	readonly peer?: { readonly machine: string } | { readonly reason: string };
	readonly duels: readonly Duel[];
	readonly bundle?: { readonly bytes: number; readonly gzipped: number };
	readonly startUp?: StartUp;
	readonly reads?: StoreReads;
	/** null = the system does not tell */
	readonly memory?: MemoryUse | null;
}

/** What is measured beside the rounds. */
export type Probed = Pick<Report, "bundle" | "startUp" | "reads" | "memory">;

/** Half of what moves: what is read ahead and not yet collected may show, the package as a whole may not. */
const MEMORY_GOAL_BYTES = 100_000_000;

/** Part of the time that the generator may be busy before it, and not the server, is what was measured. */
const GENERATOR_LIMIT = 0.9;

/** Fewer say nothing about a goal: one busy moment of the machine is a fifth of them. */
const FEW_ROUNDS = 5;

const WAY_NAMES: Readonly<Record<Way, string>> = { median: "median", best: "best", cpu: "CPU" };

export function formatReport(report: Report): string {
	const { settings } = report;
	const sections = [
		[
			report.machine,
			`one workerd, ${settings.devices} devices, turns of ${settings.seconds} s in ${roundsOf(report)}`,
			...(settings.rounds < FEW_ROUNDS ? ["so few rounds show that everything runs, and no more"] : []),
			...(report.isComplete ? [] : [`NOT COMPLETE: ${report.error ?? "the run was stopped"}`]),
		],
		formatRows(report.rows, settings),
		formatPeer(report),
		formatProbes(report),
		formatGenerator(report),
		report.isComplete ? [NOT_MEASURED] : [],
	];
	return sections
		.filter((lines) => lines.length > 0)
		.map((lines) => lines.join("\n"))
		.join("\n\n");
}

/** Of a stopped run the rows may differ by one. */
function roundsOf({ rows, settings }: Report): string {
	const measured = Math.max(0, ...rows.map(({ rates }) => rates.length));
	const rounds = `${measured} alternating round${measured === 1 ? "" : "s"}`;
	return measured === settings.rounds ? rounds : `${rounds} of ${settings.rounds}`;
}

function formatRows(rows: readonly JudgedRow[], { smallFleet, largeFleet }: Report["settings"]): string[] {
	if (rows.length === 0) return [];
	const head = ["", "requests/s", "p50 ms", "p99 ms", "CPU µs", "median", "best", "by CPU", "goal", ""];
	const lines = rows.map((row) =>
		formatRow([
			row.title,
			formatRate(row),
			row.p50.toFixed(2),
			row.p99.toFixed(2),
			row.cpuMicroseconds?.toFixed(0) ?? "–",
			...formatRatios(row.ratios),
			...formatVerdict(row.verdict),
		]),
	);
	const isGrowing = rows.some(({ name }) => name === "growth");
	return [
		formatRow(head),
		...lines,
		"median, best, by CPU: throughput ÷ a bare Worker's in the same workerd, by the medians of all rounds, by the best round of",
		"each, and by processor time per request. A download is compared with a bare stream of the same bytes from the same cache.",
		...(isGrowing ? [`A small fleet has ${smallFleet} devices, a large one ${largeFleet}.`] : []),
	];
}

function formatPeer({ peer, duels }: Report): string[] {
	if (peer === undefined) return [];
	if ("reason" in peer) return [`the peer was not measured: ${peer.reason}`];
	if (duels.length === 0) return [peer.machine];
	const head = ["Parapet ÷ peer", "Parapet/s", "peer/s", "", "", "median", "best", "by CPU", "ahead", ""];
	return [
		peer.machine,
		formatRow(head),
		...duels.map(({ title, ours, peer: theirs, ratios, ahead }) =>
			formatRow([
				title,
				formatRate(ours),
				formatRate(theirs),
				...["", "", ...formatRatios(ratios), ahead ?? "neither"],
			]),
		),
		"by CPU: of workerd, and of nginx and Redis together. Ahead is who is ahead in all three ways.",
	];
}

/** @returns a line for each figure that is there and is not one of the rounds */
export function formatProbes({ bundle, startUp, reads, memory }: Probed): string[] {
	const lines: string[] = [];
	const add = (title: string, text: string) => lines.push(title.padEnd(20) + text);
	if (reads !== undefined) {
		const { check, permit, token } = reads;
		const figures = `check ${check.toFixed(3)}, permit ${permit.toFixed(3)}, token ${token.toFixed(3)}`;
		add("store reads", `${figures} (first request of each device; goals 0, ≤ 1, 1)`);
	}
	if (bundle !== undefined) add("bundle", `${kilobytes(bundle.bytes)} minified, ${kilobytes(bundle.gzipped)} gzip`);
	if (startUp !== undefined) {
		const bare = `a bare Worker ${startUp.bare.toFixed(0)} ms (both with Miniflare's own start)`;
		add("first answer", `${startUp.parapet.toFixed(0)} ms after start, ${bare}`);
	}
	if (memory !== undefined) add("memory", formatMemory(memory));
	return lines;
}

function formatMemory(memory: MemoryUse | null): string {
	if (memory === null) return "not measured: this system does not tell (Linux does)";
	const { packageBytes, before, uploading, downloading } = memory;
	const isFlat = Math.max(uploading, downloading) - before <= MEMORY_GOAL_BYTES;
	const most = `at most ${megabytes(uploading)} while up, ${megabytes(downloading)} while down`;
	return `${megabytes(packageBytes)} package: ${megabytes(before)} before, ${most} (goal: flat) ${mark(isFlat)}`;
}

function formatGenerator({ rows, duels }: Report): string[] {
	const measured = [...rows, ...duels.map(({ peer }) => peer)];
	const busiest = measured.toSorted((a, b) => b.generatorBusy - a.generatorBusy)[0];
	if (busiest === undefined) return [];
	const share = `${(busiest.generatorBusy * 100).toFixed(0)} %`;
	const isLimit = busiest.generatorBusy >= GENERATOR_LIMIT;
	return [
		`load generator: raw sockets in a thread of its own, at most ${share} busy (${busiest.name})`,
		...(isLimit ? ["* the generator was the limit at times: the server can do more"] : []),
	];
}

function formatRate({ requestsPerSecond, generatorBusy }: Summary): string {
	return requestsPerSecond.toFixed(0) + (generatorBusy >= GENERATOR_LIMIT ? "*" : "");
}

function formatRatios(ratios: Ratios | null): readonly string[] {
	if (ratios === null) return ["", "", ""];
	return [ratios.median.toFixed(2), ratios.best.toFixed(2), ratios.cpu?.toFixed(2) ?? "–"];
}

/** @returns goal, and what became of it: where the ways disagree, by which of them it is reached */
function formatVerdict(verdict: Verdict | null): readonly [string, string] {
	if (verdict === null) return ["", ""];
	const goal = `≥ ${verdict.goal.toFixed(2)}`;
	if (verdict.outcome === "met") return [goal, mark(true)];
	if (verdict.outcome === "missed") return [goal, mark(false)];
	return [goal, `by ${verdict.reachedBy.map((way) => WAY_NAMES[way]).join(", ")} only`];
}

const WIDTHS = [38, 11, 8, 8, 8, 8, 7, 8, 9, 0];

function formatRow(cells: readonly string[]): string {
	return cells
		.map((cell, column) => {
			const width = WIDTHS[column] ?? 0;
			if (column === cells.length - 1 && width === 0) return `  ${cell}`;
			return column === 0 ? cell.padEnd(width) : cell.padStart(width);
		})
		.join("")
		.trimEnd();
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
  Rate limits (token, permit): production counts them on the machine that asks, the emulation writes to SQLite at each call,
  which would be all that is measured; so they answer from memory here.
  What objects do: while few may have a release, a permit asks its Product (npm run bench:permits), one of an HA group its
  Account. The permit here is one that the edge gives alone. An offer tells the Account what is news; here nothing is.
  The object that counts an assertion once (devices that need no DPoP proof) at a distance: here it shares the core.
  Analytics Engine, which has no local emulation, and request.cf, which only the edge fills in.
  1,500,000 devices: each needs a request of its own here (about 1.1 KB, with token and ETag), so some 1.7 GB of prepared
  requests, more than that of answers to take the ETags from, and ten minutes or more to make them all.
  The service keeps nothing per device for a check, so its memory does not grow with the fleet; permits and tokens keep at
  most some 25,000 device records in each isolate and read the store for the others.`;
