// Trusted publishing: a run of CI shows the ID token that its provider has signed for it, and gets a token to publish one product with, for a
// quarter of an hour (OAuth 2.0 Token Exchange, RFC 8693). No API key has to lie in the CI. Whatever a token says, nothing is asked of any
// server but the keys of an issuer that the deployment trusts.
import { createRoute, z } from "@hono/zod-openapi";
import {
	type CiRun,
	describeRun,
	isOwnRepository,
	type PublisherPart,
	publisherSubject,
} from "../../entitlement/publishers/trusted-publisher.ts";
import { PRODUCT_NAME, productName } from "../../names.ts";
import type { RequestScope } from "../../request-scope.ts";
import { type IdTokenVerification, verifyIdToken } from "../../signing/oidc/id-token.ts";
import { PUBLISH_TOKEN_SECONDS, sealPublishToken } from "../../signing/sealed/publish-token.ts";
import { publishTokenScopes } from "../http/key-holder.ts";
import { OAuthError, oauthErrors } from "../http/oauth-error.ts";
import { createRouter, jsonAnswer } from "../http/openapi.ts";
import { answerJson } from "../http/plain-handler.ts";
import { callerAddress, callerNetwork, rateLimitPolicyField, rateLimitWait } from "../http/rate-limit.ts";
import { guardOAuth } from "../http/request-body.ts";
import { exchangeForm, readExchangeForm } from "./exchange-form.ts";

const KEYS_RETRY_SECONDS = 10;

const exchangeAnswer = z
	.object({
		access_token: z.string(),
		issued_token_type: z.literal("urn:ietf:params:oauth:token-type:access_token"),
		token_type: z.literal("Bearer"),
		expires_in: z.int().openapi({ description: "seconds", example: PUBLISH_TOKEN_SECONDS }),
		scope: z.string().openapi({ example: "publish:crs propose:crs" }),
	})
	.openapi("PublishToken");

const route = createRoute({
	method: "post",
	path: "/oauth2/products/{product}/token",
	operationId: "exchangeIdToken",
	tags: ["Publisher"],
	summary: "Exchange the ID token of a CI run for a token to publish the product with (RFC 8693)",
	description:
		"For a run that is a trusted publisher of the product. `aud` of the ID token must be `<issuer of this service>/v1/products/<product>` and nothing else; it counts once. The token uploads packages and deltas, hands in role files that the publisher's own key has signed, and releases by the product's plan; it gives no word on a rollout.",
	request: {
		params: z.object({ product: productName }),
		body: { content: { "application/x-www-form-urlencoded": { schema: exchangeForm } }, required: true },
	},
	responses: {
		200: jsonAnswer(exchangeAnswer, "A token to publish with; what it says is for the service alone"),
		...oauthErrors({
			400: ["invalid_request", "unsupported_grant_type"],
			429: ["temporarily_unavailable"],
			503: ["temporarily_unavailable"],
		}),
	},
});

export const publishTokens = createRouter();
publishTokens.openAPIRegistry.registerPath(route);
publishTokens.post(route.path.replace("{product}", ":product"), async (c) => {
	const scope = c.env;
	const { services, event } = scope;
	const request = c.req.raw;
	guardOAuth(request, "application/x-www-form-urlencoded");
	const product = c.req.param("product") ?? "";
	if (!PRODUCT_NAME.test(product)) throw new OAuthError("invalid_request", 400, "there is no product of such a name");
	event.product = product;
	const wait = await rateLimitWait(services.limits.publish, `exchange ${callerNetwork(request)}`);
	if (wait !== null) throw new OAuthError("temporarily_unavailable", 429, "too many requests", { retryAfter: wait });
	const text = new TextDecoder().decode(await request.arrayBuffer());
	scope.bodyArrived(Date.now());
	const form = readExchangeForm(text, request.headers.get("authorization"));

	const audience = `${services.config.issuer}/v1/products/${product}`;
	const verified = await verifyIdToken(form.subject_token, services.ciIssuers, audience, scope.now).catch(() => {
		event.reason = "issuer_keys_unreachable";
		throw new OAuthError(
			"temporarily_unavailable",
			503,
			"the public keys of the token's issuer cannot be had now; nothing is lost: try again",
			{ retryAfter: KEYS_RETRY_SECONDS },
		);
	});
	if (!verified.ok) refuseToken(scope, verified, audience);
	const { run, jti, replayableUntil } = verified;
	const exchanged = await services.objects.product(product).exchangeIdToken({
		...{ run, jti, replayableUntil, now: scope.now },
		via: { requestId: scope.requestId(), address: callerAddress(request), run: describeRun(run) },
	});
	if (!exchanged.ok) {
		if (exchanged.reason === "replayed")
			refuse(scope, "id_token_replayed", "this ID token was used before: get another");
		refuseRun(scope, product, run, exchanged.reason === "untrusted" ? exchanged.part : null);
	}
	const { publisher } = exchanged;
	const subject = publisherSubject(publisher);
	event.subject = subject;
	event.key = publisher.id;
	event.outcome = "exchanged";
	const exp = scope.now + PUBLISH_TOKEN_SECONDS;
	const claims = { product, publisher: publisher.id, subject, run: describeRun(run), exp };
	const body = {
		access_token: await sealPublishToken(services.macKeyring, services.config.issuer, claims),
		issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
		token_type: "Bearer",
		expires_in: PUBLISH_TOKEN_SECONDS,
		scope: publishTokenScopes(product).join(" "),
	} satisfies z.infer<typeof exchangeAnswer>;
	return answerJson(body, 200, {
		"cache-control": "no-store",
		"ratelimit-policy": rateLimitPolicyField(services.limits.publish),
	});
});

/** RFC 8693 §2.2.2: a subject token that is not good, or not good for this, is `invalid_request`. */
function refuse(scope: RequestScope, reason: string, description: string): never {
	scope.event.reason = reason;
	// RFC 6749 §5.2: these two characters have no place in a description.
	throw new OAuthError("invalid_request", 400, description.replaceAll(/["\\]/g, "'"));
}

/** What is wrong with a token is said once its issuer's signature was good: then whoever has it is its holder, and sees it too. */
function refuseToken(scope: RequestScope, refused: IdTokenVerification & { ok: false }, audience: string): never {
	const reason = `id_token_${refused.reason}`;
	switch (refused.reason) {
		case "wrong_audience":
			return refuse(scope, reason, `aud of the ID token must be ${audience} alone`);
		case "expired":
			return refuse(scope, reason, "the ID token is too old: get one right before it is used");
		case "not_yet":
			return refuse(
				scope,
				reason,
				"the ID token is of a time to come: its issuer's clock is ahead by more than a minute",
			);
		case "claims":
			return refuse(scope, reason, `the claim ${refused.what} of the ID token is missing or has another form`);
		case "event":
			return refuse(
				scope,
				reason,
				`what ${refused.what} has begun may not publish: others than who may push can begin it`,
			);
		case "workflow_elsewhere":
			return refuse(
				scope,
				reason,
				"the job must stand in the workflow that was begun, of the repository itself and at the ref that runs: in none that it calls",
			);
		case "not_a_ref":
			return refuse(scope, reason, "the run must be of a branch or a tag");
		case "ref_unprotected":
			return refuse(scope, reason, "the branch or tag is not protected: whoever may push could publish");
		case "unknown_issuer":
			return refuse(scope, reason, "ID tokens of this issuer are not taken here");
		case "malformed":
		case "too_long":
		case "no_kid":
		case "bad_jti":
		case "bad_claim":
		case "bad_signature":
			return refuse(scope, reason, "the ID token was not accepted");
	}
}

/** Whose the repository is, is told what of the run is not trusted; anybody else learns nothing of the product's publishers. */
function refuseRun(scope: RequestScope, product: string, run: CiRun, part: PublisherPart | null): never {
	const reason = `publisher_${part ?? "none"}`;
	if (isOwnRepository(part))
		refuse(
			scope,
			reason,
			`${product} trusts ${run.repository}, but not this ${part}: ${part === "workflow" ? run.workflow : part === "ref" ? run.ref : (run.environment ?? "none")}`,
		);
	refuse(
		scope,
		reason,
		`${product} has no trusted publisher for the repository ${run.repository} (${run.repositoryId}) of the owner ${run.ownerId}`,
	);
}
