// What every sink of the history must do (src/telemetry/event-sink.ts), run on each that writes.
import { describe, expect, it, vi } from "vitest";
import type { HistoryRow } from "../../src/history/fields.ts";
import {
	createEventSink,
	type EventSinkParts,
	MAX_BATCH_ROWS,
	MAX_STRANGERS,
	MAX_WAITING_ROWS,
} from "../../src/telemetry/event-sink.ts";
import { lostRow } from "../../src/telemetry/history-row.ts";
import { VirtualClock } from "../support/stand-ins/virtual-clock.ts";

const START_MS = Date.UTC(2026, 10, 28, 22, 59, 58);
const GATHER_MS = 10_000;
const HOSTILE = "\"\\\u2028</script>'; DROP TABLE events; -- 𝕏";

export interface Receiver {
	readonly write: EventSinkParts["write"];
	/** @returns every row that has arrived, in any order */
	readonly rows: () => Promise<Record<string, unknown>[]>;
}

/** How often a row is there after a write that ended without an answer, though it was done: as often as it was sent, or once. */
export function eventSinkContract(name: string, create: () => Promise<Receiver>, sentTwice: 1 | 2): void {
	describe(`event sink contract: ${name}`, () => {
		async function setUp() {
			const receiver = await create();
			const clock = new VirtualClock(START_MS);
			const behind: Promise<void>[] = [];
			const warnings: string[] = [];
			let made = 0;
			/** what becomes of the next writes, in turn; then all succeed */
			const fate: ("fails" | "fails after it was done" | "never ends")[] = [];
			const origin = { id: () => `row-${(made++).toString(36)}`, version: "v1" };
			let batches = 0;
			const sink = createEventSink({
				async write(batch) {
					const next = fate.shift();
					if (next === "never ends") return new Promise(() => {});
					if (next === "fails") throw new Error("not written");
					await receiver.write(batch);
					if (next === "fails after it was done") throw new Error("no answer");
				},
				...{
					clock,
					gatherMs: GATHER_MS,
					batchName: () => `batch-${batches++}`,
					warn: (line) => void warnings.push(line),
				},
				lostRow: (count, nowMs) => lostRow(count, nowMs, origin),
			});
			const row = (more: Partial<HistoryRow> = {}): HistoryRow => ({
				...lostRow(1, clock.nowMs(), origin),
				...{ kind: "token", account: "abcdefghij" },
				...more,
			});
			const record = (one: HistoryRow) => sink.record(one, (work) => void behind.push(work));
			return { ...receiver, fate, clock, row, record, behind, warnings };
		}

		it("writes each row once, with every column as it was, also over the end of an hour and with hostile texts", async () => {
			const { record, row, rows, clock, behind } = await setUp();
			const first = row({ detail: HOSTILE, asn: 64_500 });
			record(first);
			await clock.advance(5_000);
			const second = row({ product: "rules" });
			record(second);
			expect(behind).toHaveLength(1);
			await clock.advance(GATHER_MS);
			await Promise.all(behind);
			expect(byId(await rows())).toEqual(byId([first, second].map(withoutNulls)));
		});

		it("loses nothing when a write fails: it is tried again, and then with what comes next", async () => {
			const { record, row, rows, fate, behind, warnings, clock } = await setUp();
			fate.push("fails", "fails");
			record(row());
			await clock.advance(GATHER_MS + 2_000);
			await Promise.all(behind);
			expect(warnings).toEqual(["history: 1 events could not be written yet"]);
			expect(await rows()).toEqual([]);
			record(row());
			await clock.advance(GATHER_MS);
			await Promise.all(behind);
			expect(await rows()).toHaveLength(2);
		});

		it("a row whose write had no answer is there again under the same id, or not at all", async () => {
			const { record, row, rows, fate, behind, clock } = await setUp();
			fate.push("fails after it was done");
			const one = row();
			record(one);
			await clock.advance(GATHER_MS);
			await vi.waitUntil(() => fate.length === 0 && clock.timers === 1);
			await clock.advance(2_000);
			await Promise.all(behind);
			expect((await rows()).map(({ id }) => id)).toEqual(Array(sentTwice).fill(one.id));
		});

		it("takes over what was thrown away with its request", async () => {
			const { record, row, rows, fate, behind, clock } = await setUp();
			fate.push("never ends");
			record(row());
			await clock.advance(GATHER_MS + 31_000);
			record(row());
			await clock.advance(GATHER_MS);
			await behind.at(-1);
			expect(await rows()).toHaveLength(2);
		});

		it("drops what comes when too many wait, strangers before devices, and says how many", async () => {
			const { record, row, rows, fate, behind, warnings, clock } = await setUp();
			fate.push(...Array(100).fill("fails"));
			const stranger = () => row({ account: null });
			for (let count = 0; count < MAX_STRANGERS + 7; count++) record(stranger());
			for (let count = MAX_STRANGERS; count < MAX_WAITING_ROWS + 5; count++) record(row());
			await clock.advance(GATHER_MS + 2_000);
			await Promise.all(behind);
			fate.length = 0;
			record(row());
			await clock.advance(GATHER_MS);
			await Promise.all(behind);
			const arrived = await rows();
			expect(warnings.join()).toMatch(/\d+ events were dropped, because they could not be written in time/);
			const lost = arrived.filter(({ kind }) => kind === "lost");
			const strangers = arrived.filter(({ kind, account }) => kind === "token" && (account ?? null) === null);
			expect(strangers).toHaveLength(MAX_STRANGERS);
			const sum = (all: Record<string, unknown>[]) => all.reduce((total, { weight }) => total + Number(weight), 0);
			expect(sum(lost)).toBeGreaterThanOrEqual(12);
			// Whoever came is told: as a row, or among those that were lost.
			expect(sum(arrived)).toBe(MAX_WAITING_ROWS + 12 + 1);
		});

		it("never writes a row that breaks the schema, and goes on", async () => {
			const { record, row, rows, behind, warnings, clock } = await setUp();
			record({ ...row(), secret: "token" } as HistoryRow);
			record(row());
			await clock.advance(GATHER_MS);
			await Promise.all(behind);
			const arrived = await rows();
			expect(arrived.map(({ kind }) => kind).sort()).toEqual(["lost", "token"]);
			expect(JSON.stringify(arrived)).not.toContain("secret");
			expect(warnings[0]).toBe("history: a row was dropped, since its secret is no column");
		});

		it("writes a full batch at once, of less than the 5 MB that a stream takes", async () => {
			const { record, row, rows, behind, clock } = await setUp();
			const long = (text: string, length: number) => text.repeat(length);
			const largest = () =>
				row({
					...{ worker_version: long("€", 64), problem: long("€", 48), reason: long("€", 96), product: long("€", 64) },
					...{ from_version: long("€", 64), to_version: long("€", 64), step: long("€", 64), detail: long("€", 64) },
				});
			for (let count = 0; count < MAX_BATCH_ROWS - 1; count++) record(largest());
			await Promise.all(behind.slice(1));
			expect(clock.nowMs()).toBe(START_MS);
			const arrived = await rows();
			expect(arrived).toHaveLength(MAX_BATCH_ROWS - 1);
			expect(new TextEncoder().encode(JSON.stringify(arrived)).length).toBeLessThan(5_000_000);
		});
	});
}

function byId(rows: readonly Record<string, unknown>[]): unknown[] {
	return rows.map(withoutNulls).sort((one, other) => String(one["id"]).localeCompare(String(other["id"])));
}

function withoutNulls(row: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
