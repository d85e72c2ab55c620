// What the server says to a firewall and hears of it, as far as this client reads it: types without a library, so that whoever uses the
// client needs none for them. answers.ts reads them; unknown fields are ignored there, since the server may grow. Times are RFC 3339.

/** RFC 8414 */
export interface ServerMetadata {
	readonly issuer: string;
	readonly token_endpoint: string;
	readonly registration_endpoint: string;
	/** RFC 8705 §5 */
	readonly mtls_endpoint_aliases?:
		| { readonly token_endpoint: string; readonly registration_endpoint: string }
		| undefined;
}

/** Of an answer that the service gives from copies as old as `as_of`, because it could not read its records. */
export interface DegradedMarks {
	readonly degraded?: boolean | undefined;
	readonly as_of?: string | null | undefined;
}

/** A delta that makes the package of what is installed (docs/protocol.md, "Fewer bytes"). */
export interface DeltaLink {
	readonly coding: string;
	/** of the installed package that it needs; null or undefined = it needs none */
	readonly from_sha256?: string | null | undefined;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	readonly url: string;
}

/** Signed URLs of a package, in a permit or in an offer that needs none. */
export interface DownloadLinks {
	/** absolute, or relative to the server */
	readonly url: string;
	readonly delta?: DeltaLink | null | undefined;
	/** when the URLs end */
	readonly expires_at: string;
	/** false = success need not be reported: the next check says it */
	readonly report_success?: boolean | null | undefined;
}

/** The release that this device should run next. */
export interface Offer {
	readonly version: string;
	readonly sequence: number;
	/** of the package, hexadecimal */
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	/** of the package's file */
	readonly name: string;
	/** which of the release's packages for some models it is; not given = the one for all others */
	readonly variant?: string | null | undefined;
	readonly urgency?: string | null | undefined;
	readonly notes?: string | null | undefined;
	readonly downgrade?: boolean | null | undefined;
	/** what installing it does to the firewall, by its publisher's word */
	readonly impact?: string | null | undefined;
	/** bytes that it takes */
	readonly footprint?:
		| { readonly unpacked?: number | null | undefined; readonly disk?: number | null | undefined }
		| null
		| undefined;
	/** products whose offers are to be installed before it */
	readonly after?: readonly string[] | null | undefined;
	/** to be handed in for a permit */
	readonly capability: string;
	/** when it can be handed in no more */
	readonly expires_at: string;
	/** where everybody may have the release: no permit is needed while these links live */
	readonly download?: DownloadLinks | null | undefined;
}

/** What of another product a release requires that the firewall lacks. */
export interface Blocker {
	/** of the release that waits for it */
	readonly version: string;
	readonly product: string;
	/** from `min` up to `max`, both included, or `exactly` one; none of them = any version */
	readonly min?: string | undefined;
	readonly max?: string | undefined;
	readonly exactly?: string | undefined;
	readonly installed: string | null;
	readonly reason: string;
}

/** What stays installed of another product and does not go with a release. */
export interface Holder {
	/** of the release that is held back */
	readonly version: string;
	readonly product: string;
	readonly installed: string;
	readonly requires: Pick<Blocker, "product" | "min" | "max" | "exactly">;
}

/** What a check answers of one product. */
export interface CheckedProduct {
	readonly product: string;
	readonly decision?: string | null | undefined;
	readonly code?: string | null | undefined;
	readonly until?: string | null | undefined;
	readonly installed?: string | null | undefined;
	/** `offered` where there is an offer */
	readonly status: string;
	readonly reason?: string | null | undefined;
	readonly waiting?: { readonly version: string; readonly until: string | null } | null | undefined;
	/** why a newer release is not for this firewall yet */
	readonly blocked_by?: readonly Blocker[] | null | undefined;
	/** what holds a newer release back on this firewall */
	readonly held_by?: readonly Holder[] | null | undefined;
	/** ids of rules that are to be left out when the content is loaded */
	readonly disabled_rules?: readonly string[] | null | undefined;
	readonly offer?: Offer | null | undefined;
}

/** `GET /v1/check` */
export interface CheckAnswer extends DegradedMarks {
	readonly device: string;
	/** seconds until the next check */
	readonly next_check_in?: number | null | undefined;
	readonly products: readonly CheckedProduct[];
	readonly messages?: { readonly unread: number; readonly last: number } | null | undefined;
	readonly heard_until?: string | null | undefined;
	/** small public objects to read instead of checking, and what they say as of this answer */
	readonly pulse?: readonly { readonly url: string; readonly value: string }[] | null | undefined;
	/** for how long reading them is enough */
	readonly until?: string | null | undefined;
	readonly once_installed_until?: string | null | undefined;
}

/** `POST /v1/permits` */
export interface Permit extends DownloadLinks, DegradedMarks {
	/** to be named in the report */
	readonly permit: string;
	readonly product: string;
	readonly version: string;
	readonly sha256: string;
	readonly size: number;
	readonly name: string;
	readonly variant?: string | null | undefined;
	/** by when its outcome is expected; null or undefined = nobody waits for it */
	readonly report_by?: string | null | undefined;
}

/** A message of the day. */
export interface Message {
	readonly id: string;
	readonly sequence: number;
	readonly severity: string;
	readonly title: string;
	readonly body: string;
	readonly starts_at?: string | null | undefined;
	readonly ends_at?: string | null | undefined;
}

/** `GET /v1/messages` */
export interface MessagesAnswer extends DegradedMarks {
	readonly messages: readonly Message[];
	/** sequence of the newest */
	readonly last: number;
}

/** `POST /v1/messages/{message}/ack` */
export interface Acknowledged {
	readonly message: string;
	readonly acknowledged_at: string;
	readonly acknowledged_by?: string | null | undefined;
}

/** `GET /v1/entitlements` */
export interface EntitlementsAnswer extends DegradedMarks {
	readonly device: string;
	readonly account: string;
	readonly products: readonly {
		readonly product: string;
		/** `active`, `grace` or `refused` */
		readonly decision: string;
		readonly code?: string | null | undefined;
		readonly until?: string | null | undefined;
		readonly grace_until?: string | null | undefined;
	}[];
}

/** How the firewall does at one moment. What it does not measure is left out. */
export interface HealthSample {
	/** percent of the processor that is busy */
	readonly cpu?: number | undefined;
	/** percent of the memory that is used */
	readonly memory?: number | undefined;
	/** sessions that are open */
	readonly sessions?: number | undefined;
	/** packets that are dropped for want of resources, per second */
	readonly drops?: number | undefined;
	/** percent of the sessions that are blocked */
	readonly block_rate?: number | undefined;
	/** ids of the rules that match most, most first */
	readonly top_rules?: readonly string[] | undefined;
}

/** Before an installation and after it. */
export interface HealthReport {
	readonly before: HealthSample;
	readonly after: HealthSample;
}
