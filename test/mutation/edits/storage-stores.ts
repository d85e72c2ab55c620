// Faults in the stores: two that stand in for each other, each by itself, and the packages.
import type { FileEdits } from "../edit.ts";

const REPLICATED = [
	"test/unit/storage/replicated/replicated-record-store",
	"test/unit/storage/replicated/retry-amplification",
];

export const STORAGE_STORES: readonly FileEdits[] = [
	{
		file: "src/storage/r2-pulse-store.ts",
		tests: ["test/workers/objects/directory/pulses"],
		edits: [
			{
				from: "{ etagMatches: before.etag }",
				to: "{}",
				breaks: "a pulse whose write was given up comes back over a newer one",
			},
			{
				from: "...PULSE, onlyIf",
				to: "onlyIf",
				breaks: "no cache may hold a pulse",
			},
		],
	},
	{
		file: "src/storage/replicated/hedged-read.ts",
		tests: REPLICATED,
		edits: [
			{
				from: "if (best === null || record.version > best.version) best = record;",
				to: "best = record;",
				breaks: "of two answers that come together the older one may win",
			},
			{
				from: "if (record === null) {\n\t\t\tgoOn();\n\t\t\treturn;\n\t\t}",
				to: "if (record === null) {\n\t\t\tfinish();\n\t\t\treturn;\n\t\t}",
				breaks: "a record that the first store lacks is not looked for in the second",
			},
			{
				from: "run.cancelTimeout();\n",
				to: "",
				breaks: "timers outlive the request that has set them",
			},
			{
				from: 'isOwnFault(error) ? "answered" : "failed"',
				to: '"failed"',
				breaks: "one spoilt record counts against the whole store",
			},
			{
				from: "cancelHedge();\n",
				to: "",
				breaks: "the second store is asked though the answer is there",
			},
			{
				from: 'run.place < winnersPlace ? "overtaken" : "abandoned"',
				to: '"overtaken"',
				breaks: "a store that was only asked as a hedge counts as slow",
			},
			{
				from: "if (hasAnswer) resolve(best);\n\t\telse reject(failure);",
				to: "resolve(best);",
				breaks: "stores that are all down count as having no such record",
			},
		],
	},
	{
		file: "src/storage/replicated/replicated-record-store.ts",
		tests: REPLICATED,
		edits: [
			{
				from: "enter: () => breaker.enter(clock.nowMs())",
				to: "enter: () => true",
				breaks: "all reads of a moment go to a store that may still be down",
			},
			{
				from: "clock.nowMs() - startedMs >= settings.hedgeMs",
				to: "false",
				breaks: "who has waited for a mute store waits for it once more",
			},
			{
				from: "if (ms < settings.timeoutMs) usual",
				to: "usual",
				breaks: "a store that is ill counts as one that is far away, and is waited for longer",
			},
			{
				from: "hedgeMs: usual.ms()",
				to: "hedgeMs: settings.hedgeMs",
				breaks: "far from both stores each read asks both",
			},
			{
				from: "|| !budget.spend()",
				to: "",
				breaks: "in an outage each read is made twice",
			},
			{
				from: "storeCount > 1 ?",
				to: "storeCount > 0 ?",
				breaks: "a store that stands alone is given up after the short time of two",
			},
			{
				from: "due: 0, leads: 1, follows: 2",
				to: "due: 2, leads: 1, follows: 0",
				breaks: "a store that has just come back goes first, with what it missed",
			},
		],
	},
	{
		file: "src/storage/replicated/circuit-breaker.ts",
		edits: [
			{
				from: "calls >= settings.minCalls && ",
				to: "",
				breaks: "one failed call is enough for a store to be left alone",
			},
			{
				from: "bad >= calls * settings.badShare",
				to: "bad > calls * settings.badShare",
				breaks: "a store of which half the calls fail is not left alone",
			},
			{
				from: "leadsFromMs: nowMs + settings.holdDownMs",
				to: "leadsFromMs: nowMs",
				breaks: "a store leads the moment it is back, with what it missed",
			},
			{
				from: "window.clear();\n",
				to: "",
				breaks: "a store that is back is shut out again for what was before",
			},
			{
				from: "openMinMs + random() * (openMaxMs - openMinMs)",
				to: "openMinMs",
				breaks: "all isolates come back to a store at the same moment",
			},
		],
	},
	{
		file: "src/storage/replicated/call-window.ts",
		edits: [
			{
				from: "slice.number <= present - SLICES ||",
				to: "slice.number < present - SLICES ||",
				breaks: "calls from before the window count",
			},
			{
				from: "if (slice.number !== number) Object.assign(slice, { number, calls: 0, bad: 0 });\n",
				to: "slice.number = number;\n",
				breaks: "the calls of a slice are counted on top of those of the last round",
			},
		],
	},
	{
		file: "src/storage/replicated/retry-budget.ts",
		edits: [
			{
				from: "Math.min(saved + percent, MAX_SAVED_RETRIES * PRICE)",
				to: "saved + percent",
				breaks: "retries of a quiet week are all spent in one outage",
			},
			{
				from: "if (saved < PRICE) return false;",
				to: "if (saved <= 0) return false;",
				breaks: "there are more retries than their share of the calls",
			},
		],
	},
	{
		file: "src/storage/revocation-bound.ts",
		tests: ["test/workers/routes/operator/status"],
		edits: [
			{
				from: "Math.max(...each",
				to: "Math.min(...each",
				breaks: "the bound of a revocation is that of the fastest store",
			},
			{
				from: "headsFreshSeconds + headsStaleSeconds(headsFreshSeconds)",
				to: "headsFreshSeconds",
				breaks: "the bound of a revocation leaves out the seconds of the stale copy",
			},
		],
	},
	{
		file: "src/storage/redis-record-store.ts",
		edits: [
			{
				from: "if (replies.length !== keys.length) return",
				to: "if (false) return",
				breaks: "too few answers of Redis count as records that are not there",
			},
			{
				from: "retry: { retries: 0 }",
				to: "retry: { retries: 2, backoff: () => 0 }",
				breaks: "a Redis that is down is asked three times as often",
			},
			{
				from: "readYourWrites: options.readYourWrites ?? false",
				to: "readYourWrites: true",
				breaks: "readers wait for what they never wrote",
			},
			{
				from: 'throw new RecordStoreError("unreachable", key, { cause: withoutCommand(error) });',
				to: 'throw new RecordStoreError("unreachable", key, { cause: error });',
				breaks: "records stand in the log with Redis' errors",
			},
		],
	},
	{
		file: "src/storage/packages/package-reader.ts",
		edits: [
			{
				from: "waitUntil(fill(sha256));",
				to: "void fill(sha256);",
				breaks: "the cache is filled only as long as the answer lasts",
			},
			{
				from: "} finally {\n\t\t\tfilling.delete(sha256);\n\t\t}",
				to: "}",
				breaks: "after a failed fill the package is never cached again",
			},
			{
				from: "range.offset + range.length - 1",
				to: "range.offset + range.length",
				breaks: "a part from the cache has one byte too many",
			},
			{
				from: "found.size <= MAX_CACHED_BYTES",
				to: "found.size < MAX_CACHED_BYTES",
				breaks: "a package of the largest size that can be cached is not",
			},
			{
				from: "&& !isFilling(sha256)",
				to: "",
				breaks: "a burst of downloads fills the cache as often as there are devices",
			},
			{
				from: "total ?? response.headers",
				to: "response.headers",
				breaks: "a part from the cache tells its own size for that of the package",
			},
		],
	},
	{
		file: "src/storage/packages/r2-put.ts",
		tests: ["test/workers/routes/attacks/uploads", "test/workers/routes/publisher/releases"],
		edits: [
			{
				from: "bucket.put(key, readable, options)",
				to: "bucket.put(key, readable, { ...options, sha256: undefined })",
				breaks: "bytes are stored that have another digest than was said",
			},
		],
	},
	{
		file: "src/storage/packages/r2-part-store.ts",
		tests: ["test/workers/routes/publisher/uploads/upload-parts"],
		edits: [
			{
				from: "if (part === null) throw new PackageStoreError(`part ${sha256} is not there any more`);",
				to: "if (part === null) continue;",
				breaks: "a part that is gone is left out, and the storage alone notices",
			},
			{
				from: "if (!page.truncated) return;",
				to: "return;",
				breaks: "of more parts than a page has, the others stay",
			},
		],
	},
	{
		file: "src/storage/packages/r2-package-store.ts",
		tests: ["test/workers/routes/attacks/uploads", "test/workers/routes/publisher/releases"],
		edits: [
			{
				from: ": verify(bucket, sha256, body, size)",
				to: ': "stored"',
				breaks: "who names a package's digest has it without having its bytes",
			},
			{
				from: "await bucket.delete(key).catch(() => {});",
				to: "",
				breaks: "each second upload of a package stays in storage for good",
			},
			{
				from: "range === undefined ? undefined : { range }",
				to: "undefined",
				breaks: "who asks for a part of a package gets all of it",
			},
		],
	},
	{
		file: "src/storage/kv-record-store.ts",
		tests: ["test/workers/storage/kv-record-store"],
		edits: [
			{
				from: "at += KEYS_PER_READ)",
				to: "at += KEYS_PER_READ + 1)",
				breaks: "each hundred-and-first record of a page is not compared",
			},
		],
	},
];
