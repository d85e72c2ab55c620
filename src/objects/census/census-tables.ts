// The Census as rows: a summary for each account, and samples of how many devices had a version. Plain synchronous SQL.
import { type AdoptionSample, ALL_VERSIONS } from "../../fleet/adoption.ts";
import type { FleetSummary } from "../../fleet/fleet-summary.ts";
import type { Schema } from "../schema.ts";

export const CENSUS_SCHEMA: Schema = {
	tables: [
		`CREATE TABLE summaries (
			account TEXT PRIMARY KEY,
			version INTEGER NOT NULL, -- rises with each
			at INTEGER NOT NULL, -- when the account made it
			body TEXT NOT NULL -- JSON: FleetSummary
		) WITHOUT ROWID`,
		`CREATE TABLE samples (
			product TEXT NOT NULL,
			version TEXT NOT NULL, -- '' = all devices of the product
			at INTEGER NOT NULL,
			devices INTEGER NOT NULL, -- from then on
			PRIMARY KEY (product, version, at)
		) WITHOUT ROWID`,
	],
	steps: [],
};

export interface AccountSummary {
	readonly account: string;
	readonly version: number;
	/** unix seconds */
	readonly at: number;
	readonly summary: FleetSummary;
}

type Row = { account: string; version: number; at: number; body: string };

/** Versions of a product that are sampled: those that most devices have. */
const MAX_VERSIONS = 50;

export class CensusTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	summary(account: string): AccountSummary | null {
		return this.#read("SELECT * FROM summaries WHERE account = ?", account).next().value ?? null;
	}

	summaries(): Generator<AccountSummary> {
		return this.#read("SELECT * FROM summaries");
	}

	save({ account, version, at, summary }: AccountSummary): void {
		const query = "INSERT OR REPLACE INTO summaries (account, version, at, body) VALUES (?, ?, ?, ?)";
		this.#sql.exec(query, account, version, at, JSON.stringify(summary));
	}

	ages(): { accounts: number; newestAt: number | null; oldestAt: number | null } {
		const query = "SELECT COUNT(*) AS accounts, MAX(at) AS newestAt, MIN(at) AS oldestAt FROM summaries";
		return this.#sql.exec<{ accounts: number; newestAt: number | null; oldestAt: number | null }>(query).one();
	}

	samples(product: string): AdoptionSample[] {
		const query = "SELECT version, at, devices FROM samples WHERE product = ? ORDER BY at, version";
		return this.#sql.exec<AdoptionSample & Record<string, SqlStorageValue>>(query, product).toArray();
	}

	/** @param counts version → devices; null = nothing installed, which is no version */
	sample(product: string, counts: ReadonlyMap<string | null, number>, at: number): void {
		const known = this.#latest(product);
		const most = [...counts].filter(([version]) => version !== null).toSorted(([, one], [, two]) => two - one);
		const kept = new Map([...most.slice(0, MAX_VERSIONS), ...most.filter(([version]) => version === ALL_VERSIONS)]);
		for (const version of new Set([...kept.keys(), ...known.keys()])) {
			const devices = kept.get(version) ?? 0;
			if (version === null || known.get(version) === devices) continue;
			const query = "INSERT OR REPLACE INTO samples (product, version, at, devices) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, product, version, at, devices);
		}
	}

	/** Forgets samples from before, but for the last one of each version that some device has. */
	forget(before: number): void {
		this.#sql.exec(
			`DELETE FROM samples WHERE at < ? AND (devices = 0 OR EXISTS (SELECT 1 FROM samples AS later
				WHERE later.product = samples.product AND later.version = samples.version AND later.at > samples.at))`,
			before,
		);
	}

	#latest(product: string): Map<string, number> {
		const query = "SELECT version, devices, MAX(at) AS at FROM samples WHERE product = ? GROUP BY version";
		const rows = this.#sql.exec<{ version: string; devices: number }>(query, product).toArray();
		return new Map(rows.map(({ version, devices }) => [version, devices]));
	}

	*#read(query: string, ...values: string[]): Generator<AccountSummary> {
		for (const { body, ...row } of this.#sql.exec<Row>(query, ...values)) {
			yield { ...row, summary: JSON.parse(body) as FleetSummary };
		}
	}
}
