// The rows of the Directory and the way from a row to an account, a product, a message, a credential. Plain synchronous
// SQL; no rule is decided here.
import type { HeadsRecord } from "../../content/heads-record.ts";
import type { Message } from "../../content/messages/message.ts";
import type { Waves } from "../../content/messages/message-waves.ts";
import type { VersionOrder } from "../../content/releases/product-record.ts";
import type { Entitled } from "../../entitlement/entitled.ts";
import type { CredentialRecord, Scope } from "../../entitlement/keys/credential-record.ts";
import { foldName } from "../../plain-text.ts";
import type { ProductHead } from "../outbox/product-head.ts";
import { DenialTables } from "./denial-tables.ts";
import { RequirementList } from "./requirement-list.ts";
import { Rounds } from "./rounds.ts";

export interface AccountEntry {
	readonly id: string;
	readonly name: string;
	/** how often it was renamed */
	readonly nameVersion: number;
	readonly createdAt: number;
	/** null = it is open */
	readonly closedAt: number | null;
}

export interface ProductEntry {
	readonly name: string;
	readonly title: string;
	readonly versionOrder: VersionOrder;
	readonly createdAt: number;
	readonly revision: number;
	/** unix seconds until which its releases are news of an emergency; 0 = none of them is one */
	readonly emergencyUntil: number;
	readonly entitled: Entitled;
}

export interface Credential extends CredentialRecord {
	readonly hash: string;
	readonly createdAt: number;
	/** id of the key that made it, or `bootstrap` */
	readonly createdBy: string;
}

/** What is known of a message before it has a place in their history. */
export type NewMessage = Omit<Message, "waves">;

export type RevisionName = "heads" | "messages" | "denied";

type AccountRow = {
	seq: number;
	id: string;
	name: string;
	folded_name: string;
	name_version: number;
	created_at: number;
	closed_at: number | null;
};
type ProductRow = {
	name: string;
	title: string;
	version_order: VersionOrder;
	created_at: number;
	revision: number;
	emergency_until: number;
	entitled: Entitled;
};
type CredentialRow = {
	id: string;
	hash: string;
	subject: string;
	scopes: string;
	team: string | null;
	expires_at: number | null;
	revoked: number;
	created_at: number;
	created_by: string;
};

export class DirectoryTables {
	readonly denials: DenialTables;
	readonly requirements: RequirementList;
	readonly rounds: Rounds;
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		this.denials = new DenialTables(sql);
		this.requirements = new RequirementList(sql, (name) => (this.product(name)?.createdAt ?? 0) > 0);
		this.rounds = new Rounds(sql);
	}

	account(id: string): AccountEntry | null {
		const row = this.#sql.exec<AccountRow>("SELECT * FROM accounts WHERE id = ?", id).toArray()[0];
		return row === undefined ? null : accountOf(row);
	}

	insertAccount({ id, name, createdAt }: AccountEntry): void {
		const query = "INSERT INTO accounts (id, name, folded_name, created_at) VALUES (?, ?, ?, ?)";
		this.#sql.exec(query, id, name, foldName(name), createdAt);
	}

	saveAccount({ id, name, nameVersion, closedAt }: AccountEntry): void {
		const query = "UPDATE accounts SET name = ?, folded_name = ?, name_version = ?, closed_at = ? WHERE id = ?";
		this.#sql.exec(query, name, foldName(name), nameVersion, closedAt, id);
	}

	/** @returns id of an open account that has the name, however it is written, other than `id`; null = none has */
	accountNamed(name: string, id: string): string | null {
		const query = "SELECT id FROM accounts WHERE folded_name = ? AND id <> ? AND closed_at IS NULL LIMIT 1";
		return this.#sql.exec<{ id: string }>(query, foldName(name), id).toArray()[0]?.id ?? null;
	}

	/**
	 * @param after id of an account; "" = from the first
	 * @returns accounts in the order of their creation, and the id of the last one if there are more; null when `after` is no account
	 */
	accounts(after: string, limit: number): { accounts: AccountEntry[]; next: string | null } | null {
		const seqOf = (id: string) =>
			this.#sql.exec<{ seq: number }>("SELECT seq FROM accounts WHERE id = ?", id).toArray()[0]?.seq;
		const place = after === "" ? 0 : seqOf(after);
		if (place === undefined) return null;
		const query = "SELECT * FROM accounts WHERE seq > ? ORDER BY seq LIMIT ?";
		const rows = this.#sql.exec<AccountRow>(query, place, limit + 1).toArray();
		const page = rows.slice(0, limit);
		return { accounts: page.map(accountOf), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
	}

	product(name: string): ProductEntry | null {
		const row = this.#sql.exec<ProductRow>("SELECT * FROM products WHERE name = ?", name).toArray()[0];
		return row === undefined ? null : productOf(row);
	}

	products(): ProductEntry[] {
		return this.#sql.exec<ProductRow>("SELECT * FROM products ORDER BY name").toArray().map(productOf);
	}

	/** Adds the product, or gives its title to one whose first release came before its entry. */
	saveProduct({ name, title, versionOrder, createdAt }: ProductEntry): void {
		this.#sql.exec(
			`INSERT INTO products (name, title, version_order, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
			title = excluded.title, version_order = excluded.version_order, created_at = excluded.created_at`,
			name,
			title,
			versionOrder,
			createdAt,
		);
	}

	/** @returns whether the product's revision rose */
	raiseProduct({ product, revision, emergencyUntil = 0, entitled }: ProductHead): boolean {
		const query = `INSERT INTO products (name, title, created_at, revision, emergency_until, entitled) VALUES (?1, '', 0, ?2, ?3, COALESCE(?4, 'licensed'))
			ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, emergency_until = excluded.emergency_until, entitled = COALESCE(?4, entitled)
				WHERE excluded.revision > revision RETURNING name`;
		return this.#sql.exec(query, product, revision, emergencyUntil, entitled ?? null).toArray().length > 0;
	}

	message(id: string): Message | null {
		const row = this.#sql.exec<{ body: string }>("SELECT body FROM messages WHERE id = ?", id).toArray()[0];
		return row === undefined ? null : (JSON.parse(row.body) as Message);
	}

	/** @returns the message with those waves and one more, which has the next sequence number and reaches up to that fraction */
	insertMessage(message: NewMessage, before: Waves, upTo: number): Message {
		const query = "INSERT INTO messages (id, body) VALUES (?, '') RETURNING sequence";
		const { sequence } = this.#sql.exec<{ sequence: number }>(query, message.id).one();
		const inserted = { ...message, waves: [...before, { upTo, sequence }] };
		this.#sql.exec("UPDATE messages SET body = ? WHERE sequence = ?", JSON.stringify(inserted), sequence);
		return inserted;
	}

	/** @returns messages that have not ended, the one with the newest wave first */
	messages(now: number): Message[] {
		return this.#sql
			.exec<{ body: string }>("SELECT body FROM messages ORDER BY sequence DESC")
			.toArray()
			.map(({ body }) => JSON.parse(body) as Message)
			.filter((message) => message.endsAt > now);
	}

	/** @returns whether there was one */
	removeMessage(id: string): boolean {
		return this.#sql.exec("DELETE FROM messages WHERE id = ? RETURNING id", id).toArray().length > 0;
	}

	credential(by: "id" | "hash", value: string): Credential | null {
		const row = this.#sql.exec<CredentialRow>(`SELECT * FROM credentials WHERE ${by} = ?`, value).toArray()[0];
		return row === undefined ? null : credentialOf(row);
	}

	credentials(): Credential[] {
		return this.#sql.exec<CredentialRow>("SELECT * FROM credentials ORDER BY seq").toArray().map(credentialOf);
	}

	insertCredential(credential: Omit<Credential, "revoked">): void {
		const { id, hash, subject, scopes, team, expiresAt, createdAt, createdBy } = credential;
		this.#sql.exec(
			`INSERT INTO credentials (id, hash, subject, scopes, team, expires_at, created_at, created_by)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			id,
			hash,
			subject,
			JSON.stringify(scopes),
			team,
			expiresAt,
			createdAt,
			createdBy,
		);
	}

	/** @param cascade what it made too, what those made and so on @returns the keys that this ended */
	revokeCredential(id: string, cascade: boolean): { id: string; subject: string }[] {
		const made = "UNION SELECT credentials.id FROM credentials JOIN ended ON credentials.created_by = ended.id";
		const query = `WITH RECURSIVE ended (id) AS (SELECT ? ${cascade ? made : ""})
			UPDATE credentials SET revoked = 1 WHERE revoked = 0 AND id IN ended RETURNING id, subject`;
		return this.#sql.exec<{ id: string; subject: string }>(query, id).toArray();
	}

	/** @returns 0 when there has never been one */
	revision(name: RevisionName): number {
		const query = "SELECT revision FROM revisions WHERE name = ?";
		return this.#sql.exec<{ revision: number }>(query, name).toArray()[0]?.revision ?? 0;
	}

	raiseRevision(name: RevisionName): number {
		const query = `INSERT INTO revisions (name, revision) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET revision = revision + 1
			RETURNING revision`;
		return this.#sql.exec<{ revision: number }>(query, name).one().revision;
	}

	heads(): HeadsRecord {
		const published = this.products().filter(({ revision }) => revision > 0);
		const registered = published.filter(({ entitled }) => entitled === "registered").map(({ name }) => name);
		return {
			products: Object.fromEntries(published.map(({ name, revision }) => [name, revision])),
			messages: this.revision("messages"),
			denied: this.revision("denied"),
			...(registered.length > 0 && { registered }),
		};
	}
}

function accountOf(row: AccountRow): AccountEntry {
	const { id, name, name_version: nameVersion, created_at: createdAt, closed_at: closedAt } = row;
	return { id, name, nameVersion, createdAt, closedAt };
}

function productOf(row: ProductRow): ProductEntry {
	const {
		name,
		title,
		version_order: versionOrder,
		created_at: createdAt,
		revision,
		emergency_until: emergencyUntil,
		entitled,
	} = row;
	return { name, title, versionOrder, createdAt, revision, emergencyUntil, entitled };
}

function credentialOf(row: CredentialRow): Credential {
	const { id, hash, subject, team, expires_at: expiresAt, created_at: createdAt, created_by: createdBy } = row;
	const scopes = JSON.parse(row.scopes) as Scope[];
	return { id, hash, subject, scopes, team, expiresAt, revoked: row.revoked === 1, createdAt, createdBy };
}
