// A device is known by an assertion that it has signed (private_key_jwt, RFC 7523).
import type { DeviceRecord } from "../../../entitlement/devices/device-record.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import type { RequestScope } from "../../../request-scope.ts";
import {
	ASSERTION_MAX_LIFETIME_SECONDS,
	readDeviceAssertion,
	verifyDeviceAssertion,
} from "../../../signing/device-proofs/device-assertion.ts";
import { clockMessage, OAuthError } from "../../http/oauth-error.ts";
import { findDevice, NOT_ACCEPTED, refuseClient, type TokenClient } from "./token-client.ts";

/** @throws OAuthError `invalid_client`, `temporarily_unavailable` */
export async function knowByAssertion(
	request: Request,
	scope: RequestScope,
	form: { readonly assertion: string; readonly clientId: string | undefined },
): Promise<TokenClient> {
	const { services, now } = scope;
	const read = readDeviceAssertion(form.assertion);
	if (!read.ok) {
		// Also what one whose times are in milliseconds looks like.
		const tooLong = `the assertion must be for ${ASSERTION_MAX_LIFETIME_SECONDS} s at most; \`iat\` and \`exp\` are in seconds since 1970`;
		refuseClient(scope, `assertion_${read.reason}`, read.reason === "lifetime_too_long" ? tooLong : NOT_ACCEPTED);
	}
	const { assertion } = read;
	if (form.clientId !== undefined && form.clientId !== assertion.clientId) refuseClient(scope, "client_id_mismatch");

	const { device, reading } = await findDevice(request, scope, assertion.clientId);
	const key = await services.importKey(device.jwk, device.jkt);
	const verified = await verifyDeviceAssertion(assertion, {
		issuer: services.config.issuer,
		jwk: device.jwk,
		key,
		now,
	});
	if (!verified.ok) {
		scope.event.reason = `assertion_${verified.reason}`;
		if ("clockOffsetSeconds" in verified) {
			throw new OAuthError("invalid_client", 401, clockMessage(verified.clockOffsetSeconds), { serverTime: now });
		}
		const isAudience = verified.reason === "wrong_audience";
		throw new OAuthError(
			"invalid_client",
			401,
			isAudience ? `aud must be the issuer, ${services.config.issuer}` : NOT_ACCEPTED,
		);
	}
	// RFC 7591 §2: one method for each client. Or whoever copied the key would not need the certificate.
	if (device.certificates !== undefined) {
		refuseClient(scope, "method_certificate", "this device registered for tls_client_auth: show its certificate");
	}
	const { jti, replayableUntil } = verified;
	return { device, reading, replay: { jti, until: replayableUntil }, x5t: null, certificateEndsAt: null };
}

/**
 * A device that always brings a proof can do without: a replayed assertion lacks one. For any other the assertion counts
 * once, proof or no proof, or it could be sent again without the proof for a bearer token. Under an elastic license it
 * counts once for everybody: whoever sent a captured request again, proof and all, would renew the seat.
 * @throws OAuthError `invalid_client`
 */
export async function requireFirstUse(
	scope: RequestScope,
	device: DeviceRecord,
	{ jti, until }: NonNullable<TokenClient["replay"]>,
): Promise<void> {
	if (device.dpopBound && device.lease === null) return;
	const { services, now } = scope;
	const account = accountObjectName(device.id);
	if (await services.objects.useOnce(device.id, jti, until, now, account)) return;
	refuseClient(scope, "assertion_replayed");
}
