// Guards before a body is read: its length is known, it is small, and it is of the type the endpoint takes. Hono's own
// bodyLimit is not used because it collects a body of unknown length in memory.
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../problem.ts";
import { OAuthError } from "./oauth-error.ts";
import type { AppEnv } from "./openapi.ts";

/** Ample for every JSON body: a message in twenty languages is about half of it. */
const MAX_JSON_BYTES = 65_536;
/** RFC 6749 forms and RFC 7591 metadata are small; an assertion has at most 8 KB. */
const MAX_OAUTH_BYTES = 16_384;

function declaredLength(header: string | undefined): number | null {
	return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;
}

function mediaType(header: string | undefined): string {
	return (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** For JSON endpoints. Requests without a body pass. */
export const guardJsonBody = createMiddleware<AppEnv>(async (c, next) => {
	const length = declaredLength(c.req.header("content-length"));
	if (c.req.raw.body !== null) {
		if (length === null) throw new ProblemError("length_required");
		if (length > MAX_JSON_BYTES)
			throw new ProblemError("content_too_large", { extras: { limit_bytes: MAX_JSON_BYTES } });
		if (length > 0 && mediaType(c.req.header("content-type")) !== "application/json") {
			throw new ProblemError("unsupported_media_type");
		}
	}
	await next();
});

/** For /oauth2/: the same, answered as OAuth does. @param type the media type that the endpoint takes */
export function guardOAuthBody(type: "application/json" | "application/x-www-form-urlencoded") {
	return createMiddleware<AppEnv>(async (c, next) => {
		const length = declaredLength(c.req.header("content-length"));
		if (length === null) throw new OAuthError("invalid_request", 411, "send a Content-Length");
		if (length > MAX_OAUTH_BYTES) throw new OAuthError("invalid_request", 413, `send at most ${MAX_OAUTH_BYTES} bytes`);
		if (mediaType(c.req.header("content-type")) !== type) {
			throw new OAuthError("invalid_request", 415, `send Content-Type: ${type}`);
		}
		await next();
	});
}

/**
 * The length that an upload announces.
 * @throws ProblemError `length_required` without one, `content_too_large` above the limit, `length_mismatch` for none at all
 */
export function requireLength(header: string | undefined, limit: number): number {
	const length = declaredLength(header);
	if (length === null) throw new ProblemError("length_required");
	if (length === 0) throw new ProblemError("length_mismatch", { detail: "the content is empty" });
	if (length > limit) throw new ProblemError("content_too_large", { extras: { limit_bytes: limit } });
	return length;
}
