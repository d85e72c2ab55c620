// Who suspended or revoked a device or a license, when and why. The account's trail is what knows: nothing is stored beside
// it but an index. Plain synchronous SQL.
import type { AccountEvent } from "../../../events/catalogue.ts";

export interface Suspension {
	readonly type: AccountEvent;
	/** id of the device or the license */
	readonly subject: string;
	/** unix seconds */
	readonly at: number;
	readonly actor: string;
	/** "" = none was given */
	readonly reason: string;
}

/** Word for word in index and query, or SQLite would not use the one for the other. */
export const IS_ABOUT_STATUS = `action IN ('device.suspended', 'device.revoked', 'device.replaced', 'device.active',
	'license.suspended', 'license.revoked', 'license.active')`;
/** A trail can be long, and entries of this kind are few. */
export const SUSPENSION_INDEX = `CREATE INDEX audit_of_status ON audit (subject) WHERE ${IS_ABOUT_STATUS}`;
/** The newest of them: whoever gives a hundred reasons is asked for the last. */
const MAX_SHOWN = 10;

export class SuspensionTrail {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @param subject a device or a license that is suspended or revoked now @returns since it was so, oldest first */
	of(subject: string): Suspension[] {
		const query = `SELECT action AS type, subject, at, actor, detail AS reason FROM audit
			WHERE ${IS_ABOUT_STATUS} AND subject = ? ORDER BY seq DESC LIMIT ${MAX_SHOWN}`;
		const newestFirst = this.#sql.exec<{ [Name in keyof Suspension]: Suspension[Name] }>(query, subject).toArray();
		const end = newestFirst.findIndex(({ type }) => type.endsWith(".active"));
		return (end === -1 ? newestFirst : newestFirst.slice(0, end)).reverse();
	}

	/** @returns whether a suspension that is repeated says why in other words; a call that is only sent again says nothing new */
	isNewReason(subject: string, status: string, reason: string): boolean {
		return isRefused(status) && reason !== "" && this.of(subject).at(-1)?.reason !== reason;
	}
}

/** @returns whether somebody refused the device or the license; a device that gave up its seat itself is refused by nobody */
export function isRefused(status: string): boolean {
	return status === "suspended" || status === "revoked";
}
