// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): whoever loses an answer asks again under the same key, and the change
// is made once. The product's object keeps the key, in the transaction of the change (objects/product/once-desk.ts); here it is read,
// and the answer kept. Without the header a request goes its way as ever.
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import type { OnceRequest } from "../../objects/product/once-desk.ts";
import { ProblemError } from "../../problem.ts";
import { sha256OfText } from "../../signing/text-digest.ts";
import { type AppEnv, changeBy } from "../http/app-env.ts";
import { proposeAccess, releaseAccess } from "../http/key-access.ts";

/** A string of RFC 9651 §3.3.3, without escapes: a UUID has none to make. */
const KEY = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})"$/;

const answerOnce = createMiddleware<AppEnv>(async (c, next) => {
	const header = c.req.header("idempotency-key");
	const product = c.req.param("product");
	if (header === undefined || product === undefined) {
		return next();
	}
	const key = KEY.exec(header.trim())?.[1];
	if (key === undefined) throw new ProblemError("idempotency_key_invalid");
	const { method, path } = c.req;
	const fingerprint = await sha256OfText(JSON.stringify([method, path, await c.req.text()]));
	const request: OnceRequest = {
		subject: c.var.holder.subject,
		route: `${method} ${routePath(c, -1)}`,
		key,
		fingerprint,
	};
	c.env.event.product = product;
	const object = c.env.services.objects.product(product);
	const asked = await object.askOnce(request);
	if (asked.kind === "other_request") throw new ProblemError("idempotency_key_reused");
	if (asked.kind === "under_way")
		throw new ProblemError("idempotency_key_in_use", { headers: { "retry-after": String(asked.seconds) } });
	if (asked.kind === "answered") {
		const { status, body } = asked.answer;
		return new Response(body, { status, headers: { "content-type": "application/json" } });
	}
	c.set("once", request);
	await next();
	// The change is made and known whatever becomes of this: who asks again has the answer made anew.
	const answer = c.res.ok ? { status: c.res.status, body: await c.res.clone().text() } : null;
	await object.settleOnce(request, answer).catch(() => {});
	return;
});

/** Releasing, by requests that may be sent again under their `Idempotency-Key`. */
export const releaseOnceAccess = {
	...releaseAccess,
	"x-idempotency-key": true,
	middleware: [releaseAccess.middleware, answerOnce] as MiddlewareHandler<AppEnv>[],
};

/** The same for releasing by the product's own plan. */
export const proposeOnceAccess = {
	...proposeAccess,
	"x-idempotency-key": true,
	middleware: [proposeAccess.middleware, answerOnce] as MiddlewareHandler<AppEnv>[],
};

/** What each change brings with it that is made once. Behind `releaseOnceAccess` or `proposeOnceAccess`. */
export function changeOnce(c: Context<AppEnv>) {
	return { ...changeBy(c), once: c.var.once };
}
