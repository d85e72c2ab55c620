// The part of the catalogue of problems that only publishers and operators meet; see problem-catalogue.ts.
import type { ProblemRow } from "./problem-row.ts";

export const PUBLISHING_PROBLEMS = {
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
} as const satisfies Record<string, ProblemRow>;
