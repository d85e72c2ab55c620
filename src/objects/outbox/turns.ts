// Whose turn it is in a lane of an outbox, and that it gets it: several records at once where nothing points to them, anything
// else by itself and after all that is before it.
import { HEADS_KEY } from "../../storage/keys.ts";
import { isRevisionKey } from "../../storage/record-store.ts";
import { isDenial, type OutboxRow, type OutboxRows, type OutboxStep, type RecordStep } from "./outbox-rows.ts";

export type Attempt = "delivered" | "failed" | "overtaken";

/** A Worker has six connections at a time; a lane with more says so. */
export const ROWS_AT_ONCE = 6;
/** Rows per lane and run, and denials as one per call: a put may take two of the 1,000 KV operations that one invocation has. */
const ROWS_PER_RUN = 200;
/** One call of the Directory and one new list of all denials, however many devices of the account are refused together. */
const DENIALS_AT_ONCE = 200;

export interface TurnsParts {
	readonly rows: OutboxRows;
	/** names of the lanes of all stores */
	readonly stores: () => readonly string[];
	/** how many records may be under way together in a lane */
	readonly atOnce: (lane: string) => number;
	/** @param rows denials, which go in one call, so that all of them arrive or none; or one step. Never rejects */
	readonly attempt: (lane: string, rows: readonly OutboxRow[]) => Promise<Attempt>;
	/** Keeps what came of an attempt. */
	readonly settle: (lane: string, rows: readonly OutboxRow[], outcome: Attempt) => void;
}

export class Turns {
	readonly #parts: TurnsParts;

	constructor(parts: TurnsParts) {
		this.#parts = parts;
	}

	/**
	 * Delivers what waits in the lane, until nothing does that may, something fails, or it is enough for one run.
	 * @param ended called in the same turn as the last look at the rows
	 */
	async run(lane: string, ended: () => void): Promise<void> {
		const underWay = new Set<Promise<void>>();
		const keys = new Set<string>();
		let left = ROWS_PER_RUN;
		let hasFailed = false;
		/** the last record that was begun; null = what is under way goes by itself */
		let begunTo: number | null = 0;
		const begin = (rows: readonly OutboxRow[]): void => {
			left -= 1;
			for (const { step } of rows) if (step.kind === "record") keys.add(step.key);
			const attempt = this.#parts.attempt(lane, rows).then((outcome) => {
				underWay.delete(attempt);
				for (const { step } of rows) if (step.kind === "record") keys.delete(step.key);
				hasFailed ||= outcome === "failed";
				this.#parts.settle(lane, rows, outcome);
			});
			underWay.add(attempt);
		};
		for (;;) {
			if (underWay.size === 0) begunTo = 0;
			const room = Math.min(this.#parts.atOnce(lane) - underWay.size, left);
			if (!hasFailed && begunTo !== null && room > 0) {
				const alone: readonly OutboxRow[] = begunTo === 0 ? this.#alone(lane) : [];
				const records: readonly OutboxRow[] = alone.length > 0 ? [] : this.#records(lane, room, begunTo, keys);
				if (alone.length > 0) begin(alone);
				for (const row of records) begin([row]);
				begunTo = alone.length > 0 ? null : (records.at(-1)?.seq ?? begunTo);
			}
			if (underWay.size === 0) return ended();
			await Promise.race(underWay);
		}
	}

	/** @returns the row of the lane whose turn it is; null = nothing waits that may go */
	next(lane: string): OutboxRow | null {
		const { rows, stores } = this.#parts;
		const row = rows.first(lane);
		if (row === null || (row.step.kind !== "head" && row.step.kind !== "pulse")) return row;
		const recordsArrived = stores().some((store) => !rows.hasBefore(store, row.seq));
		// Denials behind a head that has to wait do not wait with it.
		return recordsArrived ? row : rows.firstDenial(lane);
	}

	/** @returns what goes by itself, if that is next: one step, or several denials together */
	#alone(lane: string): readonly OutboxRow[] {
		const first = this.next(lane);
		if (first === null || isPointedAtByNone(first.step)) return [];
		return isDenial(first.step) ? this.#parts.rows.denialsFrom(lane, first.seq, DENIALS_AT_ONCE) : [first];
	}

	/** @param after the last one that was begun @param keys those of the records that are under way @returns records that may go in whatever order, up to what may not */
	#records(lane: string, limit: number, after: number, keys: ReadonlySet<string>): readonly OutboxRow[] {
		const rows = this.#parts.rows.leading(lane, limit, after);
		// A later version of what is under way comes after it.
		const end = rows.findIndex(({ step }) => !isPointedAtByNone(step) || keys.has(step.key));
		return end < 0 ? rows : rows.slice(0, end);
	}
}

/** A device's or an HA group's record. */
function isPointedAtByNone(step: OutboxStep): step is RecordStep {
	return step.kind === "record" && !isRevisionKey(step.key) && step.key !== HEADS_KEY;
}
