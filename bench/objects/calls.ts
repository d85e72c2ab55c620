// Every method of Account, Directory and Census, as it is called where there are 100,000 devices. The compiler holds that none is missing and
// that each gets what it takes: what is new must be measured too.
import type { DurableObject } from "cloudflare:workers";
import { type DeviceWord, MAX_WORDS } from "../../src/fleet/device-state.ts";
import type { Account } from "../../src/objects/account/account.ts";
import type { HaGroupOrder } from "../../src/objects/account/ha/ha-desk.ts";
import type { RowsToRestore } from "../../src/objects/backup/restored-rows.ts";
import type { Census } from "../../src/objects/census/census.ts";
import type { Directory } from "../../src/objects/directory/directory.ts";
import type { WebhookOrder } from "../../src/objects/webhooks/webhooks.ts";

export interface Order {
	/** number of the round, so that what happens once can happen again */
	readonly round: number;
	/** unix seconds */
	readonly now: number;
	readonly devices: number;
}

export type MethodOf<O> = Exclude<keyof O, Exclude<keyof DurableObject, "alarm">>;
/** What each method is called with. */
export type CallsOf<O> = {
	readonly [M in MethodOf<O>]: (order: Order) => O[M] extends (...args: infer Args) => unknown ? Args : never;
};

const DAY = 86_400;
export const NAME = "aaaaaaaaaa";
export const deviceId = (number: number) => `dev-${NAME}-${String(number).padStart(16, "0")}`;
const by = (now: number) => ({ actor: "operator", now });
const PAGE = { after: "", limit: 200, store: null };
const digestOf = (number: number) => String(number).padStart(64, "0");
const PAGE_OF_DIGESTS = Array.from({ length: 200 }, (_, number) => digestOf(number));
const REMOVED = PAGE_OF_DIGESTS.map((sha256) => ({ sha256, size: 1 }));
const TRAIL = { after: 0, limit: 1_000, types: ["license"] };

/** Of every object that goes into backups. */
export const BACKUP_CALLS = {
	exportRows: (): [string] => [""],
	restoreRows: (): [RowsToRestore] => [{ backup: "", schema: 1, index: 0, rows: [], total: null }],
	wakeRestored: (): [string] => [""],
};

export const termsAt = (now: number, seats = 1_000_000) => ({
	...{ products: [{ product: "crs" }], seats, startsAt: now - DAY, endsAt: now + 365 * DAY },
	...{ graceSeconds: 0, criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0 },
	...({ overage: "refuse", kind: "fixed", leaseSeconds: 0 } as const),
});

export function activationOf(number: number, now: number) {
	const key = String(number).padStart(43, "k");
	return {
		...{
			codeHash: "hash-a",
			candidateDeviceId: deviceId(number),
			jkt: key,
			serial: `SN-${number}`,
			model: "FW-100",
			now,
		},
		...({ jwk: { kty: "OKP", crv: "Ed25519", x: key }, labels: { site: "berlin" }, dpopBound: true } as const),
	};
}

const codeOf = (round: number, now: number) => ({
	...{ id: `code-${round}`, hash: `hash-${round}`, license: "lic-a", uses: 9, expiresAt: now + DAY },
	...{ serial: null, model: null },
});

/** As many as an edge sends at once. */
function wordsOf(round: number, now: number): DeviceWord[] {
	return Array.from({ length: MAX_WORDS }, (_, at) => ({
		...{ device: deviceId(10_000 + round * MAX_WORDS + at), at: now, country: "DE", colo: "FRA" },
		said: {
			kind: "checked",
			engine: "11.1.4",
			products: [{ product: "crs", installed: `1.0.${round}`, offered: null }],
		},
	}));
}

/** One kind after the other, on a group that goes through all of them. */
function haGroupOrder(round: number): HaGroupOrder {
	const [id, joining] = [GROUP(Math.floor(round / 6)), deviceId(6_000 + round)];
	const settings = { name: `pair ${round}`, mode: "active-passive", skewLimitSeconds: 3_600, sync: false } as const;
	const orders: readonly HaGroupOrder[] = [
		{ kind: "create", id, license: "lic-a", devices: [deviceId(5_000 + round)], ...settings },
		{ kind: "change", id, settings: { name: `two ${round}` } },
		{ kind: "join", id, deviceId: joining },
		{ kind: "leave", id, deviceId: deviceId(6_000 + round - 1) },
		{ kind: "unlock", id, product: "crs", reason: "bench" },
		{ kind: "delete", id },
	];
	return orders[round % 6] ?? { kind: "delete", id };
}

function importOf(number: number, now: number) {
	const { codeHash: _, now: __, ...line } = activationOf(number, now);
	return { ...line, license: "lic-a", haGroup: undefined, status: "active" } as const;
}

const GROUP = (round: number) => `hag-${NAME}-${String(round).padStart(16, "0")}`;
/** Made, given a new secret, removed. A test is left out: it waits for a receiver. Nobody listens at the address. */
function webhookOrder(round: number, now: number): WebhookOrder {
	const order = { ...by(now), id: `whk-${Math.floor(round / 3)}`, kid: "bench" };
	if (round % 3 === 0) return { ...order, kind: "create", url: "http://127.0.0.1:9/", types: ["device"] };
	return { ...order, kind: round % 3 === 1 ? "rotate" : "delete" };
}

/** In this order: later calls rest on earlier ones. */
export const ACCOUNT_CALLS: CallsOf<Account> = {
	...BACKUP_CALLS,
	create: ({ now }) => [{ ...by(now), id: `acct-${NAME}000000`, name: "bench" }],
	info: () => [],
	noteName: ({ round, now }) => [{ ...by(now), name: `bench ${round}`, version: round + 1 }],
	closeAccount: ({ now }) => [{ ...by(now), reason: "" }],
	policy: () => [],
	tripwire: ({ round, now }) => [{ ...by(now), kind: "set", suspends: round % 2 === 0 ? "travel" : "off" }],
	changePolicy: ({ round, now }) => [
		{ ...by(now), rules: [{ for: { device: deviceId(7) }, hold: round % 2 === 0 }], replaces: null },
	],
	rewind: ({ now }) => [{ kind: "survey", to: now - 86_400 }],
	createLicense: ({ round, now }) => [{ ...by(now), id: `lic-n${round}`, terms: termsAt(now) }],
	listLicenses: ({ now }) => [now],
	licenseUsage: ({ now }) => [null, now, 90],
	license: ({ now }) => ["lic-a", now],
	createCode: ({ round, now }) => [{ ...by(now), ...codeOf(round, now) }],
	listCodes: () => [],
	revokeCode: ({ round, now }) => [{ ...by(now), id: `code-${round}` }],
	activate: ({ round, now, devices }) => [activationOf(devices + round, now)],
	importDevices: ({ round, now, devices }) => [
		{ ...by(now), devices: Array.from({ length: 100 }, (_, at) => importOf(devices + 100 + round * 100 + at, now)) },
	],
	renewSeat: ({ now }) => [{ deviceId: deviceId(7), now }],
	reportHa: ({ round, now }) => [
		{ deviceId: deviceId(1_000 + round), role: "active", priority: 1, installed: { crs: "1" }, peer: null, now },
	],
	askHaLock: ({ round, now }) => [
		{ deviceId: deviceId(1_000 + round), product: "crs", version: "1", sequence: 1, until: now + DAY, now },
	],
	hearHaLock: ({ round, now }) => [
		{ deviceId: deviceId(1_000 + round), product: "crs", version: "1", at: now, reported: "failed", now },
	],
	setDeviceStatus: ({ round, now }) => [
		{ ...by(now), deviceId: deviceId(3_000 + round), status: "suspended", reason: "bench" },
	],
	changeDevice: ({ round, now }) => [
		{ ...by(now), deviceId: deviceId(3_500 + round), product: "crs", channel: "beta" },
	],
	claims: ({ round, now }) => [
		{ ...by(now), kind: "claim", serials: [`CLAIM-${round}`], manufacturer: "mfr-1", license: "lic-a" },
	],
	setCertificate: ({ round, now, devices }) => [
		{
			...{ ...by(now), deviceId: deviceId(3_700 + round), jkt: activationOf(3_700 + round, now).jkt },
			rule: { x5t: String(round + devices).padStart(43, "0"), notAfter: now + DAY },
		},
	],
	replaceDevice: ({ round, now }) => [
		{
			...{ ...by(now), deviceId: deviceId(4_000 + round), serial: `NEW-${round}`, model: null, reason: "bench" },
			code: { id: `code-r${round}`, hash: `hash-r${round}`, expiresAt: now + DAY },
		},
	],
	hearDevices: ({ round, now }) => [wordsOf(round, now)],
	fleet: ({ now }) => [now],
	findDevices: ({ round, now }) => [
		{
			after: "",
			limit: round % 2 === 0 ? 1_000 : 200,
			now,
			...(round % 2 === 1 && { product: "crs", installed: "none" }),
		},
	],
	listHaGroups: ({ now }) => ["", 200, now],
	haGroup: ({ round, now }) => [GROUP(round), now],
	changeHaGroup: ({ round, now }) => [{ ...by(now), ...haGroupOrder(round) }],
	launchInstance: ({ round, now }) => [
		{
			...by(now),
			instance: `i-${round}`,
			at: now,
			license: "lic-a",
			codeId: `code-i${round}`,
			hashes: [`hash-i${round}`],
		},
	],
	terminateInstance: ({ round, now }) => [{ ...by(now), instance: `i-${round}`, at: now }],
	listDevices: () => [],
	device: () => [deviceId(7)],
	givenUp: ({ round }) => [
		Array.from({ length: 500 }, (_, index) => deviceId(500 * (round % 10) + index)),
		Array.from({ length: 500 }, () => 0),
	],
	explainDevice: ({ now }) => [deviceId(7), now],
	readRecord: ({ round }) => [`device:${deviceId(7_000 + round)}`],
	verifyRecords: () => [PAGE],
	rebuildRecords: () => [PAGE],
	tend: () => [""],
	events: () => [TRAIL],
	changeWebhook: ({ round, now }) => [webhookOrder(round, now)],
	listWebhooks: () => [],
	changeLicense: ({ round, now }) => [{ ...by(now), id: "lic-a", terms: { endsAt: now + (100 + round) * DAY } }],
	forks: () => [{ kind: "list", after: "", limit: 500 }],
	acknowledgeMessage: ({ round, now }) => [
		{ device: deviceId(4_000 + round), message: "msg-1", endsAt: now + DAY, by: null, now },
	],
	messageReceipts: ({ round, now }) => [{ message: receiptsOf(round, now), state: null, after: "", limit: 1_000 }],
	alarm: () => [],
	setLicenseStatus: ({ round, now }) => [
		{ ...by(now), id: "lic-a", status: round % 2 === 0 ? "suspended" : "active", reason: "bench" },
	],
	// Once: a transfer that is repeated while it runs is joined.
	transferLicense: ({ now }) => [{ ...by(now), id: "lic-a", to: "lic-n0" }],
};

const denyOf = (round: number, now: number, count: number) =>
	Array.from({ length: count }, (_, at) => ({
		...({ kind: "deny", scope: "device", version: 1 } as const),
		...{ id: deviceId(500_000 + round * count + at), until: now + 7 * DAY },
	}));
const messageOf = (round: number, now: number) => ({
	...({ id: `msg-${round}`, severity: "info", title: "Maintenance", body: "Sunday." } as const),
	...{ locales: {}, audience: {} },
	...{ startsAt: now, endsAt: now + 60 },
});

const receiptsOf = (round: number, now: number) => ({
	...messageOf(round, now),
	waves: [{ upTo: 1, sequence: 1 }],
});

export const DIRECTORY_CALLS: CallsOf<Directory> = {
	...BACKUP_CALLS,
	createAccount: ({ round, now }) => [
		{ ...by(now), id: `acct-b${String(round).padStart(15, "0")}`, name: `n ${round}` },
	],
	accountNamed: () => ["bench 9"],
	renameAccount: ({ round, now }) => [
		{ ...by(now), id: `acct-b${String(round).padStart(15, "0")}`, name: `m ${round}` },
	],
	closeAccount: ({ round, now }) => [
		{ ...by(now), id: `acct-b${String(round).padStart(15, "0")}`, closedAt: now, reason: "" },
	],
	listAccounts: () => [],
	prepareRewind: () => [NAME, { floor: 1, epoch: 0, permits: [] }],
	createProduct: ({ round, now }) => [{ ...by(now), name: `p${round}`, title: "P" }],
	listProducts: () => [],
	claimRequirements: ({ round, now }) => [{ product: `p${round}`, version: "1.0.0", required: [], now }],
	manufacturers: ({ round, now }) => [
		{
			...{ ...by(now), kind: "add" },
			manufacturer: {
				...{ id: `mfr-${round}`, name: "M", subject: "CN=M", publicKey: "" },
				...{ fingerprint: `print-${round}`, notAfter: now },
			},
		},
	],
	serialClaims: ({ round }) => [{ kind: "claim", account: NAME, keys: [`claim-${round}`] }],
	createMessage: ({ round, now }) => [{ ...by(now), message: messageOf(round, now), fraction: 0.5 }],
	listMessages: ({ now }) => [now],
	message: ({ round }) => [`msg-${round}`],
	raiseMessage: ({ round, now }) => [{ ...by(now), id: `msg-${round}`, fraction: 1 }],
	removeMessage: ({ round, now }) => [{ ...by(now), id: `msg-${round}` }],
	createCredential: ({ round, now }) => [
		{
			...by(now),
			id: `key-${round}`,
			hash: `hash-${round}`,
			subject: "bench",
			scopes: ["read"],
			team: null,
			expiresAt: null,
		},
	],
	credential: ({ round }) => [`hash-${round}`],
	listCredentials: () => [],
	revokeCredential: ({ round, now }) => [{ ...by(now), id: `key-${round}`, cascade: true }],
	changeWebhook: ({ round, now }) => [webhookOrder(round, now)],
	listWebhooks: () => [],
	admitUpload: ({ round, now }) => [
		{ key: "key-0", bytes: 1, quota: 1_000, now, product: "p0", sha256: digestOf(round) },
	],
	surveyPackages: () => [PAGE_OF_DIGESTS],
	claimRemoval: () => [{ actor: "bench", sha256s: PAGE_OF_DIGESTS }],
	endRemoval: ({ now }) => [{ ...by(now), until: now, removed: REMOVED, kept: [] }],
	advanceProduct: ({ round }) => [{ product: "p0", revision: round + 1 }],
	changeDenials: ({ round, now }) => [denyOf(round, now, 200)],
	status: () => [],
	settled: () => [],
	readRecord: () => ["denied@1"],
	rebuildRecords: () => [PAGE],
	verifyRecords: () => [PAGE],
	events: () => [TRAIL],
	renewHeads: () => [],
	noteProbe: () => [{ failed: null, code: null, ms: 12 }],
	goRound: ({ now }) => [now, 100, 20],
	endRound: () => [{ position: null, owners: [], behind: [], again: [], missed: [] }],
	alarm: () => [],
};

/** Of an account of 100 devices with two products, in forty kinds. */
export function summaryOf(number: number, now: number): Parameters<Census["take"]>[0] {
	const cells = Array.from({ length: 40 }, (_, at) => ({
		...{ product: at % 2 === 0 ? "crs" : "threats", version: `1.0.${(number + at) % 20}`, model: `FW-${at % 5}` },
		...{ country: `A${String.fromCharCode(65 + ((number + at) % 20))}`, outcome: "healthy", devices: 5 },
	}));
	const seen = Array.from({ length: 12 }, (_, at) => ({ hour: now - (now % 3_600) - at * 3_600, devices: 8 }));
	return {
		...{ account: `acct-${String(number).padStart(16, "0")}`, version: now, at: now },
		summary: {
			...{ devices: { active: 100 }, cells, problems: [], seen },
			licenses: [{ kind: "fixed", licenses: 1, seats: 120, taken: 100 }],
			trust: [{ anchors: null, devices: 100 }],
		},
	};
}

export const CENSUS_CALLS: CallsOf<Census> = {
	...BACKUP_CALLS,
	take: ({ round, now }) => [summaryOf(round, now + 1)],
	fleet: () => [],
	problems: () => [{ limit: 1_000 }],
	silent: ({ now }) => [now - DAY, 1_000],
	trust: ({ now }) => [{ by: now + DAY, newest: null, limit: 1_000 }],
	installed: () => [{ product: "crs", wanted: { prefix: "1." }, limit: 1_000, after: null }],
	adoption: () => ["crs"],
	alarm: () => [],
};
