// Faults in what all objects share beside the outbox: alarm, trail, tables, and who calls them each day.
import type { FileEdits } from "../../edit.ts";

export const OBJECTS_SHARED: readonly FileEdits[] = [
	{
		file: "src/objects/alarm.ts",
		edits: [
			{
				from: "Math.max(earliest, this.#nowMs() + SOONEST_MS)",
				to: "Math.max(earliest, this.#nowMs())",
				breaks: "an alarm is set to now while an alarm runs, and does not ring",
			},
			{
				from: "Math.min(...due, this.#nowMs() + FARTHEST_MS)",
				to: "Math.min(...due)",
				breaks: "a license that ends in two hundred years stops its account",
			},
			{
				from: 'for (const run of runs) if (run.status === "rejected") throw run.reason;',
				to: "",
				breaks: "what an alarm could not do is not tried again",
			},
			{
				from: "Math.max(this.#nowMs(), this.#earliestMs() ?? 0)",
				to: "this.#nowMs()",
				breaks: "an alarm that rings a moment early does nothing",
			},
			{
				from: "else await this.#storage.setAlarm",
				to: "else if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm",
				breaks: "what is due sooner than the rest waits for the rest",
			},
		],
	},
	{
		file: "src/objects/audit.ts",
		tests: ["test/workers/routes/operator/events/events", "test/workers/objects/account/account"],
		edits: [
			{
				from: "entry.detail.slice(0, MAX_DETAIL)",
				to: "entry.detail",
				breaks: "a reason of any length stands in the trail for ever",
			},
			{
				from: "`${type}.`, `${type}/`",
				to: "type, `${type}~`",
				breaks: "who asks for events of one kind gets those of another that begins alike",
			},
			{
				from: "readEntries(sql, query, after + 1, end)",
				to: "readEntries(sql, query, after, end)",
				breaks: "the last event of a page comes again on the next",
			},
			{
				from: "more: next < last",
				to: "more: next <= last",
				breaks: "who reads events to their end never comes to it",
			},
			{
				from: "entries.length === limit ? (entries.at(-1)?.seq ?? after) : Math.max(after, end)",
				to: "Math.max(after, end)",
				breaks: "events beyond a full page are left out",
			},
		],
	},
	{
		file: "src/objects/schema.ts",
		edits: [
			{
				from: "schema.steps.slice(version - 1)",
				to: "schema.steps",
				breaks: "an object that wakes up takes steps that it has taken already",
			},
			{
				from: "if (version >= latestVersion(schema)) return true;\n",
				to: "",
				breaks: "after a rollback an object forgets which steps it has taken",
			},
		],
	},
	{
		file: "src/objects/places.ts",
		tests: ["test/unit/objects/places.test.ts", "test/workers/routes/operator/accounts/places.test.ts"],
		edits: [
			{
				from: "return within.getByName(name);",
				to: "return namespace.getByName(name);",
				breaks: "an account's data lies outside its jurisdiction",
			},
			{
				from: "namespace.getByName(name, { locationHint: place })",
				to: "namespace.getByName(name)",
				breaks: "accounts live near the operator who made them",
			},
		],
	},
	{
		file: "src/objects/record-origin.ts",
		tests: ["test/workers/routes/outages/", "test/workers/routes/operator/licenses/license-changes"],
		edits: [
			{
				from: "accountAt(bindings.ACCOUNT, accountObjectName(name))",
				to: "accountAt(bindings.ACCOUNT, name)",
				breaks: "a device that no store has yet is asked of an object that was never made",
			},
		],
	},
	{
		file: "src/daily-round.ts",
		tests: ["test/workers/objects/daily-round"],
		edits: [
			{
				from: "const isOver = calls < CALLS_PER_RUN && part.isLast;",
				to: "const isOver = part.isLast;",
				breaks: "accounts behind the hundredth call are never looked at",
			},
			{
				from: "while (next !== null && mayCall()) next",
				to: "if (mayCall()) next",
				breaks: "of a large account the first page is read back only",
			},
			{
				from: "missed.push({ ...turn, after, tries });",
				to: "",
				breaks: "an owner that did not answer once is not called again until tomorrow",
			},
		],
	},
];
