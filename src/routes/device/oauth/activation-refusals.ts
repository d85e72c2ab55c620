// What a firewall is told that may not be activated, and its quotas. Few words: whoever guesses codes must not learn how one was not good.
import type { ActivationOutcome } from "../../../objects/account/devices/device-desk.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { OAuthError } from "../../http/oauth-error.ts";
import { callerNetwork, type RateLimitPolicy, rateLimitWait } from "../../http/rate-limit.ts";
import { unclaimed } from "./factory-certificate.ts";

/** One quota for coming, one for leaving. @throws OAuthError 429 */
export async function limitCaller(
	{ services }: RequestScope,
	request: Request,
	what: "register" | "leave",
): Promise<void> {
	await limit(services.limits.register, `${what} ${callerNetwork(request)}`);
}

/**
 * Whoever has a code that was made here counts by it and not by its address, behind which a whole site may be. What can be made
 * of a code that was stolen ends with the code's quota; the account's is for several.
 * @throws OAuthError 429
 */
export async function limitCode({ services }: RequestScope, codeHash: string, account: string): Promise<void> {
	await limit(services.limits.code, codeHash);
	await limit(services.limits.account, account);
}

/**
 * Whoever shows a certificate that was verified counts by it, as with a code. Of certificates there may be as many as some authority that the
 * host trusts has issued, and each asks the Directory: so one address has the quota of an account for them.
 * @throws OAuthError 429
 */
export async function limitCertificate({ services }: RequestScope, request: Request, x5t: string): Promise<void> {
	await limit(services.limits.code, `certificate ${x5t}`);
	await limit(services.limits.account, `certificates ${callerNetwork(request)}`);
}

/** @param account whose an appliance with a certificate turned out to be @throws OAuthError 429 */
export async function limitAccount({ services }: RequestScope, account: string): Promise<void> {
	await limit(services.limits.account, account);
}

async function limit(policy: RateLimitPolicy, key: string): Promise<void> {
	const wait = await rateLimitWait(policy, key);
	if (wait !== null) throw new OAuthError("temporarily_unavailable", 429, "too many requests", { retryAfter: wait });
}

/** One face for every code that is not good, so that a guesser cannot tell how it was not. */
export function refuseCode(scope: RequestScope, reason: string): never {
	scope.event.reason = reason;
	throw new OAuthError(
		"invalid_token",
		401,
		"the auth code was not accepted; ask the account's administrator for a valid one",
	);
}

export function refuseActivation(scope: RequestScope, refusal: ActivationOutcome & { ok: false }): never {
	scope.event.reason = refusal.reason;
	switch (refusal.reason) {
		case "too_often":
			throw new OAuthError(
				"temporarily_unavailable",
				429,
				"this device has left and returned, or moved, too often; wait for the seconds in Retry-After",
				{ retryAfter: refusal.retryAfter },
			);
		case "unknown_code":
		case "code_revoked":
		case "code_expired":
			return refuseCode(scope, refusal.reason);
		case "unclaimed":
			throw unclaimed(scope);
		case "claim_spent":
			throw new OAuthError(
				"access_denied",
				403,
				"a device with this serial number was revoked; ask the account's administrator to claim it again",
			);
		case "code_used_up":
			throw new OAuthError("access_denied", 403, "the auth code has been used as often as it may be");
		case "code_bound":
			throw new OAuthError("access_denied", 403, "the auth code is for another appliance");
		case "license_suspended":
			throw new OAuthError("access_denied", 403, "the license is suspended; ask the account's administrator");
		case "license_revoked":
			throw new OAuthError("access_denied", 403, "the license was revoked; ask for a code of another one");
		case "license_expired":
			throw new OAuthError("access_denied", 403, "the license has ended");
		case "no_seat_left":
			throw new OAuthError(
				"access_denied",
				403,
				"every seat of the license is taken; deactivate a device or add seats",
			);
		case "serial_taken":
			throw new OAuthError(
				"access_denied",
				403,
				"a device with this serial number is active; revoke or deactivate it first",
			);
		case "ha_group_full":
			throw new OAuthError("access_denied", 403, "the HA group has as many devices as it may; remove one first");
		case "key_revoked":
			throw new OAuthError("access_denied", 403, "this device was revoked");
		case "serial_changed":
			throw new OAuthError(
				"access_denied",
				403,
				"this key belongs to another serial number; make a key of its own for each appliance",
			);
	}
}
