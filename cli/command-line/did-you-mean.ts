// What was probably meant by a word that is not known: one that is written nearly like it, begins like it, or means the same.
import { nearestName } from "../../src/nearest-name.ts";

/** Options of one meaning; which commands call them by which name is easily mixed up. */
const SAME_MEANING: readonly (readonly string[])[] = [
	["ends", "expires", "until"],
	["title", "name"],
	["seats", "uses"],
	["reason", "notes", "message"],
	["version", "installed"],
];

/** @param word and `known` without leading dashes @returns the one that was probably meant; undefined when none comes near */
export function closestWord(word: string, known: readonly string[]): string | undefined {
	const near = nearestName(word, known);
	if (near !== undefined) return near;
	const longer = known.filter((one) => word.length >= 3 && (one.startsWith(word) || word.startsWith(`${one}-`)));
	if (longer.length === 1) return longer[0];
	const meanings = SAME_MEANING.filter((words) => words.includes(word)).flat();
	return known.find((one) => meanings.includes(one));
}
