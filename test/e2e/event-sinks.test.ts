// Both sinks of the history, on a real bucket of the local platform and on a Worker that plays a stream of Pipelines: it takes what
// fits its schema and drops the rest without a word.
import { gunzipSync } from "node:zlib";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, beforeAll } from "vitest";
import { HISTORY_FIELDS } from "../../src/history/fields.ts";
import { createR2HistoryWriter } from "../../src/telemetry/r2-history.ts";
import { createStreamHistoryWriter, type HistoryStream } from "../../src/telemetry/stream-history.ts";
import { eventSinkContract } from "../contract/event-sink.contract.ts";

const STREAM = `
import { WorkerEntrypoint } from "cloudflare:workers";
const FIELDS = ${JSON.stringify(HISTORY_FIELDS)};
let taken = [];
const fits = (row) =>
	Object.keys(row).every((name) => FIELDS.some((field) => field.name === name)) &&
	FIELDS.every(({ name, type, nullable }) =>
		row[name] === null || row[name] === undefined ? nullable : typeof row[name] === (type === "whole" ? "number" : "string"),
	);
export default class extends WorkerEntrypoint {
	send(rows) { taken.push(...rows.filter(fits)); }
	taken() { return taken; }
	empty() { taken = []; }
	fetch() { return new Response(null, { status: 404 }); }
}`;

interface PlayedStream extends HistoryStream {
	taken(): Promise<Record<string, unknown>[]>;
	empty(): Promise<void>;
}

let miniflare: Miniflare;
beforeAll(() => {
	miniflare = new Miniflare(
		convertV4MiniflareOptions({
			log: new Log(LogLevel.ERROR),
			cf: false,
			workers: [
				{
					name: "service",
					compatibilityDate: "2026-10-15",
					modules: [{ type: "ESModule" as const, path: "a.js", contents: "export default {}" }],
					r2Buckets: { HISTORY: "history" },
					serviceBindings: { HISTORY_STREAM: "stream" },
				},
				{
					name: "stream",
					compatibilityDate: "2026-10-15",
					modules: [{ type: "ESModule" as const, path: "b.js", contents: STREAM }],
				},
			],
		}),
	);
});
afterAll(() => miniflare.dispose());

eventSinkContract(
	"R2",
	async () => {
		const bucket = (await miniflare.getR2Bucket("HISTORY", "service")) as unknown as R2Bucket;
		const names = async () => (await bucket.list()).objects.map(({ key }) => key);
		for (const name of await names()) await bucket.delete(name);
		return {
			write: createR2HistoryWriter(bucket),
			async rows() {
				const rows: Record<string, unknown>[] = [];
				for (const name of await names()) {
					const bytes = (await (await bucket.get(name))?.arrayBuffer()) ?? new ArrayBuffer(0);
					for (const line of gunzipSync(bytes).toString().trimEnd().split("\n")) {
						const row = JSON.parse(line);
						// In the folder of its hour.
						if (!name.startsWith(`events/dt=${row.time.slice(0, 10)}/hour=${row.time.slice(11, 13)}/`))
							throw new Error(name);
						rows.push(row);
					}
				}
				return rows;
			},
		};
	},
	1,
);

eventSinkContract(
	"stream",
	async () => {
		const { HISTORY_STREAM } = await miniflare.getBindings<{ HISTORY_STREAM: PlayedStream }>("service");
		await HISTORY_STREAM.empty();
		return { write: createStreamHistoryWriter(HISTORY_STREAM), rows: () => HISTORY_STREAM.taken() };
	},
	2,
);
