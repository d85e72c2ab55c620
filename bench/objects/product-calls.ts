// Every method of Product, Trust, SerialIndex, RecordWriter and ReplayGuard, as it is called where there is as much as there can be: of a product 512 recorded releases, 16
// rollouts under way and 100,000 leases; of a repository a product with 1,000 releases. As in calls.ts the compiler holds that none is missing.

import { DEFAULT_ISSUERS, type TrustedPublisher } from "../../src/entitlement/publishers/trusted-publisher.ts";
import type { Product } from "../../src/objects/product/product.ts";
import type { RecordWriter } from "../../src/objects/record-writer/record-writer.ts";
import type { ReplayGuard } from "../../src/objects/replay/replay-guard.ts";
import type { SerialIndex } from "../../src/objects/serials/serial-index.ts";
import type { Trust } from "../../src/objects/trust/trust.ts";
import { IMMEDIATE } from "../../src/rollout/built-in-plans.ts";
import type { Plan } from "../../src/rollout/plan.ts";
import { BACKUP_CALLS, type CallsOf } from "./calls.ts";

const by = (now: number) => ({ actor: "publisher", now });
const PAGE = { after: "", limit: 200, store: null };
export const METADATA = {
	notes: "n".repeat(200),
	urgency: "routine",
	models: null,
	engine: {},
	entries: null,
} as const;
/** Of the releases that are written into the table: 1.0.1, 1.0.2 and so on. */
export const RECORDED = 490;
/** Under way on each channel (MAX_ACTIVE_ROLLOUTS). */
export const UNDER_WAY = 8;
export const rolloutOf = (number: number, channel: "stable" | "beta") =>
	`2.${channel === "stable" ? number : 100 + number}.0`;
/** All leases are of it. */
export const LEASED = rolloutOf(UNDER_WAY - 1, "stable");
/** `at` of its leases: none is overdue, whenever this runs. */
export const LEASED_AT = 4_000_000_000;
export const digestOf = (number: number) => number.toString(16).padStart(64, "0");
const unitOf = (number: number) => `dev-${String(number).padStart(10, "0")}-0123456789abcdef`;

/** A ramp for everybody under a sequential gate, as the last but one step of `standard`. */
export const RAMP: Plan = {
	...{ name: "ramp", overrides: 2 },
	steps: [
		{
			...{ name: "ramp", cohort: { fraction: 1, ramp: 86_400 }, bake: 0, fillWithin: null },
			...{ expect: 1_800, lease: 21_600 },
			gate: { kind: "sequential", p0: 0.005, p1: 0.03, alpha: 0.001, beta: 0.01 },
			approvals: { team: null, count: 0 },
		},
	],
};

const asking = (number: number, now: number) => ({
	...{ unit: unitOf(number), device: unitOf(number), peers: [], model: `FW-${number % 20}`, now },
	...{ channel: "stable" as const, site: "berlin", region: "eu" },
});
const packageOf = (round: number, now: number) => ({
	...{ ...by(now), version: `3.${round}.0`, sha256: digestOf(9_000 + round), size: 1, name: "crs.tar" },
	claimedUntil: Number.MAX_SAFE_INTEGER,
});

const publisherOf = (round: number): TrustedPublisher => ({
	...{ provider: "github", issuer: DEFAULT_ISSUERS.github, repository: "acme/rules", workflow: `release-${round}.yml` },
	...{ repositoryId: "1296269", ownerId: "583231", ref: "refs/tags/v*", environment: null },
});

const onceRequest = (round: number) => ({
	...{ subject: "ci", route: "POST /v1/products/:product/releases/:version/withdraw", key: `key ${round}` },
	fingerprint: digestOf(round),
});

/** In this order: later calls rest on earlier ones. */
export const PRODUCT_CALLS: CallsOf<Product> = {
	...BACKUP_CALLS,
	create: ({ now }) => [{ ...by(now), name: "crs", title: "Rules", plan: RAMP }],
	change: ({ round, now }) => [{ ...by(now), sizeBounds: { grow: 2 + round, shrink: 0.5, above: 100_000 } }],
	noteRole: ({ round, now }) => [
		{
			...by(now),
			role: {
				version: round + 1,
				digests: Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`1.0.${at}`, digestOf(at)])),
			},
		},
	],
	askOnce: ({ round }) => [onceRequest(round)],
	settleOnce: ({ round }) => [onceRequest(round), { status: 200, body: "{}" }],
	info: () => [],
	explain: ({ round, now }) => [asking(round, now)],
	hearCensus: ({ round }) => [
		{ versions: [1, 2, 3].map((at) => ({ version: `1.0.${at}`, running: 900, failed: 10 * at + round })), other: 0 },
	],
	addPackage: ({ round, now }) => [packageOf(round, now)],
	// For the packages of which there is no release yet.
	addVariant: ({ round, now }) => [
		{
			...{ ...by(now), version: `3.${round}.0`, variant: "arm", models: ["FW-100"] },
			...{ sha256: digestOf(9_900 + round), size: 1, name: "crs-arm.tar", claimedUntil: Number.MAX_SAFE_INTEGER },
		},
	],
	addDelta: ({ round, now }) => [
		{
			...{ ...by(now), version: `3.${round}.0`, target: digestOf(9_000 + round) },
			from: { version: `1.0.${RECORDED}`, sha256: digestOf(RECORDED) },
			...{ sha256: digestOf(9_500 + round), size: 1, claimedUntil: Number.MAX_SAFE_INTEGER },
		},
	],
	addRuleIndex: ({ round, now }) => [
		{
			...{ ...by(now), version: `3.${round}.0`, target: digestOf(9_000 + round) },
			...{ sha256: digestOf(9_800 + round), size: 1, rules: 600, blocking: 300, claimedUntil: Number.MAX_SAFE_INTEGER },
			cves: Array.from({ length: 6_000 }, (_, at) => `CVE-2021-${10_000 + at}`),
		},
	],
	ruleIndex: ({ round }) => [`3.${round}.0`],
	ruleIndexesOf: () => [Array.from({ length: 21 }, (_, at) => `3.${at}.0`), true],
	ruleIndexes: () => ["CVE-2021-44228"],
	release: ({ round, now }) => [
		{ ...by(now), version: `3.${round}.0`, metadata: METADATA, salt: "s", plan: IMMEDIATE, allowSize: true },
	],
	promote: ({ round, now }) => [{ ...by(now), version: rolloutOf(round % UNDER_WAY, "beta"), salt: "s" }],
	discard: ({ round, now }) => [{ ...by(now), version: `4.${round}.0` }],
	withdraw: ({ round, now }) => [{ ...by(now), version: `3.${round}.0`, reason: "bench" }],
	publishers: () => [],
	changePublishers: ({ round, now }) => [{ ...by(now), kind: "add", id: `pub-${round}`, trusted: publisherOf(round) }],
	exchangeIdToken: ({ round, now }) => [
		{
			run: { ...publisherOf(0), ref: "refs/tags/v1.0.0", environment: null, runId: "1", sha: "a".repeat(40) },
			...{ jti: `token ${round}`, replayableUntil: now + 600, now },
			via: { requestId: "bench", address: "192.0.2.1" },
		},
	],
	disabledRules: () => [],
	setRules: ({ round, now }) => [
		round % 2 === 0 ? "disable" : "enable",
		{ ...by(now), rules: Array.from({ length: 50 }, (_, at) => `1:${1_000 + at}`), reason: "bench" },
	],
	takePermit: ({ round, now }) => [{ ...asking(500_000 + round, now), version: LEASED }],
	hearControl: ({ round, now }) => [
		{ version: LEASED, unit: unitOf(700_000 + round), device: unitOf(700_000 + round), again: 600, now },
	],
	hearReport: ({ round, now }) => [
		{ version: LEASED, device: unitOf(round), lease: LEASED_AT, reported: "healthy", detail: null, now },
	],
	rolloutsUnderWay: ({ now }) => [now],
	rollout: ({ now }) => [LEASED, now],
	validate: ({ round, now }) => [
		round % 2 === 0
			? { ...by(now), kind: "set", url: "http://127.0.0.1:9/", minutes: 60 + round, kid: "bench" }
			: { ...by(now), kind: "remove" },
	],
	rolloutLog: () => [LEASED, 0, 200],
	list: () => [],
	find: () => [LEASED],
	heldPackages: () => [Array.from({ length: 200 }, (_, at) => digestOf(at))],
	readRecord: ({ round }) => [`product:crs@${round + 1}`],
	rebuildRecords: () => [PAGE],
	verifyRecords: () => [PAGE],
	tend: () => [],
	events: () => [{ after: 0, limit: 1_000, types: ["release"] }],
	changeWebhook: ({ round, now }) => {
		const order = { ...by(now), id: `whk-${Math.floor(round / 3)}`, kid: "bench" };
		if (round % 3 === 0) return [{ ...order, kind: "create", url: "http://127.0.0.1:9/", types: ["release"] }];
		return [{ ...order, kind: round % 3 === 1 ? "rotate" : "delete" }];
	},
	listWebhooks: () => [],
	alarm: () => [],
	approveRollout: ({ now }) => [{ ...by(now), version: LEASED, kind: "approve", team: null, evidence: "0".repeat(64) }],
	haltRollout: ({ now }) => [{ ...by(now), version: LEASED, reason: "bench" }],
};

/** @param fileOf role file of that version, which names 1,000 releases */
export function trustCalls(
	now: number,
	fileOf: (version: number) => string,
	root: string,
	targets: string,
): Omit<CallsOf<Trust>, "store" | "logStore"> {
	return {
		...BACKUP_CALLS,
		state: () => [],
		root: () => [],
		role: () => ["crs"],
		change: () => [{ root, targets, now }],
		publishRole: ({ round }) => [{ product: "crs", file: fileOf(round + 2), now }],
		logWithdrawal: ({ round }) => [{ product: "crs", version: `1.0.${round}`, at: now }],
		alarm: () => [],
	};
}

/** Of a shard with a page of entries from an account, all of one serial number. */
export const SERIAL_CALLS: Omit<CallsOf<SerialIndex>, "alarm"> = {
	note: ({ round }) => [
		Array.from({ length: 500 }, (_, at) => ({ hash: digestOf(at), device: unitOf(round * 500 + at) })),
	],
	devices: () => [digestOf(0), "", 1_000],
};

/** A record of a device, as large as one is. */
export const WRITER_CALLS: Omit<CallsOf<RecordWriter>, "alarm"> = {
	put: ({ round }) => [`device:dev-aaaaaaaaaa-${String(round).padStart(16, "0")}`, "x".repeat(2_000)],
};

export const REPLAY_CALLS: CallsOf<ReplayGuard> = {
	use: ({ round, now }) => [`id-${round}`, now + 60, now],
	alarm: () => [],
};
