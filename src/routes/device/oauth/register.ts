// Activation and deactivation: OAuth dynamic client registration (RFC 7591) with the auth code as initial access token,
// bound by DPoP (RFC 9449) to the very key that is being registered, and its counterpart DELETE (RFC 7592).
import { createRoute, z } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { ownLabels } from "../../../content/releases/channel.ts";
import { ID_RANDOM_BYTES, mintDeviceId, parseCode, parseDeviceId } from "../../../entitlement/ids.ts";
import { modelName, serialNumber } from "../../../names.ts";
import type { ActivationOutcome } from "../../../objects/account/devices/device-desk.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { algorithmsOf, DEVICE_ALGORITHMS, parseDevicePublicKey } from "../../../signing/device-proofs/device-key.ts";
import { DPOP_MAX_AGE_SECONDS, PROOF_USED, verifyDpopProof } from "../../../signing/device-proofs/dpop.ts";
import { hashSecret } from "../../../signing/keys/lookup-keys.ts";
import { sealRegistrationToken, verifyRegistrationToken } from "../../../signing/sealed/registration-token.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { readAuthorization } from "../../http/authenticate.ts";
import { OAuthError, oauthErrors, proofError } from "../../http/oauth-error.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";
import { callerNetwork, type RateLimitPolicy, rateLimitPolicyField, rateLimitWait } from "../../http/rate-limit.ts";
import { awaitBody, guardOAuth, readStrictly } from "../../http/request-body.ts";

const clientMetadata = z
	.object({
		jwks: z.object({ keys: z.array(z.looseObject({ kty: z.string() })).length(1) }),
		token_endpoint_auth_method: z.literal("private_key_jwt").optional(),
		token_endpoint_auth_signing_alg: z.enum(DEVICE_ALGORITHMS).optional(),
		grant_types: z.array(z.literal("client_credentials")).length(1).optional(),
		dpop_bound_access_tokens: z
			.boolean()
			.optional()
			.openapi({ description: "RFC 9449 §5.2: no token without a DPoP proof" }),
		device_serial: serialNumber,
		device_model: modelName,
		device_labels: ownLabels.optional(),
	})
	.openapi("ClientMetadata");

const clientInformation = z
	.object({
		client_id: z.string(),
		client_id_issued_at: z.int(),
		registration_access_token: z.string(),
		registration_client_uri: z.string(),
		token_endpoint_auth_method: z.literal("private_key_jwt"),
		token_endpoint_auth_signing_alg: z.enum(DEVICE_ALGORITHMS),
		grant_types: z.array(z.string()),
		dpop_bound_access_tokens: z.boolean(),
		jwks: z.object({ keys: z.array(z.looseObject({})) }),
		device_serial: z.string(),
		device_model: z.string(),
		account: z.string(),
		license: z.string(),
	})
	.openapi("ClientInformation");

const register = createRoute({
	method: "post",
	path: "/oauth2/register",
	operationId: "activateDevice",
	tags: ["Device"],
	security: [{ authCode: [] }],
	summary: "Activate a firewall with an auth code (RFC 7591)",
	description:
		"`Authorization: DPoP <auth code>` with a DPoP proof by the key in `jwks`. Same code and same key: the same device.",
	middleware: createMiddleware<AppEnv>(async (c, next) => {
		guardOAuth(c.req.raw, "application/json");
		await awaitBody(c);
		readStrictly(c);
		await next();
	}),
	request: { body: jsonBody(clientMetadata) },
	responses: {
		201: jsonAnswer(clientInformation, "Activated"),
		200: jsonAnswer(clientInformation, "This code and this key had activated this device before"),
		...oauthErrors({
			400: ["invalid_client_metadata", "invalid_dpop_proof"],
			401: ["invalid_token"],
			403: ["access_denied"],
			429: ["temporarily_unavailable"],
		}),
	},
});

const deactivate = createRoute({
	method: "delete",
	path: "/oauth2/register/{client_id}",
	operationId: "deactivateDevice",
	tags: ["Device"],
	security: [{ registrationToken: [] }],
	summary: "Deactivate a firewall and give its seat back (RFC 7592)",
	request: { params: z.object({ client_id: z.string().max(64) }) },
	responses: {
		204: { description: "Deactivated" },
		...oauthErrors({
			400: ["invalid_request"],
			401: ["invalid_token"],
			403: ["access_denied"],
			429: ["temporarily_unavailable"],
		}),
	},
});

export const registration = createRouter()
	.openapi(register, async (c) => {
		const scope = c.env;
		const { services, event, now } = scope;
		const authorization = readAuthorization(c.req.raw.headers.get("authorization"));
		const code = authorization === null ? null : await parseCode(services.lookupKeys, authorization.credentials);
		const codeHash = code === null ? "" : await hashSecret(services.lookupKeys, "code", code.code);
		if (code === null) await limitCaller(scope, c.req.raw, "register");
		else await limitCode(scope, codeHash, code.objectName);
		c.header("ratelimit-policy", rateLimitPolicyField(services.limits[code === null ? "register" : "code"]));

		if (authorization?.scheme !== "DPoP") {
			event.reason = "no_dpop_authorization";
			throw new OAuthError("invalid_token", 401, "send the auth code as `Authorization: DPoP`, with a DPoP proof");
		}
		const metadata = c.req.valid("json");
		// The schema sees to it that there is one.
		const [sent = { kty: "" }] = metadata.jwks.keys;
		const jwk = parseDevicePublicKey(sent);
		if (jwk === null) throw new OAuthError("invalid_client_metadata", 400, "jwks: one public P-256 or Ed25519 key");
		const algorithms = algorithmsOf(jwk);
		// Its library would take the answer at its word, and look for a key of that kind.
		const { token_endpoint_auth_signing_alg: wanted } = metadata;
		if (wanted !== undefined && !algorithms.includes(wanted)) {
			const text = `token_endpoint_auth_signing_alg: this key signs with ${algorithms.join(" or ")}`;
			throw new OAuthError("invalid_client_metadata", 400, text);
		}
		const proof = await verifyDpopProof({
			proof: c.req.header("dpop") ?? "",
			method: "POST",
			url: `${services.config.issuer}/oauth2/register`,
			now,
			accessToken: authorization.credentials,
		});
		if (!proof.ok) {
			event.reason = `proof_${proof.reason}`;
			throw proofError(proof, now);
		}
		if (JSON.stringify(proof.jwk) !== JSON.stringify(jwk)) {
			throw new OAuthError("invalid_client_metadata", 400, "jwks: must hold the key that signed the DPoP proof");
		}

		if (code === null) refuseCode(scope, "code_malformed");
		// The answer holds a registration token: whoever captured the request must not get one for it too.
		const { jkt, jti, iat } = proof;
		if (!(await services.objects.useOnce(jkt, jti, iat + DPOP_MAX_AGE_SECONDS, now, code.objectName))) {
			event.reason = "proof_replayed";
			throw new OAuthError("invalid_dpop_proof", 400, PROOF_USED);
		}
		const random = crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
		const result = await services.objects.account(code.objectName).activate({
			codeHash,
			candidateDeviceId: await mintDeviceId(services.lookupKeys, code.code, random),
			jwk,
			jkt: proof.jkt,
			serial: metadata.device_serial,
			model: metadata.device_model,
			labels: metadata.device_labels ?? {},
			dpopBound: metadata.dpop_bound_access_tokens ?? false,
			now,
		});
		if (!result.ok) refuseActivation(scope, result);
		const { device } = result;
		event.account = code.objectName;
		event.outcome = result.kind;
		return c.json(
			{
				client_id: device.id,
				client_id_issued_at: device.activatedAt,
				registration_access_token: await sealRegistrationToken(services.macKeyring, device.id),
				registration_client_uri: `${services.config.issuer}/oauth2/register/${device.id}`,
				token_endpoint_auth_method: "private_key_jwt" as const,
				token_endpoint_auth_signing_alg: metadata.token_endpoint_auth_signing_alg ?? proof.alg,
				grant_types: ["client_credentials"],
				dpop_bound_access_tokens: device.dpopBound,
				jwks: { keys: [{ ...device.jwk, ...keyName(sent) }] },
				device_serial: device.serial,
				device_model: device.model,
				account: device.account,
				license: device.license,
			},
			result.kind === "new" || result.kind === "returned" ? 201 : 200,
		);
	})
	.openapi(deactivate, async (c) => {
		const { services, event, now } = c.env;
		await limitCaller(c.env, c.req.raw, "leave");
		const authorization = readAuthorization(c.req.raw.headers.get("authorization"));
		const device = await parseDeviceId(services.lookupKeys, c.req.valid("param").client_id);
		const isGood =
			authorization?.scheme === "Bearer" &&
			device !== null &&
			(await verifyRegistrationToken(services.macKeyring, authorization.credentials, device.id));
		if (!isGood) {
			event.reason = "registration_token";
			throw new OAuthError("invalid_token", 401, "the registration access token was not accepted");
		}
		const result = await services.objects.account(device.objectName).setDeviceStatus({
			...{ actor: device.id, now },
			...{ deviceId: device.id, status: "deactivated", reason: "" },
		});
		if (!result.ok && result.reason === "device_suspended") {
			throw new OAuthError("access_denied", 403, "a suspended device keeps its seat; ask the account's administrator");
		}
		return c.body(null, 204);
	});

/** One quota for coming, one for leaving. @throws OAuthError 429 */
async function limitCaller({ services }: RequestScope, request: Request, what: "register" | "leave"): Promise<void> {
	await limit(services.limits.register, `${what} ${callerNetwork(request)}`);
}

/**
 * Whoever has a code that was made here counts by it and not by its address, behind which a whole site may be. What can be made
 * of a code that was stolen ends with the code's quota; the account's is for several.
 * @throws OAuthError 429
 */
async function limitCode({ services }: RequestScope, codeHash: string, account: string): Promise<void> {
	await limit(services.limits.code, codeHash);
	await limit(services.limits.account, account);
}

async function limit(policy: RateLimitPolicy, key: string): Promise<void> {
	const wait = await rateLimitWait(policy, key);
	if (wait !== null) throw new OAuthError("temporarily_unavailable", 429, "too many requests", { retryAfter: wait });
}

/** The client's own name for its key, as it was sent: whatever it names in assertions, the key is found by the client. */
function keyName({ kid }: Readonly<Record<string, unknown>>): { kid?: string } {
	return typeof kid === "string" ? { kid } : {};
}

/** One face for every code that is not good, so that a guesser cannot tell how it was not. */
function refuseCode(scope: RequestScope, reason: string): never {
	scope.event.reason = reason;
	throw new OAuthError(
		"invalid_token",
		401,
		"the auth code was not accepted; ask the account's administrator for a valid one",
	);
}

function refuseActivation(scope: RequestScope, refusal: ActivationOutcome & { ok: false }): never {
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
