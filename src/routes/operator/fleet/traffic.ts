// What the service was asked in the last minutes, counted from the newest files of the history: so many files and bytes at most, whatever
// there is. All of it, and everything older, is asked elsewhere (docs/history.md).
import { createRoute, z } from "@hono/zod-openapi";
import { country as countryCode } from "../../../content/audience.ts";
import { hourFolder, hourOf } from "../../../history/hour-files.ts";
import { countTraffic, type StoredRow } from "../../../history/traffic.ts";
import type { HistoryFile, HistoryFiles } from "../../../storage/r2-history-files.ts";
import { readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestamp, wholeNumber } from "../../http/openapi.ts";

const DEFAULT_MINUTES = 15;
const MAX_MINUTES = 120;
const MAX_FILES = 60;
/** Gzipped: so much bounds what a request unpacks and counts. */
const MAX_BYTES = 512 * 1_024;
/** Of each list. */
const LISTED = 250;

const count = z.int().nonnegative();
const refused = count.openapi({ description: "Without devices whose turn has not come (`exposure_limited`)" });
export const trafficBody = z
	.object({
		sink: z.enum(["off", "r2", "pipelines"]).openapi({
			description: "Where the history goes: only with `r2` are there files to count",
		}),
		from: timestamp.openapi({ description: "What came before it is not counted" }),
		files: count.openapi({ description: "Files that were written since then; 1,000 are looked at" }),
		files_read: count.openapi({ description: "The newest of them, whose events are counted here" }),
		country: z.string().nullable().openapi({ description: "To which all but `lost` and `countries` keep; null = all" }),
		events: count.openapi({ description: "Requests of devices: what the other lists add up to" }),
		lost: count.openapi({ description: "Events that the service had to drop" }),
		kinds: z.array(
			z
				.object({
					kind: z.string().openapi({ description: "As in docs/history.md; of a refusal or a wait what was asked for" }),
					...{ events: count, refused, bytes: count },
					...{ p50: count, p90: count, p99: count },
				})
				.openapi("TrafficKind", {
					description: "Percentiles in milliseconds until the answer began",
				}),
		),
		answers: z.array(
			z
				.object({ kind: z.string(), status: z.int(), problem: z.string().nullable(), events: count })
				.openapi("TrafficAnswer"),
		),
		countries: z.array(z.object({ country: z.string().nullable(), events: count, refused }).openapi("TrafficCountry")),
		minutes: z.array(z.object({ at: timestamp, events: count, refused }).openapi("TrafficMinute")),
	})
	.openapi("Traffic");

const read = createRoute({
	tags: ["Operator"],
	...readAccess,
	method: "get",
	path: "/v1/history/traffic",
	operationId: "getTraffic",
	summary: "What devices asked for in the last minutes, how they were answered, how fast and where",
	description: `Counted from the newest ${MAX_FILES} files of the history, ${MAX_BYTES / 1_024} KiB at most. The whole history: \`parapet history report\`.`,
	request: {
		query: z.object({
			minutes: wholeNumber(1, MAX_MINUTES)
				.optional()
				.openapi({ description: `1 to ${MAX_MINUTES}; ${DEFAULT_MINUTES} if left out` }),
			country: countryCode.optional().openapi({ description: "Only what devices there asked for" }),
		}),
	},
	responses: {
		200: jsonAnswer(trafficBody, `Most events first, ${LISTED} of each list at most; minutes in their order`),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited", "unavailable"),
	},
});

export const traffic = createRouter().openapi(read, async (c) => {
	const { services, now } = c.env;
	const { minutes = DEFAULT_MINUTES, country } = c.req.valid("query");
	const sink = services.config.historySink;
	const { from, files } =
		sink === "r2" ? await listSince(services.historyFiles, now, minutes) : { from: now - minutes * 60, files: [] };
	const chosen = newestOf(files);
	const texts = await Promise.all(chosen.map(({ name }) => readText(services.historyFiles, name)));
	const found = countTraffic(rowsOf(texts), from, country);
	const body = {
		...{ sink, from: toTimestamp(from), files: files.length, files_read: chosen.length },
		...{ country: country ?? null, events: found.events, lost: found.lost, kinds: found.kinds.slice(0, LISTED) },
		...{ answers: found.answers.slice(0, LISTED), countries: found.countries.slice(0, LISTED) },
		minutes: found.minutes.map(({ at, ...counts }) => ({ at: toTimestamp(at), ...counts })),
	};
	return c.json(body, 200);
});

/** Of a fleet that writes more files than one list holds, the last minute alone. */
async function listSince(historyFiles: HistoryFiles, now: number, minutes: number) {
	const list = async (length: number) => {
		const from = now - length * 60;
		// Files are named by the millisecond at which they were written, which is never before their events.
		return { from, ...(await historyFiles.list("", `${hourFolder(hourOf(from))}${from * 1_000}`)) };
	};
	const found = await list(minutes);
	return found.more ? list(1) : found;
}

/** @returns at least one where there is one, newest first */
function newestOf(files: readonly HistoryFile[]): HistoryFile[] {
	let bytes = 0;
	return files.toReversed().filter(({ size }, index) => {
		bytes += size;
		return index === 0 || (index < MAX_FILES && bytes <= MAX_BYTES);
	});
}

/** @returns "" for one that is gone meanwhile, or damaged: a picture of the last minutes does not fail for it */
async function readText(historyFiles: HistoryFiles, name: string): Promise<string> {
	const found = await historyFiles.read(name);
	if (found === null) return "";
	const unpacked = found.body.pipeThrough(new DecompressionStream("gzip"));
	return new Response(unpacked).text().catch(() => "");
}

function* rowsOf(texts: readonly string[]): Iterable<StoredRow> {
	for (const text of texts) for (const line of text.split("\n")) if (line !== "") yield JSON.parse(line) as StoredRow;
}
