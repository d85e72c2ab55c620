// A folder of hour files of the history, written by the service's own code for R2.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HistoryRow } from "../../src/history/fields.ts";
import { lostRow } from "../../src/telemetry/history-row.ts";
import { createR2HistoryWriter } from "../../src/telemetry/r2-history.ts";

let made = 0;

/** @param time RFC 3339 @returns a row of a device's token, but for what is given */
export function rowAt(time: string, more: Partial<HistoryRow> = {}): HistoryRow {
	const origin = { id: () => `row-${(made++).toString(36).padStart(6, "0")}`, version: "v1" };
	const token = { kind: "token", status: 200, device: "A".repeat(16), account: "aaaaaaaaaa" };
	return { ...lostRow(1, Date.parse(time), origin), ...token, ...{ country: "BR", asn: 64_500, colo: "GRU" }, ...more };
}

/** @param batch name of the files that it makes */
export async function writeHistory(folder: string, batch: string, rows: readonly HistoryRow[]): Promise<void> {
	const write = createR2HistoryWriter({
		put: async (name: string, body: unknown) => {
			await mkdir(dirname(join(folder, name)), { recursive: true });
			await writeFile(join(folder, name), new Uint8Array(body as ArrayBuffer));
			return null;
		},
	} as unknown as R2Bucket);
	await write({ name: batch, rows });
}
