// Zero touch: an appliance comes without an auth code, with the certificate that its maker has given it (IEEE 802.1AR). Who made it its
// certificate's signature says, and whose it is the account that has claimed its serial number.
import { serialOf } from "../../../entitlement/devices/claim.ts";
import { isSameSerial } from "../../../names.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { hasSigned } from "../../../signing/client-certificate/authority.ts";
import { valuesOf } from "../../../signing/client-certificate/distinguished-name.ts";
import { claimKey } from "../../http/mtls/claim-key.ts";
import type { PresentedCertificate } from "../../http/mtls/client-certificate.ts";
import { OAuthError } from "../../http/oauth-error.ts";
import { WHY_NOT } from "./client-metadata.ts";

export interface FactoryClaim {
	/** name of the object of the account that has claimed it */
	readonly objectName: string;
	readonly claim: { readonly manufacturer: string };
}

/**
 * @param shown by whoever brings no code
 * @param serial as the appliance registers it
 * @returns null where no certificate was shown: the caller is to be told to bring a code
 * @throws OAuthError `invalid_token`, `access_denied`, `invalid_client_metadata`
 */
export async function findClaim(
	shown: PresentedCertificate,
	scope: RequestScope,
	serial: string,
): Promise<FactoryClaim | null> {
	const { services, event } = scope;
	if (!shown.ok && shown.reason === "absent") return null;
	if (!shown.ok) return refuse(scope, `certificate_${shown.reason}`, WHY_NOT[shown.reason]);
	const { manufacturers } = await services.objects.directory().manufacturers({ kind: "list" });
	// Some have one name for several authorities.
	const signs = await Promise.all(manufacturers.map((one) => hasSigned(one, shown.parts)));
	const manufacturer = manufacturers.find((_, index) => signs[index]);
	if (manufacturer === undefined)
		return refuse(scope, "manufacturer_unknown", "it is of no manufacturer that is known here");
	const own = serialOf(valuesOf(shown.certificate.subject, "serialNumber"));
	if (own === null) return refuse(scope, "certificate_serial", "its subject has no serialNumber");
	if (!isSameSerial(own, serial)) {
		event.reason = "certificate_other_serial";
		throw new OAuthError("invalid_client_metadata", 400, "device_serial: must be the one in the certificate");
	}
	const key = await claimKey(services.lookupKeys, manufacturer.id, own);
	const [objectName = null] = await services.objects.directory().serialClaims({ kind: "find", key });
	if (objectName === null) throw unclaimed(scope);
	return { objectName, claim: { manufacturer: manufacturer.id } };
}

/** Said to whoever has the maker's own certificate. */
export function unclaimed(scope: RequestScope): OAuthError {
	scope.event.reason = "unclaimed";
	const what = "nobody has claimed this serial number yet; ask the account's administrator to, or bring an auth code";
	return new OAuthError("access_denied", 403, what);
}

function refuse(scope: RequestScope, reason: string, why: string): never {
	scope.event.reason = reason;
	throw new OAuthError("invalid_token", 401, `bring an auth code; the certificate does not do in its place: ${why}`);
}
