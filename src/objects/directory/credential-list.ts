// The API keys of the deployment: what each may do, who made it, and when it ends. A key is known by its keyed hash alone. Each
// method is synchronous and runs in the transaction of its caller.
import type { CredentialRecord, Scope } from "../../entitlement/keys/credential-record.ts";
import { keyEnding } from "../../entitlement/keys/key-expiry.ts";
import type { Change, WriteDeploymentAudit } from "../audit.ts";
import type { DirectoryTables } from "./directory-tables.ts";

export type NewCredential = Change & {
	readonly id: string;
	/** keyed hash of the API key; the key itself is known to its holder alone */
	readonly hash: string;
	readonly subject: string;
	readonly scopes: readonly Scope[];
	readonly team: string | null;
	/** unix seconds; null = never */
	readonly expiresAt: number | null;
};

export class CredentialList {
	readonly #tables: DirectoryTables;
	readonly #audit: WriteDeploymentAudit;

	constructor(tables: DirectoryTables, audit: WriteDeploymentAudit) {
		this.#tables = tables;
		this.#audit = audit;
	}

	create(input: NewCredential) {
		if (this.#tables.credential("id", input.id) !== null) return { ok: false, reason: "id_taken" } as const;
		// An edge believes a key for seconds after its end, in which a thief would make one that outlives the revocation.
		const maker = this.#tables.credential("id", input.via?.key ?? "");
		if (maker !== null && keyEnding(maker, input.now) !== null) return { ok: false, reason: "maker_ended" } as const;
		this.#tables.insertCredential({
			...input,
			scopes: [...input.scopes],
			createdAt: input.now,
			createdBy: input.via?.key ?? input.actor,
		});
		this.#audit(input, "credential.create", input.id, `${input.subject}: ${input.scopes.join(" ")}`);
		const credential = this.#tables.credential("id", input.id);
		if (credential === null) throw new Error("a credential vanished inside a transaction");
		return { ok: true, credential } as const;
	}

	/** @returns what the API key of that hash may do; null where there is none */
	find(hash: string): CredentialRecord | null {
		const found = this.#tables.credential("hash", hash);
		if (found === null) return null;
		const { id, subject, scopes, team, expiresAt, revoked } = found;
		return { id, subject, scopes, team, expiresAt, revoked };
	}

	/** Final, and harmless when repeated. @param input cascade: what was made with it as well, and with those */
	revoke(input: Change & { readonly id: string; readonly cascade?: boolean }) {
		if (this.#tables.credential("id", input.id) === null) return { ok: false, reason: "unknown_credential" } as const;
		for (const { id, subject } of this.#tables.revokeCredential(input.id, input.cascade === true))
			this.#audit(input, "credential.revoke", id, subject);
		return { ok: true } as const;
	}
}
