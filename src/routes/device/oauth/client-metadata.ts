// What a firewall registers of itself, and what it is answered (RFC 7591 §2, RFC 8705 §2 and §3.4).
import { z } from "@hono/zod-openapi";
import { ownLabels } from "../../../content/releases/channel.ts";
import { type CertificateRule, ruleFor } from "../../../entitlement/devices/certificate-rule.ts";
import { modelName, serialNumber } from "../../../names.ts";
import type { Device } from "../../../objects/account/devices/device-tables.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { MAX_NAME_LENGTH, normalName } from "../../../signing/client-certificate/distinguished-name.ts";
import { DEVICE_ALGORITHMS, type DeviceAlgorithm } from "../../../signing/device-proofs/device-key.ts";
import { sealRegistrationToken } from "../../../signing/sealed/registration-token.ts";
import { presentedCertificate } from "../../http/mtls/client-certificate.ts";
import { OAuthError } from "../../http/oauth-error.ts";

const authMethod = z.enum(["private_key_jwt", "tls_client_auth"]);

export const clientMetadata = z
	.object({
		jwks: z.object({
			keys: z.array(z.looseObject({ kty: z.string(), "x5t#S256": z.unknown().optional() })).length(1),
		}),
		token_endpoint_auth_method: authMethod.optional(),
		token_endpoint_auth_signing_alg: z.enum(DEVICE_ALGORITHMS).optional(),
		grant_types: z.array(z.literal("client_credentials")).length(1).optional(),
		dpop_bound_access_tokens: z
			.boolean()
			.optional()
			.openapi({ description: "RFC 9449 §5.2: no token without a DPoP proof" }),
		tls_client_certificate_bound_access_tokens: z.boolean().optional().openapi({
			description: "RFC 8705 §3.4: true with `tls_client_auth`, whose tokens always are, false without",
		}),
		tls_client_auth_subject_dn: z.string().min(1).max(MAX_NAME_LENGTH).optional().openapi({
			description:
				"RFC 8705 §2.1.2: the device is known by whatever certificate the issuer of the one that is shown gives to this name (RFC 4514). Left out: by the one that is shown, and by no other",
		}),
		device_serial: serialNumber,
		device_model: modelName,
		device_labels: ownLabels.optional(),
	})
	.openapi("ClientMetadata");
export type ClientMetadata = z.infer<typeof clientMetadata>;

export const clientInformation = z
	.object({
		client_id: z.string(),
		client_id_issued_at: z.int(),
		registration_access_token: z.string(),
		registration_client_uri: z.string(),
		token_endpoint_auth_method: authMethod,
		token_endpoint_auth_signing_alg: z.enum(DEVICE_ALGORITHMS).optional(),
		grant_types: z.array(z.string()),
		dpop_bound_access_tokens: z.boolean(),
		tls_client_certificate_bound_access_tokens: z.literal(true).optional(),
		tls_client_auth_subject_dn: z.string().optional(),
		jwks: z.object({ keys: z.array(z.looseObject({})) }),
		device_serial: z.string(),
		device_model: z.string(),
		account: z.string(),
		license: z.string(),
	})
	.openapi("ClientInformation");

/**
 * By which certificate the device wants to be known. Whoever registers shows it on the connection: so it has its key.
 * @returns null = by its key
 * @throws OAuthError `invalid_client_metadata`
 */
export async function certificateRuleOf(
	request: Request,
	scope: RequestScope,
	metadata: ClientMetadata,
): Promise<CertificateRule | null> {
	const { tls_client_auth_subject_dn: subjectDn, tls_client_certificate_bound_access_tokens: isBound } = metadata;
	const pinned = metadata.jwks.keys[0]?.["x5t#S256"];
	if (metadata.token_endpoint_auth_method !== "tls_client_auth") {
		if (subjectDn === undefined && isBound !== true) return null;
		throw unfit("token_endpoint_auth_method: what begins with tls_client is for tls_client_auth");
	}
	if (isBound === false) {
		throw unfit("tls_client_certificate_bound_access_tokens: tokens of tls_client_auth are bound to the certificate");
	}
	if (metadata.dpop_bound_access_tokens) {
		throw unfit("dpop_bound_access_tokens: tokens of tls_client_auth are bound to the certificate, not to the key");
	}
	const { mutualTls } = scope.services.config;
	if (mutualTls === null) throw unfit("token_endpoint_auth_method: this service takes no client certificates");
	const shown = await presentedCertificate(request, scope);
	if (!shown.ok) {
		scope.event.reason = `certificate_${shown.reason}`;
		throw unfit(
			`token_endpoint_auth_method: show the certificate while you register, at ${mutualTls.origin}; ${WHY_NOT[shown.reason]}`,
		);
	}
	const { certificate } = shown;
	if (pinned !== undefined && pinned !== certificate.x5t)
		throw unfit("x5t#S256: is not of the certificate that was shown");
	const subject = subjectDn === undefined ? undefined : normalName(subjectDn);
	const rule = subject === null ? null : ruleFor(certificate, subject);
	if (rule === null) throw unfit("tls_client_auth_subject_dn: is not the subject of the certificate that was shown");
	return rule;
}

/** Said to whoever has a code, or is the device: it is about their own certificate. */
export const WHY_NOT = {
	absent: "none was shown",
	not_verified: "the one that was shown is of no authority that is trusted here, or has ended",
	revoked: "the one that was shown was revoked",
	malformed: "the one that was shown cannot be read, or is too large",
	too_early: "the one that was shown does not hold yet, by the service's clock",
	ended: "the one that was shown has ended",
} as const;

function unfit(description: string): OAuthError {
	return new OAuthError("invalid_client_metadata", 400, description);
}

/** @param sent its key as it was sent @param algorithm with which it signs */
export async function describeClient(
	{ services }: RequestScope,
	device: Device,
	sent: Readonly<Record<string, unknown>>,
	algorithm: DeviceAlgorithm,
) {
	const [rule] = device.certificates ?? [];
	return {
		client_id: device.id,
		client_id_issued_at: device.activatedAt,
		registration_access_token: await sealRegistrationToken(services.macKeyring, device.id),
		registration_client_uri: `${services.config.issuer}/oauth2/register/${device.id}`,
		...(rule === undefined
			? { token_endpoint_auth_method: "private_key_jwt" as const, token_endpoint_auth_signing_alg: algorithm }
			: { token_endpoint_auth_method: "tls_client_auth" as const }),
		grant_types: ["client_credentials"],
		dpop_bound_access_tokens: device.dpopBound && rule === undefined,
		...(rule !== undefined && { tls_client_certificate_bound_access_tokens: true as const }),
		...(rule !== undefined && "subject" in rule && { tls_client_auth_subject_dn: rule.subject }),
		jwks: {
			keys: [{ ...device.jwk, ...keyName(sent), ...(rule !== undefined && "x5t" in rule && { "x5t#S256": rule.x5t }) }],
		},
		device_serial: device.serial,
		device_model: device.model,
		account: device.account,
		license: device.license,
	} satisfies z.infer<typeof clientInformation>;
}

/** The client's own name for its key, as it was sent: whatever it names in assertions, the key is found by the client. */
function keyName({ kid }: Readonly<Record<string, unknown>>): { kid?: string } {
	return typeof kid === "string" ? { kid } : {};
}
