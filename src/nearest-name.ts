// The name that was probably meant by one that nobody has: written nearly like it. Pure; what counts as known is the caller's.

/** More slips of the keyboard than these make another word. */
const MOST_SLIPS = 2;

/** @returns of the known names the one nearest to `name`, upper and lower case alike; undefined when none comes near */
export function nearestName(name: string, known: readonly string[]): string | undefined {
	const most = name.length < 5 ? 1 : MOST_SLIPS;
	return known
		.map((one) => ({ one, slips: countSlips(name.toLowerCase(), one.toLowerCase()) }))
		.filter(({ slips }) => slips <= most)
		.toSorted((a, b) => a.slips - b.slips)[0]?.one;
}

/** @param kind of what there is none, such as "product" @returns the sentence that refuses the name, with what was probably meant */
export function sayUnknown(kind: string, name: string, known: readonly string[]): string {
	const meant = nearestName(name, known);
	return `there is no ${kind} ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/** Letters to put in, leave out, replace, or swap with their neighbour until `a` is `b` (Damerau–Levenshtein, optimal string alignment). */
function countSlips(a: string, b: string): number {
	let before: number[] = [];
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= b.length; j += 1) {
			const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			const swapped =
				a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? a.length) + 1 : a.length + b.length;
			next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		before = row;
		row = next;
	}
	return row[b.length] ?? 0;
}
