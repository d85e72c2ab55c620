// Activation, deactivation and what becomes of a registration between the two: OAuth dynamic client registration (RFC 7591) with the auth
// code as initial access token, bound by DPoP (RFC 9449) to the very key that is being registered, and its management (RFC 7592).
import { createRoute, z } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import type { DevicePublicKey } from "../../../entitlement/devices/device-record.ts";
import { ID_RANDOM_BYTES, mintDeviceIdOf, parseCode, parseDeviceId } from "../../../entitlement/ids.ts";
import { isSameSerial } from "../../../names.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { algorithmsOf, parseDevicePublicKey } from "../../../signing/device-proofs/device-key.ts";
import { DPOP_MAX_AGE_SECONDS, PROOF_USED, verifyDpopProof } from "../../../signing/device-proofs/dpop.ts";
import { hashSecret } from "../../../signing/keys/lookup-keys.ts";
import { verifyRegistrationToken } from "../../../signing/sealed/registration-token.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { readAuthorization } from "../../http/authenticate.ts";
import { presentedCertificate } from "../../http/mtls/client-certificate.ts";
import { targetUrls } from "../../http/mtls/target-urls.ts";
import { OAuthError, oauthErrors, proofError } from "../../http/oauth-error.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";
import { rateLimitPolicyField } from "../../http/rate-limit.ts";
import { awaitBody, guardOAuth, readStrictly } from "../../http/request-body.ts";
import {
	limitAccount,
	limitCaller,
	limitCertificate,
	limitCode,
	refuseActivation,
	refuseCode,
} from "./activation-refusals.ts";
import {
	type ClientMetadata,
	certificateRuleOf,
	clientInformation,
	clientMetadata,
	describeClient,
} from "./client-metadata.ts";
import { findClaim } from "./factory-certificate.ts";

const readMetadata = createMiddleware<AppEnv>(async (c, next) => {
	guardOAuth(c.req.raw, "application/json");
	await awaitBody(c);
	readStrictly(c);
	await next();
});

const register = createRoute({
	method: "post",
	path: "/oauth2/register",
	operationId: "activateDevice",
	tags: ["Device"],
	security: [{ authCode: [] }, { factoryCertificate: [] }] as Record<string, string[]>[],
	summary: "Activate a firewall with an auth code (RFC 7591)",
	description:
		"`Authorization: DPoP <auth code>` with a DPoP proof by the key in `jwks`. Same code and same key: the same device. A firewall that is to be known by a client certificate shows it on the connection. Without `Authorization`, with the certificate of a manufacturer that is known, a firewall activates whose serial number an account has claimed; the proof then has no `ath`.",
	middleware: readMetadata,
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

const update = createRoute({
	method: "put",
	path: "/oauth2/register/{client_id}",
	operationId: "updateDevice",
	tags: ["Device"],
	security: [{ registrationToken: [] }],
	summary: "Have a firewall known by another client certificate, or by its key (RFC 7592)",
	description:
		"With the registration access token and a DPoP proof by the registered key. The certificate is shown on the connection. The one before counts until it ends. All else stays as it was registered.",
	middleware: readMetadata,
	request: { params: z.object({ client_id: z.string().max(64) }), body: jsonBody(clientMetadata) },
	responses: {
		200: jsonAnswer(clientInformation, "The registration as it is now"),
		...oauthErrors({
			400: ["invalid_client_metadata", "invalid_dpop_proof"],
			401: ["invalid_token"],
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
		const shown = authorization === null ? await presentedCertificate(c.req.raw, scope) : null;
		const isKnown = code !== null || shown?.ok === true;
		if (code !== null) await limitCode(scope, codeHash, code.objectName);
		else if (shown?.ok) await limitCertificate(scope, c.req.raw, shown.certificate.x5t);
		else await limitCaller(scope, c.req.raw, "register");
		c.header("ratelimit-policy", rateLimitPolicyField(services.limits[isKnown ? "code" : "register"]));

		const metadata = c.req.valid("json");
		const factory = shown === null ? null : await findClaim(shown, scope, metadata.device_serial);
		if (factory !== null) await limitAccount(scope, factory.objectName);
		if (factory === null && authorization?.scheme !== "DPoP") {
			event.reason = "no_dpop_authorization";
			throw new OAuthError("invalid_token", 401, "send the auth code as `Authorization: DPoP`, with a DPoP proof");
		}
		const proof = await requireKeyProof(c.req.raw, scope, metadata, "/oauth2/register", authorization?.credentials);

		const objectName = factory?.objectName ?? code?.objectName ?? refuseCode(scope, "code_malformed");
		const rule = await certificateRuleOf(c.req.raw, scope, metadata);
		// The answer holds a registration token: whoever captured the request must not get one for it too.
		await useOnce(scope, proof, objectName);
		const random = crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
		const result = await services.objects.account(objectName).activate({
			...(factory !== null && { claim: factory.claim }),
			codeHash,
			candidateDeviceId: await mintDeviceIdOf(services.lookupKeys, objectName, random),
			jwk: proof.jwk,
			jkt: proof.jkt,
			serial: metadata.device_serial,
			model: metadata.device_model,
			labels: metadata.device_labels ?? {},
			dpopBound: metadata.dpop_bound_access_tokens ?? false,
			certificates: rule === null ? undefined : [rule],
			now,
		});
		if (!result.ok) refuseActivation(scope, result);
		const { device } = result;
		event.account = objectName;
		event.outcome = result.kind;
		return c.json(
			await describeClient(scope, device, proof.sent, metadata.token_endpoint_auth_signing_alg ?? proof.alg),
			result.kind === "new" || result.kind === "returned" ? 201 : 200,
		);
	})
	.openapi(update, async (c) => {
		const scope = c.env;
		const { services, event, now } = scope;
		await limitCaller(scope, c.req.raw, "leave");
		const id = c.req.valid("param").client_id;
		const device = await requireRegistrationToken(scope, c.req.raw, id);
		const metadata = c.req.valid("json");
		const proof = await requireKeyProof(c.req.raw, scope, metadata, `/oauth2/register/${id}`);
		const rule = await certificateRuleOf(c.req.raw, scope, metadata);
		await useOnce(scope, proof, device.objectName);
		const account = services.objects.account(device.objectName);
		const known = await account.device(device.id);
		if (known !== null && !isSameSerial(known.serial, metadata.device_serial)) {
			throw new OAuthError("invalid_client_metadata", 400, "device_serial: must be the one that is registered");
		}
		const result = await account.setCertificate({ actor: device.id, now, deviceId: device.id, jkt: proof.jkt, rule });
		if (!result.ok) {
			event.reason = result.reason;
			// RFC 7592 §2.2: also of a client that is there no more.
			if (result.reason !== "other_key") throw new OAuthError("invalid_token", 401, TOKEN_NOT_ACCEPTED);
			throw new OAuthError("invalid_client_metadata", 400, "jwks: must hold the key that is registered");
		}
		event.account = device.objectName;
		const algorithm = metadata.token_endpoint_auth_signing_alg ?? proof.alg;
		return c.json(await describeClient(scope, result.device, proof.sent, algorithm), 200);
	})
	.openapi(deactivate, async (c) => {
		const { services, now } = c.env;
		await limitCaller(c.env, c.req.raw, "leave");
		const device = await requireRegistrationToken(c.env, c.req.raw, c.req.valid("param").client_id);
		const result = await services.objects.account(device.objectName).setDeviceStatus({
			...{ actor: device.id, now },
			...{ deviceId: device.id, status: "deactivated", reason: "" },
		});
		if (!result.ok && result.reason === "device_suspended") {
			throw new OAuthError("access_denied", 403, "a suspended device keeps its seat; ask the account's administrator");
		}
		return c.body(null, 204);
	});

const TOKEN_NOT_ACCEPTED = "the registration access token was not accepted";

/** @returns the device @throws OAuthError `invalid_token` */
async function requireRegistrationToken({ services, event }: RequestScope, request: Request, clientId: string) {
	const authorization = readAuthorization(request.headers.get("authorization"));
	const device = await parseDeviceId(services.lookupKeys, clientId);
	const isGood =
		authorization?.scheme === "Bearer" &&
		device !== null &&
		(await verifyRegistrationToken(services.macKeyring, authorization.credentials, device.id));
	if (isGood) return device;
	event.reason = "registration_token";
	throw new OAuthError("invalid_token", 401, TOKEN_NOT_ACCEPTED);
}

/**
 * The proof that the sender holds the key in `jwks`.
 * @param accessToken what the proof has to name, if anything
 * @throws OAuthError `invalid_client_metadata`, `invalid_dpop_proof`
 */
async function requireKeyProof(
	request: Request,
	scope: RequestScope,
	metadata: ClientMetadata,
	path: string,
	accessToken?: string,
) {
	const { services, event, now } = scope;
	// The schema sees to it that there is one.
	const [sent = { kty: "" }] = metadata.jwks.keys;
	const jwk: DevicePublicKey | null = parseDevicePublicKey(sent);
	if (jwk === null) throw new OAuthError("invalid_client_metadata", 400, "jwks: one public P-256 or Ed25519 key");
	const algorithms = algorithmsOf(jwk);
	// Its library would take the answer at its word, and look for a key of that kind.
	const { token_endpoint_auth_signing_alg: wanted } = metadata;
	if (wanted !== undefined && !algorithms.includes(wanted)) {
		const text = `token_endpoint_auth_signing_alg: this key signs with ${algorithms.join(" or ")}`;
		throw new OAuthError("invalid_client_metadata", 400, text);
	}
	const proof = await verifyDpopProof({
		proof: request.headers.get("dpop") ?? "",
		method: request.method,
		...targetUrls(services.config, path),
		now,
		...(accessToken !== undefined && { accessToken }),
	});
	if (!proof.ok) {
		event.reason = `proof_${proof.reason}`;
		throw proofError(proof, now);
	}
	if (JSON.stringify(proof.jwk) !== JSON.stringify(jwk)) {
		throw new OAuthError("invalid_client_metadata", 400, "jwks: must hold the key that signed the DPoP proof");
	}
	return { ...proof, sent };
}

/** @param account name of its object @throws OAuthError `invalid_dpop_proof` */
async function useOnce(
	{ services, event, now }: RequestScope,
	{ jkt, jti, iat }: { readonly jkt: string; readonly jti: string; readonly iat: number },
	account: string,
): Promise<void> {
	if (await services.objects.useOnce(jkt, jti, iat + DPOP_MAX_AGE_SECONDS, now, account)) return;
	event.reason = "proof_replayed";
	throw new OAuthError("invalid_dpop_proof", 400, PROOF_USED);
}
