// The fleet in numbers: the last summary of each account, all of them together, and how many devices had each version when. One per
// deployment; nothing here is the only copy, the accounts can tell all of it again. No request of a device waits for it.
import { DurableObject } from "cloudflare:workers";
import { type AdoptionSample, ALL_VERSIONS } from "../../fleet/adoption.ts";
import {
	countBy,
	EMPTY_SUMMARY,
	type FleetSummary,
	foldCells,
	foldProblems,
	merge,
	silentSince,
} from "../../fleet/fleet-summary.ts";
import type { ObjectBindings } from "../bindings.ts";
import { nowSeconds } from "../clock.ts";
import { createTables, openTables } from "../schema.ts";
import { CENSUS_SCHEMA, CensusTables } from "./census-tables.ts";

/** All accounts together are kept to so many cells and problems. */
const MAX_FLEET_CELLS = 20_000;
const MAX_FLEET_PROBLEMS = 2_000;
const SAMPLE_EVERY_MS = 60_000;
const SAMPLES_KEPT_SECONDS = 60 * 86_400;

export interface FleetView {
	readonly summary: FleetSummary;
	readonly accounts: number;
	/** unix seconds: of the newest and the oldest summary; null = there is none */
	readonly newestAt: number | null;
	readonly oldestAt: number | null;
}

export interface SilentAccount {
	readonly account: string;
	readonly silent: number;
	readonly devices: number;
}

export class Census extends DurableObject<ObjectBindings> {
	readonly #tables: CensusTables;
	#exists: boolean;
	/** all summaries together; null = to be made from the rows */
	#fleet: FleetSummary | null = null;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env);
		this.#exists = openTables(ctx.storage, CENSUS_SCHEMA);
		this.#tables = new CensusTables(ctx.storage.sql);
	}

	/** Takes an account's summary in place of its last one; one that is not newer changes nothing. */
	async take(input: { account: string; version: number; at: number; summary: FleetSummary }): Promise<void> {
		const { account, version, at, summary } = input;
		let before: FleetSummary | null = null;
		const isNew = this.ctx.storage.transactionSync(() => {
			if (!this.#exists) createTables(this.ctx.storage, CENSUS_SCHEMA);
			const known = this.#tables.summary(account);
			if (known !== null && known.version >= version) return false;
			before = known?.summary ?? EMPTY_SUMMARY;
			this.#tables.save({ account, version, at, summary });
			return true;
		});
		this.#exists = true;
		if (!isNew || before === null) return;
		if (this.#fleet !== null) this.#fleet = merge(merge(this.#fleet, before, -1), summary);
		if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + SAMPLE_EVERY_MS);
	}

	async fleet(): Promise<FleetView> {
		if (!this.#exists) return { summary: EMPTY_SUMMARY, accounts: 0, newestAt: null, oldestAt: null };
		const { cells, problems, ...rest } = this.#together();
		const summary = {
			...rest,
			cells: foldCells(cells, MAX_FLEET_CELLS),
			problems: foldProblems(problems, MAX_FLEET_PROBLEMS),
		};
		return { summary, ...this.#tables.ages() };
	}

	/** @param since unix seconds @returns accounts with devices that were not heard of since, most first */
	async silent(since: number, limit: number): Promise<SilentAccount[]> {
		if (!this.#exists) return [];
		const found: SilentAccount[] = [];
		for (const { account, summary } of this.#tables.summaries()) {
			const silent = silentSince(summary, since);
			const devices = summary.seen.reduce((sum, one) => sum + one.devices, 0);
			if (silent > 0) found.push({ account, silent, devices });
		}
		return found.toSorted((one, two) => two.silent - one.silent).slice(0, limit);
	}

	/** @returns of a product how many devices had each version when, oldest first */
	async adoption(product: string): Promise<AdoptionSample[]> {
		return this.#exists ? this.#tables.samples(product) : [];
	}

	/** Writes down how many devices have each version, where that is another number than before. */
	override async alarm(): Promise<void> {
		if (!this.#exists) return;
		const now = nowSeconds();
		const { cells } = this.#together();
		this.ctx.storage.transactionSync(() => {
			for (const [product, ofProduct] of Map.groupBy(cells, (cell) => cell.product)) {
				const counts = new Map(countBy(ofProduct, "version").map(({ value, devices }) => [value, devices]));
				const all = ofProduct.reduce((sum, { devices }) => sum + devices, 0);
				this.#tables.sample(product, new Map([...counts, [ALL_VERSIONS, all]]), now);
			}
			this.#tables.forget(now - SAMPLES_KEPT_SECONDS);
		});
	}

	#together(): FleetSummary {
		if (this.#fleet !== null) return this.#fleet;
		let fleet = EMPTY_SUMMARY;
		for (const { summary } of this.#tables.summaries()) fleet = merge(fleet, summary);
		this.#fleet = fleet;
		return fleet;
	}
}
