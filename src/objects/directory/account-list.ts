// The list of accounts, and the one place that knows their names: no two open ones have one name unless that is meant. Name and
// entry are one transaction, since each method is synchronous and runs in that of its caller.
import type { Change, WriteDeploymentAudit } from "../audit.ts";
import type { AccountEntry, DirectoryTables } from "./directory-tables.ts";

/** What an account is to be called. */
export type AccountNaming = Change & {
	readonly id: string;
	readonly name: string;
	/** also where another open account has the name */
	readonly isSharedName?: boolean;
};

/** `by`: the account that has the name */
export type NameTaken = { readonly ok: false; readonly reason: "name_taken"; readonly by: string };

export class AccountList {
	readonly #tables: DirectoryTables;
	readonly #audit: WriteDeploymentAudit;

	constructor(tables: DirectoryTables, audit: WriteDeploymentAudit) {
		this.#tables = tables;
		this.#audit = audit;
	}

	/** Again with the same id changes nothing. */
	create(
		input: AccountNaming,
	): { readonly ok: true; readonly kind: "new" | "same"; account: AccountEntry } | NameTaken {
		const { id, name, now: createdAt } = input;
		const known = this.#tables.account(id);
		if (known !== null) return { ok: true, kind: "same", account: known };
		const taken = this.#nameTaken(input);
		if (taken !== null) return taken;
		const account: AccountEntry = { id, name, nameVersion: 0, createdAt, closedAt: null };
		this.#tables.insertAccount(account);
		this.#audit(input, "account.create", id, name);
		return { ok: true, kind: "new", account };
	}

	/** Again under the same name changes nothing. */
	rename(
		input: AccountNaming,
	):
		| { readonly ok: true; readonly account: AccountEntry }
		| { readonly ok: false; readonly reason: "unknown_account" }
		| NameTaken {
		const before = this.#tables.account(input.id);
		if (before === null) return { ok: false, reason: "unknown_account" };
		const taken = this.#nameTaken(input);
		if (taken !== null) return taken;
		if (before.name === input.name) return { ok: true, account: before };
		const account = { ...before, name: input.name, nameVersion: before.nameVersion + 1 };
		this.#tables.saveAccount(account);
		this.#audit(input, "account.rename", input.id, input.name);
		return { ok: true, account };
	}

	/** Enters that an account is closed, after its own object knows; again changes nothing. @returns null = it is not in the list */
	close(
		input: Change & { readonly id: string; readonly closedAt: number; readonly reason: string },
	): AccountEntry | null {
		const before = this.#tables.account(input.id);
		if (before === null || before.closedAt !== null) return before;
		const account = { ...before, closedAt: input.closedAt };
		this.#tables.saveAccount(account);
		this.#audit(input, "account.close", input.id, input.reason);
		return account;
	}

	#nameTaken({ id, name, isSharedName }: AccountNaming): NameTaken | null {
		const by = isSharedName === true ? null : this.#tables.accountNamed(name, id);
		return by === null ? null : { ok: false, reason: "name_taken", by };
	}
}
