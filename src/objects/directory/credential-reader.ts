// Whose API key is this? Asked of the Directory alone: a store that held keys could be made to grant anything by anyone who may
// write to it. Few requests carry one. Each isolate remembers an answer for a few seconds, for which a revocation waits; no
// longer, although the Directory be down: what people may do must be known for certain.
import type { CredentialRecord } from "../../entitlement/keys/credential-record.ts";
import { createBoundedEntries } from "../../storage/bounded-entries.ts";
import { answerInTime } from "../answer-in-time.ts";

/** What the reader asks of the Directory. */
export interface CredentialOwner {
	credential(hash: string): Promise<CredentialRecord | null>;
}

/** @param hash keyed hash of the API key @returns null where there is no such key @throws as `answerInTime` */
export type ReadCredential = (hash: string, nowMs: number) => Promise<CredentialRecord | null>;

const FRESH_SECONDS = 10;
const MAX_REMEMBERED = 1_000;

/**
 * @param directory a new client per call, because a stub stays broken after an error
 * @param freshSeconds of device records: where those are never taken without asking, neither are keys
 */
export function createCredentialReader(directory: () => CredentialOwner, freshSeconds: number): ReadCredential {
	const remembered = createBoundedEntries<{ readonly credential: CredentialRecord; readonly untilMs: number }>(
		MAX_REMEMBERED,
	);
	const freshMs = Math.min(FRESH_SECONDS, freshSeconds) * 1_000;
	return async (hash, nowMs) => {
		const known = remembered.get(hash);
		if (known !== undefined && nowMs < known.untilMs) return known.credential;
		const credential = await answerInTime(directory().credential(hash));
		if (credential === null) remembered.delete(hash);
		else remembered.set(hash, { credential, untilMs: nowMs + freshMs });
		return credential;
	};
}
