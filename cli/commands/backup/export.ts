// `parapet backup export`: every object of a deployment into a folder. The Directory goes first, and says which accounts and products there
// are: what comes into being meanwhile is not in the backup, and nothing in it lacks its other half. Broken off, the same command goes on.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { appendFile, mkdir, rename, rm, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { OperatorContext } from "../../command-line/run-as.ts";
import { UsageError } from "../../errors.ts";
import { formatCount } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";
import {
	begin,
	describeOwner,
	type Entry,
	fileOf,
	OBJECTS,
	type Owner,
	readBegun,
	readEntries,
	readManifest,
	readRows,
	writeManifest,
} from "./backup-files.ts";
import { type Asking, askSeal, exportPages } from "./pages.ts";

const DIRECTORY: Owner = { object: "directory" };
/** An object that changes while it is read is read again so often. */
const READINGS = 3;
/** What is older by so much is not gone on with. */
const TAKEN_UP_WITHIN_MS = 3_600_000;

export async function runExport(
	{ api, output, surroundings }: OperatorContext<object>,
	folder: string,
	signal: AbortSignal,
): Promise<void> {
	if ((await readManifest(folder)) !== null)
		throw new UsageError(`${folder} has a whole backup already`, "name a folder that is not there yet");
	const asking: Asking = { api, surroundings, signal };
	const { issuer } = await askSeal(asking, "0".repeat(64));
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const { at: madeAt, entries, note } = await takeUp(asking, folder, issuer);
	if (note !== null) output.note(note);
	const progress = createCountProgress(surroundings, "exporting", output.json);
	try {
		const done = new Set(entries.map(({ owner }) => fileOf(owner)));
		const add = async (of: Owner) => {
			if (done.has(fileOf(of))) return;
			const entry = await exportObject(asking, folder, of);
			if (entry === null) return;
			await appendFile(join(folder, OBJECTS), `${JSON.stringify(entry)}\n`);
			entries.push(entry);
			done.add(fileOf(of));
		};
		await add(DIRECTORY);
		const owners = done.has(fileOf(DIRECTORY)) ? await ownersIn(folder) : [];
		for (const [index, of] of owners.entries()) {
			await add(of);
			progress.report(index + 1, owners.length, describeOwner(of));
		}
	} finally {
		progress.end();
	}
	const seal = async (digest: string) => (await askSeal(asking, digest)).seal;
	const made = await writeManifest(folder, { issuer, madeAt, entries }, seal);
	const moved = entries.filter((one) => one.moved).map((one) => describeOwner(one.owner));
	output.answer({ folder, ...made, moved }, [
		`${formatCount(made.rows)} rows of ${formatCount(made.objects)} objects are in ${folder}`,
		"packages and signed files are in the buckets: copy these too (docs/operations.md)",
	]);
	if (moved.length > 0)
		output.note(`changed while they were read, so that not all of each is of one moment: ${moved.join(", ")}`);
}

/**
 * Goes on with an export that was cut off, if what it has is still of one time with what is to come: it was begun within the hour, and
 * nothing has come to the Directory since, so that no key that was revoked meanwhile and no account is told of as it was.
 * @returns when it was begun, what is finished, and what a person is told of it
 * @throws UsageError where the folder has a part of another deployment's
 */
async function takeUp(asking: Asking, folder: string, issuer: string) {
	const before = await readBegun(folder);
	const nowMs = asking.surroundings.nowMs();
	if (before !== null && before.issuer !== issuer)
		throw new UsageError(`${folder} has a part of a backup of ${before.issuer}`, "name another folder");
	const entries = before === null ? [] : await readFinished(folder);
	const isFresh = before !== null && nowMs - Date.parse(before.at) < TAKEN_UP_WITHIN_MS;
	if (before !== null && isFresh && (await hasMoved(asking, entries)) === false) {
		const note = `going on after ${formatCount(entries.length)} objects that are there already`;
		return { at: before.at, entries, note: entries.length === 0 ? null : note };
	}
	const at = new Date(nowMs).toISOString();
	await begin(folder, { issuer, at });
	const why = "what was there is of another time than what would come; begun anew";
	return { at, entries: [], note: entries.length === 0 ? null : why };
}

/** @returns whether events have come to the Directory since it was read */
async function hasMoved(asking: Asking, entries: readonly Entry[]): Promise<boolean> {
	const read = entries.find(({ owner }) => fileOf(owner) === fileOf(DIRECTORY));
	if (read === undefined) return false;
	for await (const { trail } of exportPages(asking, DIRECTORY)) return trail !== read.trail;
	return true;
}

/** @returns what an export that was cut off has finished; the line that broke off is taken away, so that the next stands on its own */
async function readFinished(folder: string): Promise<Entry[]> {
	const entries = await readEntries(folder);
	const length = entries.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)) + 1, 0);
	if (entries.length > 0) await truncate(join(folder, OBJECTS), length);
	return entries;
}

/** @returns whom the Directory of the backup names, and what the deployment has once */
async function ownersIn(folder: string): Promise<Owner[]> {
	const owners: Owner[] = [{ object: "trust" }, { object: "census" }];
	for await (const { table, row } of readRows(folder, DIRECTORY)) {
		if (table === "products") owners.push({ product: String(row["name"]) });
		if (table === "accounts") owners.push({ account: String(row["id"]) });
	}
	return owners;
}

/** @returns null where there is no such object */
async function exportObject(asking: Asking, folder: string, of: Owner): Promise<Entry | null> {
	for (let reading = 1; ; reading++) {
		const entry = await writeObject(asking, folder, of);
		if (entry === null || !entry.moved || reading >= READINGS) return entry;
	}
}

/** @returns null where there is no such object */
async function writeObject(asking: Asking, folder: string, of: Owner): Promise<Entry | null> {
	const path = join(folder, fileOf(of));
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	const file = createWriteStream(`${path}.part`, { mode: 0o600 });
	const hash = createHash("sha256");
	const read = { pages: 0, rows: 0, schema: 0, first: 0, last: 0 };
	try {
		for await (const { rows, schema, trail } of exportPages(asking, of)) {
			const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
			hash.update(text);
			if (!file.write(text)) await once(file, "drain");
			if (read.pages === 0) read.first = trail;
			read.pages += 1;
			read.rows += rows.length;
			read.schema = schema;
			read.last = trail;
		}
	} finally {
		file.end();
		await once(file, "close");
	}
	if (read.pages === 0) {
		await rm(`${path}.part`);
		return null;
	}
	await rename(`${path}.part`, path);
	const { schema, rows, first, last } = read;
	return { owner: of, schema, rows, sha256: hash.digest("hex"), moved: first !== last, trail: last };
}
