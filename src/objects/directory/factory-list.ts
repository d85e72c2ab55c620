// Zero touch, as far as the whole deployment shares it: the makers whose certificates let appliances in, and which account has claimed a serial
// number. Each method is synchronous, and runs in the transaction of its caller.
import type { Change, WriteDeploymentAudit } from "../audit.ts";

export const FACTORY_TABLES = [
	`CREATE TABLE manufacturers (
		id TEXT PRIMARY KEY, -- of its authority's public key
		name TEXT NOT NULL,
		subject TEXT NOT NULL, -- distinguished name of its authority
		public_key TEXT NOT NULL, -- base64url of the DER form
		fingerprint TEXT NOT NULL UNIQUE, -- base64url, SHA-256 of the authority's certificate
		not_after INTEGER NOT NULL,
		created_at INTEGER NOT NULL,
		created_by TEXT NOT NULL
	) WITHOUT ROWID`,
	`CREATE TABLE serial_claims ( -- so that no serial number is two accounts'; all else of a claim is its Account's
		key TEXT PRIMARY KEY, -- keyed hash of maker and serial number
		account TEXT NOT NULL -- name of its object
	) WITHOUT ROWID`,
];

/** A deployment has a handful; an appliance that comes without a code is compared with all of them. */
export const MAX_MANUFACTURERS = 50;

export interface Manufacturer {
	readonly id: string;
	readonly name: string;
	readonly subject: string;
	readonly publicKey: string;
	readonly fingerprint: string;
	/** unix seconds */
	readonly notAfter: number;
	readonly createdAt: number;
	readonly createdBy: string;
}

export type NewManufacturer = Omit<Manufacturer, "createdAt" | "createdBy">;

export type ManufacturerOrder =
	| { readonly kind: "list" }
	| (Change & { readonly kind: "add"; readonly manufacturer: NewManufacturer })
	| (Change & { readonly kind: "remove"; readonly id: string });

export interface ManufacturerAnswer {
	readonly manufacturers: readonly Manufacturer[];
	/**
	 * too_many: no more are taken; same: there is one of this authority, with the certificate that was given now; other_subject: there is one with
	 * its key, and another distinguished name; unknown: there is none to remove
	 */
	readonly outcome: "done" | "same" | "other_subject" | "unknown" | "too_many";
}

export type ClaimOrder =
	| { readonly kind: "find"; readonly key: string }
	/** the account is the object's name */
	| { readonly kind: "claim" | "release"; readonly account: string; readonly keys: readonly string[] };

export const NO_MANUFACTURERS: ManufacturerAnswer = { manufacturers: [], outcome: "done" };

export class FactoryList {
	readonly #sql: SqlStorage;
	readonly #audit: WriteDeploymentAudit;

	constructor(sql: SqlStorage, audit: WriteDeploymentAudit) {
		this.#sql = sql;
		this.#audit = audit;
	}

	manufacturers(order: ManufacturerOrder): ManufacturerAnswer {
		const before = this.#list();
		if (order.kind === "list") return { manufacturers: before, outcome: "done" };
		if (order.kind === "remove") {
			const known = before.find(({ id }) => id === order.id);
			if (known === undefined) return { manufacturers: before, outcome: "unknown" };
			this.#sql.exec("DELETE FROM manufacturers WHERE id = ?", order.id);
			this.#audit(order, "manufacturer.remove", order.id, known.name);
			return { manufacturers: this.#list(), outcome: "done" };
		}
		const { id, name, subject, publicKey, fingerprint, notAfter } = order.manufacturer;
		const known = before.find((one) => one.id === id);
		if (known !== undefined) {
			if (known.subject !== subject || known.publicKey !== publicKey)
				return { manufacturers: before, outcome: "other_subject" };
			if (known.fingerprint === fingerprint) return { manufacturers: before, outcome: "same" };
			this.#sql.exec("UPDATE manufacturers SET fingerprint = ?, not_after = ? WHERE id = ?", fingerprint, notAfter, id);
			this.#audit(order, "manufacturer.renew", id, `${known.name}: ${subject}`);
			return { manufacturers: this.#list(), outcome: "same" };
		}
		if (before.length >= MAX_MANUFACTURERS) return { manufacturers: before, outcome: "too_many" };
		const query = `INSERT INTO manufacturers (id, name, subject, public_key, fingerprint, not_after, created_at, created_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, id, name, subject, publicKey, fingerprint, notAfter, order.now, order.actor);
		this.#audit(order, "manufacturer.add", id, `${name}: ${subject}`);
		return { manufacturers: this.#list(), outcome: "done" };
	}

	/** @returns for each key whose it is now: the name of an account's object, null = nobody's */
	claims(order: ClaimOrder): (string | null)[] {
		if (order.kind === "find") return [this.#claimant(order.key)];
		return order.keys.map((key) => {
			if (order.kind === "claim") {
				this.#sql.exec("INSERT OR IGNORE INTO serial_claims (key, account) VALUES (?, ?)", key, order.account);
			} else {
				this.#sql.exec("DELETE FROM serial_claims WHERE key = ? AND account = ?", key, order.account);
			}
			return this.#claimant(key);
		});
	}

	#claimant(key: string): string | null {
		const query = "SELECT account FROM serial_claims WHERE key = ?";
		return this.#sql.exec<{ account: string }>(query, key).toArray()[0]?.account ?? null;
	}

	#list(): Manufacturer[] {
		const query = `SELECT id, name, subject, public_key AS publicKey, fingerprint, not_after AS notAfter,
			created_at AS createdAt, created_by AS createdBy FROM manufacturers ORDER BY created_at, id`;
		return this.#sql.exec<{ [Field in keyof Manufacturer]: Manufacturer[Field] }>(query).toArray();
	}
}
