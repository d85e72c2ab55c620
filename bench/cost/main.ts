// `npm run bench:cost`: what a fleet costs a month. What one operation takes of KV, objects, rows, R2 and logs is counted in the running
// service by the runtime's own counters; how often it happens is assumed, and said; prices are the makers' lists. `--json` prints one
// document, `--devices N`, `--products-per-device N`, `--publishes N`, `--pulses 0..1`, `--downloads-by-worker 0..1`. A missed goal is not an error.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startLoadGenerator } from "../load/load-generator.ts";
import { endProgress, mark, showProgress } from "../progress.ts";
import { makeSecrets, setStage } from "../stage/stage.ts";
import { buildBundle, buildProbe } from "../workerd/bundle.ts";
import { parapetWorker } from "../workerd/service.ts";
import { startWorkers } from "../workerd/workers.ts";
import { measureUses } from "./measure.ts";
import { type Assumptions, type Cost, costOf, PRICES } from "./model.ts";
import { ACCOUNT_DEVICES, measureStateDays } from "./state-rows.ts";
import { METERED, OPERATIONS, type Uses } from "./use.ts";

const root = join(import.meta.dirname, "../..");
const number = { type: "string" } as const;
const { values: options } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		devices: number,
		"products-per-device": number,
		publishes: number,
		pulses: number,
		"downloads-by-worker": number,
	},
});
const MEASURED_DEVICES = 40;
/** of a device in a day of state-rows.ts */
const MEASURED_UPDATES = 20;
const GOALS = { requestsPerDeviceAndDay: 35, total: 750 };

function given(
	name: "devices" | "products-per-device" | "publishes" | "pulses" | "downloads-by-worker",
	usual: number,
): number {
	const value = Number(options[name] ?? usual);
	if (!Number.isFinite(value) || value < 0) throw new RangeError(`--${name} is a number of at least 0`);
	return value;
}

const ASSUMED: Assumptions = {
	devices: given("devices", 1_500_000),
	products: 5,
	productsPerDevice: given("products-per-device", 5),
	publishesPerDay: given("publishes", 20),
	pulses: given("pulses", 1),
	// Six hours less up to a fifth, by the device's place in the fleet.
	untilSeconds: 0.9 * 6 * 3_600,
	checksPerUpdate: 1,
	permitsPerUpdate: 0,
	reportsPerUpdate: 1,
	// As measured, below.
	stateRowsPerUpdate: 0,
	toldDay: null,
	downloadsByWorker: given("downloads-by-worker", 1),
	checkIntervalSeconds: 600,
	tokenSeconds: 6 * 3_600,
	locations: 300,
	headsSeconds: 5,
	logSampleRate: 0.01,
	cpuMs: 1,
	cacheHits: 0.99,
	objectGbSeconds: 0.128 * 0.05,
};

/** With `DOWNLOAD_ORIGIN`. */
const BY_CDN: Assumptions = { ...ASSUMED, downloadsByWorker: 0 };
/** With `SUCCESS_REPORTS` = checks as well: as few requests as an update takes. */
const BOTH: Assumptions = { ...BY_CDN, reportsPerUpdate: 0 };
/** Of clients that know nothing of downloads in offers. */
const BY_PERMITS: Assumptions = { ...ASSUMED, permitsPerUpdate: 1 };

async function measure(folder: string): Promise<Uses> {
	showProgress("building the Worker");
	const bundle = await buildBundle(root, folder);
	const script = await buildProbe(root, `${import.meta.dirname}/meter-worker.ts`, folder, bundle.compatibilityDate);
	const secrets = makeSecrets();
	const workers = await startWorkers([
		{ name: "meter", ...parapetWorker({ ...bundle, script }, secrets, { LOG_SAMPLE_RATE: "1" }) },
	]);
	const load = await startLoadGenerator();
	try {
		const port = workers.ports.get("meter") ?? 0;
		const stage = await setStage({ parapet: port, probe: port }, load, secrets, MEASURED_DEVICES);
		showProgress("counting what each operation takes");
		return await measureUses(port, load, stage, secrets.BOOTSTRAP_KEY);
	} finally {
		await load.stop();
		await workers.stop();
	}
}

function format(uses: Uses, costs: readonly Cost[], fleets: readonly Assumptions[]): string {
	const text = (value: number) => (value === 0 ? "0" : value < 10 ? value.toFixed(2) : value.toFixed(0));
	const table = (rows: readonly (readonly string[])[], first: number) =>
		rows.map((row) =>
			row
				.map((cell, index) => (index === 0 ? cell.padEnd(first) : cell.padStart(13)))
				.join("")
				.trimEnd(),
		);
	const usual = fleets[0] ?? ASSUMED;
	const millions = (value: number) => (value / 1e6).toFixed(value < 1e7 ? 2 : 0);
	return [
		"one operation takes (counted in the running service)",
		...table(
			[["", ...METERED], ...OPERATIONS.map((name) => [name, ...METERED.map((one) => text(uses[name][one]))])],
			12,
		),
		"",
		`assumed: ${usual.products} products, ${usual.productsPerDevice} of them on a device, ${usual.publishesPerDay} publishes a day; \`until\` ${usual.untilSeconds / 3600} h on average,`,
		`a check with its download and a report for each update, whose release everybody may have;`,
		`tokens ${usual.tokenSeconds / 3600} h, a check each ${usual.checkIntervalSeconds} s without pulses; ${usual.locations} locations read \`heads\` each ${usual.headsSeconds} s;`,
		`${usual.cpuMs} ms of processor time a request; ${usual.cacheHits * 100} % of downloads from a location's cache; ${usual.logSampleRate * 100} % of log lines kept;`,
		`an object awake 50 ms for a call.`,
		"Without what plans include, and without egress, of which R2 has none to pay.",
		"",
		...table(
			[
				["a month, millions and $", ...fleets.flatMap(nameOf)],
				...(costs[0]?.lines ?? []).map(({ what }, index) => [
					what,
					...costs.flatMap(({ lines }) => [
						millions(lines[index]?.amount ?? 0),
						`$${(lines[index]?.cost ?? 0).toFixed(0)}`,
					]),
				]),
				["all, as listed", ...costs.flatMap(({ total }) => ["", `$${total.toFixed(0)}`])],
				["without Analytics Engine", ...costs.flatMap(({ charged }) => ["", `$${charged.toFixed(0)}`])],
				["requests a device and day", ...costs.flatMap((cost) => [cost.requestsPerDeviceAndDay.toFixed(1), ""])],
			],
			32,
		),
		"",
		"what devices do, $ a month",
		...table(
			OPERATIONS.filter((name) => name !== "publish").map((name) => [
				name,
				...costs.flatMap(({ byOperation }) => ["", `$${(byOperation[name] ?? 0).toFixed(0)}`]),
			]),
			32,
		),
		"",
		...fleets.flatMap((fleet, index) =>
			fleet.devices === usual.devices && fleet.pulses > 0
				? judge(costs[index]).map(([what, met]) => `${nameOf(fleet).join(" ")}, ${what}: ${mark(met)}`)
				: [],
		),
		"",
	].join("\n");
}

function formatDays(days: Awaited<ReturnType<typeof measureStateDays>>): string {
	return Object.entries(days)
		.map(
			([how, { rowsWritten, checks, told }]) =>
				`a device's day with ${MEASURED_UPDATES} updates, ${how}: ${rowsWritten.toFixed(2)} rows written with summaries and alarms, ${checks.toFixed(1)} checks, ${told.toFixed(2)} words to its account (of ${ACCOUNT_DEVICES} devices)`,
		)
		.join("\n");
}

function nameOf(fleet: Assumptions): string[] {
	const { devices, pulses, downloadsByWorker, permitsPerUpdate, reportsPerUpdate } = fleet;
	const updates = fleet.publishesPerDay * (fleet.productsPerDevice / fleet.products);
	const settings = [
		...(pulses === 0 ? ["no pulses"] : []),
		...(permitsPerUpdate > 0 ? ["permits"] : []),
		...(downloadsByWorker === 0 ? ["CDN"] : []),
		...(reportsPerUpdate === 0 ? ["checks"] : []),
	];
	const how = settings.length > 0 ? settings.join("+") : `${updates} a day`;
	return [`${devices / 1e6} M dev.`, how];
}

function judge(cost: Cost | undefined): [string, boolean][] {
	if (cost === undefined) return [];
	return [
		[
			`goal of ≤ ${GOALS.requestsPerDeviceAndDay} Worker requests a device and day, ${cost.requestsPerDeviceAndDay.toFixed(1)}`,
			cost.requestsPerDeviceAndDay <= GOALS.requestsPerDeviceAndDay,
		],
		[`goal of ≤ $${GOALS.total} a month, $${cost.total.toFixed(0)}`, cost.total <= GOALS.total],
	];
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const uses = await measure(folder);
	showProgress("counting rows of days with 20 updates");
	const days = await measureStateDays(root, folder);
	endProgress();
	const fleets = [
		...[ASSUMED, BY_CDN, { ...BOTH, toldDay: days.told }, BY_PERMITS],
		{ ...ASSUMED, devices: 10_000_000 },
		{ ...ASSUMED, pulses: 0 },
		{ ...ASSUMED, productsPerDevice: 1.5 },
	].map((fleet) => ({ ...fleet, stateRowsPerUpdate: days.reported.rowsWritten / MEASURED_UPDATES }));
	const costs = fleets.map((fleet) => costOf(fleet, uses));
	const document = { uses, days, fleets, costs, prices: PRICES, goals: costs.map(judge) };
	process.stdout.write(
		options.json ? `${JSON.stringify(document, null, "\t")}\n` : `${formatDays(days)}\n${format(uses, costs, fleets)}`,
	);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
