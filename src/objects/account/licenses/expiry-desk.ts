// Tells an Account's trail in time that licenses end, by the object's alarm. What is awaited stands on disk, and a notice is
// written in the same transaction as the one after it: each comes once, whenever the object slept or died. Not before its
// time by the object's clock, and none that is late.
import { dueExpiryNotice, endsOf, nextExpiryNotice } from "../../../entitlement/licenses/expiry-notice.ts";
import type { License } from "../../../entitlement/licenses/license.ts";
import { formatTimestamp } from "../../../timestamps.ts";
import type { Alarm } from "../../alarm.ts";
import { SERVICE, type WriteAudit } from "../../audit.ts";
import { nowSeconds } from "../../clock.ts";
import { type AwaitedNotice, ExpiryTables } from "./expiry-tables.ts";
import type { LicenseTables } from "./license-tables.ts";

export interface ExpiryDeskParts {
	readonly storage: DurableObjectStorage;
	readonly audit: WriteAudit;
	readonly licenses: LicenseTables;
	/** of the object; gets a chore that tells */
	readonly alarm: Alarm;
}

/** Few, so that others do not wait long for their turn behind them; the alarm comes back at once for the rest. */
const NOTICES_PER_RUN = 200;

export class ExpiryDesk {
	readonly #parts: ExpiryDeskParts;
	readonly #tables: ExpiryTables;

	constructor(parts: ExpiryDeskParts) {
		const { storage, alarm } = parts;
		this.#parts = parts;
		this.#tables = new ExpiryTables(storage.sql);
		// By the clock, not by what the alarm stood at: it may have been set for something that is not there any more.
		const run = async () => storage.transactionSync(() => this.#tell(nowSeconds()));
		alarm.add({ dueMs: () => this.#dueMs(), run });
	}

	/** To be called with a license that was made or changed. @param now unix seconds */
	watch(license: License, now: number): void {
		const before = this.#dueMs();
		const ends = license.status === "revoked" ? new Map() : endsOf(license);
		const awaited = this.#tables.of(license.id);
		for (const one of awaited) if (!ends.has(one.endsAt)) this.#tables.remove(one);
		for (const endsAt of ends.keys()) {
			// An end that was there before goes on where it is.
			if (!awaited.some((one) => one.endsAt === endsAt)) this.#await(license.id, endsAt, now);
		}
		if (this.#dueMs() !== before) this.#parts.alarm.setWithin();
	}

	#dueMs(): number | null {
		const first = this.#tables.firstDue();
		return first === null ? null : first * 1_000;
	}

	#tell(now: number): void {
		for (const awaited of this.#tables.due(now, NOTICES_PER_RUN)) {
			this.#tellOf(awaited, now);
			this.#tables.remove(awaited);
			this.#await(awaited.license, awaited.endsAt, now);
		}
	}

	#tellOf({ license: id, endsAt, dueAt }: AwaitedNotice, now: number): void {
		const license = this.#parts.licenses.license(id);
		const notice = dueExpiryNotice(endsAt, dueAt, now);
		const products = license === null ? undefined : endsOf(license).get(endsAt)?.join(" ");
		if (license === null || notice === null || products === undefined) return;
		const { daysLeft } = notice;
		const by = { actor: SERVICE, now };
		if (daysLeft === 0) {
			const grace =
				license.graceSeconds === 0 ? "no grace" : `grace until ${formatTimestamp(endsAt + license.graceSeconds)}`;
			this.#parts.audit(by, "license.ended", id, `at ${formatTimestamp(endsAt)}, ${grace}: ${products}`);
		} else {
			const days = daysLeft === 1 ? "1 day" : `${daysLeft} days`;
			this.#parts.audit(by, "license.expiring", id, `in ${days}, at ${formatTimestamp(endsAt)}: ${products}`);
		}
	}

	#await(license: string, endsAt: number, after: number): void {
		const next = nextExpiryNotice(endsAt, after);
		if (next !== null) this.#tables.save({ license, endsAt, dueAt: next.at });
	}
}
