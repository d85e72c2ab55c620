// What becomes of an Account itself: another name, or its end. Each change is synchronous and runs in the caller's transaction.
import type { Change } from "../audit.ts";
import type { AccountInfo } from "./account-tables.ts";
import type { DeskParts } from "./desk.ts";

export type AccountChange = { readonly name: string } | { readonly closes: true; readonly reason: string };

export type AccountResult =
	| { readonly ok: true; readonly changed: boolean; readonly account: AccountInfo }
	| { readonly ok: false; readonly reason: "licenses_left"; readonly left: number };

export class AccountDesk {
	readonly #parts: Pick<DeskParts, "account" | "licenses" | "audit">;

	constructor(parts: Pick<DeskParts, "account" | "licenses" | "audit">) {
		this.#parts = parts;
	}

	/**
	 * Closing is final, and waits until each license is revoked: nobody loses updates by it. A closed account is given no
	 * license, and without one nothing else of it has an effect.
	 */
	change(input: Change & AccountChange): AccountResult {
		const before = this.#infoOrThrow();
		if ("name" in input) {
			if (before.name === input.name) return { ok: true, changed: false, account: before };
			this.#parts.account.rename(input.name);
			this.#parts.audit(input, "account.rename", before.id, input.name);
		} else {
			if (before.closedAt !== null) return { ok: true, changed: false, account: before };
			const left = this.#parts.licenses.licenses().filter(({ status }) => status !== "revoked").length;
			if (left > 0) return { ok: false, reason: "licenses_left", left };
			this.#parts.account.close(input.now);
			this.#parts.audit(input, "account.close", before.id, input.reason);
		}
		return { ok: true, changed: true, account: this.#infoOrThrow() };
	}

	#infoOrThrow(): AccountInfo {
		const account = this.#parts.account.info();
		if (account === null) throw new Error("an account without its row");
		return account;
	}
}
