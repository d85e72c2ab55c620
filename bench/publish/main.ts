// `npm run bench:publish -- --data DIR`: what deltas save between the releases that lie in a folder, and how long it takes to make, prove
// and apply them. Packages of one product, called like crs-4.27.0.tar.gz; without --data the two samples of examples/. Files alone: no
// service, no network. `--json` prints one document, `--quick` makes each once.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { applyDelta, makeDelta } from "../../cli/delta/dcz.ts";
import { openPayload, type Payload } from "../../cli/files/package-file.ts";
import { parsePackageName } from "../../cli/files/package-name.ts";
import { compareVendorVersions } from "../../src/content/releases/vendor-version.ts";
import { readMachine } from "../machine.ts";
import { median } from "../statistics.ts";

const ROOT = `${import.meta.dirname}/../..`;
const { values: options } = parseArgs({
	options: {
		data: { type: "string", default: join(ROOT, "examples") },
		json: { type: "boolean", default: false },
		quick: { type: "boolean", default: false },
	},
});
const ROUNDS = options.quick ? 1 : 5;
/** Of the previous release's delta, as a share of the packed copy. */
const GOAL = 0.05;
/** The fleet of the goals: devices, updates of each in a day, days. */
const FLEET = { devices: 1_500_000, updates: 5, days: 30 };

interface Release {
	readonly version: string;
	readonly payload: Payload;
}

interface Way {
	/** null = the packed copy */
	readonly from: string | null;
	readonly bytes: number;
	readonly make_ms: number;
	/** what both the publisher, who proves it, and a firewall do */
	readonly apply_ms: number;
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
const releases = await readReleases(options.data);
try {
	const target = releases.at(-1);
	if (target === undefined || releases.length < 2)
		throw new Error(`${options.data} has not two packages of one product`);
	const packed = await measure(null, target);
	const ways: Way[] = [];
	for (const base of releases.slice(0, -1).reverse()) ways.push(await measure(base, target));
	const previous = ways[0]?.bytes ?? 0;
	const month = FLEET.devices * FLEET.updates * FLEET.days;
	const egress = { whole: target.payload.size * month, packed: packed.bytes * month, deltas: previous * month };
	const goal = { is: previous / packed.bytes, at_most: GOAL, met: previous <= GOAL * packed.bytes };
	const rss = process.resourceUsage().maxRSS * 1024;
	const report = {
		machine: await readMachine(ROOT),
		rounds: ROUNDS,
		version: target.version,
		size: target.payload.size,
	};
	const figures = { ...report, packed, deltas: ways, goal, bytes_a_month: egress, peak_rss_bytes: rss };
	process.stdout.write(options.json ? `${JSON.stringify(figures, null, "\t")}\n` : describe(figures));
} finally {
	for (const { payload } of releases) await payload.dispose();
	await rm(folder, { recursive: true, force: true });
}

/** @returns those of the newest package's product, oldest first */
async function readReleases(data: string): Promise<Release[]> {
	const named = (await readdir(data)).flatMap((file) => {
		const { product, version } = parsePackageName(file);
		return product === undefined || version === undefined ? [] : [{ file: join(data, file), product, version }];
	});
	const sorted = named.toSorted((a, b) => compareVendorVersions(a.version, b.version));
	const product = sorted.at(-1)?.product;
	const opened: Release[] = [];
	for (const one of sorted.filter((one) => one.product === product))
		opened.push({ version: one.version, payload: await openPayload(one.file) });
	return opened;
}

async function measure(base: Release | null, { payload }: Release): Promise<Way> {
	const delta = join(folder, "delta");
	const basePath = base?.payload.path ?? null;
	const makes: number[] = [];
	const applies: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const started = performance.now();
		await makeDelta(basePath, payload.path, payload.size, delta);
		const made = performance.now();
		const applied = await applyDelta({ base: basePath, delta, size: payload.size, out: join(folder, "out") });
		applies.push(performance.now() - made);
		makes.push(made - started);
		if (!applied.ok || applied.sha256 !== payload.sha256) throw new Error(`from ${base?.version}: not the same bytes`);
	}
	const tenth = (ms: number) => Math.round(ms * 10) / 10;
	const { size } = await stat(delta);
	return { from: base?.version ?? null, bytes: size, make_ms: tenth(median(makes)), apply_ms: tenth(median(applies)) };
}

interface Figures {
	readonly machine: string;
	readonly version: string;
	readonly size: number;
	readonly packed: Way;
	readonly deltas: readonly Way[];
	readonly goal: { readonly is: number; readonly at_most: number; readonly met: boolean };
	readonly bytes_a_month: Readonly<Record<string, number>>;
	readonly peak_rss_bytes: number;
}

function describe({
	machine,
	version,
	size,
	packed,
	deltas,
	goal,
	bytes_a_month: month,
	peak_rss_bytes: rss,
}: Figures): string {
	const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
	const row = ({ from, bytes, make_ms: make, apply_ms: apply }: Way) =>
		[
			(from === null ? "packed copy" : `from ${from}`).padEnd(14),
			String(bytes).padStart(10),
			percent(bytes / size).padStart(9),
			percent(bytes / packed.bytes).padStart(9),
			String(make).padStart(9),
			String(apply).padStart(9),
		].join(" ");
	const terabytes = Object.entries(month).map(([way, bytes]) => `${way} ${(bytes / 1e12).toFixed(1)} TB`);
	return [
		machine,
		`to ${version}, ${size} bytes; median of ${ROUNDS} rounds`,
		"                    bytes  of whole of packed   make ms  apply ms",
		...[packed, ...deltas].map(row),
		`goal: from the previous release ${percent(goal.at_most)} of the packed copy at most: ${percent(goal.is)}, ${goal.met ? "met" : "missed"}`,
		`a month of 1.5 million devices with 5 updates a day: ${terabytes.join(", ")}`,
		`peak memory of this process: ${Math.round(rss / 1e6)} MB`,
		"",
	].join("\n");
}
