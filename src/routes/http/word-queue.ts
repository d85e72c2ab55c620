// What this isolate has heard devices say, on its way to their accounts: gathered for a second, so that a fleet that reports at once
// makes few calls. Behind the answers: nothing here delays or fails a request. What an account does not take is sent once more and
// then lost; the device says it again with its next full check.
import { type DeviceWord, MAX_WORDS, slotOf } from "../../fleet/device-state.ts";
import { type BoundedEntries, createBoundedEntries } from "../../storage/bounded-entries.ts";
import { type Clock, pause } from "../../storage/clock.ts";

/** A batch whose request was thrown away before it was sent is taken over by the next word after this. */
const ABANDONED_MS = 10_000;
const AGAIN_AFTER_MS = 2_000;
/** Characters of words that an isolate remembers: the checks of 10,000 devices, more or less. */
const MAX_REMEMBERED = 1_000_000;
const ENTRY_CHARACTERS = 60;

export interface WordQueue {
	/** Whether the device has said the same in this isolate lately: then there is nothing to pass on. */
	isKnown(device: string, words: string, now: number): boolean;
	/**
	 * @param account name of its object
	 * @returns what is to be waited for behind the answer: the sending of the batch that this word has opened, else undefined
	 */
	add(account: string, word: DeviceWord): Promise<void> | undefined;
}

export interface WordQueueParts {
	readonly send: (account: string, words: readonly DeviceWord[]) => Promise<void>;
	readonly clock: Clock;
	/** ms for which a batch waits for more; 0 = none */
	readonly gatherMs: number;
	/** told of words that are lost */
	readonly lost: (count: number) => void;
}

interface Batch {
	readonly openedMs: number;
	words: DeviceWord[];
}

export function createWordQueue({ send, clock, gatherMs, lost }: WordQueueParts): WordQueue {
	const batches = new Map<string, Batch>();
	const said: BoundedEntries<{ readonly words: string; readonly slot: number }> = createBoundedEntries(
		MAX_REMEMBERED,
		({ words }) => ENTRY_CHARACTERS + words.length,
	);

	async function sendAll(account: string, batch: Batch): Promise<void> {
		if (gatherMs > 0) await pause(clock, gatherMs);
		if (batches.get(account) === batch) batches.delete(account);
		const words = batch.words.splice(0);
		for (let from = 0; from < words.length; from += MAX_WORDS)
			await deliver(account, words.slice(from, from + MAX_WORDS));
	}

	async function deliver(account: string, words: readonly DeviceWord[]): Promise<void> {
		try {
			await send(account, words);
		} catch {
			if (gatherMs > 0) await pause(clock, AGAIN_AFTER_MS);
			await send(account, words).catch(() => lost(words.length));
		}
	}

	return {
		isKnown(device, words, now) {
			const slot = slotOf(device, now);
			const known = said.get(device);
			if (known?.words === words && known.slot === slot) return true;
			said.set(device, { words, slot });
			return false;
		},
		add(account, word) {
			const nowMs = clock.nowMs();
			const open = batches.get(account);
			if (open !== undefined && open.words.length < MAX_WORDS && nowMs - open.openedMs < ABANDONED_MS) {
				open.words.push(word);
				return undefined;
			}
			// What an abandoned batch holds goes with this one; of a full one its own request takes care.
			const left = open !== undefined && open.words.length < MAX_WORDS ? open.words.splice(0) : [];
			const batch = { openedMs: nowMs, words: [...left, word] };
			batches.set(account, batch);
			return sendAll(account, batch);
		},
	};
}
