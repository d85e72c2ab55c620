// A fleet in numbers: what an account says of its devices, and what all accounts together say. Bounded, whatever devices say: what is
// rare is counted as "other". Pure.
import { hourOf } from "../timestamps.ts";
import type { TrustCell } from "./trust-outlook.ts";

/** Devices that are alike in what the fleet is counted by. null = not known. */
export interface FleetCell {
	readonly product: string;
	readonly version: string | null;
	readonly model: string;
	readonly country: string | null;
	/** their last word of a permit */
	readonly outcome: string | null;
	readonly devices: number;
}

/** Devices whose last update did not take place. */
export interface FleetProblem {
	readonly product: string;
	readonly version: string | null;
	readonly country: string | null;
	readonly outcome: string;
	readonly reason: string;
	readonly devices: number;
}

export interface FleetLicenses {
	readonly kind: string;
	readonly licenses: number;
	readonly seats: number;
	readonly taken: number;
}

export interface FleetSummary {
	/** by status */
	readonly devices: Readonly<Record<string, number>>;
	readonly cells: readonly FleetCell[];
	readonly problems: readonly FleetProblem[];
	/** devices that may have a seat, by when they were last heard of or activated, the later: unix seconds to the hour */
	readonly seen: readonly { readonly hour: number; readonly devices: number }[];
	/** those that are in force, by kind */
	readonly licenses: readonly FleetLicenses[];
	/** devices that may have a seat, by what their updates rest on */
	readonly trust: readonly TrustCell[];
}

/** What is rarer than so many others of its kind is counted together: by version and outcome, or where these are many too, by product. */
export const MAX_CELLS = 500;
export const MAX_PROBLEMS = 200;
export const OTHER = "other";
const HOUR = 3_600;
/** Older than this, hours are counted by the day. */
const HOURS_MATTER_SECONDS = 7 * 86_400;
/** Older than this, days are counted as one. */
const DAYS_MATTER_SECONDS = 90 * 86_400;

/** A summary as it is told: cells by product, and without what has answers of its own. */
export type FleetView = Omit<FleetSummary, "cells" | "problems" | "trust"> & {
	readonly products: readonly ProductOverview[];
};

export const EMPTY_SUMMARY: FleetSummary = {
	...{ devices: {}, cells: [], problems: [], seen: [], licenses: [], trust: [] },
};

/** @returns so many cells, and at most as many of those that are left by version and outcome, and one for each product */
export function foldCells(cells: readonly FleetCell[], max = MAX_CELLS): FleetCell[] {
	const rest = (cell: FleetCell) => ({ ...cell, model: OTHER, country: OTHER });
	const [most, fewer] = foldRest(cells, max, rest);
	const [more, fewest] = foldRest(fewer, max, (cell) => ({ ...cell, version: OTHER, outcome: null }));
	return [...most, ...more, ...fewest];
}

/** @returns so many that have most devices, and of the others what is left when they are counted by less */
function foldRest(
	cells: readonly FleetCell[],
	max: number,
	rest: (cell: FleetCell) => FleetCell,
): [readonly FleetCell[], FleetCell[]] {
	if (cells.length <= max) return [cells, []];
	const sorted = cells.toSorted((one, two) => two.devices - one.devices);
	return [sorted.slice(0, max), addUp(sorted.slice(max).map(rest), cellKey)];
}

/** @returns so many problems at most */
export function foldProblems(problems: readonly FleetProblem[], max = MAX_PROBLEMS): FleetProblem[] {
	if (problems.length <= max) return [...problems];
	const sorted = problems.toSorted((one, two) => two.devices - one.devices);
	const rest = { version: OTHER, country: null, reason: OTHER };
	return addUp([...sorted.slice(0, max), ...sorted.slice(max).map((one) => ({ ...one, ...rest }))], problemKey);
}

/** @param now unix seconds @returns times that are far back, counted together */
export function foldSeen(seen: FleetSummary["seen"], now: number): FleetSummary["seen"] {
	const counts = new Map<number, number>();
	for (const { hour, devices } of seen) {
		const age = now - hour;
		const unit = age > HOURS_MATTER_SECONDS ? 24 * HOUR : HOUR;
		const at =
			hour === 0
				? 0
				: age > DAYS_MATTER_SECONDS
					? now - (now % (24 * HOUR)) - DAYS_MATTER_SECONDS
					: hour - (hour % unit);
		counts.set(at, (counts.get(at) ?? 0) + devices);
	}
	return [...counts].toSorted(([one], [other]) => one - other).map(([hour, devices]) => ({ hour, devices }));
}

/** @returns how many devices were not heard of since, those with them that never were and had activated before */
export function silentSince({ seen }: Pick<FleetSummary, "seen">, since: number): number {
	return seen.reduce((sum, { hour, devices }) => (hour < hourOf(since) ? sum + devices : sum), 0);
}

/** @returns how many devices there are of each value of a field, most first */
export function countBy<T extends { readonly devices: number }, K extends keyof T>(
	items: readonly T[],
	field: K,
): { readonly value: T[K]; readonly devices: number }[] {
	const counts = new Map<T[K], number>();
	for (const item of items) counts.set(item[field], (counts.get(item[field]) ?? 0) + item.devices);
	return [...counts].map(([value, devices]) => ({ value, devices })).toSorted((one, two) => two.devices - one.devices);
}

export interface FleetCount {
	/** null = not known */
	readonly value: string | null;
	readonly devices: number;
}

/** The devices of one product, counted by one thing at a time; each most first. */
export interface ProductOverview {
	readonly product: string;
	readonly devices: number;
	readonly versions: readonly FleetCount[];
	readonly outcomes: readonly FleetCount[];
	readonly models: readonly FleetCount[];
	readonly countries: readonly FleetCount[];
}

/** @returns the products in the order of their names */
export function overviewOf(cells: readonly FleetCell[]): ProductOverview[] {
	return [...Map.groupBy(cells, ({ product }) => product)]
		.toSorted(([one], [other]) => (one < other ? -1 : 1))
		.map(([product, own]) => ({
			product,
			devices: own.reduce((sum, { devices }) => sum + devices, 0),
			...{ versions: countBy(own, "version"), outcomes: countBy(own, "outcome") },
			...{ models: countBy(own, "model"), countries: countBy(own, "country") },
		}));
}

/** @returns items that are alike as one */
function addUp<T extends { readonly devices: number }>(items: readonly T[], keyOf: (item: T) => string): T[] {
	const found = new Map<string, T>();
	for (const item of items) {
		const key = keyOf(item);
		found.set(key, { ...item, devices: (found.get(key)?.devices ?? 0) + item.devices });
	}
	return [...found.values()].filter(({ devices }) => devices !== 0);
}

export function cellKey({ product, version, model, country, outcome }: FleetCell): string {
	return JSON.stringify([product, version, model, country, outcome]);
}

export function problemKey({ product, version, country, outcome, reason }: FleetProblem): string {
	return JSON.stringify([product, version, country, outcome, reason]);
}
