// Which accounts have which version of a product, and on how many devices, as their summaries say it. Kept in memory by account, so that
// an account that says it again and again costs no row; bounded, whatever devices say. Pure.
import { type FleetCell, OTHER } from "./fleet-summary.ts";

export interface InstalledCount {
	readonly product: string;
	readonly version: string;
	readonly devices: number;
}

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
	/** whether others follow this page */
	readonly more: boolean;
}

/** Versions of all products that are kept of an account: some 5 KB, and 15,000 accounts in an object of 128 MB. */
export const MAX_INSTALLED = 100;

/** @param cells of an account's summary @returns so many versions that most devices have, and the others counted together; what has nothing is of none */
export function countInstalled(cells: readonly FleetCell[], max = MAX_INSTALLED): InstalledCount[] {
	const counts = addUp(
		cells.flatMap(({ product, version, devices }) => (version === null ? [] : [{ product, version, devices }])),
	);
	if (counts.length <= max) return counts;
	const sorted = counts.toSorted((one, two) => two.devices - one.devices);
	return addUp([...sorted.slice(0, max), ...sorted.slice(max).map((one) => ({ ...one, version: OTHER }))]);
}

/** @param counts of each account */
export function findInstalled(
	counts: Iterable<readonly [account: string, counts: readonly InstalledCount[]]>,
	{ product, wanted, limit, after }: InstalledQuery,
): InstalledAnswer {
	const versions = new Map<string, VersionWith>();
	const accounts: AccountWith[] = [];
	let other = 0;
	for (const [account, own] of counts) {
		let sum = 0;
		for (const { product: of, version, devices } of own) {
			if (of !== product) continue;
			if (version === OTHER) other += devices;
			if (!isWanted(version, wanted)) continue;
			sum += devices;
			const known = versions.get(version);
			versions.set(version, {
				version,
				devices: devices + (known?.devices ?? 0),
				accounts: 1 + (known?.accounts ?? 0),
			});
		}
		if (sum > 0) accounts.push({ account, devices: sum });
	}
	const left = accounts.filter((one) => after === null || compare(one, after) > 0).toSorted(compare);
	return {
		devices: accounts.reduce((sum, { devices }) => sum + devices, 0),
		other,
		versions: [...versions.values()]
			.toSorted((one, two) => two.devices - one.devices || byText(one.version, two.version))
			.slice(0, limit),
		accounts: left.slice(0, limit),
		more: left.length > limit,
	};
}

/** What is counted together has no name that anybody could want. */
function isWanted(version: string, wanted: InstalledQuery["wanted"]): boolean {
	if (wanted === null) return true;
	if (version === OTHER) return false;
	return "version" in wanted ? version === wanted.version : version.startsWith(wanted.prefix);
}

function compare(one: AccountWith, two: AccountWith): number {
	return two.devices - one.devices || byText(one.account, two.account);
}

function byText(one: string, two: string): number {
	return one < two ? -1 : one > two ? 1 : 0;
}

function addUp(counts: readonly InstalledCount[]): InstalledCount[] {
	const found = new Map<string, InstalledCount>();
	for (const one of counts) {
		const key = JSON.stringify([one.product, one.version]);
		found.set(key, { ...one, devices: one.devices + (found.get(key)?.devices ?? 0) });
	}
	return [...found.values()];
}
