// An object of which every row is the truth about something: what is common to all of them. It comes into being with its first change,
// and answers like an empty one until then. Its rows go into backups, and come out of them where it does not exist.
import { DurableObject } from "cloudflare:workers";
import type { Alarm } from "./alarm.ts";
import { lastPlace } from "./audit.ts";
import { keptTables, type RowPage, readRows } from "./backup/kept-rows.ts";
import {
	dropHalfRestored,
	isOutOf,
	type RestoreAnswer,
	type RowsToRestore,
	restorePage,
	wakeWhole,
} from "./backup/restored-rows.ts";
import type { ObjectBindings } from "./bindings.ts";
import { createTables, latestVersion, openTables, type Schema, schemaOf } from "./schema.ts";

export abstract class KeptObject extends DurableObject<ObjectBindings> {
	readonly #schema: Schema;
	#alarm: Alarm | null = null;
	/** whether it has its tables: until its first change it has none, and nothing may be read */
	protected exists: boolean;

	constructor(ctx: DurableObjectState, env: ObjectBindings, schema: Schema) {
		super(ctx, env);
		this.#schema = schema;
		this.exists = openTables(ctx.storage, schema);
	}

	/** A page of its rows, for a backup: see `readRows`. @returns null where there is no such object, or place */
	async exportRows(after: string): Promise<RowPage | null> {
		const { sql } = this.ctx.storage;
		const page = this.exists ? readRows(sql, after) : null;
		if (page === null) return null;
		const trail = keptTables(sql).includes("audit") ? lastPlace(sql) : 0;
		return { ...page, schema: schemaOf(this.ctx.storage) ?? latestVersion(this.#schema), trail };
	}

	/** Takes a page of a backup's rows: see `restorePage`. */
	async restoreRows(page: RowsToRestore): Promise<RestoreAnswer> {
		return this.exists ? this.#outOf(page.backup) : restorePage(this.ctx.storage, this.#schema, page);
	}

	/** Has it exist once all its rows are there, and do what there is to do. */
	async wakeRestored(backup: string): Promise<RestoreAnswer> {
		if (this.exists) return this.#outOf(backup);
		const answer = wakeWhole(this.ctx.storage, this.#schema, backup);
		if (!answer.ok) return answer;
		this.exists = true;
		this.#alarm?.rearm();
		return answer;
	}

	/** Makes its tables, as part of the transaction of its first change. */
	protected createTables(): void {
		dropHalfRestored(this.ctx.storage);
		createTables(this.ctx.storage, this.#schema);
	}

	/** @param alarm that rings for it, from now on */
	protected wakeBy(alarm: Alarm): void {
		this.#alarm = alarm;
		if (this.exists) alarm.rearm();
	}

	override async alarm(): Promise<void> {
		if (this.exists) await this.#alarm?.ring();
	}

	#outOf(backup: string): RestoreAnswer {
		return isOutOf(this.ctx.storage, backup)
			? { ok: true, isWhole: true, isAwake: true }
			: { ok: false, reason: "not_empty" };
	}
}
