// What was probably meant by a word that is not known: one that is written nearly like it, begins like it, or means the same.

/** Options of one meaning; which commands call them by which name is easily mixed up. */
const SAME_MEANING: readonly (readonly string[])[] = [
	["ends", "expires", "until"],
	["title", "name"],
	["seats", "uses"],
	["reason", "notes", "message"],
	["version", "installed"],
];
/** More slips of the keyboard than these make another word. */
const MOST_SLIPS = 2;

/** @param word and `known` without leading dashes @returns the one that was probably meant; undefined when none comes near */
export function closestWord(word: string, known: readonly string[]): string | undefined {
	const near = known
		.map((one) => ({ one, slips: countSlips(word.toLowerCase(), one.toLowerCase()) }))
		.filter(({ slips }) => slips <= (word.length < 4 ? 1 : MOST_SLIPS))
		.toSorted((a, b) => a.slips - b.slips)[0]?.one;
	if (near !== undefined) return near;
	const longer = known.filter((one) => word.length >= 3 && (one.startsWith(word) || word.startsWith(`${one}-`)));
	if (longer.length === 1) return longer[0];
	const meanings = SAME_MEANING.filter((words) => words.includes(word)).flat();
	return known.find((one) => meanings.includes(one));
}

/** Letters to put in, leave out or replace until `a` is `b` (Levenshtein). */
function countSlips(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (const [i, letter] of [...a].entries()) {
		const next = [i + 1];
		for (const [j, other] of [...b].entries()) {
			const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
			next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
