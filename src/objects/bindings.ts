// What the Durable Objects need from the deployment, and how they reach the Directory and the stores. Objects are made by the
// platform, not by services.ts, so this is their composition root.

import { pulseUrgency } from "../content/check/pulse.ts";
import { accountObjectName } from "../entitlement/ids.ts";
import { type Place, parsePlace } from "../entitlement/place.ts";
import { createValidatorSender, type ValidatorSender } from "../events/validator-sender.ts";
import { createWebhookSender, type WebhookSender, type WebhookSenderOptions } from "../events/webhook-sender.ts";
import type { ProductCount } from "../fleet/regression.ts";
import type { EndedLease } from "../rollout/lease.ts";
import { createLazyPulseSigner } from "../signing/pulse-signer.ts";
import { createLazyRecordSeal } from "../signing/sealed/record-seal.ts";
import { systemClock } from "../storage/clock.ts";
import { createKvRecordStore } from "../storage/kv-record-store.ts";
import { createR2PulseStore } from "../storage/r2-pulse-store.ts";
import type { RecordStore } from "../storage/record-store.ts";
import { parseRecordStoreNames, type RecordStoreName } from "../storage/record-store-names.ts";
import { createRedisRecordStore } from "../storage/redis-record-store.ts";
import { createSealedStore } from "../storage/sealed-records.ts";
import { settlesWithin } from "../storage/time-limit.ts";
import type { CensusPort } from "./census-port.ts";
import { nowSeconds } from "./clock.ts";
import type { DirectoryPort } from "./outbox/directory-port.ts";
import type { RecordLane } from "./outbox/outbox.ts";
import type { PulseStep } from "./outbox/outbox-rows.ts";
import { accountAt, type ObjectNamespace, objectAt } from "./places.ts";
import { recordWriters, SPREAD_PUTS, spreadPuts } from "./record-writer/spread-puts.ts";
import type { SerialEntry, SerialPort } from "./serial-port.ts";

export interface ObjectBindings {
	readonly RECORDS: KVNamespace;
	readonly DIRECTORY: ObjectNamespace<DirectoryPort>;
	readonly ACCOUNT: ObjectNamespace<{
		givenUp(devices: readonly string[], since: readonly number[]): Promise<string[]>;
	}>;
	readonly CENSUS: ObjectNamespace<CensusPort>;
	readonly PRODUCT: ObjectNamespace<{ hearCensus(count: ProductCount): Promise<string[]> }>;
	/** left out by a version that has none: then records go by an object's own connections alone */
	readonly RECORD_WRITER?: ObjectNamespace<{ put(key: string, text: string): Promise<void> }>;
	readonly SERIAL_INDEX: ObjectNamespace<{ note(entries: readonly SerialEntry[]): Promise<void> }>;
	/** left out where there is no transparency log */
	readonly TRUST?: ObjectNamespace<{ logWithdrawal(of: LoggedWithdrawal): Promise<void> }>;
	/** where Directory, Products, Trust, Census and SerialIndex live; accounts have their own place (entitlement/place.ts) */
	readonly OBJECT_PLACE?: string;
	/** seconds that an access token lives: a denial must last that long */
	readonly TOKEN_TTL_SECONDS: string | number;
	/** seconds that a download URL works */
	readonly URL_TTL_SECONDS: string | number;
	/** seconds over which devices spread the checks that a pulse calls for */
	readonly CHECK_INTERVAL_SECONDS: string | number;
	/** the public bucket: pulses, and the TUF repository */
	readonly PULSES: R2Bucket;
	readonly ENVIRONMENT: string;
	/** whether devices report each success, or checks tell it */
	readonly SUCCESS_REPORTS?: string;
	readonly ISSUER: string;
	/** the seals of records and the secrets of webhooks come from it */
	readonly MAC_KEYS: string;
	/** names and values of pulses come from it */
	readonly LOOKUP_KEY: string;
	/** see record-store-names.ts */
	readonly RECORD_STORE?: string;
	/** both when RECORD_STORE names redis */
	readonly REDIS_URL?: string;
	readonly REDIS_TOKEN?: string;
}

/** The one Directory of a deployment. */
export const DIRECTORY_NAME = "directory";

/** The one TUF repository of a deployment. */
export const TRUST_NAME = "trust";

/** @throws TypeError when OBJECT_PLACE is none of its choices */
export function objectPlace({ OBJECT_PLACE: place }: Pick<ObjectBindings, "OBJECT_PLACE">): Place | null {
	// Empty is not set, as config.ts has it.
	return place ? parsePlace(place) : null;
}

/** KV takes one write per second and key; two at once may both succeed and leave the earlier one. */
const KV_WRITE_INTERVAL_MS = 1_100;

/** Every edge reads what `heads` names whenever it moves, so however much changes, no store has it move more often. */
const HEADS_INTERVAL_MS = 1_100;

/** A write goes to Redis' primary, which may be across the world, and nobody waits for it. */
const REDIS_WRITE_TIMEOUT_MS = 5_000;

export interface NamedRecordStore {
	readonly name: RecordStoreName;
	readonly store: RecordStore;
}

/**
 * @param redisTimeoutMs for one read or write of Redis
 * @returns the deployment's stores in the order in which they are read
 * @throws TypeError when RECORD_STORE is none of its choices, or names redis and there is none
 */
export function recordStores(bindings: ObjectBindings, redisTimeoutMs: number): readonly NamedRecordStore[] {
	// Empty is not set, as config.ts has it: edge and objects must not differ about the stores.
	return parseRecordStoreNames(bindings.RECORD_STORE || undefined).map((name) => ({
		name,
		store: name === "kv" ? createKvRecordStore(bindings.RECORDS) : redisStore(bindings, redisTimeoutMs),
	}));
}

function redisStore({ REDIS_URL: url, REDIS_TOKEN: token }: ObjectBindings, timeoutMs: number): RecordStore {
	if (!url || !token) throw new TypeError("REDIS_URL or REDIS_TOKEN is missing");
	return createRedisRecordStore({ url, token, timeoutMs });
}

/**
 * @param account of an Account, which may have 100,000 records to write: the name of its object, beside which its writers live
 * @returns every store that gets all records; a lane's name is persisted in outboxes and must not change
 */
export function recordLanes(bindings: ObjectBindings, account?: () => string): readonly RecordLane[] {
	// Local KV has no such limit, and nobody there wants to wait for it; Redis has none anywhere.
	const isLocal = bindings.ENVIRONMENT === "local";
	const kvIntervalMs = isLocal ? 0 : KV_WRITE_INTERVAL_MS;
	const seal = createLazyRecordSeal(bindings.MAC_KEYS);
	const { RECORDS: kv, RECORD_WRITER: namespace } = bindings;
	const writers = namespace === undefined || account === undefined ? [] : recordWriters(namespace, account);
	const spread = spreadPuts((key, text) => kv.put(key, text), writers, systemClock);
	return recordStores(bindings, REDIS_WRITE_TIMEOUT_MS).map(({ name, store }) => ({
		name,
		store: createSealedStore(name === "kv" ? createKvRecordStore(kv, spread) : store, seal, systemClock),
		...(name === "kv" && writers.length > 0 && { atOnce: SPREAD_PUTS }),
		writeIntervalMs: name === "kv" ? kvIntervalMs : 0,
		headsIntervalMs: isLocal ? 0 : HEADS_INTERVAL_MS,
	}));
}

/** @returns what writes a pulse into the public bucket, for the Directory's outbox */
export function pulseWriter(bindings: ObjectBindings): (step: PulseStep) => Promise<void> {
	const signer = createLazyPulseSigner(bindings.LOOKUP_KEY);
	const interval = Number(bindings.CHECK_INTERVAL_SECONDS);
	return async ({ product, revision, emergencyUntil }) => {
		const subject = product === null ? "messages" : { product };
		const [name, value] = await Promise.all([signer.nameOf(subject), signer.valueOf(subject, revision)]);
		await createR2PulseStore(bindings.PULSES).put(name, {
			value,
			...pulseUrgency(emergencyUntil, nowSeconds(), interval),
		});
	};
}

/** @returns the Directory as the other objects see it; a new stub per call, because a stub stays broken after an error */
export function directoryPort(bindings: ObjectBindings): DirectoryPort {
	const directory = () => objectAt(bindings.DIRECTORY, DIRECTORY_NAME, objectPlace(bindings));
	return {
		advanceProduct: (head) => directory().advanceProduct(head),
		changeDenials: (changes) => directory().changeDenials(changes),
		settled: () => directory().settled(),
	};
}

/** The one Census of a deployment. */
export const CENSUS_NAME = "census";

/** @returns the Census as accounts see it */
export function censusPort(bindings: ObjectBindings): CensusPort {
	return { take: (summary) => objectAt(bindings.CENSUS, CENSUS_NAME, objectPlace(bindings)).take(summary) };
}

/** @returns what a product says to how its versions do: those of which nothing needs to be told again */
export function tellProduct(bindings: ObjectBindings, product: string, count: ProductCount): Promise<string[]> {
	return objectAt(bindings.PRODUCT, product, objectPlace(bindings)).hearCensus(count);
}

/** A release that is offered no more. */
export interface LoggedWithdrawal {
	readonly product: string;
	readonly version: string;
	/** unix seconds */
	readonly at: number;
}

/** @returns what tells the transparency log of withdrawals; null where there is none */
export function withdrawalTeller(bindings: ObjectBindings): ((of: LoggedWithdrawal) => Promise<void>) | null {
	const { TRUST: trust } = bindings;
	return trust === undefined ? null : (of) => objectAt(trust, TRUST_NAME, objectPlace(bindings)).logWithdrawal(of);
}

/** @returns the index of serial numbers as accounts see it */
export function serialPort(bindings: ObjectBindings): SerialPort {
	return { note: (shard, entries) => objectAt(bindings.SERIAL_INDEX, shard, objectPlace(bindings)).note(entries) };
}

/** @throws when the variable is not a positive number: a denial without an end would be worse than an object without start */
export function ttlSeconds(bindings: ObjectBindings, name: "TOKEN_TTL_SECONDS" | "URL_TTL_SECONDS"): number {
	const seconds = Number(bindings[name]);
	if (!Number.isInteger(seconds) || seconds <= 0) throw new Error(`${name} is not a positive integer`);
	return seconds;
}

/** @returns what delivers webhooks; receivers on this machine are taken by the local service only */
export function webhookSender(bindings: ObjectBindings): WebhookSender {
	return createWebhookSender(senderOptions(bindings));
}

/** @returns what asks validators of products; the same receivers */
export function validatorSender(bindings: ObjectBindings): ValidatorSender {
	return createValidatorSender(senderOptions(bindings));
}

function senderOptions(bindings: ObjectBindings): WebhookSenderOptions {
	return {
		macKeys: bindings.MAC_KEYS,
		ownOrigin: bindings.ISSUER,
		allowLoopback: bindings.ENVIRONMENT === "local",
		fetch: (url, init) => fetch(url, init),
	};
}

/** An account that does not answer must not hold up a verdict for long. */
const ACCOUNT_TIMEOUT_MS = 5_000;

/** @returns those of the devices that could not report, by the word of their accounts; one whose account does not answer counts as there */
export async function givenUpDevices(
	bindings: ObjectBindings,
	leases: readonly EndedLease[],
): Promise<ReadonlySet<string>> {
	const byAccount = Map.groupBy(leases, ({ device }) => accountObjectName(device));
	const asked = Array.from(byAccount, async ([account, ended]) => {
		const [ids, since] = [ended.map(({ device }) => device), ended.map(({ at }) => at)];
		const answer = accountAt(bindings.ACCOUNT, account).givenUp(ids, since);
		return (await settlesWithin(systemClock, ACCOUNT_TIMEOUT_MS, answer)) ? answer.catch(() => []) : [];
	});
	return new Set((await Promise.all(asked)).flat());
}
