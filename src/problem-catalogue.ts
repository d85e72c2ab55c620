// The catalogue of problems: every code that a client can meet, with its status and what to do about it. Codes are
// stable for ever; docs/errors.md is generated from this table. Everything under /oauth2/ answers RFC 6749 instead.
import type { ProblemRow } from "./problem-row.ts";
import { PUBLISHING_PROBLEMS } from "./publishing-problems.ts";

export const PROBLEMS = {
	...PUBLISHING_PROBLEMS,
	invalid_request: {
		status: 422,
		title: "The request does not have the form this endpoint takes",
		fix: "Correct the fields named in `errors`, or what `detail` says; /openapi.json describes each.",
		retryable: false,
	},
	invalid_identifier: {
		status: 400,
		title: "An identifier in the path or the query is not one this service could have given out",
		fix: "Copy the identifier from the answer that created it.",
		retryable: false,
	},
	length_required: {
		status: 411,
		title: "The length of the content must be known before it starts",
		fix: "Send a Content-Length; chunked uploads are not taken.",
		retryable: false,
	},
	content_too_large: {
		status: 413,
		title: "The content is larger than this endpoint takes",
		fix: "Send less; the limit is in `limit_bytes`.",
		retryable: false,
	},
	precondition_failed: {
		status: 412,
		title: "The content is not what If-Match names",
		fix: "Ask again without If-Match; the ETag is the SHA-256 of the permit.",
		retryable: false,
	},
	unsupported_media_type: {
		status: 415,
		title: "The content is of a type, or has a coding, that this endpoint does not take",
		fix: "Send JSON as `Content-Type: application/json`, a package as the bytes that it is, and nothing with a Content-Encoding.",
		retryable: false,
	},
	unauthenticated: {
		status: 401,
		title: "The credentials are missing, malformed, expired or not accepted",
		fix: "Devices: where `detail` speaks of the DPoP proof or the clock, make a new proof, with the right time; else ask /oauth2/token for a new access token. Publishers and operators: send a valid API key as `Authorization: Bearer`.",
		retryable: false,
	},
	dpop_proof_missing: {
		status: 401,
		title: "The token is bound to the device's key, and the request has no DPoP proof",
		fix: "Send a fresh `DPoP` header with each request (RFC 9449). If the device sends one, a proxy on the way removes it: have it pass the header on.",
		retryable: false,
	},
	https_required: {
		status: 403,
		title: "The request came over plain http, where everybody on the way can read it",
		fix: "Use the https URL of the service. What was sent here was readable: replace a key or code that was.",
		retryable: false,
	},
	insufficient_scope: {
		status: 403,
		title: "The credentials are good, but not for this",
		fix: "Use a key that carries the scope named in `required_scope`.",
		retryable: false,
	},
	device_refused: {
		status: 403,
		title: "The device is suspended, revoked or deactivated",
		fix: "Keep what is installed and ask the account's administrator; a suspended device can be reinstated.",
		retryable: false,
	},
	not_entitled: {
		status: 403,
		title: "The device's license does not cover this product now",
		fix: "Keep what is installed; see `entitlement_code` and GET /v1/entitlements for what the license covers.",
		retryable: false,
	},
	offer_invalid: {
		status: 403,
		title: "The offer is not one that this device was given with its present token",
		fix: "Check again and hand back the new offer.",
		retryable: false,
	},
	offer_expired: {
		status: 409,
		title: "The offer has expired",
		fix: "Check again and hand back the new offer.",
		retryable: false,
	},
	release_withdrawn: {
		status: 409,
		title: "The release was withdrawn after it was offered",
		fix: "Check again; the answer names the release to run instead.",
		retryable: false,
	},
	exposure_limited: {
		status: 409,
		title: "The release is on its way, and it is not this device's turn",
		fix: "Keep what is installed and check again after the seconds in Retry-After; `rollout_code` says what stands in the way.",
		retryable: true,
	},
	permit_invalid: {
		status: 422,
		title: "The permit is not one that this device was given",
		fix: "Report with the `permit` of POST /v1/permits, or the `capability` of an offer with a `download`.",
		retryable: false,
	},
	signed_url_invalid: {
		status: 403,
		title: "The download URL is not one that this service signed",
		fix: "Use the URL exactly as it was given, or ask for a new permit.",
		retryable: false,
	},
	signed_url_expired: {
		status: 403,
		title: "The download URL has expired",
		fix: "Ask for a new permit; a started download can be resumed with Range and If-Range.",
		retryable: false,
	},
	not_found: {
		status: 404,
		title: "There is nothing here",
		fix: "Check the path; /openapi.json lists every endpoint.",
		retryable: false,
	},
	method_not_allowed: {
		status: 405,
		title: "This endpoint does not take that method",
		fix: "Use one of the methods in the Allow header.",
		retryable: false,
	},
	already_exists: {
		status: 409,
		title: "Something else already has that name",
		fix: "Choose another name, or use what exists.",
		retryable: false,
	},
	too_large_for_device: {
		status: 409,
		title: "The release takes more room than the device says that it has",
		fix: "Make room and hand the offer in again with what there is then (`disk_free`, `memory`), or check with that: what fits is offered. Until then keep what is installed.",
		retryable: true,
	},
	prerequisite_missing: {
		status: 409,
		title: "The device lacks what the release requires of other products",
		fix: "Install what `missing` names first (without a range: what a check offers of it): a check offers it, and offers this release after it. Then check again, or hand the offer in once more with all that is `installed`. Until then keep what is installed.",
		retryable: true,
	},
	conflict: {
		status: 409,
		title: "The present state does not allow that",
		fix: "See `detail` for what stands in the way.",
		retryable: false,
	},
	rate_limited: {
		status: 429,
		title: "Too many requests",
		fix: "Wait for the seconds in Retry-After.",
		retryable: true,
	},
	internal: {
		status: 500,
		title: "The service failed",
		fix: "Try again later; if it stays, give the operator the `request_id`.",
		retryable: true,
	},
	content_missing: {
		status: 502,
		title: "The package could not be read from storage",
		fix: "Try again later and keep what is installed; tell the operator the `request_id`.",
		retryable: true,
	},
	unavailable: {
		status: 503,
		title: "A part of the service does not answer right now",
		fix: "Wait for the seconds in Retry-After and keep what is installed.",
		retryable: true,
	},
	misconfigured: {
		status: 503,
		title: "The service is not configured",
		fix: "Operator: the Worker's log names every setting that is missing or not acceptable.",
		retryable: true,
	},
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof PROBLEMS;
