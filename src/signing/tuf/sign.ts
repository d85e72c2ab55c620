// Signing TUF metadata, and how many of a role's keys have. Signatures are over the canonical JSON of `signed`; the file that
// carries both is then never written anew, only signed by further keys before anybody has it.
import { canonicalBytes, canonicalJson } from "./canonical-json.ts";
import { isSignedBy, type TufKey, type TufSigner } from "./keys.ts";
import type { Metadata, RoleKeys } from "./metadata.ts";

export type SignatureFault =
	/** a signature by a key that the role does not have */
	| { readonly ok: false; readonly reason: "unknown_key"; readonly keyid: string }
	| { readonly ok: false; readonly reason: "bad_signature"; readonly keyid: string };
export type Signatures = { readonly ok: true; readonly count: number } | SignatureFault;

/** Adds a signature, or replaces the signer's earlier one. */
export async function sign<Signed>(metadata: Metadata<Signed>, signer: TufSigner): Promise<Metadata<Signed>> {
	const sig = await signer.sign(canonicalBytes(metadata.signed));
	const others = metadata.signatures.filter(({ keyid }) => keyid !== signer.keyid);
	return { ...metadata, signatures: [...others, { keyid: signer.keyid, sig }] };
}

/** @returns the file as it is uploaded and served from then on */
export async function signAll(signed: unknown, signers: readonly TufSigner[]): Promise<string> {
	let metadata: Metadata<unknown> = { signatures: [], signed };
	for (const signer of signers) metadata = await sign(metadata, signer);
	return writeMetadata(metadata);
}

export function writeMetadata({ signatures, signed }: Metadata<unknown>): string {
	return `${JSON.stringify({ signatures, signed })}\n`;
}

/**
 * @param held what fewer keys than needed have signed before
 * @returns the file with those signatures of `held` that it lacks, where both are about the same; else as it came
 */
export function uniteSignatures<Signed>(
	file: Metadata<Signed>,
	held: Metadata<Signed>,
	keyids: readonly string[],
): Metadata<Signed> {
	if (canonicalJson(file.signed) !== canonicalJson(held.signed)) return file;
	const own = new Set(file.signatures.map(({ keyid }) => keyid));
	const more = held.signatures.filter(({ keyid }) => !own.has(keyid) && keyids.includes(keyid));
	return { ...file, signatures: [...file.signatures, ...more] };
}

/**
 * How many of the role's keys have signed. One signature that is not right spoils all: clients differ in what they make of it.
 * @param alsoBy key ids whose signatures are left alone, because they are for another role (a root's predecessor)
 */
export async function countSignatures(
	{ signatures, signed }: Metadata<unknown>,
	{ keyids }: Pick<RoleKeys, "keyids">,
	keys: Readonly<Record<string, TufKey>>,
	alsoBy: readonly string[] = [],
): Promise<Signatures> {
	const bytes = canonicalBytes(signed);
	let count = 0;
	for (const { keyid, sig } of signatures) {
		const key = keyids.includes(keyid) ? keys[keyid] : undefined;
		if (key === undefined && alsoBy.includes(keyid)) continue;
		if (key === undefined) return { ok: false, reason: "unknown_key", keyid };
		if (!(await isSignedBy(key, sig, bytes))) return { ok: false, reason: "bad_signature", keyid };
		count++;
	}
	return { ok: true, count };
}
