// Typed access to the replicated records: which kind each key holds, how long an isolate may trust its copy, and how
// `heads` leads to the revision of everything shared.
import {
	type DeniedRecord,
	deniedRecord,
	type HeadsRecord,
	headsRecord,
	licenseEpochOf,
} from "../content/heads-record.ts";
import { type MessagesRecord, messagesRecord } from "../content/message.ts";
import { type ProductRecord, productRecord } from "../content/product-record.ts";
import { type CredentialRecord, credentialRecord } from "../entitlement/credential-record.ts";
import { type DeviceRecord, deviceRecord } from "../entitlement/device-record.ts";
import { type HaGroupRecord, haGroupRecord } from "../entitlement/ha-group-record.ts";
import { credentialKey, deniedKey, deviceKey, HEADS_KEY, haGroupKey, messagesKey, productKey } from "./keys.ts";
import type { ReadScope, RecordCache, RecordKind } from "./record-cache.ts";

export interface Records {
	heads(scope: ReadScope): Promise<HeadsRecord>;
	/** null = nothing was ever published under that name */
	product(product: string, heads: HeadsRecord, scope: ReadScope): Promise<ProductRecord | null>;
	messages(heads: HeadsRecord, scope: ReadScope): Promise<MessagesRecord>;
	denied(heads: HeadsRecord, scope: ReadScope): Promise<DeniedRecord>;
	/** Never from before the last change of its account's licenses. Null = no such device, as far as its Account knows. */
	device(deviceId: string, scope: ReadScope): Promise<DeviceRecord | null>;
	/** Null = no such group, as far as its Account knows. @param haGroup id from a verified token or a record */
	haGroup(haGroup: string, scope: ReadScope): Promise<HaGroupRecord | null>;
	credential(hash: string, scope: ReadScope): Promise<CredentialRecord | null>;
	/** What the isolate holds right now; undefined = a read is due. The whole cost of "has anything changed?". */
	peekHeads(scope: ReadScope): HeadsRecord | undefined;
	peekDenied(heads: HeadsRecord, scope: ReadScope): DeniedRecord | undefined;
}

/** See `headsStaleSeconds`. */
const HEADS_STALE_SECONDS = 5;

/**
 * Seconds after the fresh ones during which an isolate may still answer from its copy of `heads`, while it fetches the new
 * one. Short, since revocations wait for it (revocation-bound.ts). Zero fresh seconds ask for the truth each time: then
 * nothing stale either.
 */
export function headsStaleSeconds(headsFreshSeconds: number): number {
	return Math.min(headsFreshSeconds, HEADS_STALE_SECONDS);
}

const CREDENTIAL_FRESH_SECONDS = 10;

const NO_HEADS: HeadsRecord = { products: {}, messages: 0, denied: 0 };
const NO_MESSAGES: MessagesRecord = { revision: 0, messages: [] };
const NO_DENIED: DeniedRecord = { revision: 0, devices: {}, licenseEpochs: {} };

/** Thrown when `heads` names a revision that neither the store nor its object can show. */
export class RecordMissingError extends Error {
	override readonly name = "RecordMissingError";
}

function immutable<T>(parse: (body: unknown) => T): RecordKind<T> {
	return { parse, freshSeconds: Number.POSITIVE_INFINITY, staleSeconds: 0, lastGoodSeconds: 0 };
}

export interface RecordLifetimes {
	readonly headsFreshSeconds: number;
	readonly deviceFreshSeconds: number;
	/** of `heads` and devices; everything shared is immutable, and an API key must be known for certain */
	readonly lastGoodSeconds: number;
}

export function createRecords(
	cache: RecordCache,
	{ headsFreshSeconds, deviceFreshSeconds, lastGoodSeconds }: RecordLifetimes,
): Records {
	const heads: RecordKind<HeadsRecord> = {
		parse: (body) => headsRecord.parse(body),
		freshSeconds: headsFreshSeconds,
		staleSeconds: headsStaleSeconds(headsFreshSeconds),
		lastGoodSeconds,
	};
	const product = immutable((body) => productRecord.parse(body));
	const messages = immutable((body) => messagesRecord.parse(body));
	const denied = immutable((body) => deniedRecord.parse(body));
	const device: RecordKind<DeviceRecord> = {
		parse: (body) => deviceRecord.parse(body),
		freshSeconds: deviceFreshSeconds,
		staleSeconds: 0,
		lastGoodSeconds,
	};
	// Never an old copy: who would decide by it asks the Account instead.
	const haGroup: RecordKind<HaGroupRecord> = {
		parse: (body) => haGroupRecord.parse(body),
		freshSeconds: deviceFreshSeconds,
		staleSeconds: 0,
		lastGoodSeconds: 0,
	};
	const credential: RecordKind<CredentialRecord> = {
		parse: (body) => credentialRecord.parse(body),
		freshSeconds: Math.min(CREDENTIAL_FRESH_SECONDS, deviceFreshSeconds),
		staleSeconds: 0,
		lastGoodSeconds: 0,
	};

	async function shared<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T> {
		const found = await cache.get(key, kind, scope);
		if (found === null) throw new RecordMissingError(`no store has ${key}`);
		return found;
	}

	async function readHeads(scope: ReadScope): Promise<HeadsRecord> {
		return (await cache.get(HEADS_KEY, heads, scope)) ?? NO_HEADS;
	}

	async function readDenied(current: HeadsRecord, scope: ReadScope): Promise<DeniedRecord> {
		return current.denied === 0 ? NO_DENIED : shared(deniedKey(current.denied), denied, scope);
	}

	return {
		heads: readHeads,
		async product(name, current, scope) {
			const revision = Object.hasOwn(current.products, name) ? current.products[name] : undefined;
			return revision === undefined ? null : shared(productKey(name, revision), product, scope);
		},
		messages: async (current, scope) =>
			current.messages === 0 ? NO_MESSAGES : shared(messagesKey(current.messages), messages, scope),
		denied: readDenied,
		async device(deviceId, scope) {
			const key = deviceKey(deviceId);
			const readNews = async () => readDenied(await readHeads(scope), scope);
			const [found, news] = await Promise.all([cache.get(key, device, scope), readNews()]);
			if (found === null) return null;
			return found.licenseEpoch < licenseEpochOf(news, deviceId) ? cache.getFromOwner(key, device, scope) : found;
		},
		haGroup: (id, scope) => cache.get(haGroupKey(id), haGroup, scope),
		credential: (hash, scope) => cache.get(credentialKey(hash), credential, scope),
		peekHeads: (scope) => cache.peek<HeadsRecord>(HEADS_KEY, scope) ?? undefined,
		peekDenied: (current, scope) =>
			current.denied === 0 ? NO_DENIED : (cache.peek<DeniedRecord>(deniedKey(current.denied), scope) ?? undefined),
	};
}
