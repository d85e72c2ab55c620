// `npm run bench:trust`: the files of a TUF repository in bytes, and what a device asks for and waits for at its first install, where
// nothing is new and after a release, by tuf-js. Files are those that commands and service write, in memory; the network is left out.
// `--json` prints one document, `--quick` only shows that everything runs.
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { keyTable, makeRoleFile, makeRoot, makeTargets, roleKeys } from "../../cli/trust/files.ts";
import { createSigner, type TufSigner } from "../../src/signing/tuf/keys.ts";
import { MAX_TARGETS, pathsOf, type RoleSigned, targetPath } from "../../src/signing/tuf/metadata.ts";
import { makeSnapshot, makeTimestamp } from "../../src/signing/tuf/online.ts";
import { signAll } from "../../src/signing/tuf/sign.ts";
import { openTufClient } from "../../test/unit/signing/tuf/tuf-client.ts";
import { readMachine } from "../machine.ts";
import { median } from "../statistics.ts";
import { logFigures } from "./log-figures.ts";

const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const PRODUCT = "threats";
const ROUNDS = options.quick ? 1 : 15;
const now = Math.floor(Date.now() / 1_000);

interface Repository {
	readonly files: Map<string, string>;
	readonly root: string;
	/** Signs and serves the product's role file with releases 1 to `count`. */
	release(count: number): Promise<void>;
}

async function newSigner(): Promise<TufSigner> {
	return createSigner(
		(await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair,
	);
}

/** One key each for root, targets, the publisher and the service. */
async function makeRepository(): Promise<Repository> {
	const [root, targets, publisher, online] = await Promise.all([newSigner(), newSigner(), newSigner(), newSigner()]);
	const parts = { root: [root], rootThreshold: 1, targets: [targets], targetsThreshold: 1, online: [online], log: [] };
	const rootText = await signAll(makeRoot(1, parts, now), [root]);
	const role = { name: PRODUCT, paths: [pathsOf(PRODUCT)], terminating: true as const, ...roleKeys([publisher], 1) };
	const targetsText = await signAll(makeTargets(1, { keys: keyTable([publisher]), roles: [role] }, now), [targets]);
	const files = new Map([
		["1.root.json", rootText],
		["1.targets.json", targetsText],
	]);
	let version = 0;
	const release = async (count: number) => {
		version += 1;
		const all = Object.fromEntries(Array.from({ length: count }, (_, index) => targetOf(index + 1)));
		files.set(`${version}.${PRODUCT}.json`, await signAll(makeRoleFile(version, all, now), [publisher]));
		const versions = new Map([
			["targets", 1],
			[PRODUCT, version],
		]);
		const body = await makeSnapshot(version, versions, online, now);
		files.set(`${version}.snapshot.json`, body);
		files.set("timestamp.json", await makeTimestamp(version, { version, body }, online, now));
	};
	return { files, root: rootText, release };
}

function targetOf(sequence: number): [string, RoleSigned["targets"][string]] {
	const version = `4.${sequence}.0`;
	const sha256 = sequence.toString(16).padStart(64, "0");
	const custom = { version, sequence, urgency: "routine" };
	return [targetPath(PRODUCT, version), { length: 1_000_000 + sequence, hashes: { sha256 }, custom }];
}

interface Visit {
	readonly requests: number;
	readonly bytes: number;
	readonly ms: number;
}

/** First install, no change, and after one more release, of a product that has `count` releases. */
async function visit(count: number): Promise<Record<"first" | "unchanged" | "released", Visit>> {
	const repository = await makeRepository();
	await repository.release(count);
	using device = openTufClient(repository.root, (name) => repository.files.get(name) ?? null);
	const ask = async (version: number): Promise<Visit> => {
		const started = performance.now();
		const { sha256, requests } = await device.find(targetPath(PRODUCT, `4.${version}.0`));
		const ms = performance.now() - started;
		if (sha256 === null) throw new Error(`release ${version} is not found`);
		return { requests: requests.length, bytes: requests.reduce((sum, one) => sum + one.bytes, 0), ms };
	};
	const first = await ask(count);
	const unchanged = await ask(count);
	await repository.release(Math.min(count + 1, MAX_TARGETS));
	return { first, unchanged, released: await ask(Math.min(count + 1, MAX_TARGETS)) };
}

async function measureVisits(count: number): Promise<Record<string, Visit>> {
	const rounds: Awaited<ReturnType<typeof visit>>[] = [];
	for (let round = 0; round < ROUNDS; round++) rounds.push(await visit(count));
	const kinds = ["first", "unchanged", "released"] as const;
	return Object.fromEntries(
		kinds.map((kind) => {
			const [sample] = rounds;
			if (sample === undefined) throw new Error("no round");
			return [kind, { ...sample[kind], ms: Math.round(median(rounds.map((one) => one[kind].ms)) * 10) / 10 }];
		}),
	);
}

const repository = await makeRepository();
await repository.release(1);
const sizeOf = (file: string) => Buffer.byteLength(repository.files.get(file) ?? "");
const names = ["1.root.json", "1.targets.json", `1.${PRODUCT}.json`, "1.snapshot.json", "timestamp.json"];
const bytes = Object.fromEntries(names.map((name) => [name, sizeOf(name)]));
await repository.release(MAX_TARGETS);
bytes[`2.${PRODUCT}.json`] = sizeOf(`2.${PRODUCT}.json`);
const visits = {
	1: await measureVisits(1),
	100: await measureVisits(100),
	[MAX_TARGETS]: await measureVisits(MAX_TARGETS),
};
const log = await logFigures();
const report = { machine: await readMachine(`${import.meta.dirname}/../..`), rounds: ROUNDS, bytes, visits, log };

if (options.json) process.stdout.write(`${JSON.stringify(report, null, "\t")}\n`);
else {
	const sizes = Object.entries(bytes).map(([name, size]) => `  ${name.padEnd(18)} ${String(size).padStart(9)} bytes`);
	const rows = Object.entries(visits).flatMap(([count, kinds]) =>
		Object.entries(kinds).map(
			([kind, { requests, bytes: asked, ms }]) =>
				`  ${`${count} releases, ${kind}`.padEnd(26)} ${requests} requests ${String(asked).padStart(8)} bytes ${ms.toFixed(1).padStart(7)} ms`,
		),
	);
	const head = `${report.machine}\nfiles, one key for each role (2.${PRODUCT}.json: ${MAX_TARGETS} releases)`;
	const { proofBytes, puts, leaves } = log;
	const logged = [
		`the log, with ${leaves} entries`,
		`  proof of the newest role file ${proofBytes.newest} bytes, of any at most ${proofBytes.largest}`,
		`  puts for one more role file ${puts.usual}, at most ${puts.most} (with the TUF files: 3 more)`,
	];
	process.stdout.write([head, ...sizes, `a device, median of ${ROUNDS} rounds`, ...rows, ...logged, ""].join("\n"));
}
