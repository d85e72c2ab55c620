// Faults in the outbox that all objects share: what waits, whose turn it is, and what is written again.
import type { FileEdits } from "../../edit.ts";

const PAGES = ["test/workers/objects/outbox/record-pages", "test/workers/routes/operator/stores/records"];

export const OUTBOX: readonly FileEdits[] = [
	{
		file: "src/objects/record-writer/spread-puts.ts",
		tests: ["test/unit/objects/record-writer", "test/simulation/license-change"],
		edits: [
			{
				from: "one.underWay < PUTS_EACH && ",
				to: "",
				breaks: "100,000 records go by six connections, and take 83 minutes",
			},
			{
				from: "if (way !== first) way.restsUntilMs = clock.nowMs() + REST_MS;",
				to: "",
				breaks: "a writer that is down is asked for every fifth record for ever",
			},
		],
	},
	{
		file: "src/objects/outbox/outbox.ts",
		edits: [
			{
				from: "this.#dueMs = this.#clock.nowMs() + FIRST_RETRY_MS;\n\t\tthis.#alarm.setWithin();",
				to: "this.#dueMs = this.#clock.nowMs() + FIRST_RETRY_MS;",
				breaks: "a change whose object dies before the answer is never published",
			},
			{
				from: 'if (!this.#rows.has(seq)) return "overtaken";\n',
				to: "",
				breaks: "a version that was overtaken while it waited is written after all",
			},
			{
				from: "} finally {\n\t\t\tthis.#underWay.delete(put);\n\t\t\tthis.#pace.note(lane, target, step.key, this.#clock.nowMs());\n\t\t}",
				to: "} catch (error) {\n\t\t\tthrow error;\n\t\t}\n\t\tthis.#underWay.delete(put);\n\t\tthis.#pace.note(lane, target, step.key, this.#clock.nowMs());",
				breaks: "after a failed write the next one comes too soon for the store",
			},
			{
				from: 'if (outcome === "delivered") this.#rows.remove(seq);',
				to: "this.#rows.remove(seq);",
				breaks: "what a store refused is forgotten",
			},
			{
				from: "this.#directoryPublished = published;",
				to: "",
				breaks: "a change counts as published while the Directory waits for a store",
			},
			{
				from: "await within(this.#clock, STEP_TIMEOUT_MS, lane, deliver());",
				to: "await deliver();",
				breaks: "a store that never answers holds up its lane for ever",
			},
			{
				from: "Math.min(MAX_RETRY_MS, ...this.#laneNames().map((lane) => this.#laneDelayMs(lane)))",
				to: "Math.max(...this.#laneNames().map((lane) => this.#laneDelayMs(lane)))",
				breaks: "a store that is down keeps records from one that is well",
			},
		],
	},
	{
		file: "src/objects/outbox/turns.ts",
		tests: ["test/workers/objects/outbox"],
		edits: [
			{
				from: "return recordsArrived ? row : rows.firstDenial(lane);",
				to: "return recordsArrived ? row : null;",
				breaks: "a revocation waits for a release that no store takes",
			},
			{
				from: "const recordsArrived = stores().some(",
				to: "const recordsArrived = stores().every(",
				breaks: "a release waits for a store that is down",
			},
			{
				from: "begunTo = alone.length > 0 ? null : (records.at(-1)?.seq ?? begunTo);",
				to: "begunTo = records.at(-1)?.seq ?? begunTo;",
				breaks: "a record is written beside the head before it",
			},
			{
				from: " || keys.has(step.key)",
				to: "",
				breaks: "two versions of a record race to the store",
			},
			{
				from: "hasFailed ||=",
				to: "hasFailed &&=",
				breaks: "a store that is down is asked two hundred times in a run",
			},
			{
				from: "if (underWay.size === 0) return ended();",
				to: "if (underWay.size === 0) return;",
				breaks: "after its first delivery a store gets nothing more",
			},
		],
	},
	{
		file: "src/objects/outbox/tending.ts",
		tests: ["test/workers/objects/daily-round"],
		edits: [
			{
				from: "alarm.rearm();\n",
				to: "",
				breaks: "an alarm that the platform has lost stays lost until somebody calls",
			},
			{
				from: 'verdict !== "ahead"',
				to: "true",
				breaks: "a later version in a store is written over each night",
			},
			{
				from: "outbox.add([step], store);",
				to: "",
				breaks: "a store that lost a record stays without it",
			},
		],
	},
	{
		file: "src/objects/outbox/republisher.ts",
		tests: ["test/workers/objects/account/licenses/license-epoch"],
		edits: [
			{
				from: "this.#isRewriting() || ",
				to: "",
				breaks: "after a change of licenses each token of a large account adds a row to a queue that grows",
			},
			{
				from: " || this.#hasMuch()",
				to: "",
				breaks: "a store that lost all its records makes the queue as long as the fleet",
			},
		],
	},
	{
		file: "src/objects/outbox/outbox-rows.ts",
		tests: ["test/workers/objects/account/licenses/license-epoch"],
		edits: [
			{
				from: "return `access ${step.scope} ${step.id}`;",
				to: "return `access ${step.id}`;",
				breaks: "a denial of one scope takes the place of one of another",
			},
			{
				from: 'return `record ${step.key.split("@", 1)[0]}`;',
				to: "return `record ${step.key}`;",
				breaks: "each revision that was overtaken is delivered one after the other",
			},
			{
				from: "DELETE FROM outbox WHERE subject = ? AND lane = ? AND seq >",
				to: "DELETE FROM outbox WHERE subject = ? AND lane <> ? AND seq >",
				breaks: "with two stores only the last one gets a record",
			},
			{
				from: "seq > COALESCE((${heads}), 0)",
				to: "(seq > 0 OR seq > (${heads}))",
				breaks: "while denials come one after the other, edges hear of none, nor of a release",
			},
			{
				from: 'WHERE lane = ? AND seq < ? LIMIT 1", lane, seq',
				to: 'WHERE lane = ? LIMIT 1", lane',
				breaks: "a head waits for records that came after it",
			},
			{
				from: 'for (const table of ["outbox", "outbox_doubts"]) {',
				to: 'for (const table of ["outbox"]) {',
				breaks: "the alarm rings for ever for a store that is gone",
			},
			{
				from: '["outbox", "outbox_doubts"]',
				to: '["outbox_doubts"]',
				breaks: "what is owed to a store that is gone is tried for ever",
			},
		],
	},
	{
		file: "src/objects/outbox/doubts.ts",
		tests: ["test/workers/objects/outbox/doubts"],
		edits: [
			{
				from: "if (since + SETTLED_AFTER_MS > nowMs) break;",
				to: "",
				breaks: "the present version is written again while the late put may still land on it",
			},
			{
				from: 'step.kind !== "record" || isRevisionKey(step.key)',
				to: 'step.kind !== "record"',
				breaks: "every revision that a store refused is written twice",
			},
			{
				from: "DO UPDATE SET since = excluded.since",
				to: "DO NOTHING",
				breaks: "the last of several puts lands when the doubt is over",
			},
			{
				from: "step !== null && !owes(key, lane)",
				to: "step === null && !owes(key, lane)",
				breaks: "a late put stays on top of a newer version for good",
			},
		],
	},
	{
		file: "src/objects/outbox/outdated-revisions.ts",
		tests: ["test/workers/objects/outbox/outdated-revisions"],
		edits: [
			{
				from: "heads.every((record) => record !== null && isBehind(named_by, record))",
				to: "heads.some((record) => record !== null && isBehind(named_by, record))",
				breaks: "a store that lags leads edges to what was deleted",
			},
			{
				from: "return Number(key.slice(at + 1)) < named;",
				to: "return Number(key.slice(at + 1)) <= named;",
				breaks: "the present revision is deleted, should it ever be on the list",
			},
			{
				from: "(since + this.retainSeconds) * 1_000 <= nowMs",
				to: "since * 1_000 <= nowMs",
				breaks: "a revision goes while isolates still hold the heads that names it",
			},
			{
				from: "if (gone[place]) this.#sql",
				to: "this.#sql",
				breaks: "what one store did not delete stays there for ever",
			},
		],
	},
	{
		file: "src/objects/outbox/write-pace.ts",
		edits: [
			{
				from: "key === HEADS_KEY ? Math.max(writeIntervalMs, headsIntervalMs) : writeIntervalMs",
				to: "writeIntervalMs",
				breaks: "a device that leaves and returns has every edge of the world read many times a second",
			},
			{
				from: "this.#lastWriteMs.set(`${lane} ${key}`, nowMs)",
				to: "this.#lastWriteMs.set(key, nowMs)",
				breaks: "the pace of a store is not kept at all",
			},
			{
				from: "return version > 1 && !isRevisionKey(key)",
				to: "return false",
				breaks: "after a restart a key is written twice within a second, and KV loses the later one",
			},
			{
				from: "if (at + intervalMs <= nowMs) this.#lastWriteMs.delete(key)",
				to: "this.#lastWriteMs.delete(key)",
				breaks: "the pace is forgotten as soon as another key is written",
			},
		],
	},
	{
		file: "src/objects/outbox/record-pages.ts",
		tests: PAGES,
		edits: [
			{
				from: "const missing = steps.filter(({ key }) => !outbox.owes(key, name));",
				to: "const missing = steps;",
				breaks: "a rebuild puts what is on its way behind everything else",
			},
			{
				from: 'if (!hasRoom()) return { ok: false, reason: "stores_behind" };',
				to: "",
				breaks: "a rebuild fills the outbox of an object whose stores are down",
			},
			{
				from: "owedBefore[lane]?.[index] || owedAfter",
				to: "owedAfter",
				breaks: "a record that was delivered during a comparison counts as drifted",
			},
			{
				from: "|| after.get(key) !== trueVersion",
				to: "",
				breaks: "a record that changed during a comparison counts as drifted",
			},
			{
				from: "store === null || name === store",
				to: "true",
				breaks: "a rebuild that is meant for one store writes to all",
			},
			{
				from: 'if (held.code === "unreachable") return "unanswered";',
				to: '"unanswered"',
				breaks: "a spoilt record is not found by a comparison",
			},
			{
				from: "if (ours.size !== theirs.size) return false;\n",
				to: "",
				breaks: "a record with a member too many counts as the same",
			},
		],
	},
	{
		file: "src/objects/outbox/republisher.ts",
		tests: ["test/workers/objects/account/account", "test/workers/objects/directory/", "test/workers/objects/product/"],
		edits: [
			{
				from: "this.#ctx.waitUntil(this.#outbox.flush());",
				to: "",
				breaks: "a record that was lost comes back seconds later than it could",
			},
			{
				from: "(lastMs !== undefined && nowMs - lastMs < REPUBLISH_INTERVAL_MS)",
				to: "lastMs !== undefined",
				breaks: "a record that is lost twice in the life of an object stays lost",
			},
			{
				from: "this.#offeredMs.set(step.key, nowMs);",
				to: "",
				breaks: "each edge that asks for a record has it written again",
			},
		],
	},
];
