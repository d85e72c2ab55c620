// The Census as rows: a summary for each account, and samples of how many devices had a version. Plain synchronous SQL.
import { type AdoptionSample, ALL_VERSIONS, type LateInstallation } from "../../fleet/adoption.ts";
import { EMPTY_SUMMARY, type FleetSummary } from "../../fleet/fleet-summary.ts";
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

export interface StoredSummary extends AccountSummary {
	/** its size */
	readonly characters: number;
}

/** version → devices, those of ALL_VERSIONS among them; null = nothing installed, which is no version */
export type VersionCounts = ReadonlyMap<string | null, number>;

interface LatestSamples {
	/** by version; without those that no device has */
	readonly counts: Map<string, number>;
	/** unix seconds */
	readonly at: number;
}

type SampleRow = { version: string; devices: number; at: number };
type Row = { account: string; version: number; at: number; body: string };

/** Versions of a product that are sampled: those that most devices have. */
const MAX_VERSIONS = 50;
/** A change by less is written down an hour later. */
const STEP_SHARE = 0.005;
const SETTLED_AFTER_SECONDS = 3_600;
const SAMPLES_KEPT_SECONDS = 60 * 86_400;
/** Of one product: a reader reads all of them. */
const MAX_SAMPLES = 40_000;

export class CensusTables {
	readonly #sql: SqlStorage;
	/** null = to be read */
	#latestByProduct: Map<string, LatestSamples> | null = null;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	summary(account: string): StoredSummary | null {
		return this.#read("SELECT * FROM summaries WHERE account = ?", account).next().value ?? null;
	}

	/** @returns the summaries of the accounts after this one, in the order of their ids */
	summaries(after: string): Generator<StoredSummary> {
		return this.#read("SELECT * FROM summaries WHERE account > ? ORDER BY account", after);
	}

	save({ account, version, at, summary }: AccountSummary): void {
		const query = "INSERT OR REPLACE INTO summaries (account, version, at, body) VALUES (?, ?, ?, ?)";
		this.#sql.exec(query, account, version, at, JSON.stringify(summary));
	}

	samples(product: string): AdoptionSample[] {
		const query = "SELECT version, at, devices FROM samples WHERE product = ? ORDER BY at, version";
		return this.#sql.exec<AdoptionSample & Record<string, SqlStorageValue>>(query, product).toArray();
	}

	/**
	 * Writes down the counts of a product that differ from the last ones, all at once, when one of them does by a half percent of the
	 * product's devices, or an hour later.
	 */
	sample(product: string, counts: VersionCounts, at: number): void {
		const changed = this.changes(product, counts);
		const step = (counts.get(ALL_VERSIONS) ?? 0) * STEP_SHARE;
		if (changed.length === 0) return;
		const known = this.#latest().get(product) ?? { counts: new Map<string, number>(), at: 0 };
		if (at - known.at < SETTLED_AFTER_SECONDS && changed.every(({ by }) => by < step)) return;
		for (const { version, devices } of changed) {
			const query = "INSERT OR REPLACE INTO samples (product, version, at, devices) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, product, version, at, devices);
			if (devices === 0) known.counts.delete(version);
			else known.counts.set(version, devices);
		}
		this.#latest().set(product, { counts: known.counts, at });
	}

	/**
	 * Counts devices under what they have, and no longer under what they had before, from when they installed it on: the samples since
	 * then are written again. What is counted now is for the next sample to say.
	 * @param late earliest first
	 */
	countEarlier(late: readonly LateInstallation[]): void {
		const changes = late.flatMap(({ product, from, version, at, devices }) => [
			{ product, version, at, by: devices },
			...(from === null ? [] : [{ product, version: from, at, by: -devices }]),
		]);
		for (const own of Map.groupBy(changes, ({ product, version }) => JSON.stringify([product, version])).values()) {
			const [first] = own;
			if (first === undefined) continue;
			const { product, version } = first;
			for (const { at } of own) this.#sampleAt(product, version, at);
			const query = "SELECT at, devices FROM samples WHERE product = ? AND version = ? AND at >= ? ORDER BY at";
			const samples = this.#sql.exec<{ at: number; devices: number }>(query, product, version, first.at).toArray();
			for (const sample of samples) {
				const by = own.reduce((sum, change) => (change.at <= sample.at ? sum + change.by : sum), 0);
				const devices = Math.max(0, sample.devices + by);
				const save = "INSERT OR REPLACE INTO samples (product, version, at, devices) VALUES (?, ?, ?, ?)";
				if (by !== 0) this.#sql.exec(save, product, version, sample.at, devices);
				const known = this.#latest().get(product)?.counts;
				if (devices === 0) known?.delete(version);
				else known?.set(version, devices);
			}
		}
	}

	/** Puts a sample there that says what the one before it does. */
	#sampleAt(product: string, version: string, at: number): void {
		this.#sql.exec(
			`INSERT OR IGNORE INTO samples (product, version, at, devices) VALUES (?1, ?2, ?3, COALESCE(
				(SELECT devices FROM samples WHERE product = ?1 AND version = ?2 AND at < ?3 ORDER BY at DESC LIMIT 1), 0))`,
			...[product, version, at],
		);
	}

	/** @returns counts of a product that differ from the last ones that are written down, and by how much */
	changes(product: string, counts: VersionCounts): { version: string; devices: number; by: number }[] {
		const known = this.#latest().get(product)?.counts ?? new Map<string, number>();
		const most = [...counts].filter(([version]) => version !== null).toSorted(([, one], [, two]) => two - one);
		// The count of all versions is the highest of them.
		const kept = new Map(most.slice(0, MAX_VERSIONS + 1));
		return [...new Set([...kept.keys(), ...known.keys()])].flatMap((version) => {
			const devices = kept.get(version) ?? 0;
			const before = version === null ? devices : (known.get(version) ?? 0);
			return version === null || devices === before ? [] : [{ version, devices, by: Math.abs(devices - before) }];
		});
	}

	/** @returns products of which some version has devices by the last samples */
	sampledProducts(): string[] {
		return [...this.#latest()].flatMap(([product, { counts }]) => (counts.size > 0 ? [product] : []));
	}

	/** Forgets samples that are old or too many, but for the last one of each version that some device has. @param now unix seconds */
	forget(now: number): void {
		for (const product of this.#latest().keys()) {
			const query = "SELECT at FROM samples WHERE product = ? ORDER BY at DESC LIMIT 1 OFFSET ?";
			const { at = 0 } = this.#sql.exec<{ at: number }>(query, product, MAX_SAMPLES).toArray()[0] ?? {};
			this.#sql.exec(
				`DELETE FROM samples WHERE product = ? AND at <= ? AND (devices = 0 OR EXISTS (SELECT 1 FROM samples AS later
					WHERE later.product = samples.product AND later.version = samples.version AND later.at > samples.at))`,
				...[product, Math.max(at, now - SAMPLES_KEPT_SECONDS)],
			);
		}
	}

	/** To be called when a transaction with samples was undone. */
	forgetLatest(): void {
		this.#latestByProduct = null;
	}

	#latest(): Map<string, LatestSamples> {
		if (this.#latestByProduct !== null) return this.#latestByProduct;
		const found = new Map<string, LatestSamples>();
		const query = "SELECT product, version, devices, MAX(at) AS at FROM samples GROUP BY product, version";
		for (const { product, version, devices, at } of this.#sql.exec<{ product: string } & SampleRow>(query)) {
			const known = found.get(product) ?? { counts: new Map<string, number>(), at: 0 };
			if (devices > 0) known.counts.set(version, devices);
			found.set(product, { counts: known.counts, at: Math.max(known.at, at) });
		}
		this.#latestByProduct = found;
		return found;
	}

	*#read(query: string, ...values: string[]): Generator<StoredSummary> {
		for (const { body, ...row } of this.#sql.exec<Row>(query, ...values)) {
			// One that was stored by an earlier version says nothing of what that did not count.
			const summary = { ...EMPTY_SUMMARY, ...(JSON.parse(body) as Partial<FleetSummary>) };
			yield { ...row, characters: body.length, summary };
		}
	}
}
