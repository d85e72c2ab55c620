// Which way a record goes to KV. In virtual time.
import { expect, it } from "vitest";
import { recordWriters, SPREAD_PUTS, spreadPuts, WRITERS } from "../../../../src/objects/record-writer/spread-puts.ts";
import { VirtualTime } from "../../../simulation/virtual-time.ts";

interface Way {
	readonly put: (key: string, text: string) => Promise<void>;
	readonly keys: string[];
	end: (error?: Error) => void;
}

/** A way whose puts end when the test says so. */
function openWay(): Way {
	const waiting: ((error?: Error) => void)[] = [];
	const keys: string[] = [];
	return {
		keys,
		put: (key) => {
			keys.push(key);
			return new Promise((resolve, reject) => {
				waiting.push((error) => (error === undefined ? resolve() : reject(error)));
			});
		},
		end: (error) => waiting.shift()?.(error),
	};
}

function open(writers = 2) {
	const time = new VirtualTime(1_800_000_000_000);
	const [own, ...others] = Array.from({ length: writers + 1 }, openWay) as [Way, ...Way[]];
	const put = spreadPuts(
		own.put,
		others.map((one) => one.put),
		time,
	);
	let next = 0;
	const putMany = (count: number) => Array.from({ length: count }, () => put(`key-${next++}`, "text"));
	return { time, own, others, putMany, counts: () => [own, ...others].map(({ keys }) => keys.length) };
}

it("a few go by the object's own connections, and call nobody", () => {
	const { putMany, counts } = open();
	void putMany(6);
	expect(counts()).toEqual([6, 0, 0]);
});

it("what is more goes by the writers, six by each, and what is more than all have waits for its own", () => {
	const { putMany, counts } = open();
	void putMany(20);
	expect(counts()).toEqual([8, 6, 6]);
});

it("a place that is free again is taken first where it costs no call", async () => {
	const { own, others, putMany, counts } = open();
	const puts = putMany(18);
	own.end();
	others[1]?.end();
	await Promise.all([puts[0], puts[12]]);
	void putMany(2);
	expect(counts()).toEqual([7, 6, 7]);
});

it("a writer that fails says so for the put that it had, is left alone for a minute, then asked again", async () => {
	const { time, others, putMany, counts } = open(1);
	const puts = putMany(7);
	others[0]?.end(new Error("no writer"));
	await expect(puts[6]).rejects.toThrow("no writer");
	void putMany(3);
	expect(counts()).toEqual([9, 1]);
	await time.runUntil(time.nowMs() + 60_000);
	void putMany(1);
	expect(counts()).toEqual([9, 2]);
});

it("one that never answers holds no place for ever", async () => {
	const { time, putMany } = open(1);
	const [lost] = putMany(7).slice(6);
	const told = expect(lost).rejects.toThrow();
	await time.runUntil(time.nowMs() + 30_000);
	await told;
});

it("writers of an account live where it does, each under its own name", async () => {
	const seen: unknown[] = [];
	const stub = { put: async () => {} };
	const namespace = {
		getByName: (...args: unknown[]) => {
			seen.push(args);
			return stub;
		},
	};
	await Promise.all(recordWriters(namespace as never, () => "aaaaaaaaaa").map((put) => put("key", "text")));
	expect(seen).toEqual(Array.from({ length: WRITERS }, (_, index) => [`aaaaaaaaaa.${index}`]));
	expect(SPREAD_PUTS).toBe(6 * (WRITERS + 1));
});
