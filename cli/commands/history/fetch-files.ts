// Brings hour files of the history from the service into a folder, under the same names. What is there already in the same size is not
// fetched again: a file never changes. One that breaks off leaves nothing under its name.
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { EVENTS_PREFIX, hourOf, hourOfFile } from "../../../src/history/hour-files.ts";
import { openReply } from "../../http/exchange.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { queryOf } from "../../http/query.ts";
import { refusalFrom } from "../../http/refusal.ts";

/** Fetched at once. */
const AT_ONCE = 4;

const fileList = z.looseObject({
	sink: z.enum(["off", "r2", "pipelines"]),
	files: z.array(
		z.object({
			// It becomes a path of this machine: nothing but the service's own form will do.
			name: z.string().refine((name) => hourOfFile(name) !== null, "is no file of the history"),
			size: z.int().nonnegative(),
		}),
	),
	next: z.string().nullable(),
});
type HistoryFile = z.infer<typeof fileList>["files"][number];

type Sink = z.infer<typeof fileList>["sink"];

export interface Fetched {
	/** where the history goes now; files are written only with `r2` */
	readonly sink: Sink;
	readonly files: number;
	readonly fetched: number;
	readonly bytes: number;
}

/** @param since RFC 3339 @returns files that there are since then, and what was fetched of them. @throws as `OperatorApi.call` */
export async function fetchFiles(
	api: OperatorApi,
	folder: string,
	since: string,
	nowMs: () => number,
): Promise<Fetched> {
	const { sink, files } = await listFiles(api, since);
	const waiting = [...files];
	let [fetched, bytes] = [0, 0];
	const worker = async () => {
		for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
			if (!(await fetchFile(api, folder, file, nowMs))) continue;
			fetched += 1;
			bytes += file.size;
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
	return { sink, files: files.length, fetched, bytes };
}

async function listFiles(api: OperatorApi, since: string): Promise<{ sink: Sink; files: HistoryFile[] }> {
	const from = hourOf(Date.parse(since) / 1_000);
	const files: HistoryFile[] = [];
	let sink: Sink;
	let after: string | undefined;
	do {
		const path = `/v1/history/files${queryOf({ from, after })}`;
		const page = await api.call("GET", path, "could not list the history", fileList);
		files.push(...page.files);
		sink = page.sink;
		after = page.next ?? undefined;
	} while (after !== undefined);
	return { sink, files };
}

/** @returns false = it is there already */
async function fetchFile(
	api: OperatorApi,
	folder: string,
	{ name, size }: HistoryFile,
	nowMs: () => number,
): Promise<boolean> {
	const path = join(folder, name);
	const present = await stat(path).catch(() => null);
	if (present?.size === size) return false;
	await mkdir(dirname(path), { recursive: true });
	const url = `${api.server}/v1/history/files/${name.slice(EVENTS_PREFIX.length).replaceAll(/(dt|hour)=/g, "")}`;
	const reply = await openReply({ method: "GET", url, headers: { authorization: api.authorization } });
	if (reply.status !== 200) {
		const answer = { status: reply.status, headers: reply.headers, text: await text(reply.body) };
		throw refusalFrom(answer, `could not fetch ${name}`, nowMs());
	}
	const part = `${path}.${process.pid}.part`;
	try {
		await pipeline(reply.body, createWriteStream(part, { mode: 0o600 }));
		await rename(part, path);
	} finally {
		await rm(part, { force: true });
	}
	return true;
}
