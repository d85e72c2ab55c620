// In which coding a package is sent: as it is, or as a delta to who says that it has the dictionary (dcz, RFC 9842). Only what the signed
// URL names comes into question, so nothing is looked up for it but the head of that delta. Packed copies (zstd) are sent from a URL of their
// own alone: clients that decode by themselves ask for zstd without knowing it, and no one but the publisher vouches for what comes out.
import { hasHeadOf } from "../../../content/releases/delta.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { parseDigestHeader } from "../../../signing/formats/digest-header.ts";
import { DELTA_HEAD, readDeltaHead } from "../../http/delta-head.ts";

/** RFC 9110 §12.5.5: which headers of a request choose the coding. */
export const CODING_VARY = "Accept-Encoding, Available-Dictionary";

/** @param delta SHA-256, of the signed URL @returns null = the package as it is */
export async function chooseCoding(
	request: Request,
	delta: string | null,
	{ services, waitUntil }: RequestScope,
): Promise<"dcz" | null> {
	if (delta === null) return null;
	// The platform rewrites Accept-Encoding, and keeps what was sent here.
	const sent = request.cf?.["clientAcceptEncoding"];
	const accepted = acceptedCodings(typeof sent === "string" ? sent : (request.headers.get("accept-encoding") ?? ""));
	const dictionary = accepted.has("dcz") ? readDictionary(request.headers.get("available-dictionary")) : null;
	if (dictionary === null) return null;
	const found = await services.packageReader.read(delta, DELTA_HEAD, waitUntil);
	return found !== null && hasHeadOf(await readDeltaHead(found), dictionary) ? "dcz" : null;
}

/** RFC 9110 §12.5.3; a coding with the weight 0 is refused. */
function acceptedCodings(header: string): ReadonlySet<string> {
	const members = header.toLowerCase().split(",");
	return new Set(members.filter((one) => !/;\s*q=0(\.0*)?\s*$/.test(one)).map((one) => one.replace(/;.*/s, "").trim()));
}

/** RFC 9842 §2.2: a byte sequence with the SHA-256 of the dictionary. @returns hexadecimal; null = there is none */
function readDictionary(header: string | null): string | null {
	if (header === null) return null;
	const read = parseDigestHeader(`sha-256=${header.trim()}`);
	return read.ok ? read.sha256 : null;
}
