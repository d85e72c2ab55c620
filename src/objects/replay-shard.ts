// Which ReplayGuard remembers an assertion: by device, so that one device's ids meet in one place and the fleet's spread.
import { systemClock } from "../storage/clock.ts";
import { settlesWithin } from "../storage/time-limit.ts";
import type { ReplayGuard } from "./replay-guard.ts";

/** One object takes about 1,000 requests a second; 256 of them carry a fleet whose devices all skip DPoP. */
const SHARDS = 256;

/** The device comes back with a new assertion, so an answer that is late is worth nothing. */
const TIMEOUT_MS = 1_000;

/** As the platform marks an object that is briefly gone. */
class ReplayGuardMuteError extends Error {
	override readonly name = "ReplayGuardMuteError";
	readonly retryable = true;
}

/**
 * @param until unix seconds after which the assertion is refused for its age anyway
 * @returns false when this device has used this assertion id before
 * @throws what the object throws, or an error with `retryable` when it does not answer
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
	const answer = guards.getByName(String(shard)).use(btoa(String.fromCharCode(...id)), until, now);
	if (!(await settlesWithin(systemClock, TIMEOUT_MS, answer))) throw new ReplayGuardMuteError("no answer");
	return answer;
}
