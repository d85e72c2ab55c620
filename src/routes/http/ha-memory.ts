// What this isolate has passed on lately of the words of HA groups' devices, so that a device that says the same with each
// check does not reach its Account each time. Bounded: what is forgotten is passed on once more.
import { createBoundedEntries } from "../../storage/bounded-entries.ts";

/** Seconds during which an isolate does not pass on again what it has passed on. */
const LATELY_SECONDS = 900;
/** Characters of queries that an isolate remembers for it: the words of 10,000 devices, more or less. */
const MAX_REMEMBERED = 1_000_000;
/** What an entry takes besides its query. */
const ENTRY_CHARACTERS = 50;

/** What this isolate has passed on lately: device → its words. */
export interface HaMemory {
	/** @param words the query of the check @param now unix seconds */
	has(device: string, words: string, now: number): boolean;
	note(device: string, words: string, now: number): void;
}

export function createHaMemory(maxCharacters = MAX_REMEMBERED): HaMemory {
	const said = createBoundedEntries<{ readonly words: string; readonly until: number }>(
		maxCharacters,
		({ words }) => ENTRY_CHARACTERS + words.length,
	);
	return {
		has(device, words, now) {
			const known = said.get(device);
			return known?.words === words && now < known.until;
		},
		note: (device, words, now) => said.set(device, { words, until: now + LATELY_SECONDS }),
	};
}
