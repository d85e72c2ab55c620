// Writes the records of an Account's devices anew in a new license epoch: a page at a time and behind the answers, so that
// other changes come between. How far it has come is stored with the account.
import type { Alarm } from "../../alarm.ts";
import type { Outbox } from "../../outbox/outbox.ts";
import { deviceRecords } from "../account-records.ts";
import type { AccountTables } from "../account-tables.ts";
import type { DeviceTables } from "../devices/device-tables.ts";

export interface RecordRenewalParts {
	readonly storage: DurableObjectStorage;
	readonly account: AccountTables;
	readonly devices: DeviceTables;
	readonly outbox: Outbox;
	/** of the object; gets a chore that renews */
	readonly alarm: Alarm;
}

/** Few, so that another change does not wait long for its turn behind them: four rounds of all connections (spread-puts.ts). */
const RECORDS_PER_PAGE = 100;
/** Not one page: the next alarm may have to wait for slow webhooks. */
const PAGES_PER_RUN = 4;

export class RecordRenewal {
	readonly #parts: RecordRenewalParts;

	constructor(parts: RecordRenewalParts) {
		this.#parts = parts;
		parts.alarm.add({ dueMs: () => (this.#hasTurn() ? 0 : null), run: () => this.#run() });
	}

	/** What is in the outbox goes first. */
	#hasTurn(): boolean {
		const { account, outbox } = this.#parts;
		return outbox.isEmpty() && account.renewedTo() !== null;
	}

	async #run(): Promise<void> {
		const { storage, outbox } = this.#parts;
		for (let page = 0; page < PAGES_PER_RUN && this.#hasTurn(); page++) {
			storage.transactionSync(() => this.#addPage());
			await outbox.deliver();
		}
	}

	#addPage(): void {
		const { account, devices, outbox } = this.#parts;
		const after = account.renewedTo();
		if (after === null) return;
		const { steps, next } = deviceRecords(devices, after, RECORDS_PER_PAGE);
		account.setRenewedTo(next);
		outbox.add(steps);
	}
}
