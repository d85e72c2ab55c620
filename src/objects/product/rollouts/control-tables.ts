// The rows of the units that the steps of a Product's rollouts hold back and watch: a few hundred a step, dropped with the leases.
// Plain synchronous SQL; who is taken and what counts is in src/rollout/control.ts.
import type { ControlUnit } from "../../../rollout/control.ts";
import { type ControlEvidence, NO_CONTROL } from "../../../rollout/evidence.ts";

export const CONTROL_TABLES = [
	`CREATE TABLE control_units (
		version TEXT NOT NULL,
		step INTEGER NOT NULL,
		unit TEXT NOT NULL, -- HA group or device
		account TEXT NOT NULL, -- name of its object
		at INTEGER NOT NULL, -- from when on it is watched
		due INTEGER NOT NULL, -- by when it has to ask again
		healthy INTEGER NOT NULL, -- 0, 1: it did
		PRIMARY KEY (version, step, unit)
	) WITHOUT ROWID`,
	"CREATE INDEX control_units_open ON control_units (version, step, due) WHERE healthy = 0",
	`CREATE TABLE step_controls (
		version TEXT NOT NULL,
		step INTEGER NOT NULL,
		taken INTEGER NOT NULL DEFAULT 0,
		healthy INTEGER NOT NULL DEFAULT 0, -- of them
		PRIMARY KEY (version, step)
	) WITHOUT ROWID`,
];

type Row = { step: number; healthy: number; failed: number };

export class ControlTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @param now unix seconds @returns by step; those whose time is over are counted as failed, the other open ones not at all */
	evidence(version: string, now: number): ControlEvidence[] {
		const query = `SELECT step, healthy, (SELECT COUNT(*) FROM control_units one
				WHERE one.version = all_of.version AND one.step = all_of.step AND healthy = 0 AND due <= ?) AS failed
			FROM step_controls all_of WHERE version = ? ORDER BY step`;
		const controls: ControlEvidence[] = [];
		for (const { step, healthy, failed } of this.#sql.exec<Row>(query, now, version).toArray()) {
			while (controls.length < step) controls.push(NO_CONTROL);
			controls.push({ healthy, failed });
		}
		return controls;
	}

	/** @returns null = it is none of the step's control */
	unit(version: string, step: number, unit: string): ControlUnit | null {
		const query = "SELECT at, due, healthy FROM control_units WHERE version = ? AND step = ? AND unit = ?";
		const row = this.#sql.exec<{ at: number; due: number; healthy: number }>(query, version, step, unit).toArray()[0];
		return row === undefined ? null : { at: row.at, due: row.due, isHealthy: row.healthy === 1 };
	}

	/** @returns units that the step's control has taken: of all, and of the account */
	taken(version: string, step: number, account: string): { taken: number; ofAccount: number } {
		const all = "SELECT taken FROM step_controls WHERE version = ? AND step = ?";
		const own = "SELECT COUNT(*) AS n FROM control_units WHERE version = ? AND step = ? AND account = ?";
		return {
			taken: this.#sql.exec<{ taken: number }>(all, version, step).toArray()[0]?.taken ?? 0,
			ofAccount: this.#sql.exec<{ n: number }>(own, version, step, account).one().n,
		};
	}

	take(version: string, step: number, unit: string, account: string, { at, due }: ControlUnit): void {
		const row = `INSERT INTO control_units (version, step, unit, account, at, due, healthy) VALUES (?, ?, ?, ?, ?, ?, 0)`;
		this.#sql.exec(row, version, step, unit, account, at, due);
		const count = `INSERT INTO step_controls (version, step, taken) VALUES (?, ?, 1)
			ON CONFLICT (version, step) DO UPDATE SET taken = taken + 1`;
		this.#sql.exec(count, version, step);
	}

	noteHealthy(version: string, step: number, unit: string): void {
		const row = "UPDATE control_units SET healthy = 1 WHERE version = ? AND step = ? AND unit = ?";
		this.#sql.exec(row, version, step, unit);
		this.#sql.exec("UPDATE step_controls SET healthy = healthy + 1 WHERE version = ? AND step = ?", version, step);
	}

	/** It gets the release: what becomes of it from now on says nothing of those without. */
	letGo(version: string, unit: string): void {
		this.#drop("version = ? AND unit = ? AND healthy = 0", version, unit);
	}

	/** Nobody is told any more to ask again: whoever still had time to is not counted. */
	close(version: string, now: number): void {
		this.#drop("version = ? AND due > ? AND healthy = 0", version, now);
	}

	#drop(which: string, ...values: readonly (string | number)[]): void {
		const rows = this.#sql.exec<{ version: string; step: number }>(
			`DELETE FROM control_units WHERE ${which} RETURNING version, step`,
			...values,
		);
		for (const { version, step } of rows.toArray())
			this.#sql.exec("UPDATE step_controls SET taken = taken - 1 WHERE version = ? AND step = ?", version, step);
	}

	/** What they counted stays, unless the release begins anew. */
	dropUnits(version: string): void {
		// Those that failed are counted by their rows: what a rollout that is over has shown is in its log.
		this.#sql.exec("DELETE FROM control_units WHERE version = ?", version);
	}

	forget(version: string): void {
		for (const table of ["control_units", "step_controls"])
			this.#sql.exec(`DELETE FROM ${table} WHERE version = ?`, version);
	}
}
