// An outbox on real SQLite storage, with stores and a Directory that fail at will. The object around it is an account that was
// never created: it gives the storage and takes no part.
import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import { Alarm } from "../../../../src/objects/alarm.ts";
import type { DirectoryPort } from "../../../../src/objects/outbox/directory-port.ts";
import { Outbox, type RecordLane } from "../../../../src/objects/outbox/outbox.ts";
import { type DenialStep, OUTBOX_TABLES, type OutboxStep } from "../../../../src/objects/outbox/outbox-rows.ts";
import { createTables } from "../../../../src/objects/schema.ts";
import type { Clock } from "../../../../src/storage/clock.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";

const NOW_MS = 1_800_000_000_000;
/** Longer waits are somebody's patience. */
const LONGEST_PAUSE_MS = 2_000;

export class FakeDirectory implements DirectoryPort {
	readonly calls: string[] = [];
	down = false;
	published = true;
	onCall: () => void = () => {};
	async #call(text: string): Promise<{ published: boolean }> {
		this.onCall();
		if (this.down) throw new Error("the directory is overloaded");
		this.calls.push(text);
		return { published: this.published };
	}
	advanceProduct = (head: { product: string; revision: number }) => this.#call(`head ${head.product}@${head.revision}`);
	changeDenials = (changes: readonly DenialStep[]) =>
		this.#call(changes.map(({ kind, id, version }) => `${kind} ${id} ${version}`).join(", "));
	settled = async () => this.published;
}

/** Time passes with the outbox's pauses only, which take none; its patience does not run out unless a test says so. */
class PauseClock implements Clock {
	ms = NOW_MS;
	longestPauseMs = LONGEST_PAUSE_MS;
	/** runs while somebody waits */
	onPause: () => void = () => {};
	readonly pauses: number[] = [];
	nowMs(): number {
		return this.ms;
	}
	after(ms: number, run: () => void): () => void {
		if (ms > this.longestPauseMs) return () => {};
		this.pauses.push(ms);
		this.ms += ms;
		this.onPause();
		queueMicrotask(run);
		return () => {};
	}
}

export interface Bench {
	readonly kv: FakeRecordStore;
	readonly redis: FakeRecordStore;
	readonly directory: FakeDirectory;
	readonly outbox: Outbox;
	readonly state: DurableObjectState;
	readonly clock: PauseClock;
	/** what the object answers for a key, should the outbox ask */
	readonly truth: Map<string, OutboxStep>;
	readonly alarm: () => Alarm;
	/** another outbox on the same storage, as after a restart of the object */
	restart(): Outbox;
	alarmInMs(): Promise<number | null>;
}

export interface BenchOptions {
	readonly lanes?: readonly string[];
	readonly writeIntervalMs?: number;
	readonly headsIntervalMs?: number;
	readonly random?: number;
	readonly callerWaitMs?: number;
}

export async function onBench(test: (bench: Bench) => Promise<void>, options: BenchOptions = {}): Promise<void> {
	await runInDurableObject(bindings.ACCOUNT.getByName(freshName()), async (_, state) => {
		const stores = { kv: new FakeRecordStore(), redis: new FakeRecordStore() };
		const directory = new FakeDirectory();
		const clock = new PauseClock();
		const {
			lanes: names = ["kv"],
			writeIntervalMs = 0,
			headsIntervalMs = 0,
			random = 0,
			callerWaitMs = 10_000,
		} = options;
		const lanes: RecordLane[] = names.map((name) => ({
			name,
			store: name === "redis" ? stores.redis : stores.kv,
			writeIntervalMs,
			headsIntervalMs,
		}));
		createTables(state.storage, { tables: OUTBOX_TABLES, steps: [] });
		const truth = new Map<string, OutboxStep>();
		let alarm = new Alarm(state.storage, () => clock.nowMs());
		const present = (key: string) => {
			const step = truth.get(key);
			return step?.kind === "record" ? step : null;
		};
		const restart = () => {
			alarm = new Alarm(state.storage, () => clock.nowMs());
			return new Outbox({
				storage: state.storage,
				alarm,
				present,
				lanes,
				directory,
				callerWaitMs,
				clock,
				random: () => random,
			});
		};
		const alarmInMs = async () => {
			const at = await state.storage.getAlarm();
			return at === null ? null : at - clock.ms;
		};
		await test({
			...stores,
			directory,
			outbox: restart(),
			state,
			clock,
			truth,
			alarm: () => alarm,
			restart,
			alarmInMs,
		});
		for (const store of Object.values(stores)) expect(store.violations).toEqual([]);
	});
}

export const record = (key: string, version: number, body: unknown = { version }): OutboxStep => ({
	kind: "record",
	key,
	version,
	body,
});
export const head = (product: string, revision: number): OutboxStep => ({ kind: "head", product, revision });
export const deny = (id: string, version: number): OutboxStep => ({
	kind: "deny",
	scope: "device",
	id,
	version,
	until: 9,
});
export const allow = (id: string, version: number): OutboxStep => ({
	kind: "allow",
	scope: "device",
	id,
	version,
	until: 0,
});
