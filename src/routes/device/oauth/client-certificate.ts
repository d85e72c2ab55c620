// A device is known by the client certificate of its connection (tls_client_auth, RFC 8705 §2.1). The handshake has proved that it holds the
// certificate's key, so nothing of the request can be sent again by somebody else.
import { isOwn } from "../../../entitlement/devices/certificate-rule.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { presentedCertificate } from "../../http/mtls/client-certificate.ts";
import { findDevice, refuseClient, type TokenClient } from "./token-client.ts";

/** Of a certificate that is no device's, and of an id that nobody has, nothing is said that would tell them apart. */
const NOT_ACCEPTED = "the client certificate was not accepted for this client_id";

/** @throws OAuthError `invalid_client`, `temporarily_unavailable` */
export async function knowByCertificate(
	request: Request,
	scope: RequestScope,
	{ clientId }: { readonly clientId: string },
): Promise<TokenClient> {
	const { mutualTls } = scope.services.config;
	if (mutualTls === null) {
		refuseClient(scope, "certificate_unwanted", "this service takes no client certificates: send a client_assertion");
	}
	const shown = await presentedCertificate(request, scope);
	if (!shown.ok) {
		const where = `no client certificate came with the request: show it at ${mutualTls.origin}, or send a client_assertion`;
		refuseClient(scope, `certificate_${shown.reason}`, shown.reason === "absent" ? where : NOT_ACCEPTED);
	}
	const { certificate } = shown;
	const { device, reading } = await findDevice(request, scope, clientId, NOT_ACCEPTED);
	if (!isOwn(device.certificates ?? [], certificate)) refuseClient(scope, "certificate_other", NOT_ACCEPTED);
	return { device, reading, replay: null, x5t: certificate.x5t, certificateEndsAt: certificate.notAfter };
}
