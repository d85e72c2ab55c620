// A firewall proves who it is and gets a short access token that carries what it is entitled to (RFC 6749 §4.4, RFC 7523,
// RFC 8705, RFC 9449). This is the one request of a device that reads its record; under an elastic license it also renews its seat.
import { createRoute, z } from "@hono/zod-openapi";
import type { DeviceRecord, DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import { elasticTokenLife } from "../../../entitlement/seats/seat-lease.ts";
import type { RenewalOutcome } from "../../../objects/account/seats/seat-desk.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { verifyDpopProof } from "../../../signing/device-proofs/dpop.ts";
import { pseudonymOf, pseudonymPeriod } from "../../../signing/keys/lookup-keys.ts";
import { sealAccessToken } from "../../../signing/sealed/access-token.ts";
import { standsOnDenyList } from "../../http/authenticate.ts";
import { targetUrls } from "../../http/mtls/target-urls.ts";
import { OAuthError, oauthErrors, proofError } from "../../http/oauth-error.ts";
import { jsonAnswer } from "../../http/openapi.ts";
import { answerJson, plainRoute } from "../../http/plain-handler.ts";
import { rateLimitPolicyField } from "../../http/rate-limit.ts";
import { guardOAuth } from "../../http/request-body.ts";
import { passOnAnchors } from "../words/anchors-word.ts";
import { knowByAssertion, requireFirstUse } from "./client-assertion.ts";
import { knowByCertificate } from "./client-certificate.ts";
import { lineageOf } from "./lineage.ts";
import { refuseClient } from "./token-client.ts";
import { readTokenForm, tokenForm } from "./token-form.ts";

/** A token that is bound to no key serves whoever has it, so it ends sooner. */
const BEARER_LIFE_SECONDS = 3600;

const tokenAnswer = z
	.object({
		access_token: z.string(),
		token_type: z.enum(["DPoP", "Bearer"]),
		expires_in: z.int().openapi({ description: "seconds" }),
		scope: z.literal("device"),
		lineage: z.string().openapi({
			description: "To be kept, and sent with the next token request: copies of a device are told apart by it",
		}),
		anchors: z
			.enum(["taken", "not_understood"])
			.optional()
			.openapi({ description: "What became of the `anchors` of the request; left out where it had none" }),
	})
	.openapi("AccessToken");

const route = createRoute({
	method: "post",
	path: "/oauth2/token",
	operationId: "getToken",
	tags: ["Device"],
	summary: "Get an access token with a client assertion (private_key_jwt) or a client certificate (tls_client_auth)",
	description:
		"The credential is the assertion in the body, or the certificate of the connection, to which the token is then bound (RFC 8705). With a DPoP proof by the registered key the token is bound to it. An assertion counts once, unless the device registered for DPoP-bound tokens only and its license is fixed. Under an elastic license the token renews the device's seat, and ends before its lease does.",
	request: { body: { content: { "application/x-www-form-urlencoded": { schema: tokenForm } }, required: true } },
	responses: {
		200: jsonAnswer(tokenAnswer, "An access token; what it says is for the service alone"),
		...oauthErrors({
			400: ["invalid_request", "unsupported_grant_type", "invalid_scope", "invalid_dpop_proof", "unauthorized_client"],
			401: ["invalid_client"],
			429: ["temporarily_unavailable"],
		}),
	},
});

export const token = plainRoute(route, async (request, scope) => {
	guardOAuth(request, "application/x-www-form-urlencoded");
	// Not `text()`: workerd warns on its console, at every call, that a form is not text.
	const text = decoder.decode(await request.arrayBuffer());
	scope.bodyArrived(Date.now());
	const { services, now } = scope;
	const form = readTokenForm(text, request.headers.get("authorization"));
	const { device, reading, replay, x5t, certificateEndsAt } =
		form.method === "assertion"
			? await knowByAssertion(request, scope, form)
			: await knowByCertificate(request, scope, form);
	scope.event.account = accountObjectName(device.id);
	// Only now, to the holder of the key, does the answer say what became of the device.
	if (device.status !== "active") refuseStatus(scope, device.status);

	// The record may be from before the suspension if its store lags behind the one that gave `heads`.
	if (standsOnDenyList(scope, await reading, device.id)) refuseDevice("not active");

	// The certificate binds it already. A client that has sent a proof as well sees that by the type of its token (RFC 9449 §5).
	const jkt = x5t === null ? await boundKey(scope, request.headers.get("dpop"), device) : null;
	if (replay !== null) await requireFirstUse(scope, device, replay);
	const pseudonym = await pseudonymOf(services.lookupKeys, device.id, pseudonymPeriod(now));
	scope.event.device = pseudonym;
	const { issuer, tokenTtlSeconds } = services.config;
	const isBound = jkt !== null || x5t !== null;
	const life = !isBound ? Math.min(BEARER_LIFE_SECONDS, tokenTtlSeconds) : tokenTtlSeconds;
	const { lease, expiresIn } = await renewSeat(scope, device, life);
	const accessToken = await sealAccessToken(services.macKeyring, {
		issuer,
		device: { ...device, lease },
		pseudonym,
		jkt,
		x5t,
		jti: crypto.randomUUID(),
		now,
		expiresIn,
		provisional: scope.degradedAsOf() !== null,
	});
	const body = {
		access_token: accessToken,
		token_type: jkt === null ? "Bearer" : "DPoP",
		expires_in: expiresIn,
		scope: "device",
		lineage: await lineageOf(scope, device.id, form.lineage),
		...passOnAnchors(scope, device.id, form.anchors, certificateEndsAt),
	} satisfies z.infer<typeof tokenAnswer>;
	return answerJson(body, 200, {
		"cache-control": "no-store",
		"ratelimit-policy": rateLimitPolicyField(services.limits.token),
	});
});

const decoder = new TextDecoder();

function refuseStatus(scope: RequestScope, status: Exclude<DeviceStatus, "active">): never {
	scope.event.reason = status;
	refuseDevice(status);
}

function refuseDevice(state: string): never {
	throw new OAuthError(
		"unauthorized_client",
		400,
		`this device is ${state}; keep what is installed and ask the account's administrator`,
	);
}

/**
 * The seat of an elastic license is renewed by the device's tokens, and each lives no longer than the lease: whoever has a
 * token has a seat. A record from before the license became elastic is not decided on (its `licenseEpoch`), so a device whose
 * record knows no lease need not be asked for.
 * @param life seconds that a token lives where there is no lease
 * @returns `lease` as the token says it, `expiresIn` in seconds
 */
async function renewSeat(
	scope: RequestScope,
	device: DeviceRecord,
	life: number,
): Promise<{ lease: number | null; expiresIn: number }> {
	const { services, now } = scope;
	if (device.lease === null) return { lease: null, expiresIn: life };
	const renewal = await services.objects.renewSeat(accountObjectName(device.id), device.id, now);
	if (!renewal.ok) refuseSeat(scope, renewal.reason);
	const { lease } = renewal;
	if (lease === null) return { lease: null, expiresIn: life };
	return { lease: lease.seconds, expiresIn: elasticTokenLife(life, lease, now) };
}

function refuseSeat(scope: RequestScope, reason: (RenewalOutcome & { ok: false })["reason"]): never {
	if (reason === "unknown_device") refuseClient(scope, "device_unknown");
	if (reason !== "seat_lost") refuseStatus(scope, reason);
	scope.event.reason = reason;
	throw new OAuthError(
		"unauthorized_client",
		400,
		"the lease of this device's seat ended and every seat is taken (seat_lost); keep what is installed and ask again",
	);
}

/** @returns the thumbprint to which the token is bound, or null when no proof was sent */
async function boundKey(scope: RequestScope, proofHeader: string | null, device: DeviceRecord): Promise<string | null> {
	const { services, now } = scope;
	if (proofHeader === null) {
		if (!device.dpopBound) return null;
		scope.event.reason = "proof_missing";
		throw new OAuthError(
			"invalid_dpop_proof",
			400,
			"this device registered for DPoP-bound tokens: send a DPoP proof; if it sends one, a proxy on the way removes the header",
		);
	}
	const proof = await verifyDpopProof({
		proof: proofHeader,
		method: "POST",
		...targetUrls(services.config, "/oauth2/token"),
		now,
		expectedJkt: device.jkt,
		knownKey: device.jwk,
		importKey: services.importKey,
	});
	if (!proof.ok) {
		scope.event.reason = `proof_${proof.reason}`;
		throw proofError(proof, now);
	}
	return proof.jkt;
}
