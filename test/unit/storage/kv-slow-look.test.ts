// A write to KV whose look at what is there takes too long.
import { expect, test } from "vitest";
import { createKvRecordStore } from "../../../src/storage/kv-record-store.ts";
import { VirtualClock } from "../../support/stand-ins/virtual-clock.ts";

/** @returns KV in which a look takes so long, and what was written */
function slowKv(clock: VirtualClock, lookMs: number) {
	const written: string[] = [];
	const kv = {
		get: () => clock.sleep(lookMs).then(() => null),
		put: async (_: string, text: string) => {
			written.push(text);
		},
	} as unknown as KVNamespace;
	return { written, store: createKvRecordStore(kv, clock) };
}

test("writes nothing, since its writer may have written something newer meanwhile", async () => {
	const clock = new VirtualClock(0);
	const { written, store } = slowKv(clock, 40_000);
	const late = store.put("heads", { version: 2, body: "old" }).catch((error: unknown) => error);
	await clock.advance(40_000);
	expect(await late).toMatchObject({ code: "unreachable", key: "heads" });
	expect(written).toEqual([]);
});

test("is a write like any other while that takes seconds", async () => {
	const clock = new VirtualClock(0);
	const { written, store } = slowKv(clock, 9_000);
	const slow = store.put("heads", { version: 2, body: "new" });
	await clock.advance(9_000);
	expect(await slow).toBe("stored");
	expect(written).toHaveLength(1);
});
