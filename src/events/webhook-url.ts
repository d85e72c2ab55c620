// Where webhooks may be sent. An operator names the address, so it is the one place where the service fetches what somebody
// wrote down: only https, only public names. Looks at the text alone; what a name resolves to is not known before the fetch.

export interface WebhookUrlSettings {
	/** origin of this service: a webhook to itself would be a loop */
	readonly ownOrigin: string;
	/** a receiver on the same machine, by http as well; for ENVIRONMENT local only */
	readonly allowLoopback: boolean;
}

export type WebhookUrlRefusal =
	| "malformed"
	| "too_long"
	| "not_https"
	| "has_credentials"
	| "has_fragment"
	| "port"
	| "ip_address"
	| "not_a_public_name"
	| "own_host";

export type WebhookUrlVerdict =
	| { readonly ok: true; readonly url: URL }
	| { readonly ok: false; readonly reason: WebhookUrlRefusal };

/** Read on after "the URL". */
export const WEBHOOK_URL_REFUSALS: Readonly<Record<WebhookUrlRefusal, string>> = {
	malformed: "is none",
	too_long: "has more than 2048 characters",
	not_https: "must begin with https://",
	has_credentials: "must not have a user or a password in it: receivers verify the signature",
	has_fragment: "must not have a # part, which is never sent",
	port: "the port must be 443, or 1024 and above",
	ip_address: "must have a name, not an IP address",
	not_a_public_name: "must have a name of the public Internet, such as hooks.example.com",
	own_host: "must not be this service itself",
};

const MAX_LENGTH = 2048;
/** Below 1024 only https itself: what else listens there (mail, shells, directories) is no receiver of webhooks. */
const FIRST_HIGH_PORT = 1024;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Top-level names that never are, or never should be, in public DNS: RFC 2606, 6761, 6762, 7686, 8375, 9476, ICANN's `internal`. */
const NO_PUBLIC_TOP_LEVEL = new Set([
	...["alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost"],
	...["mail", "onion", "private", "test"],
]);
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_NAME_LENGTH = 253;

/**
 * Whether webhooks may be sent to `text`.
 * @returns the URL in its normal form, or the first reason why not
 */
export function acceptsWebhookUrl(text: string, settings: WebhookUrlSettings): WebhookUrlVerdict {
	const reason = text.length > MAX_LENGTH ? "too_long" : null;
	// The parser would strip these silently; the URL stored should be the URL meant.
	const url = reason === null && /^[\x21-\x7e]+$/.test(text) ? URL.parse(text) : null;
	if (url === null) return { ok: false, reason: reason ?? "malformed" };
	const refusal = refusalOf(url, settings) ?? (text.includes("#") ? "has_fragment" : null);
	return refusal === null ? { ok: true, url } : { ok: false, reason: refusal };
}

function refusalOf(url: URL, settings: WebhookUrlSettings): WebhookUrlRefusal | null {
	const isLoopback = settings.allowLoopback && LOOPBACK.has(url.hostname);
	if (url.protocol !== "https:" && !(isLoopback && url.protocol === "http:")) return "not_https";
	if (url.username !== "" || url.password !== "") return "has_credentials";
	if (isOwn(url, settings.ownOrigin, isLoopback)) return "own_host";
	if (url.port !== "" && Number(url.port) < FIRST_HIGH_PORT) return "port";
	return isLoopback ? null : hostRefusal(url.hostname);
}

/** On loopback the port tells services apart; elsewhere another port of this host is still this host. */
function isOwn(url: URL, ownOrigin: string, isLoopback: boolean): boolean {
	const own = URL.parse(ownOrigin);
	if (own === null) return false;
	return isLoopback ? url.host === own.host : withoutRootDot(url.hostname) === own.hostname;
}

function hostRefusal(hostname: string): WebhookUrlRefusal | null {
	// Every form of an address (octal, hex, one number, mapped, NAT64 …) is one of these two once the URL is parsed. All are
	// refused, public ones too: a certificate needs a name, and Workers do not connect to bare addresses.
	if (hostname.startsWith("[") || /^[0-9.]+$/.test(hostname)) return "ip_address";
	const name = withoutRootDot(hostname);
	const labels = name.split(".");
	const isName = labels.length > 1 && name.length <= MAX_NAME_LENGTH && labels.every((label) => LABEL.test(label));
	return isName && !NO_PUBLIC_TOP_LEVEL.has(labels.at(-1) ?? "") ? null : "not_a_public_name";
}

function withoutRootDot(hostname: string): string {
	return hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
}
