// Faults in the storage adapters: keys, copies in an isolate's memory, stores that fail, packages.
import type { FileEdits } from "../edit.ts";

const REPLICATED = ["test/unit/storage/replicated-record-store", "test/unit/storage/retry-amplification"];

export const STORAGE: readonly FileEdits[] = [
	{
		file: "src/storage/keys.ts",
		edits: [
			{
				from: "`product:${product}@${revision}`",
				to: "`product:${product}`",
				breaks: "all revisions of a product lie under one key, and an old head shows the new record",
			},
			{
				from: "`parapet:${key}`",
				to: "key",
				breaks: "records in Redis get into the way of other programs' data",
			},
			{
				from: 'key.lastIndexOf("@")',
				to: 'key.indexOf("@") - 1',
				breaks: "a lost record of a product is asked of another product's object",
			},
			{
				from: 'if (key.startsWith("ha:")) return { owner: "account", name: key.slice("ha:".length) };\n',
				to: "",
				breaks: "the record of an HA group that no store has cannot be asked of its account",
			},
		],
	},
	{
		file: "src/storage/record-store.ts",
		edits: [
			{
				from: 'if (value.key !== key) throw new RecordStoreError("foreign", key);',
				to: "",
				breaks: "another key's record is taken for the one that was asked for",
			},
			{
				from: "Number(value.version) >= 0",
				to: "Number(value.version) > 0",
				breaks: "a record of version 0 cannot be read",
			},
			{
				from: 'return key.includes("@");',
				to: 'return key.includes(":");',
				breaks: "devices' records count as revisions, which never change",
			},
		],
	},
	{
		file: "src/storage/record-cache.ts",
		tests: ["test/unit/storage/record-cache"],
		edits: [
			{
				from: "if (nowMs >= entry.freshUntilMs) return undefined;",
				to: "if (nowMs > entry.freshUntilMs) return undefined;",
				breaks: "a copy is taken without asking for longer than its kind allows",
			},
			{
				from: "entry === undefined || nowMs >= entry.staleUntilMs",
				to: "entry === undefined || nowMs > entry.staleUntilMs",
				breaks: "a stale copy is given longer than its kind allows, while a new one is asked for",
			},
			{
				from: "scope.waitUntil(renew(key, kind, nowMs, entry));",
				to: "void renew(key, kind, nowMs, entry);",
				breaks: "the renewal of a stale copy dies with the answer",
			},
			{
				from: "waitUntil(startFlight(key, entry.kind, nowMs).catch(() => {}));",
				to: "void startFlight(key, entry.kind, nowMs).catch(() => {});",
				breaks: "the renewal ahead of a hot copy dies with the answer",
			},
			{
				from: "entry.aheadMs = nowMs + RETRY_MS;",
				to: "",
				breaks: "each request renews a hot copy once its renewal has failed",
			},
			{
				from: "entry.uses > HOT_USES",
				to: "entry.uses > 0",
				breaks: "what is used seldom is renewed ahead all the time",
			},
			{
				from: "nowMs < entry.readMs + lastGoodSeconds * 1_000",
				to: "nowMs <= entry.readMs + lastGoodSeconds * 1_000",
				breaks: "a last good copy is given a second longer than the deployment says",
			},
			{
				from: "scope.noteLastGood(copy.readMs);",
				to: "",
				breaks: "an answer from old copies does not say that it is degraded",
			},
			{
				from: "if (copy === null) throw error;",
				to: "if (copy === null) return null;",
				breaks: "a record that nobody can be asked for counts as absent",
			},
			{
				from: "copy.askAgainMs = nowMs + (clock.nowMs() - startedMs) + Math.min",
				to: "copy.askAgainMs = nowMs + Math.min",
				breaks: "in an outage each request waits for the store again",
			},
			{
				from: "Math.min(ABSENT_MS, kind.freshSeconds * 1_000)",
				to: "ABSENT_MS",
				breaks: "a record that has just been written stays unknown though each read asks",
			},
			{
				from: "known.staleUntilMs = Math.max(known.staleUntilMs, staleUntilMs);\n",
				to: "",
				breaks: "a copy that was found to be the same is too old to be given a moment later",
			},
			{
				from: "if (known !== undefined && known.version >= copy.version) {",
				to: "if (known !== undefined && known.version === copy.version) {",
				breaks: "a location that lags behind puts an older version in the place of a newer one",
			},
			{
				from: "absent.delete(key);\n",
				to: "",
				breaks: "a record that was asked of its owner is forgotten again as absent",
			},
			{
				from: "if (flights.get(key) === flight) flights.delete(key);",
				to: "",
				breaks: "a reading that has ended counts as under way for ten seconds",
			},
			{
				from: "nowMs - flight.startedMs < DEAD_FLIGHT_MS",
				to: "true",
				breaks: "the reading of a request that was cancelled is waited for for ever",
			},
			{
				from: "known?.version === version ? (known.value as T) : kind.parse(body)",
				to: "kind.parse(body)",
				breaks: "the same version is parsed at each reading",
			},
			{
				from: "entries.delete(key);\n\t\t// Not remembered",
				to: "// Not remembered",
				breaks: "a record that its owner does not know any more is given on",
			},
		],
	},
	{
		file: "src/storage/record-source.ts",
		tests: ["test/unit/storage/record-cache"],
		edits: [
			{
				from: "(await askStore(key, read)) ?? findOwned(key, read)",
				to: "askStore(key, read)",
				breaks: "a record that no store has yet is not asked of its object",
			},
			{
				from: "await within(clock, storeTimeoutMs, key, store.get(key))",
				to: "await store.get(key)",
				breaks: "a store that never answers is waited for without end",
			},
			{
				from: "await within(clock, originTimeoutMs, key, origin.read(key))",
				to: "await origin.read(key)",
				breaks: "an object that never answers is waited for without end",
			},
		],
	},
	{
		file: "src/storage/records.ts",
		tests: [
			"test/workers/routes/device/one-view",
			"test/workers/routes/operator/license-changes",
			"test/workers/routes/device/unchanged",
			"test/workers/routes/outages/",
		],
		edits: [
			{
				from: "Math.min(headsFreshSeconds, HEADS_STALE_SECONDS)",
				to: "HEADS_STALE_SECONDS",
				breaks: "a service that asks for the truth each time answers from old heads",
			},
			{
				from: "Math.min(CREDENTIAL_FRESH_SECONDS, deviceFreshSeconds)",
				to: "CREDENTIAL_FRESH_SECONDS",
				breaks: "a revoked API key is good for ten seconds more in a service that keeps no copies",
			},
			{
				from: "found.licenseEpoch < licenseEpochOf(news, deviceId) ? cache.getFromOwner(key, device, scope) : found",
				to: "found",
				breaks: "a record from before a change of licenses is decided on",
			},
			{
				from: "if (found === null) throw new RecordMissingError(`no store has ${key}`);",
				to: "",
				breaks: "a shared record that is lost is passed on as nothing",
			},
		],
	},
	{
		file: "src/storage/hedged-read.ts",
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
		file: "src/storage/replicated-record-store.ts",
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
		file: "src/storage/circuit-breaker.ts",
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
		file: "src/storage/call-window.ts",
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
		file: "src/storage/bounded-entries.ts",
		edits: [
			{
				from: "if (own > maxWeight) return;\n",
				to: "",
				breaks: "what is too heavy for the map pushes out all the rest",
			},
			{
				from: "if (weight + needed <= maxWeight) return;",
				to: "if (weight <= maxWeight) return;",
				breaks: "the map holds more than it may",
			},
			{
				from: "place.used = true;\n",
				to: "",
				breaks: "what is used all the time gives way to what is asked for once",
			},
			{
				from: "weight -= place.weight;\n",
				to: "",
				breaks: "the map is full of what it holds no longer",
			},
		],
	},
	{
		file: "src/storage/retry-budget.ts",
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
				from: "headsFreshSeconds + headsStaleSeconds",
				to: "headsFreshSeconds",
				breaks: "the bound of a revocation leaves out the seconds of the stale copy",
			},
		],
	},
	{
		file: "src/storage/time-limit.ts",
		tests: ["test/unit/storage/record-cache"],
		edits: [
			{
				from: "} finally {\n\t\tcancel();\n\t}",
				to: "} finally {\n\t}",
				breaks: "a timer is left behind each time",
			},
		],
	},
	{
		file: "src/storage/kv-record-store.ts",
		tests: ["test/unit/storage/kv-slow-look"],
		edits: [
			{
				from: 'if (visible !== null && visible > record.version) return "superseded";\n',
				to: "",
				breaks: "an older version is written over a newer one that can be seen",
			},
			{
				from: "visible > record.version",
				to: "visible >= record.version",
				breaks: "a spoilt record is not repaired by writing its version again",
			},
			{
				from: "if (clock.nowMs() - startedMs > MAX_LOOK_MS) throw",
				to: "if (false) throw",
				breaks: "a write that hung puts an older version in the place of a newer one",
			},
			{
				from: "return version > 1 && !isRevisionKey(key);",
				to: "return true;",
				breaks: "KV remembers that a first version was absent, and hides it",
			},
			{
				from: "at += KEYS_PER_READ)",
				to: "at += KEYS_PER_READ + 1)",
				breaks: "each hundred-and-first record of a page is not compared",
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
		file: "src/storage/package-reader.ts",
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
				from: "&& !filling.has(sha256)",
				to: "",
				breaks: "a burst of downloads fills the cache as often as there are devices",
			},
			{
				from: "return Number(total ?? response",
				to: "return Number(response",
				breaks: "a part from the cache tells its own size for that of the package",
			},
		],
	},
	{
		file: "src/storage/r2-package-store.ts",
		tests: ["test/workers/routes/attacks/uploads", "test/workers/routes/publisher/releases"],
		edits: [
			{
				from: "bucket.put(key, readable, { ...IMMUTABLE_PACKAGE, sha256 })",
				to: "bucket.put(key, readable, { ...IMMUTABLE_PACKAGE })",
				breaks: "bytes are stored that have another digest than was said",
			},
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
		file: "src/storage/probe-stores.ts",
		tests: ["test/workers/routes/operator/status", "test/workers/routes/operator/record-stores"],
		edits: [
			{
				from: 'return version < trueVersion ? "behind" : "ahead";',
				to: 'return "behind";',
				breaks: "a store that knows more than the Directory counts as late",
			},
			{
				from: "await within(clock, PROBE_TIMEOUT_MS, HEADS_KEY, store.get(HEADS_KEY))",
				to: "await store.get(HEADS_KEY)",
				breaks: "the status of a deployment never comes while a store is mute",
			},
		],
	},
	{
		file: "src/storage/probe-device.ts",
		tests: ["test/workers/routes/device/explain"],
		edits: [
			{
				from: 'return version < trueVersion ? "behind" : "ahead";',
				to: 'return "behind";',
				breaks: "a copy that is newer than the truth counts as late",
			},
			{
				from: "await within(clock, PROBE_TIMEOUT_MS, key, store.get(key))",
				to: "await store.get(key)",
				breaks: "the explanation of a device never comes while a store is mute",
			},
			{
				from: 'return { ...nothing, state: answered ? "unreadable" : "unreachable" };',
				to: 'return { ...nothing, state: "unreachable" };',
				breaks: "a spoilt record in a store looks like a store that is down",
			},
		],
	},
];
