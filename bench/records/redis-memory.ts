// How large a fleet's device records are: each one's length, and the memory that a real redis-server takes for all of
// them. Distinct records go in until all are there, or a part of them, from which the whole is then reckoned.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "../../dev/redis/redis-server.ts";
import type { RedisConnection } from "../../dev/redis/resp.ts";
import { redisKey } from "../../src/storage/keys.ts";
import { showProgress } from "../progress.ts";
import { makeDeviceRecords } from "./device-records.ts";

export interface RecordSizes {
	/** records that were made and measured */
	readonly measured: number;
	/** bytes of a stored value */
	readonly min: number;
	readonly median: number;
	readonly p99: number;
	readonly max: number;
	/** means, in bytes */
	readonly key: number;
	readonly value: number;
	/** redis-server's memory for one record, its key and its place in the table among them */
	readonly redis: number;
	/** seconds that writing them took */
	readonly seconds: number;
}

const CHUNK = 2_000;
const PROGRESS_EVERY = 250_000;

/** @throws when redis-server is not installed, does not start, or refuses a write */
export async function measureRecordSizes(devices: number): Promise<RecordSizes> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-bench-redis-"));
	try {
		const server = await startRedisServer(folder, "records");
		try {
			return await fill(devices, server.connection);
		} finally {
			await server.stop();
		}
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function fill(devices: number, redis: RedisConnection): Promise<RecordSizes> {
	const lengths = new Uint32Array(devices);
	const before = await usedMemory(redis);
	const startedAt = performance.now();
	let count = 0;
	let keyBytes = 0;
	let chunk: string[][] = [];
	const flush = async (): Promise<void> => {
		const bad = (await redis.send(chunk)).find((reply) => reply.kind !== "status");
		if (bad !== undefined) throw new Error(`redis refused a record: ${JSON.stringify(bad)}`);
		chunk = [];
	};
	for (const { key, text } of makeDeviceRecords(devices)) {
		if (count % PROGRESS_EVERY === 0) showProgress(`device records, ${count} of ${devices} in Redis`);
		// ASCII throughout, as names.ts demands: characters are bytes.
		lengths[count] = text.length;
		keyBytes += key.length;
		count += 1;
		chunk.push(["SET", redisKey(key), text]);
		if (chunk.length === CHUNK) await flush();
	}
	if (chunk.length > 0) await flush();
	const seconds = (performance.now() - startedAt) / 1000;
	const after = await usedMemory(redis);
	const valueBytes = lengths.reduce((sum, length) => sum + length, 0);
	lengths.sort();
	const at = (part: number) => lengths[Math.min(devices - 1, Math.floor(devices * part))] ?? Number.NaN;
	return {
		measured: devices,
		min: at(0),
		median: at(0.5),
		p99: at(0.99),
		max: at(1),
		key: keyBytes / devices,
		value: valueBytes / devices,
		redis: (after - before) / devices,
		seconds,
	};
}

/** @returns bytes that the server has allocated */
async function usedMemory(redis: RedisConnection): Promise<number> {
	const [info] = await redis.send([["INFO", "memory"]]);
	const [, used] = /^used_memory:(\d+)/m.exec(info?.kind === "bulk" ? String(info.bytes) : "") ?? [];
	if (used === undefined) throw new Error("redis does not tell how much memory it uses");
	return Number(used);
}
