// Asks an Account for the seat of a device, within the time that a token may take.
import { systemClock } from "../storage/clock.ts";
import { settlesWithin } from "../storage/time-limit.ts";
import type { Account } from "./account.ts";
import type { RenewalOutcome } from "./seat-desk.ts";

/** A renewal that arrives late does no harm; the device comes back, and finds it done. */
const TIMEOUT_MS = 1_000;

/** As the platform marks an object that is briefly gone. */
class AccountMuteError extends Error {
	override readonly name = "AccountMuteError";
	readonly retryable = true;
}

/** @throws what the object throws, or an error with `retryable` when it does not answer */
export async function renewSeatInTime(
	account: DurableObjectStub<Account>,
	deviceId: string,
	now: number,
): Promise<RenewalOutcome> {
	const answer = account.renewSeat({ deviceId, now });
	if (!(await settlesWithin(systemClock, TIMEOUT_MS, answer))) throw new AccountMuteError("no answer");
	return answer;
}
