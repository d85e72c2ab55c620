// Moves the seats of an Account's license to another license: a page at a time and by the alarm, so that other changes come
// between. A page is one transaction, in which a seat goes over with its device, or its HA group and their devices and codes.
// A seat that has gone over is none of the old license any more, so a page begins where the last one ended, whoever died between.
// Tokens and records are outdated all at once, when the last seat has gone over; until then each device has either license.
import { decideTransfer, type TransferDecision } from "../../../entitlement/licenses/license-transfer.ts";
import { isLive } from "../../../entitlement/seats/seat-lease.ts";
import type { Alarm } from "../../alarm.ts";
import { type Change, SERVICE } from "../../audit.ts";
import { nowSeconds } from "../../clock.ts";
import type { DeskParts } from "../desk.ts";
import { beginLicenseEpoch } from "./license-epoch.ts";
import type { Transfer } from "./transfer-tables.ts";

export interface LicenseTransferParts extends DeskParts {
	readonly storage: DurableObjectStorage;
	/** of the object; gets a chore that moves */
	readonly alarm: Alarm;
	readonly seatsPerPage: number;
}

/** Few, so that another change does not wait long for its turn behind them. */
export const SEATS_PER_PAGE = 500;
/** In a row at one alarm, though others have their turn between: the next alarm may have to wait for slow webhooks. */
const PAGES_PER_RUN = 4;
/** Of a small license all seats have gone over with the answer, and have their leases where they need some. */
const PAGES_AT_ONCE = 2;

export interface TransferInfo extends Transfer {
	/** seats that are still to go over */
	readonly remaining: number;
}

export type TransferResult =
	| { readonly ok: true; readonly changed: boolean; readonly transfer: TransferInfo }
	| { readonly ok: false; readonly reason: "unknown_license" | (TransferDecision & { ok: false })["reason"] };

export class LicenseTransfer {
	readonly #parts: LicenseTransferParts;

	constructor(parts: LicenseTransferParts) {
		this.#parts = parts;
		parts.alarm.add({ dueMs: () => (parts.transfers.running() === null ? null : 0), run: () => this.run() });
	}

	/**
	 * Moves all devices and HA groups that hold a seat, or none where the seats of the other license do not suffice. One whose
	 * lease is over stays, and asks its old license for a seat when it returns.
	 */
	begin({ id, to: target, ...by }: Change & { readonly id: string; readonly to: string }): TransferResult {
		const { licenses, seats, transfers, audit, alarm } = this.#parts;
		const { actor, now } = by;
		const from = licenses.license(id);
		const to = licenses.license(target);
		if (from === null || to === null) return { ok: false, reason: "unknown_license" };
		const running = transfers.running();
		const moving = seats.taken(from.id, now);
		const decision = decideTransfer({ running, from, to, moving, taken: seats.taken(to.id, now) });
		if (!decision.ok) return decision;
		const none: Transfer = {
			...({ from: from.id, to: to.id, phase: "ended", actor, startedAt: now, endedAt: now, moved: 0 } as const),
			...{ leasedTo: "", isStopped: false },
		};
		const last = transfers.of(from.id);
		if (decision.kind !== "begun") {
			return { ok: true, changed: false, transfer: this.#describe(last?.to === to.id ? last : none, now) };
		}
		audit(by, "license.transfer", from.id, `${moving} seats to ${to.id}`);
		transfers.save({ ...none, phase: "moving", endedAt: null });
		for (let page = 0; page < PAGES_AT_ONCE; page++) this.#doPage(now);
		alarm.setWithin();
		return { ok: true, changed: true, transfer: this.#describe(transfers.of(from.id) ?? none, now) };
	}

	/** @returns the last one out of a license; null = there was none */
	lastOf(license: string, now: number): TransferInfo | null {
		const last = this.#parts.transfers.of(license);
		return last === null ? null : this.#describe(last, now);
	}

	/** To be called in the transaction in which a license is revoked: no further seat goes over to it. Those that have stay there. */
	stopTo(license: string, now: number): void {
		const moving = this.#parts.transfers.moving();
		if (moving?.to === license) this.#allMoved({ ...moving, isStopped: true }, now);
	}

	/** Moves some pages, each in a transaction of its own. For the alarm. */
	async run(): Promise<void> {
		const { storage, transfers } = this.#parts;
		for (let page = 0; page < PAGES_PER_RUN && transfers.running() !== null; page++) {
			storage.transactionSync(() => this.#doPage(nowSeconds()));
			// Others have their turn while the page is written.
			await storage.sync();
		}
	}

	#doPage(now: number): void {
		const running = this.#parts.transfers.running();
		if (running?.phase === "moving") this.#movePage(running, now);
		if (running?.phase === "leasing") this.#leasePage(running, now);
	}

	#movePage(transfer: Transfer, now: number): void {
		const { seats, seatDesk, seatLedger, devices, groups, transfers, seatsPerPage } = this.#parts;
		const { from, to, actor } = transfer;
		const page = seats.ofLicense(from, seatsPerPage);
		for (const seat of page) if (!isLive(seat.until, now)) seatDesk.release(seat, now);
		const moving = page.filter(({ until }) => isLive(until, now));
		const last = moving.at(-1);
		if (last !== undefined) {
			const upTo = { from, to, last: last.holder };
			devices.moveDevices(upTo);
			groups.moveGroups(upTo);
			const leases = [this.#leaseOf(from), this.#leaseOf(to)];
			const least = leases.includes(0) ? null : now + this.#leaseOf(to);
			seatLedger.move({ ...upTo, least, count: moving.length }, { actor, now });
		}
		const after = { ...transfer, moved: transfer.moved + moving.length };
		if (page.length < seatsPerPage) this.#allMoved(after, now);
		else transfers.save(after);
	}

	/** A seat that was for good stays so until no record from before is taken: by such a record its device gets tokens without a lease. */
	#allMoved(transfer: Transfer, now: number): void {
		beginLicenseEpoch(this.#parts, now);
		if (this.#leaseOf(transfer.from) === 0 && this.#leaseOf(transfer.to) !== 0) {
			this.#parts.transfers.save({ ...transfer, phase: "leasing" });
		} else this.#end(transfer, now);
	}

	#leasePage(transfer: Transfer, now: number): void {
		const { seatDesk, transfers, seatsPerPage, tokensEndAfter } = this.#parts;
		// As in an activation: tokens of the fixed license may be out there, though the new license epoch ends them soon.
		const until = now + Math.max(this.#leaseOf(transfer.to), tokensEndAfter);
		const page = { license: transfer.to, after: transfer.leasedTo, limit: seatsPerPage };
		const holders = seatDesk.leasePage(page, until);
		const isPassOver = holders.length < seatsPerPage;
		// A seat may have gone to an HA group meanwhile, to a place that the pass had left behind.
		if (isPassOver && transfer.leasedTo === "") this.#end(transfer, now);
		else transfers.save({ ...transfer, leasedTo: isPassOver ? "" : (holders.at(-1) ?? "") });
	}

	#end(transfer: Transfer, now: number): void {
		const { transfers, audit } = this.#parts;
		const { from, to, moved, isStopped } = transfer;
		transfers.save({ ...transfer, phase: "ended", endedAt: now });
		const by = { actor: SERVICE, now };
		if (isStopped) audit(by, "license.transfer_stopped", from, `${moved} seats went to ${to} before it was revoked`);
		else audit(by, "license.transferred", from, `${moved} seats to ${to}`);
	}

	#describe(transfer: Transfer, now: number): TransferInfo {
		const remaining = transfer.phase === "moving" ? this.#parts.seats.taken(transfer.from, now) : 0;
		return { ...transfer, remaining };
	}

	/** @returns seconds; 0 = it is fixed */
	#leaseOf(license: string): number {
		return this.#parts.licenses.license(license)?.leaseSeconds ?? 0;
	}
}
