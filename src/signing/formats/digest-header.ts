// Repr-Digest and Content-Digest (RFC 9530): a dictionary (RFC 9651 §3.2) of algorithm to byte sequence. We use sha-256 and
// skip the rest. Stricter than the dictionary's grammar in one point: no algorithm twice, where a dictionary keeps the last.

const MAX_LENGTH = 1024;
const SHA256_BYTES = 32;
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/;

export type DigestHeader =
	| { readonly ok: true; readonly sha256: string }
	| { readonly ok: false; readonly reason: "malformed" | "no_sha256" };

/** Reads the SHA-256, as 64 lower-case hexadecimal digits, out of a digest header's value. */
export function parseDigestHeader(value: string): DigestHeader {
	if (value.length > MAX_LENGTH) return { ok: false, reason: "malformed" };
	const digests = new Map<string, string>();
	for (const part of value.split(",")) {
		// RFC 9651 §4.2.2: OWS is spaces and tabs only; trim() would also take what no header may hold
		const [, algorithm, base64] = MEMBER.exec(part.replaceAll(/^[ \t]+|[ \t]+$/g, "")) ?? [];
		if (algorithm === undefined || base64 === undefined || digests.has(algorithm))
			return { ok: false, reason: "malformed" };
		digests.set(algorithm, base64);
	}
	const base64 = digests.get("sha-256");
	if (base64 === undefined) return { ok: false, reason: "no_sha256" };
	const sha256 = hexOfBase64(base64);
	return sha256 === null ? { ok: false, reason: "malformed" } : { ok: true, sha256 };
}

/**
 * The SHA-256 that an upload announces, in Repr-Digest, in Content-Digest or in both: content without a coding is its own
 * representation, so both must then say the same.
 * @param headers undefined = not sent; one of the two at least
 */
export function readAnnouncedDigest(headers: {
	readonly repr: string | undefined;
	readonly content: string | undefined;
}): DigestHeader | { readonly ok: false; readonly reason: "missing" | "contradiction" } {
	const read = [headers.repr, headers.content].filter((value) => value !== undefined).map(parseDigestHeader);
	const malformed = read.find((one) => !one.ok && one.reason === "malformed");
	if (malformed !== undefined) return malformed;
	// RFC 9530 §5: an algorithm that is not known is skipped, so a header without ours contradicts nothing.
	const [digest, ...others] = read.filter((one) => one.ok);
	if (digest === undefined) return read[0] ?? { ok: false, reason: "missing" };
	return others.every(({ sha256 }) => sha256 === digest.sha256) ? digest : { ok: false, reason: "contradiction" };
}

/** The value of Repr-Digest for a payload whose SHA-256 is given as 64 hexadecimal digits. */
export function formatReprDigest(sha256: string): string {
	return `sha-256=:${base64OfHex(sha256)}:`;
}

/** @param hex pairs of hexadecimal digits @returns the same bytes in base64, padded */
export function base64OfHex(hex: string): string {
	let binary = "";
	for (let at = 0; at < hex.length; at += 2) binary += String.fromCharCode(Number.parseInt(hex.slice(at, at + 2), 16));
	return btoa(binary);
}

function hexOfBase64(base64: string): string | null {
	let binary: string;
	try {
		binary = atob(base64);
	} catch {
		return null;
	}
	// atob takes missing padding and stray last bits; a digest has one spelling
	if (binary.length !== SHA256_BYTES || btoa(binary) !== base64) return null;
	let hex = "";
	for (let at = 0; at < binary.length; at++) hex += binary.charCodeAt(at).toString(16).padStart(2, "0");
	return hex;
}
