// The first bytes of a stored delta, by which its base is known (content/releases/delta.ts).
import { DELTA_HEAD_BYTES } from "../../content/releases/delta.ts";

export const DELTA_HEAD = { offset: 0, length: DELTA_HEAD_BYTES };

/** @param found what was read with `DELTA_HEAD`; null = there is nothing @returns hexadecimal */
export async function readDeltaHead(found: { readonly body: ReadableStream } | null): Promise<string> {
	const bytes = found === null ? [] : new Uint8Array(await new Response(found.body).arrayBuffer());
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
