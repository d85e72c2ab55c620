// Who has a seat: given and taken back as devices come, go, join and leave HA groups; and, under elastic licenses, as time
// passes: renewed by the devices' token requests, swept when their lease is over. Each method is synchronous and
// runs in the caller's transaction. No record is written here: a device gets a token only with a lease that outlives it, so
// the edges need not know of a seat that was lost.
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { holdsSeat, type License, type OveragePolicy } from "../../../entitlement/licenses/license.ts";
import { termsWhileMoving } from "../../../entitlement/licenses/license-transfer.ts";
import { decideRenewal, isLive, sweepTime } from "../../../entitlement/seats/seat-lease.ts";
import type { Alarm } from "../../alarm.ts";
import { type Change, SERVICE } from "../../audit.ts";
import { nowSeconds } from "../../clock.ts";
import { type Device, type DeviceTables, seatHolder } from "../devices/device-tables.ts";
import type { LicenseTables } from "../licenses/license-tables.ts";
import type { TransferTables } from "../licenses/transfer-tables.ts";
import type { SeatLedger } from "./seat-ledger.ts";
import type { Seat, SeatTables } from "./seat-tables.ts";

export const UNKNOWN_DEVICE = { ok: false, reason: "unknown_device" } as const;
export type RenewalOutcome =
	/** `lease`: seconds in all, and unix seconds of its end; null = the seat is for good */
	| { readonly ok: true; readonly lease: { readonly seconds: number; readonly until: number } | null }
	| { readonly ok: false; readonly reason: "unknown_device" | "seat_lost" | Exclude<DeviceStatus, "active"> };

export interface SeatDeskParts {
	readonly storage: DurableObjectStorage;
	/** Whatever changes a seat's holder goes through the ledger. */
	readonly seats: Pick<SeatTables, "seat" | "taken" | "extend" | "ended" | "firstEnd" | "forGood">;
	readonly seatLedger: SeatLedger;
	readonly licenses: LicenseTables;
	readonly transfers: TransferTables;
	readonly devices: DeviceTables;
	/** of the object; gets a chore that sweeps */
	readonly alarm: Alarm;
	/** seconds after which no token from before a change is left */
	readonly tokensEndAfter: number;
}

/** What decides whether another seat of a license can be had. */
export interface SeatRoom {
	readonly seats: number;
	readonly overage: OveragePolicy;
	readonly seatsTaken: number;
}

/** Few, so that a renewal does not wait long for its turn behind them; the alarm comes back at once for the rest. */
const ENDED_PER_SWEEP = 500;

export class SeatDesk {
	readonly #parts: SeatDeskParts;

	constructor(parts: SeatDeskParts) {
		const { storage, alarm } = parts;
		this.#parts = parts;
		// By the clock, not by what the alarm stood at: it may be from before a renewal, and no lease ends early.
		const run = async () => storage.transactionSync(() => this.sweep(nowSeconds()));
		alarm.add({ dueMs: () => this.dueMs(), run });
	}

	/** @returns a holder's seat, or the one in which a device has its part, unless its lease is over or it has none */
	liveSeat(of: string | Device, now: number): Seat | null {
		if (typeof of !== "string" && !holdsSeat(of.status)) return null;
		const seat = this.#parts.seats.seat(typeof of === "string" ? of : seatHolder(of));
		return seat !== null && isLive(seat.until, now) ? seat : null;
	}

	/** Gives a holder a seat, or sees that the one it has ends no earlier. Whoever calls has decided that it may have it. */
	place(wanted: Seat, by: Change): void {
		const seat = this.#parts.seats.seat(wanted.holder);
		const isOver = seat !== null && !isLive(seat.until, by.now);
		if (isOver) this.release(seat, by.now);
		if (seat === null || isOver || seat.license !== wanted.license) this.#parts.seatLedger.take(wanted, by);
		else if (wanted.until !== null && seat.until !== null && wanted.until > seat.until) {
			this.#parts.seats.extend(seat.holder, wanted.until);
		}
	}

	/**
	 * Takes back the seat that a device had, unless others of its HA group share it.
	 * @param before the device as it was; its row says already what it is now
	 * @param why for the trail
	 */
	vacate(before: Device, by: Change, why: string): void {
		if (!holdsSeat(before.status)) return;
		const isShared = before.haGroup !== null && this.#parts.devices.hasSeatedMember(before.haGroup, [before.id]);
		if (!isShared) this.#parts.seatLedger.free(seatHolder(before), by, why);
	}

	/** What a token request does: keeps, renews or takes back the seat of an active device, or of its HA group. @param input now: unix seconds */
	renew({ deviceId, now }: { deviceId: string; now: number }): RenewalOutcome {
		const { devices, licenses, seats, tokensEndAfter } = this.#parts;
		const device = devices.device(deviceId);
		const license = device === null ? null : licenses.license(device.license);
		if (device === null || license === null) return { ok: false, reason: "unknown_device" };
		if (device.status !== "active") return { ok: false, reason: device.status };
		if (license.kind === "fixed") return { ok: true, lease: null };
		const holder = seatHolder(device);
		const seat = seats.seat(holder);
		const seconds = license.leaseSeconds;
		// It came from a fixed license and has no lease yet, for which it gets no less (license-transfer.ts).
		if (seat?.until === null) return { ok: true, lease: { seconds, until: now + tokensEndAfter } };
		const hasSeat = seat !== null && isLive(seat.until, now);
		if (seat !== null && !hasSeat) this.release(seat, now);
		const { seatsTaken, ...terms } = hasSeat ? { seatsTaken: 0, ...license } : this.roomOf(license, now);
		const facts = { leaseUntil: seat?.until ?? null, license: { ...terms, leaseSeconds: seconds }, seatsTaken, now };
		const decision = decideRenewal(facts);
		const by = { actor: deviceId, now };
		if (!decision.ok) {
			this.#parts.seatLedger.refuse(license, holder, `serial ${device.serial}`, by);
			return decision;
		}
		if (decision.kind === "renewed") seats.extend(holder, decision.until);
		if (decision.kind === "returned") this.#takeBack({ holder, license: license.id, until: decision.until }, by);
		return { ok: true, lease: { seconds, until: decision.until } };
	}

	/**
	 * What a decision about another seat of a license counts with; while seats go over from one license to another, both count.
	 * It sweeps on the way: when all leases have ended at once, and all devices return at once, the decisions that count them
	 * soon have few to count.
	 */
	roomOf(license: License, now: number): SeatRoom {
		const { seats, licenses, transfers } = this.#parts;
		this.sweep(now);
		const moving = transfers.moving();
		const to = moving?.from === license.id ? licenses.license(moving.to) : null;
		const terms = to === null ? license : termsWhileMoving(license, to, seats.taken(to.id, now));
		const seatsTaken = seats.taken(license.id, now) + this.promisedBy(license.id, now);
		return { seats: terms.seats, overage: terms.overage, seatsTaken };
	}

	/** @returns how many seats of a license are kept for those that are on their way from another one */
	promisedBy(license: string, now: number): number {
		const moving = this.#parts.transfers.moving();
		return moving?.to === license ? this.#parts.seats.taken(moving.from, now) : 0;
	}

	/** When the next leases end, in groups; unix ms, null = there are none. */
	dueMs(): number | null {
		const first = this.#parts.seats.firstEnd();
		return first === null ? null : sweepTime(first) * 1_000;
	}

	/**
	 * Frees seats whose lease is over: some of them, so that it must be called again while `dueMs` is in the past.
	 * @param now unix seconds
	 */
	sweep(now: number): void {
		for (const seat of this.#parts.seats.ended(now, ENDED_PER_SWEEP)) this.release(seat, now);
	}

	/** Gives a lease to seats that are for good. @param page see SeatTables.forGood @returns who holds them, in order */
	leasePage(page: { license: string; after: string; limit: number }, until: number): string[] {
		const { seats } = this.#parts;
		const holders = seats.forGood(page.license, page.after, page.limit).map(({ holder }) => holder);
		for (const holder of holders) seats.extend(holder, until);
		return holders;
	}

	/** Frees a seat whose lease is over. */
	release(seat: Seat, now: number): void {
		this.#parts.seatLedger.free(seat.holder, { actor: SERVICE, now }, `lease ended at ${seat.until}`);
	}

	/** A renewal only moves ends later, and an alarm that rings too early finds nothing; a new lease may end before it. */
	#takeBack(seat: Seat, by: Change): void {
		const before = this.dueMs();
		this.#parts.seatLedger.take(seat, by);
		if (before === null || (this.dueMs() ?? before) < before) this.#parts.alarm.setWithin();
	}
}
