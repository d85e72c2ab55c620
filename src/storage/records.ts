// Typed access to the replicated records: which kind each key holds, how long an isolate may trust its copy, and how
// `heads` leads to the revision of everything shared.
import { type DeniedPart, type DeniedRecord, deniedPart, deniedRecord, isOutdated } from "../content/denied-list.ts";
import { type HeadsRecord, headsRecord, productRevision, type SharedView } from "../content/heads-record.ts";
import { type MessagesRecord, messagesRecord } from "../content/messages/message.ts";
import { type ProductRecord, productRecord } from "../content/releases/product-record.ts";
import { type DeviceRecord, deviceRecord } from "../entitlement/devices/device-record.ts";
import { type HaGroupRecord, haGroupRecord } from "../entitlement/ha/ha-group-record.ts";
import type { RecordCache } from "./cache/record-cache.ts";
import { deniedKey, deniedPartKeys, deviceKey, HEADS_KEY, haGroupKey, messagesKey, productKey } from "./keys.ts";
import type { ReadScope, RecordKind } from "./record-kind.ts";

export interface Records {
	/** What all devices share. To be read once in a request, and handed on. */
	current(scope: ReadScope): Promise<SharedView>;
	/** As `current`, from what the isolate holds; undefined = a read is due. The whole cost of "has anything changed?". */
	peekCurrent(scope: ReadScope): SharedView | undefined;
	/** null = nothing was ever published under that name */
	product(product: string, view: SharedView, scope: ReadScope): Promise<ProductRecord | null>;
	messages(view: SharedView, scope: ReadScope): Promise<MessagesRecord>;
	/**
	 * Never from before the last change of its account's licenses that `view` knows. Null = no such device, as far as its
	 * Account knows.
	 * @param view may still be on its way: both are then read at once
	 */
	device(deviceId: string, view: SharedView | Promise<SharedView>, scope: ReadScope): Promise<DeviceRecord | null>;
	/** Null = no such group, as far as its Account knows. @param haGroup id from a verified token or a record */
	haGroup(haGroup: string, scope: ReadScope): Promise<HaGroupRecord | null>;
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

const NO_HEADS: HeadsRecord = { products: {}, messages: 0, denied: 0 };
const NO_MESSAGES: MessagesRecord = { revision: 0, messages: [] };
const NONE_DENIED = { denied: { revision: 0, devices: {}, licenseEpochs: {} }, deniedParts: [] };

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
	/** of `heads` and devices; everything shared is immutable */
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
	const part = immutable((body) => deniedPart.parse(body));
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

	async function shared<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T> {
		const found = await cache.get(key, kind, scope);
		if (found === null) throw new RecordMissingError(`no store has ${key}`);
		return found;
	}

	return {
		async current(scope) {
			const current = (await cache.get(HEADS_KEY, heads, scope)) ?? NO_HEADS;
			if (current.denied === 0) return { heads: current, ...NONE_DENIED };
			const list = await shared(deniedKey(current.denied), denied, scope);
			const parts = deniedPartKeys(list.parts).map((key) => shared(key, part, scope));
			return { heads: current, denied: list, deniedParts: await Promise.all(parts) };
		},
		peekCurrent(scope) {
			const current = cache.peek<HeadsRecord>(HEADS_KEY, scope) ?? undefined;
			if (current === undefined) return undefined;
			if (current.denied === 0) return { heads: current, ...NONE_DENIED };
			const list = cache.peek<DeniedRecord>(deniedKey(current.denied), scope) ?? undefined;
			if (list === undefined) return undefined;
			const deniedParts: DeniedPart[] = [];
			for (const key of deniedPartKeys(list.parts)) {
				const found = cache.peek<DeniedPart>(key, scope) ?? undefined;
				if (found === undefined) return undefined;
				deniedParts.push(found);
			}
			return { heads: current, denied: list, deniedParts };
		},
		async product(name, view, scope) {
			const revision = productRevision(view.heads, name);
			return revision === 0 ? null : shared(productKey(name, revision), product, scope);
		},
		messages: async (view, scope) =>
			view.heads.messages === 0 ? NO_MESSAGES : shared(messagesKey(view.heads.messages), messages, scope),
		async device(deviceId, view, scope) {
			const key = deviceKey(deviceId);
			const [found, news] = await Promise.all([cache.get(key, device, scope), view]);
			if (found === null) return null;
			return isOutdated(news, found) ? cache.getFromOwner(key, device, scope) : found;
		},
		haGroup: (id, scope) => cache.get(haGroupKey(id), haGroup, scope),
	};
}
