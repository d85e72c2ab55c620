// In which coding a package is sent: as it is, or as a delta to who has its dictionary (dcz, RFC 9842), or packed (zstd, RFC 8878). Only
// what the signed URL names comes into question, so nothing is looked up for it but the head of that delta.
import { hasHeadOf } from "../../content/delta.ts";
import type { RequestScope } from "../../request-scope.ts";
import { parseDigestHeader } from "../../signing/digest-header.ts";
import { DELTA_HEAD, readDeltaHead } from "../http/delta-head.ts";

/** RFC 9110 §12.5.5: which headers of a request choose the coding. */
export const CODING_VARY = "Accept-Encoding, Available-Dictionary";

/** @param delta SHA-256, of the signed URL @returns null = the package as it is */
export async function chooseCoding(
	request: Request,
	delta: string | null,
	{ services, waitUntil }: RequestScope,
): Promise<"dcz" | "zstd" | null> {
	if (delta === null) return null;
	// The platform rewrites Accept-Encoding, and keeps what was sent here.
	const sent = request.cf?.["clientAcceptEncoding"];
	const accepted = acceptedCodings(typeof sent === "string" ? sent : (request.headers.get("accept-encoding") ?? ""));
	const dictionary = accepted.has("dcz") ? readDictionary(request.headers.get("available-dictionary")) : null;
	if (dictionary === null && !accepted.has("zstd")) return null;
	const found = await services.packageReader.read(delta, DELTA_HEAD, waitUntil);
	if (found === null) return null;
	const head = await readDeltaHead(found);
	if (dictionary !== null && hasHeadOf(head, dictionary)) return "dcz";
	return accepted.has("zstd") && hasHeadOf(head, null) ? "zstd" : null;
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
