// Which ReplayGuard remembers an assertion: by device, so that one device's ids meet in one place and the fleet's spread.
import { answerInTime } from "../answer-in-time.ts";
import type { ReplayGuard } from "./replay-guard.ts";

/** One object takes about 1,000 requests a second; 256 of them carry a fleet whose devices all skip DPoP. */
const SHARDS = 256;

/**
 * @param until unix seconds after which the assertion is refused for its age anyway
 * @returns false when this device has used this assertion id before
 * @throws as `answerInTime`
 */
export async function useAssertionOnce(
	guards: DurableObjectNamespace<ReplayGuard>,
	deviceId: string,
	jti: string,
	until: number,
	now: number,
): Promise<boolean> {
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(deviceId)));
	const shard = (digest[0] ?? 0) % SHARDS;
	const id = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${deviceId}\n${jti}`)));
	return answerInTime(guards.getByName(String(shard)).use(btoa(String.fromCharCode(...id)), until, now));
}
