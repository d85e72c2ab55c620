// Which values RECORD_STORE may have, and in which order they have the stores read.
import { expect, it } from "vitest";
import { parseRecordStoreNames } from "../../../src/storage/record-store-names.ts";

it.each([
	[undefined, ["kv"]],
	["kv", ["kv"]],
	["redis", ["redis"]],
	["redis,kv", ["redis", "kv"]],
	["kv,redis", ["kv", "redis"]],
])("%j names the stores %j, in the order in which they are read", (text, names) => {
	expect(parseRecordStoreNames(text)).toEqual(names);
});

it.each(["", " kv", "KV", "kv, redis", "kv,kv", "redis,", "memcached", "constructor"])("%j is refused", (text) => {
	expect(() => parseRecordStoreNames(text)).toThrow("RECORD_STORE must be one of kv | redis | redis,kv | kv,redis");
});
