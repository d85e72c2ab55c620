// What to do about a refusal, for whoever sits at a command line. The server's own advice speaks to whoever writes requests, of
// headers, paths and members of the answer; where it does, this says the same in commands and options.
import { formatBytes } from "../terminal/output.ts";

/** Members of a refusal beyond the standard ones (RFC 9457 §3.2), as far as they can be shown in a line. */
export type Members = Readonly<Record<string, string | number | boolean>>;

const TRY_AGAIN = "try again in a moment";
const UPDATE_AGAIN = "run `parapet device update` again";
const CHANGED_ON_THE_WAY = "the upload was changed on its way: try again; a proxy in between may do that";
const REPORT_IT = "try again later; if it stays, name the request to whoever runs the service";

/** By problem code; null: the message says it all. */
const FIXES: Readonly<Record<string, string | null | ((members: Members) => string)>> = {
	invalid_request: "correct what is named there",
	invalid_identifier: "it is mistyped, or of another deployment: copy it from the command that made it or lists it",
	invalid_digest: CHANGED_ON_THE_WAY,
	digest_mismatch: CHANGED_ON_THE_WAY,
	length_mismatch: CHANGED_ON_THE_WAY,
	length_required: CHANGED_ON_THE_WAY,
	unsupported_media_type: CHANGED_ON_THE_WAY,
	content_too_large: ({ limit_bytes: limit }) =>
		typeof limit === "number" ? `the server takes at most ${formatBytes(limit)}` : "the server takes less",
	unauthenticated:
		"give a key of this server with --key-file or in PARAPET_KEY: it may be mistyped, expired or revoked",
	dpop_proof_missing:
		"a proxy between here and the service removes the header DPoP from requests: have it pass that on",
	insufficient_scope: ({ required_scope: scope }) =>
		`use a key with the scope ${scope ?? "that this needs"}; \`parapet key list\` shows who has which`,
	not_entitled: ({ entitlement_code: code }) =>
		`keep what is installed${code === undefined ? "" : ` (${code})`}; \`parapet device entitlements\` shows what the license covers`,
	offer_invalid: UPDATE_AGAIN,
	offer_expired: UPDATE_AGAIN,
	release_withdrawn: `${UPDATE_AGAIN}: it is offered what to run instead`,
	exposure_limited:
		"keep what is installed: the release comes to this firewall later, or not at all if it turns out bad",
	evidence_changed: "look at it again with `parapet rollout status`, and say so again if you still mean it",
	idempotency_key_invalid: REPORT_IT,
	idempotency_key_in_use: "look whether the change was made, and give the command again after a minute if it was not",
	idempotency_key_reused: REPORT_IT,
	permit_invalid: UPDATE_AGAIN,
	signed_url_invalid: UPDATE_AGAIN,
	signed_url_expired: `${UPDATE_AGAIN}: the download goes on where it was`,
	not_found: "check the names that you gave",
	method_not_allowed: "the server speaks another version of this interface: update this command line",
	already_exists: ({ account }) =>
		account === undefined
			? "choose another name, or use what exists"
			: `use ${account}, or give --same-name where these are two of one name`,
	older_version:
		"publish a newer version; where the older one is meant, as with a backport, give --allow-older: every device that it fits is then offered it. The package stays uploaded",
	circular_requires:
		"leave out of --requires what leads back to the product, or withdraw the releases that require it; the package stays uploaded",
	prerequisite_not_released:
		"publish what is required first, in the same channel or on stable, or correct --requires; the package stays uploaded",
	too_large_for_device: "make room, then run `parapet device update` again; until then what is installed stays",
	prerequisite_missing: "keep what is installed, and run `parapet device update`: it installs what is required first",
	unsafe_package:
		"make the package anew without what is named; nobody is offered it. What is in its files is not judged, only how it is packed",
	size_out_of_bounds:
		"look whether its content is whole; if it is meant, say why with --allow-size REASON, which the product's events keep. `parapet product change` has other bounds. The package stays uploaded",
	reused_rule_ids:
		"give the new rules ids of their own: who has disabled an id meant the rule that had it. Where only messages were reworded, give --allow-reused-ids",
	too_many_parts: "something sends its parts again and again: find out what, and publish it tomorrow (00:00 UTC)",
	parts_missing: "give the same command again: what is there is not sent twice",
	metadata_refused: "nothing was changed: look at `parapet trust status`, and sign again with a key that the role has",
	conflict: null,
	rate_limited: TRY_AGAIN,
	upload_quota_exceeded: "go on after 00:00 UTC, or have the operator raise UPLOAD_BYTES_PER_DAY",
	unavailable: TRY_AGAIN,
	internal: REPORT_IT,
	content_missing: REPORT_IT,
	misconfigured: "whoever runs the service finds in the Worker's log which setting is missing or not acceptable",
};

/**
 * @param said the server's own advice, which counts where there is no better
 * @returns what to do; undefined when nothing can be said
 */
export function fixFor(code: string, members: Members, said: string | undefined): string | undefined {
	const own = Object.hasOwn(FIXES, code) ? FIXES[code] : undefined;
	if (typeof own === "function") return own(members);
	if (own !== undefined) return own ?? undefined;
	// A code of a later server: its advice may name members, whose values are in the answer.
	return said?.replace(/`(\w+)`/g, (named, name) =>
		Object.hasOwn(members, name) ? `${named} (${members[name]})` : named,
	);
}
