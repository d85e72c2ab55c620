// The first bytes of a stored delta, by which its base is known (content/releases/delta.ts).
import { DELTA_HEAD_BYTES } from "../../content/releases/delta.ts";
import { encodeHex } from "../../signing/formats/hex.ts";

export const DELTA_HEAD = { offset: 0, length: DELTA_HEAD_BYTES };

/** @param found what was read with `DELTA_HEAD`; null = there is nothing @returns hexadecimal */
export async function readDeltaHead(found: { readonly body: ReadableStream } | null): Promise<string> {
	return found === null ? "" : encodeHex(new Uint8Array(await new Response(found.body).arrayBuffer()));
}
