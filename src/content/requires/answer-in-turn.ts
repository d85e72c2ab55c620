// Answers the products of one device, each after those that its releases require, and again where what is installed holds an offer back; and
// puts them in the order in which their offers are to be installed. Where no release requires anything, nothing is done.
import { isPutOff, type ProductAnswer } from "../check/product-answer.ts";
import type { ProductRecord } from "../releases/product-record.ts";
import { Holds, type Known, replaceFirst } from "./holds.ts";
import {
	afterOf,
	type FindHolders,
	type FindPrerequisite,
	meetsRequirement,
	type Prerequisite,
	type Requirement,
	reasonOf,
} from "./requires.ts";

const NOT_NAMED: Prerequisite = { installed: null, isSound: false, offered: null, reason: "not_named" };

/** Is asked for a product: with it, what the device has and is offered of others, and which of its releases are held back. */
type Answer = (product: string, prerequisite: FindPrerequisite, holders: FindHolders | undefined) => ProductAnswer;

/**
 * @param products each once, in the order of the question; what is not among them counts as not there
 * @param answer is asked for each product, and again for all where an offer is held back
 * @param known `recordOf`: the current record of a product, null when nothing was ever published
 * @returns the answers in the order of the question, but each offer after those that have to be installed before it
 */
export function answerInTurn(products: Iterable<string>, answer: Answer, known: Known): ProductAnswer[] {
	const asked = new Set(products);
	const holds = new Holds(known);
	let answers = answerEach(asked, answer, known, holds);
	while (holds.extend(answers)) answers = answerEach(asked, answer, known, holds);
	const settled = replaceFirst(answers, known);
	const inOrder = [...asked].flatMap((product) => settled.get(product) ?? []);
	return inOrder.some((one) => productsBefore(one).length > 0) ? inInstallOrder(inOrder) : inOrder;
}

/** @returns by product, each after those that its releases were looked at for */
function answerEach(asked: ReadonlySet<string>, answer: Answer, { recordOf }: Known, holds: Holds) {
	const answers = new Map<string, ProductAnswer>();
	const pending = new Set<string>();
	const prerequisite: FindPrerequisite = (requirement) => {
		const { product } = requirement;
		if (!asked.has(product)) return NOT_NAMED;
		// Two that require each other are refused when they are published; should it happen all the same, neither waits for the other for ever.
		if (pending.has(product)) return null;
		return prerequisiteOf(requirement, answerOf(product), recordOf(product));
	};
	const answerOf = (product: string): ProductAnswer => {
		const known = answers.get(product);
		if (known !== undefined) return known;
		pending.add(product);
		const given = answer(product, prerequisite, holds.holdersOf(product));
		pending.delete(product);
		answers.set(product, given);
		return given;
	};
	for (const product of asked) answerOf(product);
	return answers;
}

function productsBefore({ selection }: ProductAnswer): readonly string[] {
	return afterOf(selection?.status === "offered" ? selection.needs : undefined);
}

/** Each after the products of which it needs the offer; else as they were. Who needs whose offer never goes in a circle: see `pending` and `replaceFirst`. */
function inInstallOrder(answers: readonly ProductAnswer[]): ProductAnswer[] {
	const byProduct = new Map(answers.map((one) => [one.product, one]));
	const placed = new Set<ProductAnswer>();
	const place = (one: ProductAnswer) => {
		if (placed.has(one)) return;
		for (const before of productsBefore(one)) {
			const answer = byProduct.get(before);
			if (answer !== undefined) place(answer);
		}
		placed.add(one);
	};
	for (const one of answers) place(one);
	return [...placed];
}

function prerequisiteOf(requirement: Requirement, answer: ProductAnswer, record: ProductRecord | null): Prerequisite {
	const { installed, selection } = answer;
	const releases = record?.releases ?? [];
	const isOffered = selection?.status === "offered";
	const isBad =
		(isOffered && selection.reason === "installed_failed") ||
		releases.some(({ version, withdrawn }) => withdrawn && version === installed);
	const offered = isOffered ? selection.release.version : null;
	return { installed, isSound: !isBad, offered, reason: whyNot(requirement, answer, releases) };
}

function whyNot(
	requirement: Requirement,
	answer: ProductAnswer,
	releases: ProductRecord["releases"],
): Prerequisite["reason"] {
	const { selection } = answer;
	if (selection === null) return "not_entitled";
	const waiting = selection.status === "current" ? selection.waiting : undefined;
	if (isPutOff(answer) && waiting !== undefined && meetsRequirement(requirement, waiting.version)) return "put_off";
	return reasonOf(requirement, releases);
}
