// Hour files of the history in R2: found by hour, removed when their days are over.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { hourFile } from "../../../src/history/hour-files.ts";
import { createR2HistoryFiles, type HistoryFiles } from "../../../src/storage/r2-history-files.ts";

const NOW = Date.UTC(2026, 10, 28, 22, 30) / 1_000;
const OLD = hourFile("2026-11-20T05", "a");
const YESTERDAY = hourFile("2026-11-27T22", "b");
const TODAY = hourFile("2026-11-28T22", "c");

let files: HistoryFiles;
beforeEach(async () => {
	files = createR2HistoryFiles(env.HISTORY);
	for (const { key } of (await env.HISTORY.list()).objects) await env.HISTORY.delete(key);
	for (const name of [OLD, YESTERDAY, TODAY, "events/notes.txt", "other/x"]) await env.HISTORY.put(name, "12345");
});

const namesFrom = async (hour: string, after = "") => (await files.list(hour, after)).files.map(({ name }) => name);

test("files are listed from an hour on, and after one that is known, by name", async () => {
	expect(await namesFrom("2026-11-20T00")).toEqual([OLD, YESTERDAY, TODAY]);
	expect(await namesFrom("2026-11-27T22")).toEqual([YESTERDAY, TODAY]);
	expect(await namesFrom("2026-11-20T00", YESTERDAY)).toEqual([TODAY]);
	expect(await files.list("2026-11-28T22", "")).toEqual({ files: [{ name: TODAY, size: 5 }], more: false });
});

test("nothing but a file of the history is read", async () => {
	const found = await files.read(TODAY);
	expect([found?.size, await new Response(found?.body).text()]).toEqual([5, "12345"]);
	expect(await files.read("events/notes.txt")).toBeNull();
	expect(await files.read("other/x")).toBeNull();
	expect(await files.read(hourFile("2026-11-28T22", "none"))).toBeNull();
});

test("hours whose days are over are removed, and nothing else", async () => {
	expect(await files.prune(2, NOW)).toBe(1);
	expect(await files.prune(2, NOW)).toBe(0);
	expect((await env.HISTORY.list()).objects.map(({ key }) => key)).toEqual([
		YESTERDAY,
		TODAY,
		"events/notes.txt",
		"other/x",
	]);
});
