// Which API keys open which routes? Each kind of access names the scopes that open it, once, for the route's description and
// for its router alike. A key without the scope learns which one would do; a caller without a key learns nothing.

import type { Context, HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";
import { opensRoute, type RequestTarget, type RouteScope } from "../../entitlement/keys/key-scopes.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { hasTokenForm } from "../../signing/sealed/access-token.ts";
import type { AppEnv, KeyHolder } from "./app-env.ts";
import { authenticateDevice, readAuthorization, refuse } from "./authenticate.ts";
import { hashOfKey, holderOf, holderOfPublishToken } from "./key-holder.ts";
import { callerNetwork, limitRate, rateLimitPolicyField } from "./rate-limit.ts";

/** What changes the deployment, or what an account is entitled to. */
export const operatorAccess = accessBy("operate");
/** What tells of the deployment and changes nothing. */
export const readAccess = accessBy("read", "operate");
/** What a customer may change of the own account: devices, codes, HA groups, webhooks. */
export const accountAccess = accessBy("operate:{account}", "operate");
/** What tells of an account and changes nothing. */
const ACCOUNT_READERS: readonly RouteScope[] = ["read:{account}", "operate:{account}", "read", "operate"];
export const accountReadAccess = accessBy(...ACCOUNT_READERS);
/** Uploading, apart from releasing. */
export const publisherAccess = accessBy("publish:{product}", "operate");
/** Releasing what was uploaded, and withdrawing it. */
export const releaseAccess = accessBy("release:{product}", "operate");
/** Releasing by the product's own plan, and the role file: also with a token of trusted publishing. */
export const proposeAccess = accessBy("release:{product}", "propose:{product}", "operate");
/** The bytes of its versions: for who makes them and who answers for them, and not for whoever may read. */
export const packageAccess = accessBy("release:{product}", "publish:{product}", "validate:{product}", "operate");
/** Saying whether a release is sound. */
export const validateAccess = accessBy("validate:{product}", "operate");
/** What tells of a product and changes nothing. */
export const productReadAccess = accessBy(
	...(["publish:{product}", "release:{product}", "validate:{product}", "read", "operate"] as const),
);
/** Of the account in the query. */
export const lifecycleAccess = accessBy("lifecycle:{account}", "operate");

/** @returns whether the key may be told of the device, beside what its route is about */
export function mayReadDevice({ scopes }: Pick<KeyHolder, "scopes">, device: string): boolean {
	return opensRoute(scopes, ACCOUNT_READERS, { account: undefined, device, product: undefined });
}

/** A device, or a key that may read of its account. */
export const deviceOrOperatorAccess = {
	security: [{ accessToken: [] }, { apiKey: [] }] as Record<string, string[]>[],
	"x-scopes": ACCOUNT_READERS,
	middleware: requireDeviceOrKey(ACCOUNT_READERS),
};

/** @param scopes any of which opens the route; the first is the least that does, and is named in a refusal */
function accessBy(...scopes: readonly RouteScope[]) {
	return { security: [{ apiKey: [] }], "x-scopes": scopes, middleware: requireKey(scopes) };
}

/** Lets holders of an API key pass, before anything of the request is looked at; the handler finds them as `c.var.holder`. */
function requireKey(scopes: readonly RouteScope[]) {
	return createMiddleware<AppEnv>(async (c, next) => {
		c.set("holder", await authenticateKey(c.req, c.env, scopes));
		c.header("ratelimit-policy", rateLimitPolicyField(c.env.services.limits.publish));
		await next();
	});
}

/**
 * For who had to wait for a body that its sender can draw out: the key may have been revoked meanwhile.
 * @param access of the route @throws ProblemError as at the request's beginning
 */
export async function requireKeyStill(c: Context<AppEnv>, access: ReturnType<typeof accessBy>): Promise<void> {
	c.env.bodyArrived(Date.now());
	c.set("holder", await authenticateKey(c.req, c.env, access["x-scopes"]));
}

/**
 * Lets devices pass and holders of an API key, each as on the routes of their own; the handler finds who it is as
 * `c.var.askingDevice`. The credentials' form says which they are, and they are good as that or not at all.
 */
function requireDeviceOrKey(scopes: readonly RouteScope[]) {
	return createMiddleware<AppEnv>(async (c, next) => {
		const { limits } = c.env.services;
		const authorization = readAuthorization(c.req.header("authorization") ?? null);
		if (authorization !== null && (authorization.scheme === "DPoP" || hasTokenForm(authorization.credentials))) {
			const caller = await authenticateDevice(c.req.raw, c.env);
			await limitRate(limits.token, `asks ${caller.profile.id}`);
			c.set("askingDevice", caller);
			c.header("ratelimit-policy", rateLimitPolicyField(limits.token));
		} else {
			await authenticateKey(c.req, c.env, scopes);
			c.set("askingDevice", null);
			c.header("ratelimit-policy", rateLimitPolicyField(limits.publish));
		}
		await next();
	});
}

/**
 * The publisher or operator behind a request.
 * @throws ProblemError `unauthenticated` or `insufficient_scope`, `rate_limited`
 */
async function authenticateKey(
	request: HonoRequest,
	scope: RequestScope,
	asked: readonly RouteScope[],
): Promise<KeyHolder> {
	const holder = await holderOfCaller(request, scope);
	if (!opensRoute(holder.scopes, asked, targetOf(request, asked))) {
		// The account is only what the caller wrote; whose it is must not look like our word.
		const least = (asked[0] ?? "operate").replace("{account}", "<account>");
		const named = least.replace("{product}", request.param("product") ?? "<product>");
		throw new ProblemError("insufficient_scope", { extras: { required_scope: named } });
	}
	return holder;
}

/** Whoever has sent the request: by the key or token that came with it, or by the key with which they signed in to the console. */
async function holderOfCaller(request: HonoRequest, scope: RequestScope): Promise<KeyHolder> {
	const { limits } = scope.services;
	const authorization = readAuthorization(request.header("authorization") ?? null);
	if (scope.signedIn === undefined && authorization?.scheme !== "Bearer") refuse(scope, "no_api_key");
	// A page of the console asks many times: that must use up nobody's quota but its reader's own.
	const who = scope.signedIn === undefined ? callerNetwork(request.raw) : `console ${scope.signedIn}`;
	await limitRate(limits.publish, who);
	if (scope.signedIn !== undefined) return holderOf(scope, scope.signedIn);
	const credentials = authorization?.credentials ?? "";
	return hasTokenForm(credentials)
		? holderOfPublishToken(scope, credentials)
		: holderOf(scope, await hashOfKey(scope, credentials));
}

/** Only hooks name their account in the query: elsewhere a query must not stand in for what the path is about. */
function targetOf(request: HonoRequest, asked: readonly RouteScope[]): RequestTarget {
	const isHook = asked.includes("lifecycle:{account}");
	return {
		account: isHook ? request.query("account") : request.param("account"),
		device: request.param("device"),
		product: request.param("product"),
	};
}
