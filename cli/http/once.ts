// Changes of a product are sent under an Idempotency-Key: where the answer is lost they are sent again, and made once.
import { randomUUID } from "node:crypto";
import { ConnectionError, ServerRefusal } from "../errors.ts";

const TRIES = 4;
const FIRST_PAUSE_MS = 1_000;

const CHANGE = /^\/v1\/products\/[^/]+\//;
const RELEASE = /^\/v1\/products\/[^/]+\/releases\/[^/]+$/;

/** @returns whether the service makes the change once under a key */
export function isMadeOnce(method: string, path: string): boolean {
	return method === "POST" ? CHANGE.test(path) : method === "PUT" && RELEASE.test(path);
}

/**
 * Sends a change, and again under the same key where its answer is lost, or the first try is still under way.
 * @param send with the header's value
 * @throws what the last try threw; what the first threw where nothing had been sent, or it was refused
 */
export async function sendOnce<T>(send: (key: string) => Promise<T>, sleep: (ms: number) => Promise<void>): Promise<T> {
	const key = `"${randomUUID()}"`;
	for (let count = 1; ; count++) {
		try {
			return await send(key);
		} catch (error) {
			if (count === TRIES || !isLost(error)) throw error;
			await sleep(FIRST_PAUSE_MS * 2 ** (count - 1));
		}
	}
}

function isLost(error: unknown): boolean {
	if (error instanceof ServerRefusal) {
		const { code, status } = error.refusal;
		return code === "idempotency_key_in_use" || status === 502 || status === 504;
	}
	// Where nobody listens nothing was sent.
	return error instanceof ConnectionError && (error.cause as { code?: unknown } | undefined)?.code !== "ECONNREFUSED";
}
