// The file of an export while it is written: `<file>.part`, which gets its name when all devices are in it. One that is there
// is gone on with after its last whole line.

import { createReadStream } from "node:fs";
import { appendFile, open, rename, truncate, writeFile } from "node:fs/promises";
import { z } from "zod";
import { accountObjectName } from "../../../../src/entitlement/ids.ts";
import { CliError, isMissing } from "../../../errors.ts";
import { parseJson } from "../../../json.ts";
import { readLines } from "./line-reader.ts";

export interface ExportTarget {
	/** how it is called in messages */
	readonly name: string;
	/** id of the last device in it; null = it is empty */
	readonly after: string | null;
	/** that are in it already */
	readonly devices: number;
	append(lines: readonly string[]): Promise<void>;
	/** Gives it its name. */
	finish(): Promise<void>;
}

const exportedLine = z.looseObject({ id: z.string() });

/**
 * @param after where the caller wants to go on, whatever is there; undefined = after what is there
 * @throws CliError when what is there is of another account, or no export
 */
export async function openExportFile(path: string, account: string, after: string | undefined): Promise<ExportTarget> {
	const name = `${path}.part`;
	const found = after === undefined ? await findEnd(name, account) : { after, devices: 0, bytes: 0 };
	if (found.bytes > 0) await truncate(name, found.bytes);
	else await writeFile(name, "");
	return {
		name,
		after: found.after,
		devices: found.devices,
		append: async (lines) => {
			if (lines.length > 0) await appendFile(name, lines.map((line) => `${line}\n`).join(""));
		},
		finish: async () => {
			const handle = await open(name, "r+");
			await handle.sync().finally(() => handle.close());
			await rename(name, path);
		},
	};
}

/** The last whole line that an export has left behind, and how far it goes. */
async function findEnd(name: string, account: string) {
	let end: { after: string | null; devices: number; bytes: number } = { after: null, devices: 0, bytes: 0 };
	const prefix = `dev-${accountObjectName(account)}-`;
	try {
		for await (const line of readLines(createReadStream(name))) {
			const read = line.ok && line.isWhole ? exportedLine.safeParse(parseJson(line.text)) : null;
			// The last one may have been cut off; what comes after it is written again.
			if (read?.success !== true) break;
			if (!read.data.id.startsWith(prefix)) {
				throw new CliError(`${name} is of another account`, {
					code: "other_export",
					fix: "delete it, or export elsewhere",
				});
			}
			end = { after: read.data.id, devices: end.devices + 1, bytes: line.end };
		}
	} catch (error) {
		if (isMissing(error)) return end;
		throw error;
	}
	return end;
}
