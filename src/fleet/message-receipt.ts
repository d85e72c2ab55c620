// Which devices have a message of the day, and which have said so: the words by which it is told, and what follows from them. Pure.
// A device can say of a message only that it has one that was shown to it: which those are is decided where it asks.
import { plainText } from "../plain-text.ts";

/** What an edge tells when a device has fetched its messages. */
export interface MessagesFetched {
	readonly kind: "fetched";
	readonly messages: readonly {
		readonly id: string;
		/** unix seconds */
		readonly endsAt: number;
	}[];
}

/** A device's word that somebody has taken note of a message. */
export interface MessageAck {
	readonly device: string;
	readonly message: string;
	/** unix seconds: when the message ends */
	readonly endsAt: number;
	/** by whom, in the device's own word; null = it did not say */
	readonly by: string | null;
	/** unix seconds */
	readonly now: number;
}

/** Who acknowledges: a name or an address of the firewall's own users. */
export const acknowledgedBy = plainText(64).min(1);

/** So long after its end it can be asked who had a message. */
export const RECEIPTS_KEPT_SECONDS = 30 * 86_400;

export interface Receipt {
	/** unix seconds */
	readonly fetchedAt: number;
	/** null = not yet */
	readonly ackedAt: number | null;
	readonly ackedBy: string | null;
}

export const RECEIPT_STATES = ["acknowledged", "fetched", "not_seen"] as const;
export type ReceiptState = (typeof RECEIPT_STATES)[number];

/**
 * @param isMeant whether the message is for the device, as far as is known of it now
 * @returns null = it concerns the device not at all; who had it while it was for them goes on to count
 */
export function receiptState(receipt: Receipt | null, isMeant: boolean): ReceiptState | null {
	if (receipt === null) return isMeant ? "not_seen" : null;
	return receipt.ackedAt === null ? "fetched" : "acknowledged";
}

/** @returns a receipt after an acknowledgement: the first one counts */
export function acknowledge(receipt: Receipt | null, { by, now }: Pick<MessageAck, "by" | "now">): Receipt {
	if (receipt !== null && receipt.ackedAt !== null) return receipt;
	return { fetchedAt: receipt?.fetchedAt ?? now, ackedAt: now, ackedBy: by };
}
