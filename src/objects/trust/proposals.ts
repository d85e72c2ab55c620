// Role files that too few have signed, and how their signatures come together.
import type { TufRefusal } from "../../signing/tuf/accept.ts";
import { readMetadata, roleSigned } from "../../signing/tuf/metadata.ts";
import { uniteSignatures } from "../../signing/tuf/sign.ts";

export function isProposal(refusal: TufRefusal): refusal is Extract<TufRefusal, { reason: "too_few_signatures" }> {
	return refusal.reason === "too_few_signatures" && refusal.count > 0;
}

/** @returns the file itself where it gains nothing */
export function withSignaturesOf(file: string, held: string, keyids: readonly string[]): string {
	const [one, other] = [file, held].map((text) => readMetadata(roleSigned, text));
	if (!one?.ok || !other?.ok) return file;
	const united = uniteSignatures(one.metadata, other.metadata, keyids);
	return united.signatures.length === one.metadata.signatures.length ? file : JSON.stringify(united);
}
