// DPoP proofs that this isolate has seen (RFC 9449 §11.1). It stops a replay where it is likeliest, at the same edge within
// the minutes that a proof lives; it does not see other isolates. That is enough because a replayed proof is worth nothing
// without the token beside it, and what it could repeat (a check, a permit for the same release) is harmless twice. What
// must happen at most once goes through a Durable Object instead.
import { DPOP_MAX_AGE_SECONDS } from "./dpop.ts";

/** Two generations of this many; about 100 bytes each. */
const MAX_PROOFS = 20_000;

export interface ProofMemory {
	/** Remembers the proof. @param now unix seconds @returns false when it was seen before */
	isFirstUse(jkt: string, jti: string, now: number): boolean;
}

export function createProofMemory(maxProofs: number = MAX_PROOFS): ProofMemory {
	let young = new Set<string>();
	let old = new Set<string>();
	let youngSince = 0;
	return {
		isFirstUse(jkt, jti, now) {
			// A proof is good for DPOP_MAX_AGE_SECONDS either side of its `iat`: a generation covers that whole window.
			if (young.size >= maxProofs || now - youngSince > 2 * DPOP_MAX_AGE_SECONDS) {
				old = young;
				young = new Set();
				youngSince = now;
			}
			const proof = `${jkt}.${jti}`;
			if (young.has(proof) || old.has(proof)) return false;
			young.add(proof);
			return true;
		},
	};
}
