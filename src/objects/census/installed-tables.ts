// Which accounts have which version of a product, and on how many devices, as their summaries say it: rows, since all accounts' versions
// together may be more than memory has room for. A summary writes those that are other than in the one before. Plain synchronous SQL.
import { type FleetCell, OTHER } from "../../fleet/fleet-summary.ts";

export const INSTALLED_TABLE = `CREATE TABLE installed (
	product TEXT NOT NULL,
	version TEXT NOT NULL, -- 'other' = what the account counts together
	account TEXT NOT NULL,
	devices INTEGER NOT NULL,
	PRIMARY KEY (product, version, account)
) WITHOUT ROWID`;

export interface InstalledQuery {
	readonly product: string;
	/** one, or what several begin with; null = all */
	readonly wanted: { readonly version: string } | { readonly prefix: string } | null;
	/** accounts and versions at most, each */
	readonly limit: number;
	/** the last account of the page before; null = from the first */
	readonly after: AccountWith | null;
}

export interface AccountWith {
	readonly account: string;
	readonly devices: number;
}

export interface VersionWith {
	readonly version: string;
	readonly devices: number;
	readonly accounts: number;
}

export interface InstalledAnswer {
	/** that have a version that is wanted */
	readonly devices: number;
	/** of the product whose version is too rare to be counted by itself */
	readonly other: number;
	/** that are wanted; of most devices first */
	readonly versions: readonly VersionWith[];
	/** with devices that have them; most first, and by their ids */
	readonly accounts: readonly AccountWith[];
	/** that follow this page */
	readonly more: boolean;
}

export const NOTHING_INSTALLED: InstalledAnswer = {
	...{ devices: 0, other: 0, versions: [], accounts: [], more: false },
};
const PREFIX_END = "\u{10ffff}";

type Row<T> = T & Record<string, SqlStorageValue>;

export class InstalledTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Writes what an account's summary says otherwise than the one before it. @param before of its last summary */
	replace(account: string, before: readonly FleetCell[], after: readonly FleetCell[]): void {
		const [known, told] = [versionsOf(before), versionsOf(after)];
		for (const [key, { product, version }] of known) {
			if (told.has(key)) continue;
			this.#sql.exec(
				"DELETE FROM installed WHERE product = ? AND version = ? AND account = ?",
				product,
				version,
				account,
			);
		}
		for (const [key, { product, version, devices }] of told) {
			if (known.get(key)?.devices === devices) continue;
			const query = "INSERT OR REPLACE INTO installed (product, version, account, devices) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, product, version, account, devices);
		}
	}

	find({ product, wanted, limit, after }: InstalledQuery): InstalledAnswer {
		const { condition, values } = conditionOf(product, wanted);
		const versions = this.#sql
			.exec<Row<VersionWith>>(
				`SELECT version, SUM(devices) AS devices, COUNT(*) AS accounts FROM installed
				WHERE ${condition} GROUP BY version ORDER BY 2 DESC, 1`,
				...values,
			)
			.toArray();
		const { devices: least = Number.MAX_SAFE_INTEGER, account: last = "" } = after ?? {};
		const accounts = this.#sql
			.exec<Row<AccountWith>>(
				`SELECT account, SUM(devices) AS devices FROM installed WHERE ${condition} GROUP BY account
				HAVING SUM(devices) < ? OR (SUM(devices) = ? AND account > ?) ORDER BY 2 DESC, 1 LIMIT ?`,
				...[...values, least, least, last, limit + 1],
			)
			.toArray();
		const other = "SELECT COALESCE(SUM(devices), 0) AS devices FROM installed WHERE product = ? AND version = ?";
		return {
			devices: versions.reduce((sum, { devices }) => sum + devices, 0),
			other: this.#sql.exec<{ devices: number }>(other, product, OTHER).one().devices,
			versions: versions.slice(0, limit),
			accounts: accounts.slice(0, limit),
			more: accounts.length > limit,
		};
	}
}

/** Versions that are counted together have no name that anybody could want. */
function conditionOf(product: string, wanted: InstalledQuery["wanted"]): { condition: string; values: string[] } {
	if (wanted === null) return { condition: "product = ?", values: [product] };
	if ("version" in wanted)
		return { condition: "product = ? AND version = ? AND version <> ?", values: [product, wanted.version, OTHER] };
	const condition = "product = ? AND version >= ? AND version < ? AND version <> ?";
	return { condition, values: [product, wanted.prefix, wanted.prefix + PREFIX_END, OTHER] };
}

/** @returns by product and version; what has nothing installed is of none */
function versionsOf(cells: readonly FleetCell[]): Map<string, { product: string; version: string; devices: number }> {
	const found = new Map<string, { product: string; version: string; devices: number }>();
	for (const { product, version, devices } of cells) {
		if (version === null) continue;
		const key = JSON.stringify([product, version]);
		found.set(key, { product, version, devices: (found.get(key)?.devices ?? 0) + devices });
	}
	return found;
}
