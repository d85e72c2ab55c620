// Whether an id still names the rule that it named, by what its messages say.

/** Of the words of two messages so few are in both that they speak of two things. */
const SHARED_WORDS = 0.2;

/** @returns whether they are two rules; a message that was corrected, or that there was none, does not make them two */
export function speaksOfAnother(before: string, after: string): boolean {
	if (before === after || before === "" || after === "") return false;
	const [words, others] = [wordsOf(before), wordsOf(after)];
	const shared = [...words].filter((word) => others.has(word)).length;
	return shared / (words.size + others.size - shared) < SHARED_WORDS;
}

function wordsOf(message: string): Set<string> {
	return new Set(message.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}
