// Faults in how records are named, kept in an isolate's memory and asked for.
import type { FileEdits } from "../edit.ts";

export const STORAGE_RECORDS: readonly FileEdits[] = [
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
		file: "src/storage/cache/record-cache.ts",
		tests: ["test/unit/storage/cache/record-cache"],
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
				from: "held.drop(key);\n\t\t// Not remembered",
				to: "// Not remembered",
				breaks: "a record that its owner does not know any more is given on",
			},
		],
	},
	{
		file: "src/storage/cache/held-records.ts",
		tests: ["test/unit/storage/cache/held-records", "test/unit/storage/cache/record-cache"],
		edits: [
			{
				from: "nowMs < held.readMs + lastGoodSeconds * 1_000",
				to: "nowMs <= held.readMs + lastGoodSeconds * 1_000",
				breaks: "a last good copy is given a second longer than the deployment says",
			},
			{
				from: "known.staleUntilMs = Math.max(known.staleUntilMs, staleUntilMs);\n",
				to: "",
				breaks: "a copy that was found to be the same is too old to be given a moment later",
			},
			{
				from: "if (known !== undefined && known.version >= copy.version) {\n",
				to: "if (known !== undefined && known.version === copy.version) {\n",
				breaks: "a location that lags behind puts an older version in the place of a newer one",
			},
			{
				from: "const held = places.get(seriesOf(key));\n\t\tif",
				to: "const held = places.get(key);\n\t\tif",
				breaks: "a revision that was read answers nobody",
			},
			{
				from: "held.version >= revision || held.askedAs === revision",
				to: "held.version === revision || held.askedAs === revision",
				breaks: "lagging heads make an isolate forget a denial that it knew",
			},
			{
				from: "if (!isRevisionKey(key)) places.delete(key);",
				to: "places.delete(seriesOf(key));",
				breaks: "an old revision that is deleted takes the present one along",
			},
		],
	},
	{
		file: "src/storage/cache/record-source.ts",
		tests: ["test/unit/storage/cache/record-cache"],
		edits: [
			{
				from: "(await askStore(key, reader)) ?? findOwned(key, reader)",
				to: "askStore(key, reader)",
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
			"test/workers/routes/device/check/one-view",
			"test/workers/routes/operator/licenses/license-changes",
			"test/workers/routes/device/check/unchanged",
			"test/workers/routes/outages/",
		],
		edits: [
			{
				from: "Math.min(headsFreshSeconds, HEADS_STALE_SECONDS)",
				to: "HEADS_STALE_SECONDS",
				breaks: "a service that asks for the truth each time answers from old heads",
			},
			{
				from: "isOutdated(news, found) ? cache.getFromOwner(key, device, scope) : found",
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
		file: "src/storage/time-limit.ts",
		tests: ["test/unit/storage/cache/record-cache"],
		edits: [
			{
				from: "} finally {\n\t\tcancel();\n\t}",
				to: "} finally {\n\t}",
				breaks: "a timer is left behind each time",
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
		file: "src/storage/probes/probe-stores.ts",
		tests: ["test/workers/routes/operator/status", "test/workers/routes/operator/stores/record-stores"],
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
		file: "src/storage/probes/probe-device.ts",
		tests: ["test/workers/routes/device/explain/explain"],
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
