// Which device asks for a token: what both ways to know it have in common.
import type { SharedView } from "../../../content/heads-record.ts";
import type { DeviceRecord } from "../../../entitlement/devices/device-record.ts";
import { parseDeviceId } from "../../../entitlement/ids.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { OAuthError } from "../../http/oauth-error.ts";
import { callerNetwork, rateLimitWait } from "../../http/rate-limit.ts";

/** A device that has proved who it is. */
export interface TokenClient {
	readonly device: DeviceRecord;
	/** of the shared records, which began before */
	readonly reading: Promise<SharedView>;
	/** what must not be used again; null = nothing that could be */
	readonly replay: { readonly jti: string; readonly until: number } | null;
	/** fingerprint of the certificate to which its token is to be bound; null = it was known otherwise */
	readonly x5t: string | null;
	/** unix seconds; null likewise */
	readonly certificateEndsAt: number | null;
}

/**
 * @param clientId as the caller gives it @param notAccepted what is said to whoever is no device
 * @throws OAuthError `invalid_client`, `temporarily_unavailable`
 */
export async function findDevice(
	request: Request,
	scope: RequestScope,
	clientId: string,
	notAccepted = NOT_ACCEPTED,
): Promise<Pick<TokenClient, "device" | "reading">> {
	const { services } = scope;
	const id = await parseDeviceId(services.lookupKeys, clientId);
	if (id === null) refuseClient(scope, "client_id_malformed", notAccepted);
	// The address is part of the key, or a stranger who knows an id could use up its quota.
	const wait = await rateLimitWait(services.limits.token, `${id.id} ${callerNetwork(request)}`);
	if (wait !== null) throw new OAuthError("temporarily_unavailable", 429, "too many requests", { retryAfter: wait });
	const reading = services.records.current(scope);
	const device = await services.records.device(id.id, reading, scope);
	if (device === null) refuseClient(scope, "device_unknown", notAccepted);
	return { device, reading };
}

export const NOT_ACCEPTED = "the client assertion was not accepted";

/** @param reason for the log alone @throws OAuthError `invalid_client` */
export function refuseClient(scope: RequestScope, reason: string, description = NOT_ACCEPTED): never {
	scope.event.reason = reason;
	throw new OAuthError("invalid_client", 401, description);
}
