// The one way in which seats of an Account change hands: each change is written with what the trail tells of it, so that no
// seat is taken, freed or refused without an event, and with what is metered. Each method is synchronous and
// runs in the caller's transaction; the caller decides whether a seat may be had.
import type { License } from "../../../entitlement/licenses/license.ts";
import { isLive } from "../../../entitlement/seats/seat-lease.ts";
import { decideLimit } from "../../../entitlement/seats/seat-limit.ts";
import { dayOf, startOf } from "../../../entitlement/seats/seat-peaks.ts";
import { isRefusalTold, refusalsCountFrom } from "../../../entitlement/seats/seat-refusal.ts";
import type { Change, WriteAudit } from "../../audit.ts";
import type { LicenseTables } from "../licenses/license-tables.ts";
import type { SeatHistoryTables } from "./seat-history-tables.ts";
import type { Seat, SeatsUpTo, SeatTables } from "./seat-tables.ts";

export interface SeatLedgerParts {
	readonly seats: SeatTables;
	readonly seatHistory: SeatHistoryTables;
	readonly audit: WriteAudit;
	readonly licenses: Pick<LicenseTables, "license">;
}

/** What changes that are one come to, of a license. */
interface OpenChange {
	/** seats taken, less those freed */
	more: number;
	/** who has taken one */
	readonly takers: string[];
}

export class SeatLedger {
	#open: Map<string, OpenChange> | null = null;
	readonly #parts: SeatLedgerParts;

	constructor(parts: SeatLedgerParts) {
		this.#parts = parts;
	}

	/**
	 * Several changes that are one: whether a license is full now is asked when all of them are done, so that a seat that
	 * goes from one holder to another is no news.
	 */
	together(by: Change, change: () => void): void {
		if (this.#open !== null) {
			change();
			return;
		}
		const open = new Map<string, OpenChange>();
		this.#open = open;
		try {
			change();
		} finally {
			this.#open = null;
		}
		for (const [license, one] of open) this.#settle(license, one, by);
	}

	/** Gives a holder a seat, instead of the one it may have. */
	take(seat: Seat, by: Change): void {
		this.together(by, () => {
			this.free(seat.holder, by, `left for license ${seat.license}`);
			this.#begin(seat.license, by.now, 1)?.takers.push(seat.holder);
			this.#parts.seats.take(seat);
			this.#parts.audit(by, "seat.taken", seat.holder, `license ${seat.license}`);
		});
	}

	/** Takes a holder's seat away; nothing happens if it has none. @param why for the trail */
	free(holder: string, by: Change, why: string): void {
		const seat = this.#parts.seats.seat(holder);
		if (seat === null) return;
		// Of a lease that is over the seat was free before, since its end.
		const isOver = !isLive(seat.until, by.now);
		this.#begin(seat.license, isOver ? (seat.until ?? by.now) : by.now, isOver ? 0 : -1);
		this.#parts.seats.free(seat);
		this.#parts.audit(by, "seat.released", holder, `license ${seat.license}, ${why}`);
	}

	/** Moves seats of one license to another; what the trail tells of it is the caller's. @param least see SeatTables, as `count` */
	move({ least, count, ...upTo }: SeatsUpTo & { readonly least: number | null; readonly count: number }, by: Change) {
		this.together(by, () => {
			this.#begin(upTo.from, by.now, -count);
			this.#begin(upTo.to, by.now, count);
			this.#parts.seats.move(upTo, least, count);
		});
	}

	/** To be called when a license has more or fewer seats than it had. */
	changeSeats(license: License, by: Change): void {
		const taken = this.#parts.seats.taken(license.id, by.now);
		this.#noteLimit(license, taken, taken, by);
	}

	/**
	 * Tells that a device came and there was no seat, unless that was told within the hour or too much was.
	 * @param who the holder, or the serial number of a device that is not known
	 */
	refuse(license: License, who: string, detail: string, by: Change): void {
		const { seatHistory: history } = this.#parts;
		const lastToldAt = history.refusalToldAt(license.id, who);
		const toldLately = history.refusalsSince(license.id, refusalsCountFrom(by.now));
		if (!isRefusalTold({ lastToldAt, toldLately, now: by.now })) return;
		history.saveRefusal(license.id, who, by.now);
		// Where nobody has taken a seat since this was kept, nothing has told yet that the license is full.
		this.changeSeats(license, by);
		this.#parts.audit(by, "seat.refused", who, `license ${license.id} has ${license.seats} seats, ${detail}`);
	}

	/**
	 * To be called before the seats of a license change.
	 * @param at when they do, unix seconds; in the past for a lease whose end nobody noticed
	 * @param more seats taken then, or fewer
	 * @returns the change that it is a part of, if it is one of several
	 */
	#begin(license: string, at: number, more: number): OpenChange | undefined {
		const day = dayOf(at);
		if (this.#parts.seatHistory.day(license, day) === null) {
			const start = this.#parts.seats.taken(license, startOf(day));
			this.#parts.seatHistory.saveDay(license, { day, start, peak: start });
		}
		if (this.#open === null) return;
		const open = this.#open.get(license) ?? { more: 0, takers: [] };
		open.more += more;
		this.#open.set(license, open);
		return open;
	}

	/** Only where more seats are taken than before: fewer are news when they are taken again (`decideLimit`). */
	#settle(id: string, { more, takers }: OpenChange, by: Change): void {
		if (more <= 0) return;
		const license = this.#licenseOrThrow(id);
		const today = this.#parts.seatHistory.day(id, dayOf(by.now));
		// Where even those that were not swept do not make it full, they need not be counted: they may be very many.
		const atMost = this.#parts.seats.takenAtMost(id);
		if (atMost < license.seats && atMost <= (today?.peak ?? -1) && !this.#parts.seats.isFull(id)) return;
		const after = this.#parts.seats.taken(id, by.now);
		const before = after - more;
		const beyond = Math.max(0, after - Math.max(before, license.seats));
		for (const holder of beyond === 0 ? [] : takers.slice(-beyond)) {
			this.#parts.audit(by, "seat.overage", holder, `license ${id}, ${after} of ${license.seats} seats taken`);
		}
		this.#noteLimit(license, before, after, by);
		if (today !== null && after > today.peak) this.#parts.seatHistory.saveDay(id, { ...today, peak: after });
	}

	#noteLimit({ id, seats }: License, before: number, after: number, by: Change): void {
		const wasFull = this.#parts.seats.isFull(id);
		const { isFull, reached } = decideLimit({ wasFull, before, after, seats });
		if (isFull !== wasFull) this.#parts.seats.setFull(id, isFull);
		if (reached) this.#parts.audit(by, "license.limit_reached", id, `${after} of ${seats} seats taken`);
	}

	#licenseOrThrow(id: string): License {
		const license = this.#parts.licenses.license(id);
		if (license === null) throw new Error("a seat without a license");
		return license;
	}
}
