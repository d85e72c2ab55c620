// `parapet log …`: what anybody can ask of the transparency log, without a key of the API.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { parseCheckpoint } from "../../../src/signing/tlog/checkpoint.ts";
import { encodeEntry, entryOfFile, parseEntry } from "../../../src/signing/tlog/entries.ts";
import { isSameHash } from "../../../src/signing/tlog/hashes.ts";
import { parseVerifierKeys } from "../../../src/signing/tlog/log-keys.ts";
import { formatProof } from "../../../src/signing/tlog/proof-file.ts";
import { TILE_WIDTH } from "../../../src/signing/tlog/tiles.ts";
import { targetPath } from "../../../src/signing/tuf/metadata.ts";
import { readOperand, readOptions } from "../../command-line/read-options.ts";
import { readTextFile, resolveServer } from "../../command-line/settings.ts";
import { collect } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import { createOutput, type Surroundings } from "../../terminal/output.ts";
import { openTrustClient, pinRoot } from "../../trust/client.ts";
import {
	entriesFrom,
	type OpenLog,
	openLog,
	proveEntry,
	requireGrowth,
	verifyWholeLog,
} from "../../trust/log-client.ts";
import { logKeysOf } from "../../trust/logged-role.ts";

const PROGRESS_LEAVES = 10_000;
const watchShape = z.object({
	key: z.array(z.string()).default([]),
	root: z.string().optional(),
	state: z.string().optional(),
	json: z.boolean().default(false),
});
type WatchOptions = z.infer<typeof watchShape>;

export function defineLog(log: Command, surroundings: Surroundings): void {
	defineVerify(log, surroundings);
	defineMonitor(log, surroundings);
	defineProve(log, surroundings);
}

function addWatchOptions(command: Command): Command {
	return command
		.option("--key <key>", "a key of the log, as `parapet trust status --json` says it. May be repeated", collect)
		.option("--root <file>", "the root that devices get: the newest one after it names the log's keys")
		.option("--state <file>", "remembers the checkpoint (default .parapet/log/<log>.checkpoint)")
		.option("--json", "one JSON value on stdout, errors as JSON on stderr");
}

function defineVerify(log: Command, surroundings: Surroundings): void {
	const verify = log
		.command("verify <url>")
		.description("verify the whole log: its signature, every entry, and that it only grew since it was last looked at");
	addWatchOptions(verify).action(async (url: string) => {
		const options = readOptions(verify, watchShape);
		const output = createOutput(surroundings, options.json);
		const { open, state, before } = await openWatched(url, options, surroundings);
		await verifyWholeLog(open, (leaves) => {
			if (leaves % PROGRESS_LEAVES < TILE_WIDTH) output.note(`${leaves} entries read`);
		});
		await writeAtomically(state, open.note);
		const { origin, size } = open.checkpoint;
		const grown = before === null ? "seen for the first time" : `${size - before} since it was last looked at`;
		output.answer({ log: origin, size, before, state }, `${origin}: ${size} entries, all verified; ${grown}`);
	});
}

function defineMonitor(log: Command, surroundings: Surroundings): void {
	const monitor = log
		.command("monitor <url>")
		.description("what the log has new since it was last looked at; fails where it went back or forked");
	addWatchOptions(monitor).action(async (url: string) => {
		const options = readOptions(monitor, watchShape);
		const { open, state, before } = await openWatched(url, options, surroundings);
		const found = await entriesFrom(before ?? 0, open);
		await writeAtomically(state, open.note);
		const entries = found.map(({ index, entry }) => ({ index, ...described(entry) }));
		const { origin, size } = open.checkpoint;
		const lines = found.map(({ index, entry }) => `${index}  ${sentence(entry)}`);
		createOutput(surroundings, options.json).answer(
			{ log: origin, size, before, entries },
			lines.length === 0 ? `${origin}: ${size} entries, nothing new` : lines,
		);
	});
}

function defineProve(log: Command, surroundings: Surroundings): void {
	const prove = log
		.command("prove <url> <product> [version]")
		.description("prove that the log has the product's role file, which names the release where one is given")
		.requiredOption("--root <file>", "the root that devices get")
		.option("--out <file>", "write the proof there (C2SP tlog-proof) instead of showing it")
		.option("--json", "one JSON value on stdout, errors as JSON on stderr");
	prove.action(async (url: string, ...operands: unknown[]) => {
		const shape = z.object({ root: z.string(), out: z.string().optional(), json: z.boolean().default(false) });
		const { root, out, json } = readOptions(prove, shape);
		const given = operands.filter((one) => typeof one === "string");
		const product = readOperand(given, 0, "product", productName);
		const release = given[1] === undefined ? null : readOperand(given, 1, "version", versionName);
		const server = resolveServer(url, surroundings);
		const { role, keys } = await withTrust(server, root, async (folder, find) => {
			if ((await find(targetPath(product, release ?? "-"))) === null && release !== null)
				throw new CliError(`${product} ${release} is not signed`, { code: "not_signed" });
			return { role: await readIfPresent(join(folder, `${product}.json`)), keys: await logKeysOf(folder) };
		});
		if (keys === null) throw noKeys();
		if (role === null) throw new CliError(`${product} has no role file`, { code: "not_signed" });
		const { version } = z.looseObject({ signed: z.looseObject({ version: z.int() }) }).parse(JSON.parse(role)).signed;
		const open = await openLog(server, keys);
		const entry = encodeEntry(await entryOfFile(product, version, role));
		const index = await findEntry(entry, open);
		if (index === null) throw new CliError(`the log has no role file ${version} of ${product}`, { code: "not_logged" });
		const proof = formatProof({ index, hashes: await proveEntry(index, entry, open), checkpoint: open.note });
		if (out !== undefined) await writeAtomically(out, proof);
		const { origin, size } = open.checkpoint;
		const line = `${product}: role file ${version} is entry ${index} of ${size} in ${origin}`;
		createOutput(surroundings, json).answer(
			{ log: origin, size, index, product, role_version: version, release, proof },
			out === undefined ? [line, "", proof.trimEnd()] : line,
		);
	});
}

/** @returns the log, grown from the checkpoint that is remembered; `before`: entries under that one, null = there is none */
async function openWatched(url: string, { key, root, state: given }: WatchOptions, surroundings: Surroundings) {
	const server = resolveServer(url, surroundings);
	const keys = key.length > 0 ? key : root === undefined ? null : await withTrust(server, root, logKeysOf);
	if (keys === null)
		throw root === undefined ? new UsageError("whose log?", "give --root FILE, or --key KEY") : noKeys();
	if ((await parseVerifierKeys(keys)).length === 0)
		throw new UsageError("none of the keys is one", "a key looks like name+0123abcd+AbC…");
	const open = await openLog(server, keys);
	const name = open.checkpoint.origin.replaceAll(/[^A-Za-z0-9.-]/g, "_");
	const state = resolve(surroundings.cwd, given ?? join(".parapet", "log", `${name}.checkpoint`));
	const remembered = await readIfPresent(state);
	if (remembered === null) return { open, state, before: null };
	const before = parseCheckpoint(remembered);
	if (before === null)
		throw new CliError(`${state} is no checkpoint`, { code: "bad_state", fix: "name another with --state" });
	await requireGrowth(before, open);
	return { open, state, before: before.size };
}

async function withTrust<T>(
	server: string,
	rootFile: string,
	work: (folder: string, find: Awaited<ReturnType<typeof openTrustClient>>["find"]) => Promise<T>,
): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-log-"));
	try {
		await pinRoot(folder, readTextFile(rootFile));
		const { find } = await openTrustClient(folder, server);
		return await work(folder, find);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function noKeys(): CliError {
	return new CliError("the root names no key of a log", {
		code: "no_log",
		fix: "`parapet trust rotate` signs one that does",
	});
}

/** From the newest on: the role file that counts came late. */
async function findEntry(entry: Uint8Array, open: OpenLog): Promise<number | null> {
	for (let bundle = Math.ceil(open.checkpoint.size / TILE_WIDTH) - 1; bundle >= 0; bundle--) {
		const at = (await open.bundle(bundle)).findIndex((one) => isSameHash(one, entry));
		if (at >= 0) return bundle * TILE_WIDTH + at;
	}
	return null;
}

function described(bytes: Uint8Array): object {
	return parseEntry(bytes) ?? { kind: "unknown", entry: new TextDecoder().decode(bytes) };
}

function sentence(bytes: Uint8Array): string {
	const entry = parseEntry(bytes);
	if (entry === null) return `of a kind that this version does not know: ${new TextDecoder().decode(bytes)}`;
	if (entry.kind === "withdrawal") return `${entry.at}  ${entry.product} ${entry.version} was withdrawn`;
	return `${entry.role} ${entry.version} was signed, SHA-256 ${entry.sha256}`;
}
