// Which of the Account's devices have which message of the day: a row when a device first fetches it, written once more when it is
// acknowledged. Rows go some time after their message has ended. Synchronous, in the caller's transaction, but for the pages.
import { matchesAudience } from "../../../content/audience.ts";
import type { Message } from "../../../content/messages/message.ts";
import { sequenceFor } from "../../../content/messages/message-waves.ts";
import { bucketsOf } from "../../../content/releases/rollout-place.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import type { DeviceWord } from "../../../fleet/device-state.ts";
import {
	acknowledge,
	type MessageAck,
	RECEIPTS_KEPT_SECONDS,
	type Receipt,
	type ReceiptState,
	receiptState,
} from "../../../fleet/message-receipt.ts";
import type { Device, DeviceTables } from "../devices/device-tables.ts";
import type { ReceiptTables } from "./receipt-tables.ts";
import type { StateTables } from "./state-tables.ts";

export interface ReceiptQuery {
	readonly message: Message;
	/** only these; null = all */
	readonly state: ReceiptState | null;
	/** id of the device after which to begin; "" = from the first */
	readonly after: string;
	/** devices to look at */
	readonly limit: number;
}

export interface DeviceReceipt {
	readonly device: string;
	readonly serial: string;
	readonly state: ReceiptState;
	/** null = it has not fetched it */
	readonly receipt: Receipt | null;
}

export interface ReceiptPage {
	readonly receipts: readonly DeviceReceipt[];
	/** of all that the page has looked at, in whatever state */
	readonly counts: Readonly<Record<ReceiptState, number>>;
	/** devices that it has looked at */
	readonly looked: number;
	/** `after` of the next page; null = this was the last */
	readonly next: string | null;
}

export const NO_RECEIPTS: ReceiptPage = {
	...{ receipts: [], looked: 0, next: null },
	counts: { acknowledged: 0, fetched: 0, not_seen: 0 },
};

/** Rows that one page of the daily round removes: as many pages as a large account has keep up with many messages. */
const SWEPT_PER_PAGE = 2_000;

export interface ReceiptDeskParts {
	readonly receipts: ReceiptTables;
	readonly devices: Pick<DeviceTables, "device" | "devices">;
	readonly states: Pick<StateTables, "state">;
}

export class ReceiptDesk {
	readonly #parts: ReceiptDeskParts;

	constructor(parts: ReceiptDeskParts) {
		this.#parts = parts;
	}

	/** Takes down who has fetched what; of other words nothing. */
	hear(words: readonly DeviceWord[]): void {
		for (const { device, at, said } of words) {
			if (said.kind !== "fetched" || !this.#isThere(device)) continue;
			for (const message of said.messages) this.#parts.receipts.insert(message, device, at);
		}
	}

	/** @returns the receipt as it is now; null = there is no such device */
	acknowledge(ack: MessageAck): Receipt | null {
		const { device, message, endsAt } = ack;
		if (!this.#isThere(device)) return null;
		const { receipts } = this.#parts;
		const before = receipts.receipts(message, device, device).get(device) ?? null;
		const after = acknowledge(before, ack);
		if (after !== before) receipts.save({ id: message, endsAt }, device, after);
		return after;
	}

	async read({ message, state, after, limit }: ReceiptQuery): Promise<ReceiptPage> {
		const devices = this.#parts.devices.devices(after, limit);
		const [first, last] = [devices[0], devices.at(-1)];
		if (first === undefined || last === undefined) return NO_RECEIPTS;
		const known = this.#parts.receipts.receipts(message.id, first.id, last.id);
		const counts = { ...NO_RECEIPTS.counts };
		const receipts: DeviceReceipt[] = [];
		for (const device of devices) {
			const receipt = known.get(device.id) ?? null;
			const found = receiptState(receipt, receipt === null && (await this.#isMeant(message, device)));
			if (found === null) continue;
			counts[found] += 1;
			if (state === null || state === found)
				receipts.push({ device: device.id, serial: device.serial, state: found, receipt });
		}
		return { receipts, counts, looked: devices.length, next: devices.length < limit ? null : last.id };
	}

	/** To be called with each page of the daily round. @param now unix seconds */
	sweep(now: number): void {
		this.#parts.receipts.removeEnded(now - RECEIPTS_KEPT_SECONDS, SWEPT_PER_PAGE);
	}

	/** By what is known of the device: a message for one country or engine is for it if it was last seen there, or said so. */
	async #isMeant(message: Message, device: Device): Promise<boolean> {
		if (!holdsSeat(device.status)) return false;
		const { engine, countries } = message.audience;
		const seen = engine === undefined && countries === undefined ? null : this.#parts.states.state(device.id).sighting;
		const circumstances = { engine: seen?.engine ?? null, country: seen?.country ?? null };
		if (!matchesAudience(message.audience, device, circumstances)) return false;
		const buckets = await bucketsOf([], device, [message]);
		return sequenceFor(message.waves, buckets.get(message.id)) !== null;
	}

	#isThere(device: string): boolean {
		const known = this.#parts.devices.device(device);
		return known !== null && holdsSeat(known.status);
	}
}
