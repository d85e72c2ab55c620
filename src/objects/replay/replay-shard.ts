// Which ReplayGuard remembers an assertion, or the proof of an activation: by the owner of its key, so that the ids of one
// owner meet in one place and those of the fleet spread.
import type { Place } from "../../entitlement/place.ts";
import { answerInTime } from "../answer-in-time.ts";
import { objectAt } from "../places.ts";
import type { ReplayGuard } from "./replay-guard.ts";

/** One object takes about 1,000 requests a second; 256 of them carry a fleet whose devices all skip DPoP. */
const SHARDS = 256;

/**
 * @param owner id of the device, or the thumbprint of its key where it has no id yet
 * @param until unix seconds after which the assertion or proof is refused for its age anyway
 * @param place near the owner's: each place has shards of its own, since an object never moves
 * @param by secret of whoever uses it, who may use it again within moments; null = nobody may
 * @returns false when this owner has used this id before
 * @throws as `answerInTime`
 */
export async function useOnce(
	guards: DurableObjectNamespace<ReplayGuard>,
	owner: string,
	jti: string,
	until: number,
	now: number,
	place: Place | null = null,
	by: string | null = null,
): Promise<boolean> {
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(owner)));
	const shard = (digest[0] ?? 0) % SHARDS;
	const id = await hashOf(`${owner}\n${jti}`);
	const user = by === null ? null : await hashOf(`${owner}\n${jti}\n${by}`);
	const name = place === null ? String(shard) : `${place}-${shard}`;
	return answerInTime(objectAt(guards, name, place).use(id, until, now, user));
}

async function hashOf(text: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
	return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
