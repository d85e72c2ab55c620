// What is installed holds back what it requires: a release of another product is not offered where a release that stays on the device
// works with an older one only, as long as no offer of the same answer replaces that by one that goes with it.
import type { ProductAnswer } from "../check/product-answer.ts";
import type { ProductRecord } from "../releases/product-record.ts";
import { findCircle } from "./circle.ts";
import { afterOf, type FindHolders, type Holder, meetsRequirement } from "./requires.ts";

type Answers = ReadonlyMap<string, ProductAnswer>;
type Offered = Extract<NonNullable<ProductAnswer["selection"]>, { status: "offered" }>;

export interface Known {
	readonly recordOf: (product: string) => ProductRecord | null;
	/** by product: versions that do not work on the device, by its own word; not given = none */
	readonly failed?: ReadonlyMap<string, ReadonlySet<string>> | undefined;
}

/**
 * For so many releases of a product it is looked at each by itself whether who holds it back would be replaced along with it. For the
 * others it is not, so that a check ends soon whatever was published.
 */
const TRIES = 8;

interface Hold {
	/** by version */
	readonly tried: Map<string, readonly Holder[]>;
	readonly holders: Map<string, Holder>;
	/** whether what is installed is bad, so that the device is to leave it */
	readonly isLeaving: boolean;
}

/** Grows answer by answer, until nothing is offered any more that something would have to hold back. */
export class Holds {
	readonly #known: Known;
	readonly #holds = new Map<string, Hold>();
	/** of which nothing fits, and which cannot stay */
	readonly #free = new Set<string>();

	constructor(known: Known) {
		this.#known = known;
	}

	/** @returns undefined = nothing holds back any release of the product */
	holdersOf(product: string): FindHolders | undefined {
		const hold = this.#holds.get(product);
		if (hold === undefined) return undefined;
		return (version) => {
			const tried = hold.tried.get(version);
			if (tried !== undefined || hold.tried.size < TRIES) return tried ?? [];
			return [...hold.holders.values()].filter(({ requirement }) => !meetsRequirement(requirement, version));
		};
	}

	/**
	 * @param answers each after those of the products that its releases require: what the others rest on is settled first
	 * @returns whether the products are to be answered again
	 */
	extend(answers: Answers): boolean {
		for (const answer of answers.values()) {
			const { product, selection } = answer;
			const hold = this.#holds.get(product);
			if (selection?.status !== "offered") {
				const isPutOff = selection?.status === "current" && selection.waiting !== undefined;
				if (hold?.isLeaving !== true || isPutOff) continue;
				this.#holds.delete(product);
				this.#free.add(product);
				return true;
			}
			if (this.#free.has(product)) continue;
			const holders = holdersNow(answer, selection, answers, this.#known);
			if (holders.length === 0) continue;
			const grown = hold ?? { tried: new Map(), holders: new Map(), isLeaving: isLeaving(selection) };
			grown.tried.set(selection.release.version, holders);
			for (const one of holders) grown.holders.set(one.product, one);
			this.#holds.set(product, grown);
			return true;
		}
		return false;
	}
}

function isLeaving({ reason }: Offered): boolean {
	return ["installed_withdrawn", "installed_failed", "installed_incompatible"].includes(reason);
}

/** An emergency passes: what it mends is worse than another product that has to be mended after it. */
function passes({ release }: Offered): boolean {
	return release.urgency === "emergency";
}

/** @returns what stays, and would lose by the offer what it requires and has now */
function holdersNow(answer: ProductAnswer, offered: Offered, answers: Answers, known: Known): readonly Holder[] {
	if (answer.installed === null || passes(offered)) return [];
	return [...answers.values()].flatMap((other) =>
		other.selection?.status === "offered" ? [] : losesBy(other, answer, offered.release.version, known),
	);
}

/** @returns the installed release of the other product, where it goes with what is installed and not with the version on offer; else none */
function losesBy(
	other: ProductAnswer,
	{ product, installed }: ProductAnswer,
	version: string,
	{ recordOf, failed }: Known,
): readonly Holder[] {
	const has = other.installed;
	if (has === null || installed === null || failed?.get(other.product)?.has(has) === true) return [];
	const release = recordOf(other.product)?.releases.find((one) => one.version === has);
	const requirement = release?.requires?.find((one) => one.product === product);
	if (release === undefined || release.withdrawn || requirement === undefined) return [];
	const isLost = meetsRequirement(requirement, installed) && !meetsRequirement(requirement, version);
	return isLost ? [{ product: other.product, version: has, requirement }] : [];
}

/**
 * Where what is installed does not go with an offer, and what is to replace it goes with both, that is installed first: then nothing
 * is without what it requires in between, nor when it could not be installed.
 * @returns the answers with that said in what they need
 */
export function replaceFirst(answers: Answers, known: Known): Answers {
	const before = new Map(
		Array.from(answers.values(), (one) => [
			one.product,
			afterOf(one.selection?.status === "offered" ? one.selection.needs : undefined),
		]),
	);
	const found = new Map(answers);
	for (const answer of answers.values()) {
		if (answer.selection === null) continue;
		const { product, selection } = answer;
		if (selection.status !== "offered" || passes(selection) || isLeaving(selection)) continue;
		for (const other of answers.values()) {
			if (other.selection?.status !== "offered") continue;
			if (losesBy(other, answer, selection.release.version, known).length === 0) continue;
			if (findCircle(product, [other.product], before) !== null) continue;
			const firsts = [...(before.get(product) ?? []), other.product];
			before.set(product, firsts);
			const kept = (selection.needs ?? []).filter(([name]) => !firsts.includes(name));
			const needs = [...kept, ...firsts.map((name) => [name, null] as const)];
			found.set(product, { ...answer, selection: { ...selection, needs } });
		}
	}
	return found;
}
