// Guards before a body is read: its length is known, it is small, it is of the type the endpoint takes, and it is not coded. JSON is
// read so that everybody reads the same (strict-json.ts). Hono's own bodyLimit is not used because it collects a body of unknown length in memory.
// Nothing is decided before a small body is there.
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { readAnnouncedDigest } from "../../signing/formats/digest-header.ts";
import { type JsonFault, parseStrictJson } from "../../signing/formats/strict-json.ts";
import type { AppEnv } from "./app-env.ts";
import { OAuthError } from "./oauth-error.ts";
import { invalidRequest } from "./openapi.ts";

/** Ample for every JSON body: a message in twenty languages is about half of it. */
const MAX_JSON_BYTES = 65_536;
/** Ours nest four levels; what AWS sends a few more. */
const MAX_JSON_DEPTH = 32;
const MAX_NAME_LENGTH = 64;
/** RFC 6749 forms and RFC 7591 metadata are small; an assertion has at most 8 KB. */
const MAX_OAUTH_BYTES = 16_384;

function declaredLength(request: Request): number | null {
	const header = request.headers.get("content-length");
	return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null;
}

/** RFC 9110 §15.5.16: a 415 for a content coding says which codings are taken. */
const TAKEN_CODINGS = { "accept-encoding": "identity" };
const CODED = "send the content without Content-Encoding";

/** Whether the content is coded, as with gzip. Nothing here decodes: the bytes that arrive are the bytes that count. */
function isCoded(request: Request): boolean {
	return (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase() !== "identity";
}

function codedContent(): ProblemError {
	return new ProblemError("unsupported_media_type", { detail: CODED, headers: TAKEN_CODINGS });
}

function mediaType(request: Request): string {
	const header = request.headers.get("content-type") ?? "";
	return header.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** @throws ProblemError where a body is of unknown length, too large, or not JSON; requests without a body pass */
export function guardJson(request: Request, maxBytes = MAX_JSON_BYTES): void {
	const problem = faultOfJson(request, maxBytes);
	// Asked last: looking at the body makes a stream of it, which costs more than everything else here.
	if (problem !== null && request.body !== null) throw problem;
}

function faultOfJson(request: Request, maxBytes: number): ProblemError | null {
	const length = declaredLength(request);
	if (length === null) return new ProblemError("length_required");
	if (length > maxBytes) return new ProblemError("content_too_large", { extras: { limit_bytes: maxBytes } });
	if (isCoded(request)) return codedContent();
	return length > 0 && mediaType(request) !== "application/json" ? new ProblemError("unsupported_media_type") : null;
}

/**
 * Waits for a body that was let pass by its guard, before anybody is asked whether the caller may do what it says: whoever
 * holds it back would otherwise act with a key that was good when the request began. One that breaks off is empty.
 */
export async function awaitBody(c: Context<AppEnv>): Promise<void> {
	const { raw } = c.req;
	if (raw.method === "GET" || raw.method === "HEAD" || !declaredLength(raw)) return;
	const body = await raw.arrayBuffer().catch(() => new ArrayBuffer(0));
	c.req.raw = new Request(raw, { body });
	c.env.bodyArrived(Date.now());
}

/**
 * The JSON body of a request, for handlers that the router's own validation does not serve.
 * @param isGood a quick look that saves the schema where it says yes: without `eval`, as in workerd, a schema costs more than
 *   reading the body does
 * @throws ProblemError where `guardJson` does, and `invalid_request` naming each field that is wrong
 */
export async function readJson<T>(
	request: Request,
	scope: Pick<RequestScope, "bodyArrived">,
	schema: z.ZodType<T>,
	isGood: (body: unknown) => body is T,
): Promise<T> {
	guardJson(request);
	const body = parseBody(await request.arrayBuffer());
	scope.bodyArrived(Date.now());
	if (isGood(body)) return body;
	const parsed = schema.safeParse(body);
	if (!parsed.success) throw invalidRequest(parsed.error);
	return parsed.data;
}

/**
 * Has the router's validation, when it comes to it, read a body as `readJson` does. Validation forgets why a body cannot be
 * read, so the problem is kept as `c.var.bodyProblem`.
 */
export function readStrictly(c: Context<AppEnv>): void {
	c.req.json = async <T>() => {
		try {
			return parseBody(await c.req.arrayBuffer()) as T;
		} catch (error) {
			if (error instanceof ProblemError) c.set("bodyProblem", error);
			throw error;
		}
	};
}

/** @throws ProblemError `invalid_request` */
function parseBody(bytes: ArrayBuffer): unknown {
	const read = parseStrictJson(bytes, MAX_JSON_DEPTH);
	if (read.ok) return read.value;
	throw new ProblemError("invalid_request", { detail: describeFault(read) });
}

function describeFault({ defect, member = "" }: JsonFault): string {
	const name = JSON.stringify(member.slice(0, MAX_NAME_LENGTH));
	switch (defect) {
		case "duplicate_member":
			return `the body names ${name} twice in one object: readers differ in which one they take, so name it once`;
		case "reserved_member":
			return `the body has a member ${name}, which many readers drop: nothing here has that name`;
		case "too_deep":
			return `the body nests more than ${MAX_JSON_DEPTH} levels`;
		case "not_utf8":
			return "the body is not UTF-8";
		case "not_json":
			return "the body is not valid JSON, or begins with a byte-order mark";
	}
}

/** For /oauth2/: the same, refused as OAuth does. @param type the media type that the endpoint takes */
export function guardOAuth(request: Request, type: "application/json" | "application/x-www-form-urlencoded"): void {
	const length = declaredLength(request);
	if (length === null) throw new OAuthError("invalid_request", 411, "send a Content-Length");
	if (length > MAX_OAUTH_BYTES) throw new OAuthError("invalid_request", 413, `send at most ${MAX_OAUTH_BYTES} bytes`);
	if (isCoded(request)) throw new OAuthError("invalid_request", 415, CODED, { headers: TAKEN_CODINGS });
	if (mediaType(request) !== type) throw new OAuthError("invalid_request", 415, `send Content-Type: ${type}`);
}

/**
 * The length that an upload announces.
 * @throws ProblemError `length_required` without one, `content_too_large` above the limit, `length_mismatch` for none at all,
 *   `unsupported_media_type` for content that is coded
 */
export function requireLength(request: Request, limit: number): number {
	const length = declaredLength(request);
	if (length === null) throw new ProblemError("length_required");
	if (length === 0) throw new ProblemError("length_mismatch", { detail: "the content is empty" });
	if (length > limit) throw new ProblemError("content_too_large", { extras: { limit_bytes: limit } });
	if (isCoded(request)) throw codedContent();
	return length;
}

/** The SHA-256 that an upload announces (RFC 9530). @returns hexadecimal @throws ProblemError `invalid_digest` */
export function requireDigest({ headers }: Request): string {
	const repr = headers.get("repr-digest") ?? undefined;
	const digest = readAnnouncedDigest({ repr, content: headers.get("content-digest") ?? undefined });
	if (digest.ok) return digest.sha256;
	const isTwo = digest.reason === "contradiction";
	throw new ProblemError("invalid_digest", isTwo ? { detail: "Repr-Digest and Content-Digest differ" } : {});
}
