// What becomes of an Account itself: its end, and what its trail tells of its names, which are the Directory's to give. Each
// change is synchronous and runs in the caller's transaction.
import type { Change } from "../audit.ts";
import type { AccountInfo } from "./account-tables.ts";
import type { DeskParts } from "./desk.ts";

export type ClosingResult =
	| { readonly ok: true; readonly account: AccountInfo }
	| { readonly ok: false; readonly reason: "licenses_left" | "claims_left"; readonly left: number };

/** Its tables are made with it. @param input now: unix seconds */
export function createAccount(
	storage: DurableObjectStorage,
	makeTables: () => void,
	{ account, audit }: Pick<DeskParts, "account" | "audit">,
	input: Change & { readonly id: string; readonly name: string },
): AccountInfo {
	const { id, name, now: createdAt } = input;
	const created: AccountInfo = { id, createdAt, closedAt: null, licenseEpoch: 0 };
	storage.transactionSync(() => {
		makeTables();
		account.insert(created);
		audit(input, "account.create", id, name);
	});
	return created;
}

export class AccountDesk {
	readonly #parts: Pick<DeskParts, "account" | "licenses" | "claims" | "audit">;

	constructor(parts: Pick<DeskParts, "account" | "licenses" | "claims" | "audit">) {
		this.#parts = parts;
	}

	/**
	 * Has the trail tell of a name that the Directory has given. Of two that come in the other order, the later one is told alone:
	 * the last name of the trail is the account's. The same again changes nothing.
	 * @param input `version`: how often the account was renamed with this
	 */
	noteName(input: Change & { readonly name: string; readonly version: number }): { readonly ok: true } {
		const { id } = this.#infoOrThrow();
		if (this.#parts.account.reachNameVersion(input.version)) this.#parts.audit(input, "account.rename", id, input.name);
		return { ok: true };
	}

	/**
	 * Closing is final, and waits until each license is revoked: nobody loses updates by it. It waits for its claims too, because nobody else could
	 * have those serial numbers. A closed account is given no license, code or claim, and without a license nothing else of it has an effect.
	 */
	close(input: Change & { readonly reason: string }): ClosingResult {
		const before = this.#infoOrThrow();
		if (before.closedAt !== null) return { ok: true, account: before };
		const left = this.#parts.licenses.licenses().filter(({ status }) => status !== "revoked").length;
		if (left > 0) return { ok: false, reason: "licenses_left", left };
		const claimed = this.#parts.claims.count();
		if (claimed > 0) return { ok: false, reason: "claims_left", left: claimed };
		this.#parts.account.close(input.now);
		this.#parts.audit(input, "account.close", before.id, input.reason);
		return { ok: true, account: this.#infoOrThrow() };
	}

	#infoOrThrow(): AccountInfo {
		const account = this.#parts.account.info();
		if (account === null) throw new Error("an account without its row");
		return account;
	}
}
