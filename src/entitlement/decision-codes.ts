// The closed list of codes with which every question about an entitlement is answered, each with what it means and what to
// do about it. docs/entitlement-codes.md is made from it.

/** Why a device gets something. */
export const PASS_CODES = ["active", "grace", "critical_only", "registered"] as const;
export type PassCode = (typeof PASS_CODES)[number];
/** Why it gets nothing. `seat_lost` is why it gets no token: every device with a token has a seat. */
export const REFUSAL_CODES = [
	"expired",
	"not_yet_valid",
	"not_included",
	"suspended",
	"revoked",
	"deactivated",
	"seat_lost",
	"license_suspended",
	"license_revoked",
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];
export type DecisionCode = PassCode | RefusalCode;

export interface DecisionMeaning {
	readonly title: string;
	/** what the reader can do; addressed to the administrator of the firewall */
	readonly fix: string;
}

const KEEPS = "What is installed stays.";

export const DECISION_CODES: Readonly<Record<DecisionCode, DecisionMeaning>> = {
	active: { title: "The license covers the product", fix: "Nothing to do." },
	grace: {
		title: "The license has ended; all updates still come for a while",
		fix: "Renew the license before the grace is over.",
	},
	critical_only: {
		title: "The grace is over; only emergency releases still come",
		fix: `Renew the license. ${KEEPS}`,
	},
	registered: {
		title: "Every registered device may have the product, whatever its license says",
		fix: "Nothing to do for this product.",
	},
	expired: { title: "The license has ended, and its grace too", fix: `Renew the license. ${KEEPS}` },
	not_yet_valid: { title: "The license has not started", fix: "Wait for its start, or have it moved." },
	not_included: {
		title: "The license does not name the product",
		fix: "Have the product added to the license, or activate under another one.",
	},
	suspended: { title: "The device is suspended", fix: `Ask the account's administrator. ${KEEPS}` },
	revoked: {
		title: "The device was revoked",
		fix: `For good: activate the appliance with a new key and an auth code. ${KEEPS}`,
	},
	deactivated: { title: "The device gave up its seat", fix: "Activate it again with an auth code." },
	seat_lost: {
		title: "The lease of the device's seat ended, and every seat of the elastic license is taken",
		fix: `Ask for a token again: the device gets a seat as soon as one is free. Or have seats added. ${KEEPS}`,
	},
	license_suspended: { title: "The license is suspended", fix: `Ask the account's administrator. ${KEEPS}` },
	license_revoked: {
		title: "The license was revoked",
		fix: `Activate under another license, or have the device moved to one. ${KEEPS}`,
	},
};
