// The fleet in numbers: the last summary of each account, all of them together, and how many devices had each version when. One per
// deployment; nothing here is the only copy, the accounts can tell all of it again. No request of a device waits for it. After it came
// to life it counts a page at each call; until it has counted all it answers so.
import { type AdoptionSample, ALL_VERSIONS, LateInstallations } from "../../fleet/adoption.ts";
import {
	countBy,
	EMPTY_SUMMARY,
	type FleetCell,
	type FleetProblem,
	type FleetView,
	overviewOf,
} from "../../fleet/fleet-summary.ts";
import type { InstalledAnswer, InstalledQuery } from "../../fleet/installed.ts";
import { countVersions } from "../../fleet/regression.ts";
import type { TrustOutlook, TrustQuestion } from "../../fleet/trust-outlook.ts";
import { SOONEST_MS, setUnlessSet } from "../alarm.ts";
import { type ObjectBindings, tellProduct } from "../bindings.ts";
import type { TakenSummary } from "../census-port.ts";
import { nowSeconds } from "../clock.ts";
import { KeptObject } from "../kept-object.ts";
import { CensusCount, type SilentAccount, type StoppingAccount } from "./census-count.ts";
import { CENSUS_SCHEMA, CensusTables, type VersionCounts } from "./census-tables.ts";
import { Suspects } from "./suspects.ts";

const SAMPLE_EVERY_MS = 60_000;
const FORGET_EVERY_SECONDS = 3_600;

export interface CensusAges {
	readonly accounts: number;
	/** unix seconds: of the newest and the oldest summary; null = there is none */
	readonly newestAt: number | null;
	readonly oldestAt: number | null;
}

/** counting: it has counted a part; who asks again gets on */
export type CensusAnswer<T> = "counting" | (CensusAges & T);

export interface ProblemQuery {
	readonly product?: string | undefined;
	readonly country?: string | undefined;
	readonly limit: number;
}

export class Census extends KeptObject {
	readonly #tables: CensusTables;
	readonly #count: CensusCount;
	/** since the last alarm; what is lost with the object's life is counted from when it was told on */
	readonly #late = new LateInstallations();
	readonly #suspects: Suspects;
	/** unix seconds */
	#forgottenAt = 0;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env, CENSUS_SCHEMA);
		this.#tables = new CensusTables(ctx.storage.sql);
		this.#count = new CensusCount(this.#tables);
		this.#suspects = new Suspects((product, count) => tellProduct(env, product, count));
	}

	/** Takes an account's summary in place of its last one; one that is not newer changes nothing. */
	async take({ late = [], ...input }: TakenSummary): Promise<void> {
		// An account of an earlier version says nothing of what that did not count.
		const told = { ...input, summary: { ...EMPTY_SUMMARY, ...input.summary } };
		const before = this.ctx.storage.transactionSync(() => {
			if (!this.exists) this.createTables();
			const known = this.#tables.summary(input.account);
			if (known !== null && known.version >= input.version) return null;
			this.#tables.save(told);
			return known?.summary ?? EMPTY_SUMMARY;
		});
		this.exists = true;
		if (before === null) return;
		this.#count.take(before, told);
		for (const one of late) this.#late.add(one);
		await setUnlessSet(this.ctx.storage, SAMPLE_EVERY_MS);
	}

	async fleet(): Promise<CensusAnswer<FleetView>> {
		return this.#answer(() => {
			const { cells, devices, seen, licenses } = this.#count.summary();
			return { devices, seen, licenses, products: overviewOf(cells) };
		});
	}

	/** @returns why last updates did not take place, of most devices first */
	async problems({ product, country, limit }: ProblemQuery): Promise<CensusAnswer<{ problems: FleetProblem[] }>> {
		return this.#answer(() => {
			const found = this.#count
				.summary()
				.problems.filter((one) => (product ?? one.product) === one.product && (country ?? one.country) === one.country);
			return { problems: found.toSorted((one, two) => two.devices - one.devices).slice(0, limit) };
		});
	}

	/** @param since unix seconds @returns accounts with devices that were not heard of since, most first */
	async silent(since: number, limit: number): Promise<CensusAnswer<{ silent: SilentAccount[] }>> {
		return this.#answer(() => ({ silent: this.#count.silent(since, limit) }));
	}

	/** @returns who stops updating by then, and in which accounts, `limit` of these too; see trustOutlook */
	async trust(question: TrustQuestion): Promise<CensusAnswer<TrustOutlook & { stoppingIn: StoppingAccount[] }>> {
		return this.#answer(() => ({ ...this.#count.trust(question), stoppingIn: this.#count.stopping(question) }));
	}

	/** @returns how many devices have a version of a product that is wanted, and in which accounts; `all`: that have said anything of it */
	async installed(query: InstalledQuery): Promise<CensusAnswer<InstalledAnswer & { all: number }>> {
		return this.#answer(() => {
			const cells = this.#count.summary().cells.filter(({ product }) => product === query.product);
			return { ...this.#count.installed(query), all: cells.reduce((sum, { devices }) => sum + devices, 0) };
		});
	}

	/** @returns of a product how many devices had each version when, oldest first, up to now */
	async adoption(product: string): Promise<CensusAnswer<{ samples: AdoptionSample[] }>> {
		return this.#answer(() => {
			if (!this.exists) return { samples: [] };
			const at = nowSeconds();
			const cells = this.#count.summary().cells.filter((cell) => cell.product === product);
			const unwritten = this.#tables.changes(product, versionsIn(cells)).map(({ by: _, ...one }) => ({ ...one, at }));
			return { samples: [...this.#tables.samples(product), ...unwritten] };
		});
	}

	/** Writes down how many devices have each version, where that is another number than before, and looks how the versions do. */
	override async alarm(): Promise<void> {
		if (!this.exists) return;
		if (!this.#count.countOn()) return this.ctx.storage.setAlarm(Date.now() + SOONEST_MS);
		try {
			this.ctx.storage.transactionSync(() => this.#sample(nowSeconds()));
		} catch (error) {
			this.#tables.forgetLatest();
			throw error;
		}
		const { cells, problems } = this.#count.summary();
		await this.#suspects.look(countVersions(cells, problems), nowSeconds());
	}

	#sample(now: number): void {
		this.#tables.countEarlier(this.#late.take());
		const cells = Map.groupBy(this.#count.summary().cells, (cell) => cell.product);
		for (const product of new Set([...cells.keys(), ...this.#tables.sampledProducts()])) {
			this.#tables.sample(product, versionsIn(cells.get(product) ?? []), now);
		}
		if (now - this.#forgottenAt < FORGET_EVERY_SECONDS) return;
		this.#tables.forget(now);
		this.#forgottenAt = now;
	}

	#answer<T>(read: () => T): CensusAnswer<T> {
		if (this.exists && !this.#count.countOn()) return "counting";
		return { ...this.#count.ages(), ...read() };
	}
}

/** @param cells of one product @returns how many devices have each version */
function versionsIn(cells: readonly FleetCell[]): VersionCounts {
	const all = cells.reduce((sum, { devices }) => sum + devices, 0);
	return new Map([
		...countBy(cells, "version").map(({ value, devices }) => [value, devices] as const),
		[ALL_VERSIONS, all],
	]);
}
