// Releases whose bytes were not what was promised, and when each is worth a whole download again. Without it a release that is
// damaged where it lies would be fetched at every check, by every firewall of a fleet. Kept in memory: a new start tries all.
import type { ProductUpdate } from "./update.ts";

const FIRST_PAUSE_MS = 600_000;
const LONGEST_PAUSE_MS = 86_400_000;

export interface BadReleases {
	/** @returns true = it is to be left alone for now */
	isPutOff(product: string, sha256: string, nowMs: number): boolean;
	/** Takes note of how an update went. @returns seconds for which its release is now left alone; null = it is not */
	note(update: ProductUpdate, nowMs: number): number | null;
}

export function createBadReleases(): BadReleases {
	const seen = new Map<string, { readonly times: number; readonly againMs: number }>();
	return {
		isPutOff: (product, sha256, nowMs) => nowMs < (seen.get(`${product}@${sha256}`)?.againMs ?? 0),
		note: (update, nowMs) => {
			const key = `${update.product}@${update.sha256}`;
			if (update.ok || (update.reason !== "digest_mismatch" && update.reason !== "size_mismatch")) return null;
			const times = (seen.get(key)?.times ?? 0) + 1;
			const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (times - 1), LONGEST_PAUSE_MS);
			seen.set(key, { times, againMs: nowMs + pauseMs });
			return pauseMs / 1000;
		},
	};
}
