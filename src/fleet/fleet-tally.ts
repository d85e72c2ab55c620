// Summaries added up: each can be taken away again, and what one costs depends on its own size, not on that of the fleet. Bounded: what
// finds no room is counted as "other", of its product. Pure.
import {
	cellKey,
	type FleetCell,
	type FleetLicenses,
	type FleetProblem,
	type FleetSummary,
	OTHER,
	problemKey,
} from "./fleet-summary.ts";
import { restOfTrust, type TrustCell, trustKey } from "./trust-outlook.ts";

export interface TallyOptions {
	/** so many different cells and problems each; without it as many as there are */
	readonly maxKinds?: number;
}

export class FleetTally {
	readonly #maxKinds: number;
	readonly #statuses = new Map<string, number>();
	readonly #cells = new Map<string, FleetCell>();
	readonly #problems = new Map<string, FleetProblem>();
	readonly #seen = new Map<number, number>();
	readonly #licenses = new Map<string, FleetLicenses>();
	readonly #trust = new Map<string, TrustCell>();

	constructor({ maxKinds = Number.POSITIVE_INFINITY }: TallyOptions = {}) {
		this.#maxKinds = maxKinds;
	}

	/** @param sign -1 = takes away what was added before */
	add({ devices, cells, problems, seen, licenses, trust }: FleetSummary, sign: 1 | -1): void {
		for (const [status, count] of Object.entries(devices)) addTo(this.#statuses, status, sign * count);
		for (const cell of cells) this.#addItem(this.#cells, cell, sign * cell.devices, cellKey, restOfCell);
		for (const one of problems) this.#addItem(this.#problems, one, sign * one.devices, problemKey, restOfProblem);
		for (const { hour, devices: count } of seen) addTo(this.#seen, hour, sign * count);
		for (const one of licenses) this.#addLicenses(one, sign);
		for (const one of trust) this.#addItem(this.#trust, one, sign * one.devices, trustKey, restOfTrust);
	}

	/** @returns a copy; nothing is folded */
	summary(): FleetSummary {
		return {
			devices: Object.fromEntries(this.#statuses),
			...{ cells: this.cells(), problems: this.problems(), licenses: [...this.#licenses.values()] },
			seen: Array.from(this.#seen, ([hour, devices]) => ({ hour, devices })),
			trust: this.trust(),
		};
	}

	cells(): FleetCell[] {
		return [...this.#cells.values()];
	}

	trust(): TrustCell[] {
		return [...this.#trust.values()];
	}

	problems(): FleetProblem[] {
		return [...this.#problems.values()];
	}

	/** A count below zero was added to what had no room then: it is taken from there, so that the sum stays right. */
	#addItem<T extends { readonly devices: number }>(
		items: Map<string, T>,
		item: T,
		devices: number,
		keyOf: (item: T) => string,
		restOf: (item: T) => T,
	): void {
		const key = keyOf(item);
		const known = items.get(key);
		const sum = (known?.devices ?? 0) + devices;
		if (sum > 0 && (known !== undefined || items.size < this.#maxKinds)) {
			items.set(key, { ...item, devices: sum });
			return;
		}
		items.delete(key);
		if (sum === 0) return;
		const rest = restOf(item);
		const restKey = keyOf(rest);
		const left = (restKey === key ? 0 : (items.get(restKey)?.devices ?? 0)) + sum;
		if (left > 0) items.set(restKey, { ...rest, devices: left });
		else items.delete(restKey);
	}

	#addLicenses({ kind, licenses, seats, taken }: FleetLicenses, sign: 1 | -1): void {
		const known = this.#licenses.get(kind) ?? { kind, licenses: 0, seats: 0, taken: 0 };
		const sum = {
			...{ kind, licenses: known.licenses + sign * licenses },
			...{ seats: known.seats + sign * seats, taken: known.taken + sign * taken },
		};
		if (sum.licenses === 0) this.#licenses.delete(kind);
		else this.#licenses.set(kind, sum);
	}
}

function restOfCell(cell: FleetCell): FleetCell {
	return { ...cell, version: OTHER, model: OTHER, country: OTHER, outcome: null };
}

function restOfProblem(problem: FleetProblem): FleetProblem {
	return { ...problem, version: OTHER, country: null, reason: OTHER };
}

function addTo<K>(counts: Map<K, number>, key: K, count: number): void {
	const sum = (counts.get(key) ?? 0) + count;
	if (sum === 0) counts.delete(key);
	else counts.set(key, sum);
}
