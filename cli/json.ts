// JSON from outside: files, answers, words of a command line. What a value means is for its reader's schema to say.

/** @returns the JSON value in a text, undefined if it is none */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
