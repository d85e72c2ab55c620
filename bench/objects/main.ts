// `npm run bench:objects`: what each method and alarm of Account, Directory and Census takes where there are 100,000 devices, in processor time (in
// steps of 10 ms; where the system does not tell it, in time) beside half of `limits.cpu_ms` (wrangler.toml), which the platform holds
// each call of an object to. `--json` prints one document, `--quick` only shows that everything runs. Ends with 1 when a method refuses;
// a missed goal is not an error.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { readMachine } from "../machine.ts";
import { readCpuSeconds } from "../process-use.ts";
import { endProgress, mark, showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import { buildProbe } from "../workerd/bundle.ts";
import { startWorkers } from "../workerd/workers.ts";
import { ACCOUNT_CALLS, activationOf, CENSUS_CALLS, DIRECTORY_CALLS, summaryOf, termsAt } from "./calls.ts";
import type { Call, Outcome } from "./objects-worker.ts";

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const DEVICES = options.quick ? 10_000 : 100_000;
const DENIALS = options.quick ? 1_000 : 10_000;
/** Of 100 devices each, in the Census. */
const ACCOUNTS = options.quick ? 1_000 : 15_000;
const BATCH = 1_000;
const ROUNDS = 6;
/** An account that has licenses is not closed; that it has is looked up all the same. */
const REFUSED = ["account.closeAccount"];
/** Their alarms do a part of what they owe: rung until nothing is left, of which the longest counts. */
const ALARMS = 20;

interface Line {
	readonly method: string;
	/** the longest of the rounds, ms with the way there and back */
	readonly ms: number;
	/** the most processor time of them, ms, with whatever else the runtime did meanwhile; null where the system does not tell */
	readonly cpuMs: number | null;
	readonly rowsRead: number;
	readonly rowsWritten: number;
}

/** Set once workerd runs. */
let pids: readonly number[] = [];
const cpuMs = async () => ((await readCpuSeconds(pids)) ?? Number.NaN) * 1_000;

async function call(port: number, order: Omit<Call, "atMs"> & { atMs?: number }): Promise<Measured> {
	const [startCpuMs, startMs] = [await cpuMs(), performance.now()];
	const text = JSON.stringify({ atMs: null, ...order });
	const { status, body } = await send({ port, method: "POST", path: "/", body: text });
	const [ms, endCpuMs] = [performance.now() - startMs, await cpuMs()];
	if (status !== 200) throw new Error(`${order.object}.${order.method}: ${status} ${body.slice(0, 300)}`);
	const outcome: Outcome = JSON.parse(body);
	if (outcome.refused !== null && !REFUSED.includes(`${order.object}.${order.method}`))
		throw new Error(`${order.object}.${order.method} was refused: ${outcome.refused}`);
	return { ...outcome, ms, cpuMs: endCpuMs - startCpuMs };
}

type Measured = Outcome & { readonly ms: number /** NaN where the system does not tell */; readonly cpuMs: number };

/** @returns the worst of what several calls took */
function worstOf(method: string, measured: readonly Measured[]): Line {
	const most = (of: "ms" | "cpuMs" | "rowsRead" | "rowsWritten") => Math.max(0, ...measured.map((one) => one[of]));
	const cpu = most("cpuMs");
	const rows = { rowsRead: most("rowsRead"), rowsWritten: most("rowsWritten") };
	return { method, ms: most("ms"), cpuMs: Number.isNaN(cpu) ? null : Math.round(cpu), ...rows };
}
/** What the platform's limit is about, or what is known in its stead. */
const costOf = (line: Line) => line.cpuMs ?? line.ms;

async function fill(port: number, now: number): Promise<void> {
	const by = { actor: "operator", now };
	const on = (method: string, ...args: unknown[]) => call(port, { object: "account", method, args });
	await on("create", { ...by, id: "acct-aaaaaaaaaa000000", name: "bench" });
	await on("createLicense", { ...by, id: "lic-a", terms: termsAt(now) });
	const code = { id: "code-a", hash: "hash-a", license: "lic-a", uses: 10_000_000, expiresAt: now + 86_400 };
	await on("createCode", { ...by, ...code, serial: null, model: null });
	for (let from = 0; from < DEVICES; from += BATCH) {
		showProgress(`activating devices, ${from} of ${DEVICES}`);
		const many = Array.from({ length: BATCH }, (_, at) => [activationOf(from + at, now)]);
		await call(port, { object: "account", method: "activate", args: [], many });
	}
	for (let round = 0; round * 200 < DENIALS; round++) {
		const args = DIRECTORY_CALLS.changeDenials({ round: 1_000 + round, now, devices: DEVICES });
		await call(port, { object: "directory", method: "changeDenials", args });
	}
	for (let from = 0; from < ACCOUNTS; from += BATCH) {
		const many = Array.from({ length: BATCH }, (_, at) => [summaryOf(from + at, now)]);
		await call(port, { object: "census", method: "take", args: [], many });
	}
}

async function measure(port: number, now: number): Promise<Line[]> {
	const plans = [
		["account", ACCOUNT_CALLS] as const,
		["directory", DIRECTORY_CALLS] as const,
		["census", CENSUS_CALLS] as const,
	];
	const lines: Line[] = [];
	for (const [object, calls] of plans) {
		for (const [method, argsOf] of Object.entries(calls)) {
			showProgress(`${object}.${method}`);
			const measured: Measured[] = [];
			for (let round = 0; round < (method === "alarm" ? ALARMS : ROUNDS); round++) {
				const args = argsOf({ round, now, devices: DEVICES });
				measured.push(await call(port, { object, method, args }));
			}
			lines.push(worstOf(`${object}.${method}`, measured));
			if (method === "transferLicense") lines.push(await endTransfer(port));
		}
	}
	return lines.toSorted((a, b) => costOf(b) - costOf(a) || b.ms - a.ms);
}

/** The last transfer that was begun: the object's alarm is rung until no seat is on its way. */
async function endTransfer(port: number): Promise<Line> {
	const measured: Measured[] = [];
	const startMs = performance.now();
	while (await isMoving(port)) {
		showProgress(`account.alarm of a transfer, ${measured.length + 1}`);
		measured.push(await call(port, { object: "account", method: "alarm", args: [] }));
	}
	const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
	return worstOf(`account.alarm, ${measured.length} of a transfer in ${seconds} s`, measured);
}

async function isMoving(port: number): Promise<boolean> {
	const now = Math.floor(Date.now() / 1_000);
	return (await call(port, { object: "account", method: "license", args: ["lic-a", now] })).isMoving;
}

async function runAll(folder: string): Promise<void> {
	const production = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	const {
		compatibility_date: compatibilityDate = "",
		compatibility_flags: compatibilityFlags,
		vars,
		limits,
	} = production;
	const half = (limits?.cpu_ms ?? 0) / 2;
	showProgress("building the Worker");
	const script = await buildProbe(root, `${import.meta.dirname}/objects-worker.ts`, folder, compatibilityDate);
	const classes = { ACCOUNT: "Account", DIRECTORY: "Directory", CENSUS: "Census" };
	const workers = await startWorkers([
		{
			name: "objects",
			...{ compatibilityDate, compatibilityFlags, modules: true, script },
			bindings: { ...vars, ENVIRONMENT: "local", RECORD_STORE: "kv", MAC_KEYS: `bench:${"0".repeat(43)}` },
			durableObjects: Object.fromEntries(
				Object.entries(classes).map(([name, className]) => [name, { className, useSQLite: true }]),
			),
		},
	]);
	try {
		const port = workers.ports.get("objects") ?? 0;
		pids = workers.pids;
		const now = Math.floor(Date.now() / 1_000);
		await fill(port, now);
		const lines = await measure(port, now);
		endProgress();
		const machine = await readMachine(root);
		if (options.json) {
			process.stdout.write(
				`${JSON.stringify({ machine, devices: DEVICES, halfOfLimitMs: half, lines }, null, "\t")}\n`,
			);
			return;
		}
		const row = (cells: readonly string[]) =>
			(cells[0] ?? "").padEnd(46) +
			cells
				.slice(1)
				.map((one) => one.padStart(14))
				.join("");
		const rows = lines.map((line) => {
			const { method, ms, cpuMs: cpu, rowsRead, rowsWritten } = line;
			const cells = [cpu === null ? "–" : String(cpu), ms.toFixed(1), String(rowsRead), String(rowsWritten)];
			return row([method, ...cells, mark(costOf(line) < half)]);
		});
		process.stdout.write(
			`${machine}\n${DEVICES} devices in one account, ${DENIALS} denials; the worst of ${ROUNDS} calls: processor time, beside half of cpu_ms (${half} ms), and time with the way there and back\n\n${row(["method", "CPU ms", "ms", "rows read", "rows written", ""])}\n${rows.join("\n")}\n`,
		);
	} finally {
		await workers.stop();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	await runAll(folder);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
