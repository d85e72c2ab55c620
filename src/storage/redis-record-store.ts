// Records in Upstash Redis, over HTTP. Reads go to the nearest region and may lag behind the primary; writes go to the
// primary, where the version is compared and the value replaced in one step, so a key never goes back however its writers
// race. An answer that is not this key's record is an error. Does not retry: who reads has another store, who writes an outbox.
import { Redis } from "@upstash/redis/cloudflare";
import { redisKey } from "./keys.ts";
import {
	formatRecord,
	parseRecord,
	type RecordResult,
	type RecordStore,
	RecordStoreError,
	readRecord,
} from "./record-store.ts";

export interface RedisRecordStoreOptions {
	/** of the database's REST interface, https://… */
	readonly url: string;
	readonly token: string;
	/** for one read or write, from the first byte out to the last byte in */
	readonly timeoutMs: number;
	/** whether a read waits until its region has what this store wrote before; no for readers, who write nothing */
	readonly readYourWrites?: boolean;
}

/**
 * KEYS: key. ARGV: how a record of this key begins, up to its version; the version; the record.
 * The version is read where `formatRecord` puts it rather than by decoding JSON: a body can be long, and cjson refuses
 * some of what JSON.stringify writes. What does not begin so, or is no string at all, is spoilt and gets overwritten.
 */
const PUT_UNLESS_OLDER = `
local present = redis.pcall("GET", KEYS[1])
if type(present) == "string" and string.sub(present, 1, #ARGV[1]) == ARGV[1] then
  local version = string.match(present, '^(%d+),"body":', #ARGV[1] + 1)
  if version and tonumber(version) > tonumber(ARGV[2]) then return "superseded" end
end
redis.call("SET", KEYS[1], ARGV[3])
return "stored"`;

/** What follows the beginning in a record of version 0 without content. */
const EMPTY_REST = '0,"body":null}';
const MAX_CAUSE_LENGTH = 200;

/** @throws when the URL is none; nothing is sent before the first read or write */
export function createRedisRecordStore(options: RedisRecordStoreOptions): RecordStore {
	const redis = new Redis({
		url: options.url,
		token: options.token,
		// A function: with a plain signal the client turns a timeout into a successful reply.
		signal: () => AbortSignal.timeout(options.timeoutMs),
		// Not `false`, which tries twice.
		retry: { retries: 0 },
		readYourWrites: options.readYourWrites ?? false,
		// In base64 mode the client reads any object in place of a value as null, which would say that there is no record.
		responseEncoding: false,
		automaticDeserialization: false,
		enableAutoPipelining: false,
		enableTelemetry: false,
	});

	async function ask(key: string, command: () => Promise<unknown>): Promise<unknown> {
		try {
			return await command();
		} catch (error) {
			throw new RecordStoreError("unreachable", key, { cause: withoutCommand(error) });
		}
	}

	return {
		async get(key) {
			const value = await ask(key, () => redis.get<unknown>(redisKey(key)));
			if (value === null) return null;
			if (typeof value !== "string") throw new RecordStoreError("malformed", key);
			return parseRecord(key, value);
		},

		async getMany(keys) {
			if (keys.length === 0) return [];
			// Not MGET, for which a value of another type is no value at all.
			const pipeline = redis.pipeline();
			for (const key of keys) pipeline.get(redisKey(key));
			let replies: readonly Reply[];
			try {
				replies = await pipeline.exec<unknown[]>({ keepErrors: true });
			} catch (error) {
				const cause = withoutCommand(error);
				return keys.map((key) => new RecordStoreError("unreachable", key, { cause }));
			}
			if (replies.length !== keys.length) return keys.map((key) => new RecordStoreError("malformed", key));
			return keys.map((key, index) => readReply(key, replies[index]));
		},

		async put(key, record) {
			const beginning = formatRecord(key, { version: 0, body: null }).slice(0, -EMPTY_REST.length);
			const args = [beginning, String(record.version), formatRecord(key, record)];
			// EVAL each time: it is one round trip whether or not the server knows the script, and writes are few.
			const outcome = await ask(key, () => redis.eval<string[], unknown>(PUT_UNLESS_OLDER, [redisKey(key)], args));
			if (outcome !== "stored" && outcome !== "superseded") throw new RecordStoreError("malformed", key);
			return outcome;
		},

		async delete(key) {
			const deleted = await ask(key, () => redis.del(redisKey(key)));
			if (typeof deleted !== "number") throw new RecordStoreError("malformed", key);
		},
	};
}

/** To one command in a pipeline, as the client passes it on: unchecked. */
interface Reply {
	readonly result?: unknown;
	readonly error?: unknown;
}

/** @returns what a reply says about its key; an error there may be about this key alone */
function readReply(key: string, reply: Reply | undefined): RecordResult {
	if (reply === undefined) return new RecordStoreError("malformed", key);
	if (reply.error !== undefined && reply.error !== null) {
		const isOtherType = String(reply.error).startsWith("WRONGTYPE");
		return new RecordStoreError(isOtherType ? "malformed" : "unreachable", key);
	}
	if (reply.result !== null && typeof reply.result !== "string") return new RecordStoreError("malformed", key);
	return readRecord(key, reply.result);
}

/** The client quotes the command in its errors, and with it the record; that is not for the log. */
function withoutCommand(error: unknown): Error {
	if (!(error instanceof Error)) return new Error("not an error was thrown");
	const [message = ""] = error.message.split(", command was: ");
	return new Error(`${error.name}: ${message.slice(0, MAX_CAUSE_LENGTH)}`);
}
