// Sets an account back to an earlier time: what it would lose, a number above all that is known of it, and the permits of its HA
// groups that are under way, which the Directory keeps while the account forgets, the restore, and the account's way back above its own future. Broken off anywhere it is
// done by the same request again.

import type { Account } from "../../../objects/account/account.ts";
import type { RewindSurvey } from "../../../objects/account/rewind.ts";
import type { Change } from "../../../objects/audit.ts";
import type { Directory } from "../../../objects/directory/directory.ts";

export interface RewindParties {
	/** a new stub for each call: one stays broken after its object has ended */
	readonly account: () => Pick<Account, "rewind">;
	readonly directory: () => Pick<Directory, "prepareRewind">;
}

export interface RewindOrder {
	/** name of the account's object */
	readonly objectName: string;
	/** unix seconds */
	readonly to: number;
	readonly reason: string;
	readonly by: Change;
}

export type RewindOutcome =
	| { readonly ok: true; readonly published: boolean }
	| { readonly ok: false; readonly reason: "unknown_account" | "too_many_permits" | "no_history" | "not_rewound" };

/** @param survey of the account, as it was shown */
export async function rewindAccount(
	{ account, directory }: RewindParties,
	{ objectName, to, reason, by }: RewindOrder,
	survey: RewindSurvey,
): Promise<RewindOutcome> {
	const closed = await account().rewind({ kind: "close", now: by.now });
	if (closed?.kind !== "closed") return { ok: false, reason: "unknown_account" };
	const { epoch, permits: underWay } = closed;
	if (underWay === null) return { ok: false, reason: "too_many_permits" };
	await directory().prepareRewind(objectName, { floor: survey.floor, epoch, permits: underWay });
	// The call ends with the object. Whether it did is seen by what is left.
	const refusal = await account()
		.rewind({ kind: "restore", to, now: by.now })
		.catch(() => null);
	if (refusal?.kind === "no_history") return { ok: false, reason: "no_history" };
	const { denied, floor, permits } = await directory().prepareRewind(objectName, null);
	const detail = `to ${new Date(to * 1_000).toISOString()}, ${survey.events} events lost${reason === "" ? "" : `: ${reason}`}`;
	const end = await account().rewind({ ...by, kind: "catch_up", to, floor, denied, permits, detail });
	if (end === null) return { ok: false, reason: "unknown_account" };
	return end.kind === "caught_up" ? { ok: true, published: end.published } : { ok: false, reason: "not_rewound" };
}
