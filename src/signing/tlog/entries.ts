// What stands in Parapet's log, one line of canonical JSON an entry: each file that people have signed (root, targets, the role files
// of products), by its SHA-256, and each release that was withdrawn. Whoever has a file makes its entry again, byte for byte.
import { z } from "zod";
import { productName, sha256Hex, versionName } from "../../names.ts";
import { encodeHex } from "../formats/hex.ts";
import { canonicalBytes } from "../tuf/canonical-json.ts";

const signedFile = z.strictObject({
	kind: z.literal("role"),
	/** root, targets, or a product */
	role: z.string(),
	version: z.int().min(1),
	sha256: sha256Hex,
});
const withdrawal = z.strictObject({
	kind: z.literal("withdrawal"),
	product: productName,
	version: versionName,
	at: z.iso.datetime({ precision: 0 }),
});
const logEntry = z.discriminatedUnion("kind", [signedFile, withdrawal]);
export type LogEntry = z.infer<typeof logEntry>;

export function encodeEntry(entry: LogEntry): Uint8Array<ArrayBuffer> {
	return canonicalBytes(entry);
}

/** @returns null where it is of a kind that this version does not know, or not as `encodeEntry` writes it */
export function parseEntry(bytes: Uint8Array): LogEntry | null {
	try {
		const read = logEntry.safeParse(
			JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)),
		);
		if (!read.success) return null;
		const again = encodeEntry(read.data);
		return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]) ? read.data : null;
	} catch {
		return null;
	}
}

/** @param body the file as it was signed @returns its entry */
export async function entryOfFile(
	role: string,
	version: number,
	body: string | Uint8Array<ArrayBuffer>,
): Promise<LogEntry> {
	const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	const sha256 = encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
	return { kind: "role", role, version, sha256 };
}
