// What an object owes to others after a change: records for the stores, news for the Directory. Rows and the alarm that delivers them
// are written in the SQLite transaction of the change, so nothing is lost. Each lane (a store, or the Directory) gets its rows in order,
// only that records to which nothing points go a few at a time; a head moves after some store has its record, a pulse after some store
// has its heads. Rows may be delivered twice, so receivers must tolerate repeats.
import { type Clock, pause, systemClock } from "../../storage/clock.ts";
import type { RecordStore } from "../../storage/record-store.ts";
import { within } from "../../storage/time-limit.ts";
import { Alarm } from "../alarm.ts";
import type { DirectoryPort } from "./directory-port.ts";
import { Doubts } from "./doubts.ts";
import {
	isDenial,
	isSingle,
	type OutboxRow,
	OutboxRows,
	type OutboxStep,
	type PulseStep,
	type RecordStep,
	type SingleStep,
} from "./outbox-rows.ts";
import { type Attempt, ROWS_AT_ONCE, Turns } from "./turns.ts";
import { type WriteIntervals, WritePace } from "./write-pace.ts";

/** A store and the name of its lane, which is persisted: it must not change while rows may wait. */
export interface RecordLane extends WriteIntervals {
	readonly name: string;
	readonly store: RecordStore;
	/** how many records may be under way together; ROWS_AT_ONCE if left out */
	readonly atOnce?: number;
}

export interface LaneFailures {
	readonly lane: string;
	/** in a row */
	readonly failures: number;
}

export interface OutboxOptions {
	readonly storage: DurableObjectStorage;
	readonly lanes: readonly RecordLane[];
	/** null in the Directory itself */
	readonly directory: DirectoryPort | null;
	/** writes a pulse; left out where the object makes none */
	readonly putPulse?: (step: PulseStep) => Promise<void>;
	/** @returns a record as it is now, for a put that may have been lost; left out where only revisions are published */
	readonly present?: (key: string) => RecordStep | null;
	/** the object's; left out where the outbox has it for itself */
	readonly alarm?: Alarm;
	readonly callerWaitMs?: number;
	readonly clock?: Clock;
	/** 0 ≤ x < 1 */
	readonly random?: () => number;
}

const DIRECTORY_LANE = "directory";
const PULSE_LANE = "pulses";
/** How long a caller waits for delivery; its change is safe anyway. */
const CALLER_WAIT_MS = 2_000;
/** The alarm that stands behind every commit: later than the caller's wait, so that it seldom has something to do. */
const FIRST_RETRY_MS = 3_000;
const MAX_RETRY_MS = 300_000;
/** A step that takes longer counts as failed and is tried again. */
const STEP_TIMEOUT_MS = 30_000;
export class Outbox {
	/** Replaceable, so that a test can break a store under a living object. */
	lanes: readonly RecordLane[];
	/** replaceable too */
	putPulse: OutboxOptions["putPulse"];
	readonly #alarm: Alarm;
	readonly #rows: OutboxRows;
	readonly #directory: DirectoryPort | null;
	readonly #callerWaitMs: number;
	readonly #clock: Clock;
	readonly #random: () => number;
	readonly #running = new Map<string, Promise<void>>();
	readonly #pace: WritePace;
	readonly #doubts: Doubts;
	readonly #turns: Turns;
	/** "lane key" of puts that are under way */
	readonly #underWay = new Set<string>();
	#isAwake = false;
	#directoryPublished = true;
	/** when to deliver what waits; after a restart of the object nobody knows, so it is at once */
	#dueMs = 0;

	constructor(options: OutboxOptions) {
		this.lanes = options.lanes;
		this.#rows = new OutboxRows(options.storage.sql);
		this.#directory = options.directory;
		this.putPulse = options.putPulse;
		this.#callerWaitMs = options.callerWaitMs ?? CALLER_WAIT_MS;
		this.#clock = options.clock ?? systemClock;
		this.#pace = new WritePace(this.#clock.nowMs());
		this.#random = options.random ?? (() => Math.random());
		this.#alarm = options.alarm ?? new Alarm(options.storage, () => this.#clock.nowMs());
		this.#alarm.add({ dueMs: () => (this.#rows.isEmpty() ? null : this.#dueMs), run: () => this.deliver() });
		this.#doubts = new Doubts({
			storage: options.storage,
			alarm: this.#alarm,
			present: options.present ?? (() => null),
			owes: (key, lane) => this.owes(key, lane),
			add: (step, lane) => this.add([step], lane),
		});
		this.#turns = new Turns({
			rows: this.#rows,
			stores: () => this.lanes.map(({ name }) => name),
			atOnce: (lane) => this.lanes.find(({ name }) => name === lane)?.atOnce ?? ROWS_AT_ONCE,
			attempt: (lane, rows) => this.#attemptAll(lane, rows),
			settle: (lane, rows, outcome) => this.#settle(lane, rows, outcome),
		});
	}

	/**
	 * Adds steps to the transaction that is under way, each taking the place of an older one on the same subject.
	 * Synchronous: call it between the change and the end of the transaction, then `flush` after it.
	 * @param only the one store that gets the records; all of them if left out
	 */
	add(steps: readonly OutboxStep[], only?: string): void {
		this.#noteEarlierLife();
		const stores = only === undefined ? this.lanes.map(({ name }) => name) : [only];
		for (const step of steps) {
			const lanes = step.kind === "record" ? stores : [step.kind === "pulse" ? PULSE_LANE : DIRECTORY_LANE];
			for (const lane of lanes) {
				this.#rows.add(lane, step);
				// Its row is gone, and should the object die now, so is the memory of that put.
				if (this.#isUnderWay(lane, step)) this.#doubts.note(lane, step, this.#clock.nowMs());
			}
		}
		this.#dueMs = this.#clock.nowMs() + FIRST_RETRY_MS;
		this.#alarm.setWithin();
	}

	/** @returns whether a record under this key still waits to be delivered: to the lane, or to any if none is named */
	owes(key: string, lane?: string): boolean {
		return this.#rows.owes(key, lane ?? null);
	}

	/** Whether nothing waits. */
	isEmpty(): boolean {
		return this.#rows.isEmpty();
	}

	/** @returns how many steps wait in a lane */
	waitingIn(lane: string): number {
		return this.#rows.count(lane);
	}

	/** @returns the lanes in which a step has failed, and how often in a row the most stubborn one has */
	failures(): LaneFailures[] {
		const all = this.#laneNames().map((lane) => ({ lane, failures: this.#rows.mostFailures(lane) }));
		return all.filter(({ failures }) => failures > 0);
	}

	/** What waits at the beginning of a life may be in the middle of a put that the life before began, or for a store that is no more. */
	#noteEarlierLife(): void {
		if (this.#isAwake) return;
		this.#isAwake = true;
		this.#rows.dropLanesExcept(this.#laneNames());
		for (const { name, atOnce = ROWS_AT_ONCE } of this.lanes) {
			const rows = this.#rows.leading(name, atOnce);
			for (const { step } of rows) this.#doubts.note(name, step, this.#clock.nowMs());
		}
	}

	/**
	 * Delivers what is due, waiting for it only a moment.
	 * @returns whether everything has arrived; if not, the alarm goes on trying
	 */
	async flush(): Promise<boolean> {
		if (this.#rows.isEmpty()) return this.#directoryPublished || this.#askDirectory();
		try {
			await within(this.#clock, this.#callerWaitMs, "outbox", this.deliver());
		} catch {
			// Out of patience, not out of luck: the delivery goes on behind the answer.
			return false;
		}
		return this.#rows.isEmpty() && this.#directoryPublished;
	}

	/** The Directory had not delivered everything when it was told last; it may have since. */
	async #askDirectory(): Promise<boolean> {
		try {
			this.#directoryPublished = (await this.#directory?.settled()) ?? true;
		} catch {
			// It cannot be asked, so it is not known; the caller learns the careful answer.
		}
		return this.#directoryPublished;
	}

	/** Delivers what is due, and sets the alarm for what is left. Never rejects: the alarm does it too. */
	async deliver(): Promise<void> {
		this.#noteEarlierLife();
		const stores = this.lanes.map((lane) => this.#run(lane.name));
		// Denials need no record, so they do not wait for the stores; heads and pulses do, and get their turn after each of them.
		const rest = () => Promise.all([this.#run(DIRECTORY_LANE), this.#run(PULSE_LANE)]);
		await Promise.all([rest(), ...stores.map((run) => run.then(rest))]);
		this.#dueMs = this.#clock.nowMs() + this.#retryDelayMs();
		await this.#alarm.set();
	}

	/** One run per lane at a time: a call that comes meanwhile joins the run, which delivers its rows too. */
	#run(lane: string): Promise<void> {
		const running = this.#running.get(lane);
		if (running !== undefined) return running;
		if (this.#turns.next(lane) === null) return Promise.resolve();
		// In the same turn as the last look at the rows, so that nobody joins a run that will not look again.
		const run = this.#turns.run(lane, () => this.#running.delete(lane));
		this.#running.set(lane, run);
		return run;
	}

	#settle(lane: string, rows: readonly OutboxRow[], outcome: Attempt): void {
		for (const { seq, step } of rows) {
			if (outcome === "delivered") this.#rows.remove(seq);
			else if (outcome === "failed") {
				this.#rows.countFailure(lane, seq);
				this.#doubts.note(lane, step, this.#clock.nowMs());
			}
		}
	}

	/** @param rows denials, which go in one call, so that all of them arrive or none; or one step */
	async #attemptAll(lane: string, rows: readonly OutboxRow[]): Promise<Attempt> {
		const [first] = rows;
		if (first !== undefined && isSingle(first)) return this.#attempt(lane, first);
		const denials = rows.map(({ step }) => step).filter(isDenial);
		return this.#inTime(lane, () => this.#announce((directory) => directory.changeDenials(denials)));
	}

	async #attempt(lane: string, { seq, step }: OutboxRow<SingleStep>): Promise<Attempt> {
		if (step.kind === "record") await this.#untilWritable(lane, step);
		// A newer version may have taken the place of the row that was waiting.
		if (!this.#rows.has(seq)) return "overtaken";
		return this.#inTime(lane, () => this.#deliverStep(lane, step));
	}

	async #inTime(lane: string, deliver: () => Promise<void>): Promise<Attempt> {
		try {
			await within(this.#clock, STEP_TIMEOUT_MS, lane, deliver());
			return "delivered";
		} catch {
			return "failed";
		}
	}

	#isUnderWay(lane: string, step: OutboxStep): boolean {
		return step.kind === "record" && this.#underWay.has(`${lane} ${step.key}`);
	}

	async #deliverStep(lane: string, step: SingleStep): Promise<void> {
		if (step.kind === "record") return this.#deliverRecord(lane, step);
		if (step.kind === "pulse") return this.putPulse?.(step);
		return this.#announce((directory) => directory.advanceProduct(step));
	}

	async #announce(tell: (directory: DirectoryPort) => Promise<{ published: boolean }>): Promise<void> {
		if (this.#directory === null) throw new Error("the directory has nobody to tell");
		const { published } = await tell(this.#directory);
		this.#directoryPublished = published;
	}

	async #deliverRecord(lane: string, step: RecordStep): Promise<void> {
		const target = this.lanes.find(({ name }) => name === lane);
		if (target === undefined) throw new Error(`no store for lane ${lane}`);
		const put = `${lane} ${step.key}`;
		this.#underWay.add(put);
		try {
			await target.store.put(step.key, { version: step.version, body: step.body });
		} finally {
			this.#underWay.delete(put);
			this.#pace.note(lane, target, step.key, this.#clock.nowMs());
		}
	}

	async #untilWritable(lane: string, step: RecordStep): Promise<void> {
		const target = this.lanes.find(({ name }) => name === lane);
		const waitMs = target === undefined ? 0 : this.#pace.waitMs(lane, target, step, this.#clock.nowMs());
		if (waitMs > 0) await pause(this.#clock, waitMs);
	}

	/** The soonest of all lanes: a store that fails for long must not hold up one that is well. */
	#retryDelayMs(): number {
		return Math.min(MAX_RETRY_MS, ...this.#laneNames().map((lane) => this.#laneDelayMs(lane)));
	}

	#laneNames(): string[] {
		return [...this.lanes.map(({ name }) => name), DIRECTORY_LANE, PULSE_LANE];
	}

	/** Doubles with each failure, up to a limit; half of it at random, so that a fleet of objects does not return as one. */
	#laneDelayMs(lane: string): number {
		const failures = this.#rows.mostFailures(lane);
		if (failures > 0)
			return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS) * (0.5 + 0.5 * this.#random());
		// Nothing failed: it is empty, or waits for another lane, or the run had merely reached its number of rows.
		return this.#turns.next(lane) === null ? Number.POSITIVE_INFINITY : 0;
	}
}
