// The public keys of somebody who signs for others to verify (a JWK Set, RFC 7517 §5), fetched when they are asked for. Within bounds, so that
// neither who serves them nor who sends tokens with unknown `kid`s costs more than a request now and then: no redirect, 2 s, 256 KiB, kept
// for an hour; for a `kid` that is not among them again at most twice a minute, and after a failure not for 10 s.
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";

const TIMEOUT_MS = 2_000;
const KEPT_MS = 3_600_000;
/** So long an unknown `kid` has to wait for keys that are new. */
const ROTATION_PAUSE_MS = 30_000;
export const FAILURE_PAUSE_MS = 10_000;
/** GitHub's set has some kilobytes. */
export const MAX_KEYS_BYTES = 262_144;

export interface RemoteKeysParts {
	/** as the platform's `fetch` */
	readonly ask: (url: string, init: RequestInit) => Promise<Response>;
	/** unix ms */
	readonly nowMs: () => number;
	/** until keys must be there, body and all; 2 s if left out */
	readonly timeoutMs?: number;
}

/** @returns as jose's `createRemoteJWKSet`; it throws what is no error of a token where the keys cannot be had */
export function createRemoteKeys(url: URL, { ask, nowMs, timeoutMs = TIMEOUT_MS }: RemoteKeysParts): JWTVerifyGetKey {
	let failure: { readonly error: unknown; readonly untilMs: number } | null = null;
	const fetchBounded = async (href: string, init: RequestInit): Promise<Response> => {
		if (failure !== null && nowMs() < failure.untilMs) throw failure.error;
		try {
			// jose says `redirect: "manual"`: a redirect is an answer like any other that is not 200.
			const answer = await ask(href, init);
			if (answer.status !== 200) {
				await answer.body?.cancel();
				throw new Error(`keys were answered with ${answer.status}`);
			}
			const keys = await readBounded(answer);
			failure = null;
			return keys;
		} catch (error) {
			failure = { error, untilMs: nowMs() + FAILURE_PAUSE_MS };
			throw error;
		}
	};
	return createRemoteJWKSet(url, {
		...{ timeoutDuration: timeoutMs, cooldownDuration: ROTATION_PAUSE_MS, cacheMaxAge: KEPT_MS },
		[customFetch]: fetchBounded,
	});
}

/** @throws Error where there is more of it than a set of keys has, or it is no JSON */
async function readBounded({ body }: Response): Promise<Response> {
	const parts: Uint8Array<ArrayBuffer>[] = [];
	let length = 0;
	const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>> | null)?.getReader();
	for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
		length += read.value.byteLength;
		if (length > MAX_KEYS_BYTES) {
			await reader?.cancel();
			throw new Error("more keys than are taken");
		}
		parts.push(read.value);
	}
	const text = await new Blob(parts).text();
	return Response.json(JSON.parse(text));
}
