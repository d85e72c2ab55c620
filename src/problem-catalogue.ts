// The catalogue of problems: every code that a client can meet, with its status and what to do about it. Codes are
// stable for ever; docs/errors.md is generated from this table. Everything under /oauth2/ answers RFC 6749 instead.

interface ProblemRow {
	readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 411 | 412 | 413 | 415 | 422 | 424 | 429 | 500 | 502 | 503;
	readonly title: string;
	/** what the reader of the answer can do */
	readonly fix: string;
	/** whether the same request can succeed later with nothing changed by its sender */
	readonly retryable: boolean;
}

export const PROBLEMS = {
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
	invalid_digest: {
		status: 400,
		title: "The digest of the content is missing or malformed",
		fix: "Send `Repr-Digest: sha-256=:<base64>:` (RFC 9530) with the SHA-256 of the bytes you upload.",
		retryable: false,
	},
	digest_mismatch: {
		status: 400,
		title: "The content does not have the digest that was announced",
		fix: "Compute the SHA-256 of the very bytes you send; nothing was stored.",
		retryable: false,
	},
	length_mismatch: {
		status: 400,
		title: "The content does not have the length that was announced",
		fix: "Send exactly Content-Length bytes; nothing was stored.",
		retryable: false,
	},
	backup_not_empty: {
		status: 409,
		title: "What is to be restored exists already",
		fix: "Restore into a deployment that nobody has used; nothing was changed.",
		retryable: false,
	},
	backup_other_tables: {
		status: 409,
		title: "The backup was made by another release of the service, which has other tables",
		fix: "Deploy the release of the service that ran when it was made, restore there, then deploy the newer one.",
		retryable: false,
	},
	backup_damaged: {
		status: 422,
		title: "The backup is not what it was when it was made",
		fix: "Take another copy of it; `parapet backup verify --offline` says which file is damaged.",
		retryable: false,
	},
	parts_missing: {
		status: 409,
		title: "Parts of the package are not there",
		fix: "Send the parts that `missing` names, then join again: parts are kept for a day after they came.",
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
	evidence_changed: {
		status: 409,
		title: "What the rollout has shown has changed since you looked",
		fix: "Look at the rollout again, and name its present `evidence` if you still mean it.",
		retryable: false,
	},
	second_person_required: {
		status: 403,
		title: "Who uploaded the release gives no word on it: its product asks for two people",
		fix: "Have somebody else give the word, with a key of their own subject.",
		retryable: false,
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
	version_exists: {
		status: 409,
		title: "That version already has other content: what was uploaded never changes",
		fix: "Publish the change as a new version, also where this one was never released.",
		retryable: false,
	},
	older_version: {
		status: 409,
		title: "A newer version is released",
		fix: "Publish a newer version. Where the older one is meant, as with a backport, set `allow_older` (command line: --allow-older): every device that it fits is then offered the older one. The package stays uploaded.",
		retryable: false,
	},
	circular_requires: {
		status: 409,
		title: "The products would require each other in a circle",
		fix: "Leave out of `requires` what leads back to the product: `circle` names the way, `releases` those for whose sake one product requires the next. Such a release counts no more once it is withdrawn. The package stays uploaded.",
		retryable: false,
	},
	prerequisite_not_released: {
		status: 409,
		title: "No release of a required product would do",
		fix: "Release what is required first, in the same channel or on stable, or correct `requires`: `unmet` says what nothing fits. The package stays uploaded.",
		retryable: false,
	},
	prerequisite_missing: {
		status: 409,
		title: "The device lacks what the release requires of other products",
		fix: "Install what `missing` names first: a check offers it, and offers this release after it. Then check again, or hand the offer in once more with all that is `installed`. Until then keep what is installed.",
		retryable: true,
	},
	unsafe_package: {
		status: 422,
		title: "No firewall should unpack this package",
		fix: "Make it anew without what `findings` names: each has a `code`, the `entry` and what is wrong with it (docs/operations.md, What a package may be). Nobody is offered it; what is in its files is not judged.",
		retryable: false,
	},
	reused_rule_ids: {
		status: 409,
		title: "Rules of the package have ids that other rules had",
		fix: "Give the new rules ids of their own: who has disabled an id meant the rule that had it. Where `rules` names only messages that were reworded, set `allow_reused` (command line: --allow-reused-ids).",
		retryable: false,
	},
	size_out_of_bounds: {
		status: 409,
		title: "The release is much larger or smaller than the current one",
		fix: "Look whether its content is whole; `detail` has both sizes. If it is meant, say why in `allow_size` (command line: --allow-size REASON), which the product's events keep. The bounds are the product's `size_bounds`. The package stays uploaded.",
		retryable: false,
	},
	conflict: {
		status: 409,
		title: "The present state does not allow that",
		fix: "See `detail` for what stands in the way.",
		retryable: false,
	},
	idempotency_key_invalid: {
		status: 400,
		title: "The Idempotency-Key is not a text in double quotes",
		fix: 'Send one of 1 to 128 printable ASCII characters without " and \\, best a UUID: `Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"`.',
		retryable: false,
	},
	idempotency_key_in_use: {
		status: 409,
		title: "The request of this Idempotency-Key is still under way",
		fix: "Send it again under the same key: after a few seconds, and after those in Retry-After at the latest.",
		retryable: true,
	},
	idempotency_key_reused: {
		status: 422,
		title: "The Idempotency-Key was used for another request",
		fix: "Make a new key for each request that is not a repetition of the very same.",
		retryable: false,
	},
	metadata_refused: {
		status: 422,
		title: "The signed metadata is not what every client would take",
		fix: "See `reason` and `detail`; sign it again with `parapet trust` or `parapet publish --sign-key`. Nothing was changed.",
		retryable: false,
	},
	aws_not_configured: {
		status: 424,
		title: "The service has no AWS credentials for this account",
		fix: "Operator: add the account to the secret AWS_CREDENTIALS (docs/operations.md), then send the event again.",
		retryable: false,
	},
	aws_refused: {
		status: 424,
		title: "AWS refused what the hook asked of it",
		fix: "Allow `aws_action` to the account's key in AWS_CREDENTIALS, or mend what `aws_error` says; then send the event again.",
		retryable: false,
	},
	rate_limited: {
		status: 429,
		title: "Too many requests",
		fix: "Wait for the seconds in Retry-After.",
		retryable: true,
	},
	upload_quota_exceeded: {
		status: 429,
		title: "The key has uploaded as much as it may in one day",
		fix: "Go on after the seconds in Retry-After (00:00 UTC), or have the operator raise UPLOAD_BYTES_PER_DAY.",
		retryable: true,
	},
	too_many_parts: {
		status: 429,
		title: "Too many parts of this package were announced in one day",
		fix: "Send larger parts: a package has 500 at most. Go on after the seconds in Retry-After (00:00 UTC).",
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
