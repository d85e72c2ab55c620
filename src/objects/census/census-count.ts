// The summaries of all accounts, added up in memory: counted once in a life of the object, a page of accounts at a time, and from then
// on kept with each summary that comes, whose own size alone it costs.
import { EMPTY_SUMMARY, type FleetSummary, silentSince } from "../../fleet/fleet-summary.ts";
import { FleetTally } from "../../fleet/fleet-tally.ts";
import {
	countInstalled,
	findInstalled,
	type InstalledAnswer,
	type InstalledCount,
	type InstalledQuery,
} from "../../fleet/installed.ts";
import {
	devicesIn,
	stoppingBy,
	type TrustCell,
	type TrustOutlook,
	type TrustQuestion,
	trustOutlook,
} from "../../fleet/trust-outlook.ts";
import type { AccountSummary, CensusTables } from "./census-tables.ts";

/** All accounts together are kept to so many cells, and as many problems. */
const MAX_FLEET_KINDS = 20_000;
/** Characters of summaries that are read at once: some 30 ms. */
const CHARACTERS_PER_PAGE = 2_000_000;

export interface SilentAccount {
	readonly account: string;
	readonly silent: number;
	readonly devices: number;
}

export interface StoppingAccount {
	readonly account: string;
	readonly stopping: number;
	readonly devices: number;
}

interface Known {
	/** unix seconds */
	readonly at: number;
	readonly seen: FleetSummary["seen"];
	readonly trust: readonly TrustCell[];
	readonly installed: readonly InstalledCount[];
}

export class CensusCount {
	readonly #tables: CensusTables;
	readonly #perPage: number;
	readonly #tally = new FleetTally({ maxKinds: MAX_FLEET_KINDS });
	readonly #accounts = new Map<string, Known>();
	readonly #names = new Map<string, string>();
	/** the last account that is counted; null = all are */
	#countedTo: string | null = "";

	constructor(tables: CensusTables, charactersPerPage = CHARACTERS_PER_PAGE) {
		this.#tables = tables;
		this.#perPage = charactersPerPage;
	}

	/** Counts a page of those that are not counted yet. @returns whether all are */
	countOn(): boolean {
		if (this.#countedTo === null) return true;
		let left = this.#perPage;
		for (const summary of this.#tables.summaries(this.#countedTo)) {
			this.#replace(EMPTY_SUMMARY, summary);
			this.#countedTo = summary.account;
			left -= summary.characters;
			if (left <= 0) return false;
		}
		this.#countedTo = null;
		return true;
	}

	/** To be called when a summary has taken the place of another one. @param before the other one; EMPTY_SUMMARY = there was none */
	take(before: FleetSummary, after: AccountSummary): void {
		if (this.#countedTo === null || after.account <= this.#countedTo) this.#replace(before, after);
	}

	/** Of all that are counted. */
	summary(): FleetSummary {
		return this.#tally.summary();
	}

	/** @returns unix seconds of the newest and the oldest summary; null = there is none */
	ages(): { accounts: number; newestAt: number | null; oldestAt: number | null } {
		let [newestAt, oldestAt]: [number | null, number | null] = [null, null];
		for (const { at } of this.#accounts.values()) {
			newestAt = Math.max(at, newestAt ?? at);
			oldestAt = Math.min(at, oldestAt ?? at);
		}
		return { accounts: this.#accounts.size, newestAt, oldestAt };
	}

	/** @param since unix seconds @returns accounts with devices that were not heard of since, most first */
	silent(since: number, limit: number): SilentAccount[] {
		const found: SilentAccount[] = [];
		for (const [account, known] of this.#accounts) {
			const silent = silentSince(known, since);
			if (silent === 0) continue;
			found.push({ account, silent, devices: known.seen.reduce((sum, { devices }) => sum + devices, 0) });
		}
		return found.toSorted((one, two) => two.silent - one.silent).slice(0, limit);
	}

	/** @returns who stops updating by then; see trustOutlook */
	trust(question: TrustQuestion): TrustOutlook {
		return trustOutlook(
			Array.from(this.#accounts.values(), ({ trust }) => trust),
			question,
		);
	}

	/** @returns accounts with devices that stop updating then or earlier, most first, `limit` at most */
	stopping({ by, newest, limit }: TrustQuestion): StoppingAccount[] {
		const found: StoppingAccount[] = [];
		for (const [account, { trust }] of this.#accounts) {
			const stopping = stoppingBy(trust, by, newest);
			if (stopping > 0) found.push({ account, stopping, devices: devicesIn(trust) });
		}
		return found.toSorted((one, two) => two.stopping - one.stopping).slice(0, limit);
	}

	/** @returns how many devices have a version that is wanted, and in which accounts */
	installed(query: InstalledQuery): InstalledAnswer {
		const counts = Array.from(this.#accounts, ([account, { installed }]) => [account, installed] as const);
		return findInstalled(counts, query);
	}

	#replace(before: FleetSummary, { account, at, summary }: AccountSummary): void {
		this.#tally.add(before, -1);
		this.#tally.add(summary, 1);
		const installed = countInstalled(summary.cells).map((one) => ({
			...{ product: this.#nameOf(one.product), version: this.#nameOf(one.version), devices: one.devices },
		}));
		this.#accounts.set(account, { at, seen: summary.seen, trust: summary.trust, installed });
	}

	/** Names of products and versions are the same in most accounts: each is kept once, as many as there may be. */
	#nameOf(text: string): string {
		const known = this.#names.get(text);
		if (known !== undefined) return known;
		if (this.#names.size < MAX_FLEET_KINDS) this.#names.set(text, text);
		return text;
	}
}
