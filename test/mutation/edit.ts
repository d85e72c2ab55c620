// Faults as data: a small change of one source file, and the behaviour that breaks with it.

export interface Edit {
	/** text that stands exactly once in the file */
	readonly from: string;
	readonly to: string;
	/** what goes wrong then, as whoever uses the service would tell it */
	readonly breaks: string;
}

/** The edits of one source file. */
export interface FileEdits {
	/** from the root of the tree */
	readonly file: string;
	/** beginnings of paths of tests that cover the file, besides those whose folder mirrors its own */
	readonly tests?: readonly string[];
	readonly edits: readonly Edit[];
}

/** @returns how often the text stands in the source */
function occurrences(source: string, text: string): number {
	return source.split(text).length - 1;
}

/**
 * @param source text of the file
 * @returns the text with the fault in it
 * @throws RangeError when the edit does not apply exactly once, or changes nothing
 */
export function applyEdit(source: string, { from, to }: Edit): string {
	const count = occurrences(source, from);
	if (count !== 1) throw new RangeError(`stands ${count} times in the file: ${from}`);
	if (from === to) throw new RangeError(`changes nothing: ${from}`);
	return source.replace(from, () => to);
}
