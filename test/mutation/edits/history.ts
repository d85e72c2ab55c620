// Faults in the history: what becomes a row, and what becomes of rows.
import type { FileEdits } from "../edit.ts";

export const HISTORY: readonly FileEdits[] = [
	{
		file: "src/telemetry/event-sink.ts",
		tests: ["test/e2e/event-sinks"],
		edits: [
			{
				from: "for (const left of mine.slice(turn)) left.writingSince = null;",
				to: "sealed.splice(0);",
				breaks: "a batch whose write fails is lost without a word",
			},
			{
				from: "nowMs - writingSince > ABANDONED_MS);",
				to: "false);",
				breaks: "a batch whose writer was thrown away with its request is never written",
			},
			{
				from: "row.account === null ? MAX_STRANGERS : MAX_WAITING_ROWS",
				to: "MAX_WAITING_ROWS",
				breaks: "strangers who flood the service crowd the fleet out of its history",
			},
			{
				from: "if (fault !== null || waiting >= bound) {",
				to: "if (waiting >= bound) {",
				breaks: "rows that break the schema are sent, and a stream drops them silently",
			},
			{
				from: "			lost = 0;",
				to: "			lost = 1;",
				breaks: "events that were dropped are told more than once",
			},
		],
	},
	{
		file: "src/telemetry/history-row.ts",
		tests: ["test/unit/telemetry/"],
		edits: [
			{
				from: 'const weight = asked === "check" && !isRefused ? weighCheck(nowMs) : 1;',
				to: 'const weight = asked === "check" ? weighCheck(nowMs) : 1;',
				breaks: "ninety-nine of a hundred refused checks are not told",
			},
			{
				from: "return Math.max(0, Math.round(value)) || 0;",
				to: "return value;",
				breaks: "a clock that was set back makes rows that a stream drops",
			},
		],
	},
	{
		file: "src/history/hour-files.ts",
		tests: ["test/unit/history/", "test/workers/storage/r2-history-files"],
		edits: [
			{
				from: "hour < hourOf(now - days * 86_400)",
				to: "hour <= hourOf(now - days * 86_400)",
				breaks: "an hour is removed while some of its events are still to be kept",
			},
		],
	},
	{
		file: "src/history/fields.ts",
		tests: ["test/unit/history/", "test/unit/telemetry/"],
		edits: [
			{
				from: 'problem === NOT_ITS_TURN ? "wait" : "refusal"',
				to: '"refusal"',
				breaks: "a device that waits for its turn counts as refused",
			},
			{
				from: ".toWellFormed()",
				to: "",
				breaks: "half of a character at the end of a text makes a file that cannot be read",
			},
			{
				from: "return unknown === undefined ? null :",
				to: "return true ? null :",
				breaks: "what has no column reaches the files of the history",
			},
		],
	},
	{
		file: "cli/commands/history/select.ts",
		tests: ["test/unit/cli/commands/history/basin.test.ts"],
		edits: [
			{
				from: " WHERE time >= '${since}'",
				to: " WHERE true",
				breaks: "a question about a day reads, and is billed for, all that the table has",
			},
			{
				from: 'LIMITED.test(statement) ? ""',
				to: 'true ? ""',
				breaks: "an answer ends after 500 rows without a word",
			},
		],
	},
	{
		file: "cli/commands/history/query-basin.ts",
		tests: ["test/unit/cli/commands/history/basin.test.ts"],
		edits: [
			{
				from: "times.has(name) ? plainTime(row[name]) : (row[name] ?? null)",
				to: "row[name] ?? null",
				breaks: "times of a table look otherwise than those of files",
			},
			{
				from: 'const isRefused = answer.status >= 400 || failure.safeParse(body).data?.["success"] === false;',
				to: "const isRefused = answer.status >= 400;",
				breaks: "a refusal with status 200 says nothing of why",
			},
		],
	},
];
