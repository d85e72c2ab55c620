// The rows of a Product. Plain synchronous SQL; no rule is decided here, except that a sequence number is one more than any
// before.

import type { Channel } from "../../content/releases/channel.ts";
import type { Release } from "../../content/releases/product-record.ts";
import type { SignedRole } from "../../content/releases/signed-releases.ts";
import { type Freeze, type FreezeTimes, frozenUntil, nextFreezeAt } from "../../rollout/freeze.ts";
import type { Reach } from "../../rollout/reach.ts";
import { infoOf, type ProductInfo, type ProductRow, type ProductSettings, settingValues } from "./product-row.ts";
import {
	entryOf,
	factsText,
	type PackageContent,
	type ReleaseEntry,
	type ReleaseMetadata,
	type ReleaseRow,
	recordedOf,
} from "./releases/release-row.ts";

const SELECT_RELEASE = `SELECT releases.*,
	(SELECT MAX(sequence) FROM releases AS others WHERE withdrawn_at IS NULL AND out_at IS NOT NULL
		AND others.channel = releases.channel) AS current_sequence,
	(SELECT json_group_array(json_object('variant', variant, 'models', json(models), 'sha256', sha256, 'size', size, 'name', name))
		FROM variants WHERE variants.version = releases.version) AS variants,
	(SELECT json_extract(state, '$.step') FROM rollouts WHERE rollouts.version = releases.version AND out_at IS NULL) AS step
	FROM releases`;

export class ProductTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	info(): ProductInfo | null {
		const row = this.#sql.exec<ProductRow>("SELECT * FROM product").toArray()[0];
		return row === undefined ? null : infoOf(row);
	}

	/** By themselves: they are asked for with each permit. */
	freezes(): readonly Freeze[] {
		const row = this.#sql.exec<{ freezes: string }>("SELECT freezes FROM product").toArray()[0];
		return row === undefined || row.freezes === "[]" ? [] : (JSON.parse(row.freezes) as Freeze[]);
	}

	/** When freezes hold the release up. By the row of the product alone where there are none. */
	freezeTimes(version: string, now: number): FreezeTimes {
		const freezes = this.freezes();
		const isEmergency = freezes.length > 0 && this.release(version)?.urgency === "emergency";
		return { until: frozenUntil(freezes, isEmergency, now), next: nextFreezeAt(freezes, isEmergency, now) };
	}

	insertProduct({ name, title, versionOrder, createdAt, revision, ...settings }: ProductInfo): void {
		const query = `INSERT INTO product
			(name, title, version_order, created_at, revision, plan, beta_plan, team, two_people, size_bounds, health_limits, signing, freezes, entitled, class_approvals)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, name, title, versionOrder, createdAt, revision, ...settingValues(settings));
	}

	saveRole(role: SignedRole): void {
		this.#sql.exec("UPDATE product SET role = ?", JSON.stringify(role));
	}

	/** What its next releases go by; rollouts that are under way keep theirs. */
	saveSettings(settings: ProductSettings): void {
		const query =
			"UPDATE product SET plan = ?, beta_plan = ?, team = ?, two_people = ?, size_bounds = ?, health_limits = ?, signing = ?, freezes = ?, entitled = ?, class_approvals = ?";
		this.#sql.exec(query, ...settingValues(settings));
	}

	raiseRevision(): ProductInfo {
		this.#sql.exec("UPDATE product SET revision = revision + 1");
		const info = this.info();
		if (info === null) throw new Error("a product without its row");
		return info;
	}

	insertPackage(version: string, content: PackageContent, now: number, by: string): void {
		this.#sql.exec(
			"INSERT INTO releases (version, sha256, size, name, added_at, added_by) VALUES (?, ?, ?, ?, ?, ?)",
			version,
			content.sha256,
			content.size,
			content.name,
			now,
			by,
		);
	}

	/** @returns those of the digests that some version has */
	packagesAmong(sha256s: readonly string[]): string[] {
		const query = "SELECT DISTINCT sha256 FROM releases WHERE sha256 IN (SELECT value FROM json_each(?))";
		const rows = this.#sql.exec<{ sha256: string }>(query, JSON.stringify(sha256s)).toArray();
		return rows.map(({ sha256 }) => sha256);
	}

	/** Gives the version the next sequence number, and a place in the record. Nobody may have it before `setReach`. */
	publish(version: string, metadata: ReleaseMetadata, channel: Channel, now: number): void {
		this.#sql.exec(
			`UPDATE releases SET sequence = (SELECT COALESCE(MAX(sequence), 0) + 1 FROM releases), released_at = ?,
				channel = ?, notes = ?, urgency = ?, models = ?, engine = ?, entries = ?, facts = ?,
				requires = ?, recorded = 1 WHERE version = ? AND sequence IS NULL`,
			now,
			channel,
			metadata.notes,
			metadata.urgency,
			JSON.stringify(metadata.models),
			JSON.stringify(metadata.engine),
			metadata.entries,
			factsText(metadata.facts),
			metadata.requires === undefined ? null : JSON.stringify(metadata.requires),
			version,
		);
	}

	/** From beta to stable, as its newest release. Nobody on stable may have it before `setReach`; everybody on beta may. */
	promote(version: string, now: number): void {
		this.#sql.exec(
			`UPDATE releases SET sequence = (SELECT MAX(sequence) + 1 FROM releases), channel = 'stable',
				beta_released_at = released_at, released_at = ?, out_at = NULL, recorded = 1 WHERE version = ?`,
			now,
			version,
		);
	}

	/** Forgets a version that was never released. */
	discard(version: string): void {
		this.#sql.exec("DELETE FROM releases WHERE version = ? AND sequence IS NULL", version);
	}

	/** @param reach null = from now on everybody on its channel may have it */
	setReach(version: string, reach: Reach | null, now: number): void {
		const query = "UPDATE releases SET reach = ?, out_at = ? WHERE version = ?";
		this.#sql.exec(query, reach === null ? null : JSON.stringify(reach), reach === null ? now : null, version);
	}

	/** The record says so of it, also where it had left the record. */
	withdraw(version: string, reason: string, now: number): void {
		this.#sql.exec(
			"UPDATE releases SET withdrawn_at = ?, withdraw_reason = ?, recorded = 1 WHERE version = ? AND withdrawn_at IS NULL",
			now,
			reason,
			version,
		);
	}

	/** Where devices go back to that run the withdrawn version. The record has both, also where they had left it. */
	setRevertTarget(version: string, target: string): void {
		this.#sql.exec("UPDATE releases SET revert_to = ? WHERE version = ?", target, version);
		this.#sql.exec("UPDATE releases SET recorded = 1 WHERE version IN (?, ?)", version, target);
	}

	release(version: string): ReleaseEntry | null {
		const row = this.#sql.exec<ReleaseRow>(`${SELECT_RELEASE} WHERE version = ?`, version).toArray()[0];
		return row === undefined ? null : entryOf(row);
	}

	/** @returns what is not released yet, then releases newest first */
	releases(limit: number): ReleaseEntry[] {
		const query = `${SELECT_RELEASE} ORDER BY sequence DESC NULLS FIRST, added_at DESC, version LIMIT ?`;
		return this.#sql.exec<ReleaseRow>(query, limit).toArray().map(entryOf);
	}

	/** @returns versions below a sequence number that say what is usual: those that are not withdrawn */
	usualBefore(sequence: number): ReadonlySet<string> {
		const query = "SELECT version FROM releases WHERE sequence < ? AND withdrawn_at IS NULL";
		return new Set(
			this.#sql
				.exec<{ version: string }>(query, sequence)
				.toArray()
				.map(({ version }) => version),
		);
	}

	/** @returns what the record has, newest first */
	recordedReleases(): Release[] {
		const query = `${SELECT_RELEASE} WHERE recorded = 1 ORDER BY sequence DESC`;
		return this.#sql.exec<ReleaseRow>(query).toArray().map(recordedOf);
	}

	/** Takes a release out of the record; everything else of it stays. */
	unrecord(sequence: number): void {
		this.#sql.exec("UPDATE releases SET recorded = 0 WHERE sequence = ?", sequence);
	}
}
