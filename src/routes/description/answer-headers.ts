// Header fields of answers, as the description names them: each once, and which of them an answer carries.
import type { Answer, Operation } from "./api-document.ts";

const text = { type: "string" } as const;

/** Each field under the name of its component. */
export const ANSWER_HEADERS = {
	"Cache-Control": { description: "`private, no-store` unless the answer may be kept", required: true, schema: text },
	"Cache-Status": {
		description: "RFC 9211, while records cannot be read: the answer is from a copy as old as `ttl` says, in seconds",
		schema: text,
	},
	"RateLimit-Policy": {
		description: "Requests (`q`) that are taken in a window (`w`, seconds), draft-ietf-httpapi-ratelimit-headers",
		schema: text,
	},
	RateLimit: { description: "What is left of the policy, and the seconds until it starts again", schema: text },
	"Retry-After": { description: "Seconds to wait", required: true, schema: { type: "integer", minimum: 1 } },
	"Retry-After-Of-Some": {
		description: "`Retry-After` where waiting helps: seconds",
		schema: { type: "integer", minimum: 1 },
	},
	"X-Request-Id": {
		description: "The same as `request_id`; the service's log has it too",
		required: true,
		schema: text,
	},
	"WWW-Authenticate": {
		description: "The schemes that are taken, and the error of the one that was used",
		required: true,
		schema: text,
	},
	"Accept-Encoding": { description: "After a Content-Encoding: what is taken", schema: text },
	ETag: { description: "Send it as If-None-Match next time", schema: text },
	"Accept-Ranges": { description: "`bytes`", schema: text },
	"Content-Range": { description: "Which part this is (RFC 9110)", required: true, schema: text },
	"Repr-Digest": { description: "SHA-256 of the whole package (RFC 9530)", required: true, schema: text },
	"Referrer-Policy": { description: "`no-referrer`: the URL is a credential", schema: text },
} as const;

/** Of an operation that ends one day. */
export const ENDING_HEADERS = {
	Deprecation: { description: "RFC 9745: since when this should not be used any more", required: true, schema: text },
	Sunset: { description: "RFC 8594: from when this may be gone", schema: text },
	Link: { description: "The page that says what to use instead", required: true, schema: text },
} as const;

type HeaderName = keyof typeof ANSWER_HEADERS;

/** The fields that an answer carries, or may carry. @param status of the answer */
export function headersOf(path: string, status: number, operation: Operation): NonNullable<Answer["headers"]> {
	const names = status < 400 ? ofGoodAnswer(path, status, operation) : ofRefusal(path, status);
	const fields = ["Cache-Control" as const, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]);
	// Of its conflicts one is over after a time, and says so.
	if ((path === "/v1/permits" || operation["x-idempotency-key"]) && status === 409) {
		fields.push(["Retry-After", { $ref: "#/components/headers/Retry-After-Of-Some" }]);
	}
	return Object.fromEntries(fields);
}

function ofGoodAnswer(path: string, status: number, { security = [], responses }: Operation): HeaderName[] {
	const names: HeaderName[] = [];
	if (path.startsWith("/d/") || path === "/v1/echo/sample") {
		names.push("ETag", "Accept-Ranges", "Repr-Digest");
		if (path.startsWith("/d/")) names.push("Referrer-Policy");
		return status === 206 ? [...names, "Content-Range"] : names;
	}
	if (path.endsWith("/package") || path.endsWith("/package/parts")) names.push("Repr-Digest");
	if (responses[304] !== undefined) names.push("ETag");
	if (path.startsWith("/oauth2/") || security.some((one) => Object.hasOwn(one, "apiKey")))
		names.push("RateLimit-Policy");
	return status < 300 ? [...names, "Cache-Status"] : names;
}

function ofRefusal(path: string, status: number): HeaderName[] {
	// Not an error of the request: the answer that RFC 9110 §15.5.17 gives to such a range.
	if (status === 416) return ["Content-Range"];
	const names: HeaderName[] = ["X-Request-Id"];
	if (status === 401) names.push("WWW-Authenticate");
	if (status === 415) names.push("Accept-Encoding");
	if (status === 429 || status === 503) names.push("Retry-After");
	if (status === 429 && !path.startsWith("/oauth2/")) names.push("RateLimit", "RateLimit-Policy");
	return names;
}
