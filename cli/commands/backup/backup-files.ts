// A backup as a folder: a file of JSON lines for each object, `objects.ndjson` with a line about each of them as it was finished, and at the
// end `manifest.json`, which has the digest of all and the seal of the deployment. Without a manifest it is not whole.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { CliError, UsageError } from "../../errors.ts";
import { readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import { hashFile, sha256Of } from "../../files/file-digest.ts";
import { parseJson } from "../../json.ts";

/** What this command line writes, and the only form that it reads. */
const FORMAT = "parapet-backup/1";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

export const owner = z.union([
	z.strictObject({ object: z.enum(["directory", "trust", "census"]) }),
	z.strictObject({ product: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/) }),
	z.strictObject({ account: z.string().regex(/^acct-[a-z0-9]{1,58}$/) }),
]);
export type Owner = z.infer<typeof owner>;

const entry = z.strictObject({
	owner,
	schema: z.int().positive(),
	rows: count,
	sha256,
	/** place of its newest event with its last page */
	trail: count,
	/** whether events came while it was read, each time that it was tried: its rows are not all of one moment then */
	moved: z.boolean(),
});
/** What a backup says of an object. */
export type Entry = z.infer<typeof entry>;

const manifest = z.strictObject({
	format: z.string(),
	issuer: z.string(),
	made_at: z.iso.datetime(),
	objects: count,
	rows: count,
	/** of objects.ndjson */
	sha256,
	seal: z.string(),
});
export type Manifest = z.infer<typeof manifest>;

export const keptRow = z.strictObject({
	table: z.string(),
	row: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
});
export type KeptRow = z.infer<typeof keptRow>;

const begun = z.strictObject({ issuer: z.string(), at: z.iso.datetime() });
/** Of which deployment a backup is, and when it was begun: what it has of each object is no older. */
export type Begun = z.infer<typeof begun>;

const MANIFEST = "manifest.json";
const BEGUN = "begun.json";
export const OBJECTS = "objects.ndjson";

/** @returns path of an object's file in a backup, in words that name it */
export function fileOf(of: Owner): string {
	if ("object" in of) return `${of.object}.ndjson`;
	return "product" in of ? join("products", `${of.product}.ndjson`) : join("accounts", `${of.account}.ndjson`);
}

export function describeOwner(of: Owner): string {
	return "object" in of ? of.object : "product" in of ? of.product : of.account;
}

/** @returns what is sealed of a manifest: all that it says, and with it of each object */
export function digestOf({ format, issuer, made_at, objects, rows, sha256: all }: Omit<Manifest, "seal">): string {
	return sha256Of(JSON.stringify([format, issuer, made_at, objects, rows, all]));
}

/** Makes a backup whole. @param seal gives the deployment's seal for a digest */
export async function writeManifest(
	folder: string,
	{ issuer, madeAt, entries }: { issuer: string; madeAt: string; entries: readonly Entry[] },
	seal: (digest: string) => Promise<string>,
): Promise<Manifest> {
	const rows = entries.reduce((sum, one) => sum + one.rows, 0);
	const all = await hashFile(join(folder, OBJECTS));
	const content = { format: FORMAT, issuer, made_at: madeAt, objects: entries.length, rows, sha256: all };
	const made = { ...content, seal: await seal(digestOf(content)) };
	await writeAtomically(join(folder, MANIFEST), `${JSON.stringify(made, null, "\t")}\n`);
	return made;
}

/** @returns null where none was begun */
export async function readBegun(folder: string): Promise<Begun | null> {
	const text = await readIfPresent(join(folder, BEGUN));
	if (text === null) return null;
	const read = begun.safeParse(parseJson(text));
	if (!read.success) throw damaged(BEGUN, "is not what an export writes");
	return read.data;
}

/** Begins a backup in a folder: what is there of another is forgotten. */
export async function begin(folder: string, of: Begun): Promise<void> {
	await rm(join(folder, OBJECTS), { force: true });
	await writeAtomically(join(folder, BEGUN), `${JSON.stringify(of)}\n`);
}

/** @returns null where there is none @throws CliError where it is none of this form */
export async function readManifest(folder: string): Promise<Manifest | null> {
	const text = await readIfPresent(join(folder, MANIFEST));
	if (text === null) return null;
	const read = manifest.safeParse(parseJson(text));
	if (!read.success) throw damaged(MANIFEST, "is no manifest of a backup");
	if (read.data.format === FORMAT) return read.data;
	throw new CliError(`${folder} has the form ${read.data.format}, and this command line reads ${FORMAT}`, {
		code: "backup_other_form",
		fix: "use the release of parapet that made it, or a newer one",
	});
}

/** @returns what the backup has of its objects, in the order in which they were finished; a last line that broke off is left out */
export async function readEntries(folder: string): Promise<Entry[]> {
	const text = (await readIfPresent(join(folder, OBJECTS))) ?? "";
	const lines = text.split("\n").slice(0, -1);
	return lines.map((line, index) => {
		const read = entry.safeParse(parseJson(line));
		if (!read.success) throw damaged(OBJECTS, `is damaged in line ${index + 1}`);
		return read.data;
	});
}

/**
 * Reads a whole backup, and holds every file against what the manifest says.
 * @throws UsageError where there is none, CliError where it is cut off or was altered
 */
export async function openBackup(folder: string): Promise<{ manifest: Manifest; entries: Entry[] }> {
	const found = await readManifest(folder);
	if (found === null) {
		const isBegun = (await readIfPresent(join(folder, OBJECTS))) !== null;
		throw new UsageError(
			isBegun ? `${folder} has a backup that was cut off` : `${folder} has no backup`,
			isBegun ? `finish it with: parapet backup export ${folder}` : "name the folder that has its manifest.json",
		);
	}
	if ((await hashOrNull(join(folder, OBJECTS))) !== found.sha256) throw damaged(OBJECTS, "is not what it was");
	const entries = await readEntries(folder);
	const rows = entries.reduce((sum, one) => sum + one.rows, 0);
	if (rows !== found.rows || entries.length !== found.objects)
		throw damaged(MANIFEST, "counts other rows than there are");
	for (const one of entries) {
		if ((await hashOrNull(join(folder, fileOf(one.owner)))) !== one.sha256)
			throw damaged(fileOf(one.owner), "is not what it was, or is missing");
	}
	return { manifest: found, entries };
}

/** @returns the rows of an object, one after the other */
export async function* readRows(folder: string, of: Owner): AsyncGenerator<KeptRow> {
	for await (const line of createInterface({ input: createReadStream(join(folder, fileOf(of))) })) {
		const read = keptRow.safeParse(parseJson(line));
		if (!read.success) throw damaged(fileOf(of), "has a line that is no row");
		yield read.data;
	}
}

/** Counts and hashes the rows of each table as they come, so that two objects are compared without being kept. */
export class TableDigests {
	readonly #tables = new Map<string, { rows: number; hash: ReturnType<typeof createHash> }>();

	add({ table, row }: KeptRow): void {
		const known = this.#tables.get(table) ?? { rows: 0, hash: createHash("sha256") };
		this.#tables.set(table, known);
		known.rows += 1;
		// By name: a column that a step has added stands last in one object, and where it belongs in another.
		const columns = Object.entries(row).toSorted(([one], [two]) => (one < two ? -1 : 1));
		known.hash.update(`${JSON.stringify(columns)}\n`);
	}

	/** @returns by table; to be asked once */
	end(): Map<string, { readonly rows: number; readonly sha256: string }> {
		return new Map([...this.#tables].map(([table, { rows, hash }]) => [table, { rows, sha256: hash.digest("hex") }]));
	}
}

async function hashOrNull(path: string): Promise<string | null> {
	return hashFile(path).catch(() => null);
}

function damaged(file: string, how: string): CliError {
	return new CliError(`${file} ${how}`, { code: "backup_damaged", fix: "take another copy of the backup" });
}
